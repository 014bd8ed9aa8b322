import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { array, type Json, type JsonObject, object, text } from "../harness.ts";
import { ada, addRow, grace, startWorld, valueIn, type World } from "./world.ts";

const versions = ["2022-06-28", "2025-09-03", "2026-03-11"];

const plain = {
  bold: false,
  italic: false,
  strikethrough: false,
  underline: false,
  code: false,
  color: "default",
};

function run(
  content: string,
  more: { readonly url?: string; readonly annotations?: JsonObject } = {},
): JsonObject {
  return {
    type: "text",
    text: { content, link: more.url === undefined ? null : { url: more.url } },
    annotations: { ...plain, ...more.annotations },
    plain_text: content,
    href: more.url ?? null,
  };
}

const person = (id: string, name: string): JsonObject => ({
  object: "user",
  id,
  name,
  avatar_url: null,
  type: "person",
  person: { email: `${name.toLowerCase()}@example.com`, email_verified: true },
});

/** What is written under a column, and what every read shows then; `write` may need ids of the world. */
interface Case {
  readonly write: Json | ((world: World) => Json);
  readonly read: unknown;
}

const low = { id: expect.any(String), name: "Low", color: "blue" };
const high = { id: expect.any(String), name: "High", color: "red" };
const file = { name: "a.txt", type: "external", external: { url: "https://example.com/a.txt" } };

/** By column; a column is named after its type. */
const cases: { readonly [column: string]: readonly Case[] } = {
  title: [
    { write: [{ text: { content: "plain" } }], read: [run("plain")] },
    { write: [], read: [] },
    {
      write: [
        { text: { content: "a" } },
        { text: { content: "b" } },
        { text: { content: "c" }, annotations: { bold: true } },
      ],
      read: [run("ab"), run("c", { annotations: { bold: true } })],
    },
  ],
  rich_text: [
    {
      write: [
        {
          text: { content: "link", link: { url: "https://example.com/x" } },
          annotations: { color: "red", code: true },
        },
      ],
      read: [run("link", { url: "https://example.com/x", annotations: { color: "red", code: true } })],
    },
    {
      write: [{ equation: { expression: "e=mc^2" } }],
      read: [
        {
          type: "equation",
          equation: { expression: "e=mc^2" },
          annotations: plain,
          plain_text: "e=mc^2",
          href: null,
        },
      ],
    },
    {
      write: [{ mention: { user: { id: ada } } }],
      read: [
        {
          type: "mention",
          mention: { type: "user", user: person(ada, "Ada") },
          annotations: plain,
          plain_text: "@Ada",
          href: null,
        },
      ],
    },
    {
      write: [{ mention: { date: { start: "2026-11-21" } } }],
      read: [
        {
          type: "mention",
          mention: { type: "date", date: { start: "2026-11-21", end: null, time_zone: null } },
          annotations: plain,
          plain_text: "2026-11-21",
          href: null,
        },
      ],
    },
    { write: [{ text: { content: "" } }], read: [] },
  ],
  number: [0, -1.5, 12_345_678.9, 9_007_199_254_740_991, null].map((value) => ({
    write: value,
    read: value,
  })),
  select: [
    { write: { name: "Low" }, read: low },
    { write: { name: "hIGH" }, read: high },
    {
      write: { name: "Brand new" },
      read: { id: expect.any(String), name: "Brand new", color: expect.any(String) },
    },
    { write: null, read: null },
  ],
  multi_select: [
    { write: [{ name: "High" }, { name: "Low" }], read: [high, low] },
    { write: [{ name: "Low" }, { name: "low" }], read: [low] },
    { write: [], read: [] },
  ],
  status: [
    { write: { name: "Done" }, read: { id: expect.any(String), name: "Done", color: "green" } },
    { write: { name: "in progress" }, read: { id: expect.any(String), name: "In progress", color: "blue" } },
  ],
  date: [
    { write: { start: "2026-11-21" }, read: { start: "2026-11-21", end: null, time_zone: null } },
    {
      write: { start: "2026-11-21", end: "2026-11-23" },
      read: { start: "2026-11-21", end: "2026-11-23", time_zone: null },
    },
    {
      write: { start: "2026-11-21T09:00:00+09:00" },
      read: { start: "2026-11-21T09:00:00.000+09:00", end: null, time_zone: null },
    },
    {
      write: { start: "2026-11-21T09:00:00Z" },
      read: { start: "2026-11-21T09:00:00.000+00:00", end: null, time_zone: null },
    },
    {
      write: { start: "2026-07-01T09:00:00", end: "2026-12-01T09:00:00", time_zone: "Europe/Berlin" },
      read: { start: "2026-07-01T09:00:00.000+02:00", end: "2026-12-01T09:00:00.000+01:00", time_zone: null },
    },
    { write: null, read: null },
  ],
  people: [
    { write: [{ id: grace }, { id: ada }], read: [person(grace, "Grace"), person(ada, "Ada")] },
    { write: [], read: [] },
  ],
  files: [
    { write: [{ name: "a.txt", external: { url: "https://example.com/a.txt" } }], read: [file] },
    { write: [], read: [] },
  ],
  checkbox: [true, false].map((value) => ({ write: value, read: value })),
  url: ["https://example.com/?a=b#c", "not even a link", null].map((value) => ({
    write: value,
    read: value,
  })),
  email: ["ada@example.com", null].map((value) => ({ write: value, read: value })),
  phone_number: ["+1 (555) 0100", null].map((value) => ({ write: value, read: value })),
  relation: [
    {
      write: ({ others }) => [{ id: text(others.two) }, { id: text(others.one) }],
      read: [{ id: expect.any(String) }, { id: expect.any(String) }],
    },
    { write: [], read: [] },
  ],
  verification: [
    { write: { state: "unverified" }, read: { state: "unverified", verified_by: null, date: null } },
  ],
};

