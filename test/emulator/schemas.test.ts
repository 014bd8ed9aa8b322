import { describe, expect, it } from "vitest";
import { routes } from "../../src/emulator/api/routes.ts";
import { parseSeed } from "../../src/emulator/index.ts";
import demo from "../../src/emulator/seeds/demo.json" with { type: "json" };
import { bodyFor, fillWorkspace, pathFor } from "./bad-input/examples.ts";
import { array, call, type Json, type JsonObject, object, startQuiet, text } from "./harness.ts";
import { readSchema } from "./recordings.ts";
import { judge, withoutRequired } from "./schema-judge.ts";
import { sdkShapes } from "./sdk-shapes.ts";

/** Deprecated members that 2026-03-11 no longer sends. */
const notSent = ["archived", "is_archived"];
const schemas: { readonly [object: string]: JsonObject } = {
  page: withoutRequired(readSchema("Page"), notSent),
  data_source: withoutRequired(readSchema("DataSource"), notSent),
  database: withoutRequired(readSchema("Database"), notSent),
  block: withoutRequired(readSchema("Block"), notSent),
  comment: withoutRequired(readSchema("Comment"), notSent),
  user: readSchema("User"),
  ...sdkShapes,
};

/** What a schema does not know, though recordings have it: see the README of the recordings. */
const unknownToSchemas = /^data_source \$\.properties\.(Checked|Place)\./;

function verdicts(objects: readonly JsonObject[]): string[] {
  const wrong = objects.flatMap((each) =>
    judge(each, object(schemas[text(each.object)])).map((verdict) => `${text(each.object)} ${verdict}`),
  );
  return [...new Set(wrong)].filter((verdict) => !unknownToSchemas.test(verdict));
}

/** Every object in an answer that is more than a reference. */
function wholeObjects(value: Json | undefined): JsonObject[] {
  if (Array.isArray(value)) return value.flatMap(wholeObjects);
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.values(value).flatMap(wholeObjects);
  return typeof value.object === "string" && Object.keys(value).length > 2 ? [value, ...inner] : inner;
}

const blocks = [
  { paragraph: { rich_text: [{ text: { content: "plain" } }] } },
  { heading_1: { rich_text: [{ text: { content: "heading" }, annotations: { bold: true } }] } },
  { to_do: { rich_text: [], checked: true } },
  { toggle: { rich_text: [], children: [{ quote: { rich_text: [] } }] } },
  { code: { rich_text: [{ text: { content: "1 + 1" } }], language: "javascript" } },
  { divider: {} },
  { bookmark: { url: "https://example.com" } },
  { image: { external: { url: "https://example.com/a.png" } } },
  { table: { table_width: 1, children: [{ table_row: { cells: [[{ text: { content: "cell" } }]] } }] } },
];

/** Everything the demonstration workspace holds, as the API answers it. */
async function answeredObjects(version: string): Promise<JsonObject[]> {
  await using emulator = await startQuiet({ seed: parseSeed(demo) });
  const ask = async (line: string, body?: JsonObject): Promise<JsonObject> => {
    const answer = await call(emulator, line, { version, ...(body === undefined ? {} : { body }) });
    expect(answer.status, line).toBe(200);
    return answer.body;
  };
  const found = [...array((await ask("GET /v1/users")).results).map(object), await ask("GET /v1/users/me")];
  for (const database of demo.databases) {
    found.push(await ask(`GET /v1/databases/${database.id}`));
    for (const { id } of database.dataSources) {
      found.push(await ask(`GET /v1/data_sources/${id}`));
      const query = await ask(`POST /v1/data_sources/${id}/query`, {});
      found.push(...array(query.results).map(object));
    }
  }
  const page = text(found.find((each) => each.object === "page")?.id);
  const appended = await ask(`PATCH /v1/blocks/${page}/children`, { children: blocks });
  return [...found, ...array(appended.results).map(object)];
}

describe("the response schemas of Notion's SDK", () => {
  for (const version of ["2025-09-03", "2026-03-11"]) {
    it(`accept more than 160 objects answered at ${version}`, async () => {
      const objects = await answeredObjects(version);
      expect(verdicts(objects)).toEqual([]);
      expect(objects.length).toBeGreaterThan(150);
    });

    it(`accept what every endpoint answers at ${version}`, async () => {
      await using emulator = await startQuiet();
      const things = await fillWorkspace(emulator);
      const start = emulator.snapshot();
      const kinds = new Set<string>();
      for (const { method, template, versions } of routes.filter(({ isForm }) => isForm !== true)) {
        if (!versions.some((served) => served === version)) continue;
        const name = `${method} ${template}`;
        const body = method === "GET" ? {} : { body: bodyFor(name, things) };
        const path =
          template === "/comments" && method === "GET" ? `${template}?block_id=${things.pageId}` : template;
        const answer = await call(emulator, `${method} /v1${pathFor(path, things)}`, { version, ...body });
        emulator.restore(start);
        if (answer.status >= 400) continue;
        const objects = wholeObjects(answer.body);
        expect(verdicts(objects), name).toEqual([]);
        for (const each of objects) kinds.add(text(each.object));
      }
      const rare = ["view_query", "async_task"];
      expect([...kinds].sort()).toEqual(
        Object.keys(schemas)
          .filter((kind) => !rare.includes(kind) || kinds.has(kind))
          .sort(),
      );
    });
  }

  it("refuse a page with a broken property value", async () => {
    const page = (await answeredObjects("2026-03-11")).find((each) => each.object === "page");
    const [name] = Object.keys(object(page?.properties));
    const broken = {
      ...object(page),
      properties: { ...object(page?.properties), [text(name)]: { id: "x", type: "nonsense" } },
    };
    expect(judge(page, object(schemas.page))).toEqual([]);
    expect(judge(broken, object(schemas.page))).not.toEqual([]);
  });

  it("refuse an object with a member missing, and one with a member of another type", () => {
    const page = object(schemas.page);
    expect(judge({ object: "page" }, page)).not.toEqual([]);
    const user = object(schemas.user);
    const person = { object: "user", id: "x", name: "Ada", avatar_url: null, type: "person", person: {} };
    expect(judge(person, user)).toEqual([]);
    expect(judge({ ...person, name: 5 }, user)).not.toEqual([]);
  });
});
