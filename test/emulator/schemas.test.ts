import { describe, expect, it } from "vitest";
import { parseSeed } from "../../src/emulator/index.ts";
import demo from "../../src/emulator/seeds/demo.json" with { type: "json" };
import { array, call, type JsonObject, object, startQuiet, text } from "./harness.ts";
import { readSchema } from "./recordings.ts";
import { judge, withoutRequired } from "./schema-judge.ts";

/** Deprecated members that 2026-03-11 no longer sends. */
const notSent = ["archived", "is_archived"];
const schemas: { readonly [object: string]: JsonObject } = {
  page: withoutRequired(readSchema("Page"), notSent),
  data_source: withoutRequired(readSchema("DataSource"), notSent),
  database: withoutRequired(readSchema("Database"), notSent),
  block: withoutRequired(readSchema("Block"), notSent),
  user: readSchema("User"),
};

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
      const wrong = objects.flatMap((each) =>
        judge(each, object(schemas[text(each.object)])).map((verdict) => `${text(each.object)} ${verdict}`),
      );
      expect([...new Set(wrong)]).toEqual([]);
      expect(objects.length).toBeGreaterThan(150);
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
