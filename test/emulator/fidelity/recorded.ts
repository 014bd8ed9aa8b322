import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Json, type JsonObject, object, text } from "../harness.ts";

const fixtures = join(import.meta.dirname, "../../fixtures/notion");

/** One recorded request with its answer. */
export interface RecordedCall {
  readonly file: string;
  readonly method: string;
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly version: string;
  readonly body: Json;
  /** The content type of a form, with its boundary if the form itself was kept. */
  readonly formType: string | null;
  readonly status: number;
  readonly answer: JsonObject;
  /** The moment in the answer's headers, if they were kept. */
  readonly at: number | null;
  readonly userAgent: string;
}

/** Calls that belong together: one workspace, in this order. */
export interface Chain {
  readonly name: string;
  readonly calls: readonly RecordedCall[];
}

export interface Folder {
  readonly name: string;
  readonly chains: readonly Chain[];
  /** Every answered object of the folder by its id without dashes: what else is known of the recorded workspace. */
  readonly known: ReadonlyMap<string, readonly JsonObject[]>;
}

const cassetteFolders = ["notion-sdk-py", "notion-sdk-py-2.5.0", "notional", "jekyll-notion"];

/** Every folder of recordings that holds requests, and the bare block lists of kristaxlab as reads. */
export function readFolders(): Folder[] {
  const cassettes = cassetteFolders.map((name) => folder(name, readCassettes(name)));
  const bareLists = folder("kristaxlab-notion-sdk", readBareLists("kristaxlab-notion-sdk"));
  return [...cassettes, ...readRubyMapping(), bareLists];
}

/** The newer set took over some answers of the older one, of an older version: those count once, in the older one. */
function readRubyMapping(): Folder[] {
  const [newer, older] = [readSingles("notion_ruby_mapping"), readSingles("notion_ruby_mapping-2025-06")];
  const known = new Set(older.map(({ answer }) => JSON.stringify(answer)));
  const own = newer.filter(({ answer }) => !known.has(JSON.stringify(answer)));
  return [
    folder("notion_ruby_mapping", chainsByCursor(own), newer),
    folder("notion_ruby_mapping-2025-06", chainsByCursor(older)),
  ];
}

function folder(name: string, chains: Chain[], calls = chains.flatMap((chain) => chain.calls)): Folder {
  const known = new Map<string, JsonObject[]>();
  for (const { answer } of calls) {
    for (const each of objectsIn(answer)) {
      const id = text(each.id).replaceAll("-", "");
      known.set(id, [...(known.get(id) ?? []), each]);
    }
  }
  return { name, chains, known };
}

function readCassettes(name: string): Chain[] {
  return readdirSync(join(fixtures, name))
    .sort()
    .filter((cassette) => statSync(join(fixtures, name, cassette)).isDirectory())
    .map((cassette) => ({
      name: `${name}/${cassette}`,
      calls: readdirSync(join(fixtures, name, cassette))
        .sort()
        .map((file) => readCall(join(name, cassette, file))),
    }));
}

function readSingles(name: string): RecordedCall[] {
  const place = join(name, "interactions");
  return readdirSync(join(fixtures, place))
    .sort()
    .map((file) => readCall(join(place, file)));
}

/** A call that continues a list follows the call that gave its cursor; every other call stands alone. */
function chainsByCursor(calls: readonly RecordedCall[]): Chain[] {
  const chains: { name: string; calls: RecordedCall[] }[] = [];
  const byCursor = new Map<string, { name: string; calls: RecordedCall[] }>();
  let waiting = [...calls];
  while (waiting.length > 0) {
    const left: RecordedCall[] = [];
    for (const call of waiting) {
      const cursor = cursorOf(call);
      const isContinued = waiting.some((other) => other.answer.next_cursor === cursor);
      const chain = cursor === null ? undefined : byCursor.get(cursor);
      if (chain !== undefined) chain.calls.push(call);
      else if (cursor !== null && isContinued) {
        left.push(call);
        continue;
      } else chains.push({ name: call.file, calls: [call] });
      const next = call.answer.next_cursor;
      const own = chain ?? chains.at(-1);
      if (typeof next === "string" && own !== undefined) byCursor.set(next, own);
    }
    waiting = left;
  }
  return chains;
}

function cursorOf({ query, body }: RecordedCall): string | null {
  const inQuery = query.find(([name]) => name === "start_cursor")?.[1];
  const inBody = isRecord(body) ? body.start_cursor : undefined;
  return inQuery ?? (typeof inBody === "string" ? inBody : null);
}

export function readCall(file: string): RecordedCall {
  const { source, request, response } = JSON.parse(readFileSync(join(fixtures, file), "utf8"));
  const at = Date.parse(source.recorded_at ?? response.headers?.date ?? "");
  const answer = isRecord(response.body) ? response.body : {};
  return {
    file,
    method: text(request.method),
    path: text(request.path),
    query: request.query ?? [],
    version: text(object(request.headers)["notion-version"]),
    body: request.body ?? null,
    formType: formTypeOf(object(request.headers)["content-type"]),
    status: response.status,
    answer,
    at: Number.isNaN(at) ? null : at,
    userAgent: "recorded",
  };
}

function formTypeOf(type: Json | undefined): string | null {
  return typeof type === "string" && type.startsWith("multipart/form-data") ? type : null;
}

/** Bodies of GET /blocks/{id}/children at 2026-03-11, recorded with Postman and without their requests. */
function readBareLists(name: string): Chain[] {
  return readdirSync(join(fixtures, name))
    .sort()
    .map((file) => {
      const answer = object(JSON.parse(readFileSync(join(fixtures, name, file), "utf8")).value);
      const [first] = Array.isArray(answer.results) ? answer.results : [];
      const parent = object(object(first ?? null).parent);
      const call: RecordedCall = {
        file: join(name, file),
        method: "GET",
        path: `/v1/blocks/${text(parent.page_id ?? parent.block_id)}/children`,
        query: [],
        version: "2026-03-11",
        body: null,
        formType: null,
        status: 200,
        answer,
        at: null,
        userAgent: "PostmanRuntime/7.51.0",
      };
      return { name: call.file, calls: [call] };
    });
}

/** Every whole object inside an answer: not the partial users and references. */
export function objectsIn(value: Json | undefined): JsonObject[] {
  if (Array.isArray(value)) return value.flatMap(objectsIn);
  if (!isRecord(value)) return [];
  const inner = Object.values(value).flatMap(objectsIn);
  const isWhole =
    typeof value.object === "string" && typeof value.id === "string" && Object.keys(value).length > 3;
  return isWhole ? [value, ...inner] : inner;
}

export function isRecord(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
