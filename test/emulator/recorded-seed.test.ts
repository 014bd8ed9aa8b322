import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { seedFromAnswers } from "../../src/emulator/index.ts";
import { array, call, type Json, type JsonObject, object, startQuiet, text } from "./harness.ts";

const fixtures = new URL("../fixtures/notion/", import.meta.url);

/** Every answer recorded in the JSON files of a folder, in the order of their names. */
function answersIn(folder: string): JsonObject[] {
  const names = readdirSync(new URL(`${folder}/`, fixtures), { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => name.endsWith(".json"))
    .sort()
    .flatMap((name) => bodiesIn(JSON.parse(readFileSync(new URL(`${folder}/${name}`, fixtures), "utf8"))));
}

function bodiesIn(document: Json): JsonObject[] {
  if (Array.isArray(document)) return document.flatMap(bodiesIn);
  if (typeof document !== "object" || document === null) return [];
  if (typeof document.object === "string") return [document];
  return Object.values(document).flatMap(bodiesIn);
}

/** Types whose values are neither computed nor bound to things that may not have been recorded. */
const kept = [
  "title",
  "rich_text",
  "number",
  "select",
  "multi_select",
  "checkbox",
  "url",
  "email",
  "phone_number",
];

/** A value as a reader understands it, without what a service may choose. */
function meaning(value: JsonObject): Json {
  const content = value[text(value.type)] ?? null;
  const plain = (each: Json): Json => {
    const item = object(each);
    return item.plain_text ?? item.name ?? null;
  };
  if (Array.isArray(content)) {
    const parts = content.map(plain);
    return value.type === "multi_select" ? parts : parts.join("");
  }
  return typeof content === "object" && content !== null ? plain(content) : content;
}

describe("a workspace made of recorded answers", () => {
  it.each([
    ["notional", 20],
    ["notion_ruby_mapping", 5],
    ["notion_ruby_mapping-2025-06", 5],
    ["jekyll-notion", 5],
  ])("of %s answers like the last recording of each row", async (folder, rowsMin) => {
    const answers = answersIn(folder);
    const seed = seedFromAnswers(answers);
    await using emulator = await startQuiet({ seed });
    const last = new Map<string, JsonObject>();
    for (const body of answers.flatMap((each) => (Array.isArray(each.results) ? each.results : [each]))) {
      const recorded = object(body);
      if (recorded.object === "page" && recorded.properties !== undefined)
        last.set(text(recorded.id), recorded);
    }
    const rows = (seed.databases ?? []).flatMap(({ dataSources }) =>
      dataSources.flatMap(({ rows = [] }) => rows),
    );
    expect(rows.length).toBeGreaterThanOrEqual(rowsMin);
    const wrong: string[] = [];
    let compared = 0;
    for (const { id = "" } of rows) {
      const recorded = object(last.get(id));
      const { status, body } = await call(emulator, `GET /v1/pages/${id}`);
      expect(status).toBe(200);
      expect(body.created_time).toBe(text(recorded.created_time));
      for (const [name, value] of Object.entries(object(body.properties))) {
        const before = object(recorded.properties)[name];
        if (before === undefined || !kept.includes(text(object(value).type))) continue;
        compared++;
        const [now, then] = [meaning(object(value)), meaning(object(before))];
        if (JSON.stringify(now) !== JSON.stringify(then))
          wrong.push(`${id} ${name}: ${JSON.stringify(then)} / ${JSON.stringify(now)}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(rows.length);
  });

  it("finds a schema for rows whose data source nobody read, with the options they have", () => {
    const row = (id: string, name: string): JsonObject => ({
      object: "page",
      id,
      parent: { type: "data_source_id", data_source_id: "ds", database_id: "db" },
      properties: {
        Name: { id: "title", type: "title", title: [] },
        State: { id: "a%3D", type: "select", select: { id: name, name, color: "red" } },
        Links: { id: "b", type: "relation", relation: [{ id: "elsewhere" }] },
      },
    });
    const { databases } = seedFromAnswers([
      { object: "list", results: [row("1", "Open"), row("2", "Shut"), row("3", "Open")] },
      { object: "error", status: 404, code: "object_not_found", message: "…" },
    ]);
    expect(databases).toMatchObject([
      { id: "db", dataSources: [{ id: "ds", rows: [{ id: "1" }, { id: "2" }, { id: "3" }] }] },
    ]);
    const { properties } = databases?.[0]?.dataSources[0] ?? {};
    expect(Object.keys(properties ?? {})).toEqual(["Name", "State"]);
    expect(array(object(object(properties?.State).select).options)).toHaveLength(2);
  });

  it("takes the last answer about an object, its trash and its archive", () => {
    const page = (more: JsonObject): JsonObject => ({
      object: "page",
      id: "1",
      parent: { workspace: true },
      properties: {},
      ...more,
    });
    const { pages } = seedFromAnswers([
      page({ in_trash: false }),
      page({ in_trash: true, is_archived: true }),
    ]);
    expect(pages).toMatchObject([{ id: "1", inTrash: true, isArchived: true }]);
  });

  it("of nothing is empty", () => {
    expect(seedFromAnswers([null, "text", 3, {}])).toEqual({ people: [], databases: [], pages: [] });
  });
});
