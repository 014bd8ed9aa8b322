import { describe, expect, it } from "vitest";
import { parseSeed } from "../../src/emulator/index.ts";
import demo from "../../src/emulator/seeds/demo.json" with { type: "json" };
import { array, at, call, startQuiet, text, title } from "./harness.ts";

const person = "00000000-0000-4000-8000-00000000000a";
const rowId = "00000000-0000-4000-8000-00000000000b";
const sourceId = "00000000-0000-4000-8000-00000000000c";

describe("a seed", () => {
  it("may name ids without dashes, and so may the controls", async () => {
    const bare = (id: string): string => id.replaceAll("-", "");
    const seed = parseSeed({
      people: [{ id: bare(person), name: "Ada" }],
      databases: [
        {
          title: "Board",
          dataSources: [
            {
              id: bare(sourceId),
              name: "Board",
              properties: {
                Name: { title: {} },
                Next: { relation: { data_source_id: bare(sourceId), single_property: {} } },
              },
              rows: [
                {
                  id: bare(rowId),
                  properties: { Name: title("one"), Next: { relation: [{ id: bare(rowId) }] } },
                  createdBy: bare(person),
                },
              ],
            },
          ],
        },
      ],
    });
    await using emulator = await startQuiet({ seed });
    expect((await call(emulator, `GET /v1/pages/${rowId}`)).body).toMatchObject({
      id: rowId,
      parent: { data_source_id: sourceId },
      created_by: { id: person },
      properties: { Next: { relation: [{ id: rowId }] } },
    });
    const body = { action: "trashPage", pageId: bare(rowId), by: bare(person) };
    expect((await call(emulator, "POST /_emulator/person", { body })).status).toBe(200);
    const rows = await call(emulator, `GET /_emulator/rows?data_source=${bare(sourceId)}`);
    expect(rows.body.rows).toMatchObject([{ id: rowId, inTrash: true, lastEditedBy: person }]);
    const id = emulator.workspace.addPerson({ name: "Bob", id: bare(rowId) });
    expect(id).toBe(rowId);
  });

  it("gives rows the ids, times, authors and states it names", async () => {
    const seed = parseSeed({
      name: "Seeded",
      people: [{ id: person, name: "Ada" }],
      databases: [
        {
          title: "Board",
          dataSources: [
            {
              name: "Board",
              properties: {
                Name: { title: {} },
                Key: { unique_id: { prefix: "T" } },
                Total: { formula: { expression: "1" } },
              },
              rows: [
                {
                  id: rowId,
                  properties: {
                    Name: title("one"),
                    Key: { unique_id: { prefix: "T", number: 41 } },
                    Total: { formula: { type: "number", number: 9 } },
                  },
                  createdTime: "2026-01-02T03:04:00.000Z",
                  lastEditedTime: "2026-02-03T04:05:00.000Z",
                  lastEditedBy: person,
                  icon: { type: "emoji", emoji: "🐢" },
                  children: [{ paragraph: { rich_text: [{ text: { content: "body" } }] } }],
                },
                { properties: { Name: title("two") }, inTrash: true },
              ],
            },
          ],
        },
      ],
      pages: [{ properties: { title: title("Home") } }],
    });
    await using emulator = await startQuiet({ seed });
    expect((await call(emulator, `GET /v1/pages/${rowId}`)).body).toMatchObject({
      created_time: "2026-01-02T03:04:00.000Z",
      last_edited_time: "2026-02-03T04:05:00.000Z",
      last_edited_by: { id: person },
      icon: { emoji: "🐢" },
      properties: { Key: { unique_id: { number: 41 } }, Total: { formula: { number: 1 } } },
    });
    expect((await call(emulator, `GET /v1/blocks/${rowId}/children`)).body.results).toHaveLength(1);
    const [source] = emulator.workspace.dataSources();
    const rows = emulator.workspace.rows(text(source?.id));
    expect(rows.map((row) => [row.inTrash, at(row.properties.Key, "number")])).toEqual([
      [false, 41],
      [true, 42],
    ]);
    expect((await call(emulator, "POST /v1/search", { body: { query: "Home" } })).body.results).toHaveLength(
      1,
    );
  });

  it.each([
    [[], "seed should be an object"],
    [{ name: 5 }, "seed.name should be a string"],
    [{ people: [{}] }, "seed.people[0].name should be a string"],
    [
      { databases: [{ title: "x", dataSources: [] }] },
      "seed.databases[0].dataSources should be an array with at least one",
    ],
    [
      { databases: [{ title: "x", dataSources: [{ name: "x", properties: { Name: {} } }] }] },
      "seed.databases[0].dataSources[0].properties.Name should be a property schema with a type",
    ],
    [
      { pages: [{ properties: {}, createdTime: "soon" }] },
      "seed.pages[0].createdTime should be an ISO 8601 time",
    ],
  ])("%j is refused: %s", (document, message) => {
    expect(() => parseSeed(document)).toThrow(message);
  });

  it("with a value that its schema refuses is refused with the row's place", async () => {
    const dataSource = {
      name: "x",
      properties: { Name: { title: {} } },
      rows: [{ properties: {} }, { properties: { Nope: { number: 1 } } }],
    };
    const seed = parseSeed({ databases: [{ title: "x", dataSources: [dataSource] }] });
    await expect(startQuiet({ seed })).rejects.toThrow(
      "seed.databases[0].dataSources[0].rows[1]: Nope is not a property that exists.",
    );
  });
});

describe("the demonstration seed", () => {
  it("holds four databases, 142 rows, 21 property types, and a relation of more than 25 entries", async () => {
    await using emulator = await startQuiet({ seed: parseSeed(demo) });
    const types = new Set<string>();
    let rows = 0;
    let longest = 0;
    for (const { id } of emulator.workspace.dataSources()) {
      const query = (await call(emulator, `POST /v1/data_sources/${id}/query`, { body: {} })).body;
      const truth = emulator.workspace.rows(id);
      rows += truth.length;
      expect(array(query.results)).toHaveLength(Math.min(100, truth.length));
      for (const row of truth)
        longest = Math.max(
          longest,
          Array.isArray(row.properties.Related) ? row.properties.Related.length : 0,
        );
      const schema = (await call(emulator, `GET /v1/data_sources/${id}`)).body;
      for (const column of Object.values(schema.properties ?? {})) types.add(text(at(column, "type")));
    }
    expect(emulator.workspace.dataSources()).toHaveLength(4);
    expect(rows).toBe(142);
    expect(longest).toBeGreaterThan(25);
    expect([...types].toSorted()).toEqual([
      "checkbox",
      "created_by",
      "created_time",
      "date",
      "email",
      "files",
      "formula",
      "last_edited_by",
      "last_edited_time",
      "multi_select",
      "number",
      "people",
      "phone_number",
      "relation",
      "rich_text",
      "rollup",
      "select",
      "status",
      "title",
      "unique_id",
      "url",
    ]);
  });

  it("says of every row whether it is recorded or made up", () => {
    const { databases = [] } = parseSeed(demo);
    const rows = databases.flatMap(({ dataSources }) => dataSources.flatMap((source) => source.rows ?? []));
    const count = (about: string) => rows.filter((row) => row.about === about).length;
    expect([count("recorded"), count("made up")]).toEqual([118, 24]);
  });
});