/** Columns nobody can write, with what they show on a row that has a number, a title and two relations. */
const computed: { readonly [column: string]: unknown } = {
  formula: { type: "number", number: 8 },
  "formula string": { type: "string", string: "four!" },
  "formula checkbox": { type: "boolean", boolean: true },
  "formula date": { type: "date", date: { start: "2026-11-21", end: null, time_zone: null } },
  rollup: { type: "number", number: 3, function: "sum" },
  "rollup weights": {
    type: "array",
    array: [
      { type: "number", number: 1 },
      { type: "number", number: 2 },
    ],
    function: "show_original",
  },
  "rollup open": {
    type: "array",
    array: [
      { type: "checkbox", checkbox: true },
      { type: "checkbox", checkbox: false },
    ],
    function: "show_original",
  },
  created_time: "2026-11-21T07:20:00.000Z",
  last_edited_time: "2026-11-21T07:20:00.000Z",
  created_by: expect.objectContaining({ object: "user", type: "bot" }),
  last_edited_by: expect.objectContaining({ object: "user", type: "bot" }),
  unique_id: { prefix: "ROW", number: expect.any(Number) },
  button: {},
};

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world[Symbol.asyncDispose]());

/** The value as the page, a query and the property's own endpoint show it. */
async function readEverywhere(id: string, column: string, version: string): Promise<Json[]> {
  const page = await world.ask(`GET /v1/pages/${id}`, undefined, version);
  const propertyId = text(object(object(page.properties)[column]).id);
  const item = await world.ask(`GET /v1/pages/${id}/properties/${propertyId}`, undefined, version);
  const { type } = object(object(page.properties)[column]);
  const whole =
    item.object === "list"
      ? array(item.results).map((each) => object(each)[text(type)] ?? null)
      : item[text(type)];
  return [valueIn(page, column) ?? null, whole ?? null];
}

describe("a value written to a column of type", () => {
  const rows = Object.entries(cases).flatMap(([column, list]) => list.map((each) => ({ column, ...each })));

  it.each(rows)(
    "$column reads back as it was, wherever and in whatever version: $read",
    async ({ column, write, read }) => {
      const value = typeof write === "function" ? write(world) : write;
      const made = await addRow(world, { [column]: { [column]: value } });
      const changed = await addRow(world, {});
      await world.ask(`PATCH /v1/pages/${changed}`, { properties: { [column]: { [column]: value } } });
      for (const id of [made, changed]) {
        for (const version of versions) {
          for (const shown of await readEverywhere(id, column, version)) expect(shown, version).toEqual(read);
        }
      }
    },
  );

  it.each(Object.keys(cases))("%s can be cleared, and stays away from every other column", async (column) => {
    const [first] = cases[column] ?? [];
    const write = typeof first?.write === "function" ? first.write(world) : (first?.write ?? null);
    const id = await addRow(world, { email: { email: "kept@example.com" }, [column]: { [column]: write } });
    const before = await world.ask(`GET /v1/pages/${id}`);
    const empty = Array.isArray(write) ? [] : column === "checkbox" ? false : null;
    if (column !== "verification")
      await world.ask(`PATCH /v1/pages/${id}`, { properties: { [column]: { [column]: empty } } });
    const after = await world.ask(`GET /v1/pages/${id}`);
    const others = (page: JsonObject): JsonObject => {
      const {
        [column]: _own,
        "formula string": _a,
        "formula checkbox": _b,
        formula: _c,
        "formula date": _d,
        ...rest
      } = object(page.properties);
      return Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith("rollup")));
    };
    expect(others(after)).toEqual(others(before));
    if (column !== "verification" && column !== "status") expect(valueIn(after, column)).toEqual(empty);
  });
});

describe("a column that Notion computes, of type", () => {
  it.each(Object.entries(computed))("%s shows %j in every version", async (column, read) => {
    const id = await addRow(world, {
      title: { title: [{ text: { content: "four" } }] },
      number: { number: 4 },
      checkbox: { checkbox: true },
      date: { date: { start: "2026-11-21" } },
      relation: { relation: [{ id: text(world.others.one) }, { id: text(world.others.two) }] },
    });
    for (const version of versions) {
      const page = await world.ask(`GET /v1/pages/${id}`, undefined, version);
      expect(valueIn(page, column), version).toEqual(read);
    }
  });

  it.each(Object.keys(computed))("%s cannot be written", async (column) => {
    const type = column.split(" ")[0] ?? column;
    await expect(addRow(world, { [column]: { [type]: null } })).rejects.toThrow("400");
  });
});
