import fc from "fast-check";
import type { Json, JsonObject } from "../harness.ts";

/** Values that stand where something else is expected. */
export const weirdValues: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json[]>(
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e308,
    -0,
    "",
    " ",
    "x",
    [],
    {},
    [[]],
    [null],
    [{}],
    { type: 1 },
  ),
  fc.constantFrom<Json[]>(
    "2026-02-30",
    "9999-99-99T99:99:99Z",
    "today",
    "me",
    "__proto__",
    "constructor",
    "a.constructor",
    "<constructor>x</constructor>",
    "title",
    "👩‍👩‍👧",
    "\ud800",
    "%E0%A4%A",
  ),
  fc.constantFrom<Json[]>(
    { type: "nonsense" },
    { id: "not-an-id" },
    { name: "a,b" },
    { start: null },
    { object: "list" },
    { expression: '((("' },
  ),
  fc.uuid(),
  fc.string({ minLength: 2001, maxLength: 2100 }),
  fc.array(fc.constant({ name: "n" }), { minLength: 101, maxLength: 110 }),
  fc.jsonValue({ maxDepth: 4 }).map((value): Json => JSON.parse(JSON.stringify(value))),
  fc.integer({ min: 3, max: 400 }).map(nested),
);

function nested(depth: number): Json {
  let value: Json = "deep";
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { and: value };
  return value;
}

/** One place of a body to break: which one (counted through the whole), how, and with what. */
export interface Break {
  readonly place: number;
  readonly how: "replace" | "remove" | "add" | "rename";
  readonly key: string;
  readonly value: Json;
}

export const breaks: fc.Arbitrary<readonly Break[]> = fc.array(
  fc.record({
    place: fc.nat(10_000),
    how: fc.constantFrom(
      "replace" as const,
      "replace" as const,
      "remove" as const,
      "add" as const,
      "rename" as const,
    ),
    key: fc.constantFrom(
      "unknown",
      "__proto__",
      "constructor",
      "toString",
      "archived",
      "in_trash",
      "id",
      "type",
      "object",
      "children",
      "0",
      "",
    ),
    value: weirdValues,
  }),
  { minLength: 1, maxLength: 3 },
);

/** The body with something wrong in it; what results may still be right. */
export function broken(body: Json, changes: readonly Break[]): Json {
  // A holder, so that the body as a whole can be replaced too.
  const holder: JsonObject = { body: structuredClone(body) };
  for (const { place, how, key, ...change } of changes) {
    const value = structuredClone(change.value);
    const places = placesIn(holder);
    const target = places[place % places.length];
    if (target === undefined) continue;
    const { parent, name } = target;
    if (how === "replace") put(parent, name, value);
    else if (how === "remove" && !Array.isArray(parent) && parent !== holder) delete parent[name];
    else if (how === "rename" && !Array.isArray(parent) && parent !== holder) {
      put(parent, key, parent[name] ?? null);
      delete parent[name];
    } else if (how === "add" && !Array.isArray(parent))
      put(parent === holder ? inner(holder) : parent, key, value);
    else if (Array.isArray(parent)) parent.push(value);
  }
  return holder.body ?? null;
}

interface Spot {
  readonly parent: JsonObject | Json[];
  readonly name: string;
}

function placesIn(value: Json): Spot[] {
  if (value === null || typeof value !== "object") return [];
  const parent = value;
  return Object.entries(parent).flatMap(([name, child]) => [{ parent, name }, ...placesIn(child)]);
}

function inner(holder: JsonObject): JsonObject {
  const { body } = holder;
  return body !== null && typeof body === "object" && !Array.isArray(body) ? body : holder;
}

/** As JSON.parse does it: "__proto__" is a key like any other. */
function put(parent: JsonObject | Json[], name: string, value: Json): void {
  Object.defineProperty(parent, name, { value, enumerable: true, configurable: true, writable: true });
}

/** Bytes that are no JSON document, or no object. */
export const malformed: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    "{",
    "[",
    '{"a":',
    '{"a":1,}',
    "nul",
    "'a'",
    "\u0000",
    "[]",
    "null",
    "1",
    '"x"',
    "true",
    "{}{}",
  ),
  fc.constant("[".repeat(100_000)),
  fc.string({ minLength: 1 }).filter((text) => text.trim() !== "" && !isObjectText(text)),
);

function isObjectText(text: string): boolean {
  try {
    return JSON.parse(text)?.constructor === Object;
  } catch {
    return false;
  }
}

/** Things that stand where an id is expected. */
export const badIds = fc.oneof(
  fc.constantFrom(
    "x",
    "0",
    "..",
    "%2e%2e",
    "__proto__",
    "null",
    "undefined",
    "%00",
    "%",
    "%E0%A4%A",
    "a%20b",
    encodeURIComponent("🧪"),
    "-",
  ),
  fc.uuid(),
  fc.uuid().map((id) => `${id}0`),
  fc.string({ minLength: 1, maxLength: 300 }).map(encodeURIComponent),
);

export const badQueries = fc.constantFrom(
  "page_size=0",
  "page_size=101",
  "page_size=-1",
  "page_size=x",
  "page_size=1e2",
  "page_size=",
  "page_size=5&page_size=7",
  "start_cursor=",
  "start_cursor=nonsense",
  "start_cursor=00000000-0000-4000-8000-000000000000",
  "start_cursor=%00",
  "filter_properties=",
  "filter_properties=nope",
  "filter_properties[]=__proto__",
  "block_id=x&database_id=x&data_source_id=x",
  "unknown=1",
  "=",
  "&&",
  "%",
);
