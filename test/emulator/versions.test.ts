import { describe, expect, it } from "vitest";
import {
  at,
  call,
  createBoard,
  type Json,
  type JsonObject,
  object,
  startQuiet,
  text,
  title,
} from "./harness.ts";

const [v2022, v2025, v2026] = ["2022-06-28", "2025-09-03", "2026-03-11"] as const;
const all = [v2022, v2025, v2026];

async function startBoard() {
  const emulator = await startQuiet();
  const { databaseId, dataSourceId } = createBoard(emulator, { Name: { title: {} } });
  const [row] = emulator.workspace.addRows(dataSourceId, 1, () => ({ properties: { Name: title("row") } }));
  const ask = async (line: string, version: string, body?: Json): Promise<JsonObject> =>
    (await call(emulator, line, { version, ...(body === undefined ? {} : { body }) })).body;
  return { emulator, databaseId, dataSourceId, row: text(row), ask };
}

describe("the version header", () => {
  it.each([
    [null, "missing_version"],
    ["2024-01-01", "validation_error"],
  ])("%s is refused with %s", async (version, code) => {
    const { emulator } = await startBoard();
    await using _ = emulator;
    const answer = await call(emulator, "GET /v1/users/me", { version });
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe(code);
  });
});

describe("a database", () => {
  it("holds its schema before 2025-09-03 and only names its data sources after", async () => {
    const { emulator, databaseId, dataSourceId, ask } = await startBoard();
    await using _ = emulator;
    const [old, middle, latest] = await Promise.all(
      all.map((version) => ask(`GET /v1/databases/${databaseId}`, version)),
    );
    expect(old).toMatchObject({ properties: { Name: { type: "title" } }, archived: false });
    expect(old).not.toHaveProperty("data_sources");
    expect(middle).toMatchObject({ data_sources: [{ id: dataSourceId, name: "Board" }], archived: false });
    expect(middle).not.toHaveProperty("properties");
    expect(latest).not.toHaveProperty("archived");
  });

  it("shows whole minutes before 2025-09-03, milliseconds and an offset after", async () => {
    const { emulator, databaseId, ask } = await startBoard();
    await using _ = emulator;
    const times = await Promise.all(
      all.map(async (version) => (await ask(`GET /v1/databases/${databaseId}`, version)).created_time),
    );
    expect(times).toEqual([
      "2026-11-21T07:20:00.000Z",
      "2026-11-21T07:20:31.123+00:00",
      "2026-11-21T07:20:31.123+00:00",
    ]);
  });

  it("is queried itself before 2025-09-03 and never after; a data source the other way round", async () => {
    const { emulator, databaseId, dataSourceId, ask } = await startBoard();
    await using _ = emulator;
    const unknown = { status: 400, code: "invalid_request_url" };
    expect(await ask(`POST /v1/databases/${databaseId}/query`, v2022, {})).toMatchObject({
      object: "list",
      type: "page_or_database",
    });
    expect(await ask(`POST /v1/databases/${databaseId}/query`, v2025, {})).toMatchObject(unknown);
    expect(await ask(`POST /v1/data_sources/${dataSourceId}/query`, v2022, {})).toMatchObject(unknown);
    expect(await ask(`POST /v1/data_sources/${dataSourceId}/query`, v2026, {})).toMatchObject({
      type: "page_or_data_source",
    });
  });

  it("takes columns directly before 2025-09-03 and ignores them there after", async () => {
    const { emulator, ask } = await startBoard();
    await using _ = emulator;
    const pageId = emulator.workspace.createPage({});
    const body = {
      parent: { page_id: pageId },
      title: [],
      properties: { Title: { title: {} }, Count: { number: {} } },
    };
    const old = await ask("POST /v1/databases", v2022, body);
    expect(Object.keys(object(old.properties))).toEqual(["Title", "Count"]);
    const latest = await ask("POST /v1/databases", v2026, body);
    const source = await ask(`GET /v1/data_sources/${text(at(latest, "data_sources.0.id"))}`, v2026);
    expect(Object.keys(object(source.properties))).toEqual(["Name"]);
  });

  it("with a second data source answers no old call, and old searches miss it", async () => {
    const { emulator, databaseId, dataSourceId, row, ask } = await startBoard();
    await using _ = emulator;
    const second = emulator.workspace.addDataSource(databaseId, { name: "Second", properties: {} });
    const refusal = {
      status: 400,
      code: "validation_error",
      message: "Databases with multiple data sources are not supported in this API version.",
      additional_data: { child_data_source_ids: [dataSourceId, second] },
    };
    expect(await ask(`GET /v1/databases/${databaseId}`, v2022)).toMatchObject(refusal);
    expect(await ask(`POST /v1/databases/${databaseId}/query`, v2022, {})).toMatchObject(refusal);
    expect(await ask(`PATCH /v1/databases/${databaseId}`, v2022, { title: [] })).toMatchObject(refusal);
    for (const version of all) {
      expect(
        await ask("POST /v1/pages", version, { parent: { database_id: databaseId }, properties: {} }),
      ).toMatchObject(refusal);
    }
    expect(await ask("POST /v1/search", v2022, { query: "Board" })).toMatchObject({ results: [] });
    expect(await ask(`GET /v1/databases/${databaseId}`, v2025)).toMatchObject({
      data_sources: [{ id: dataSourceId }, { id: second, name: "Second" }],
    });
    expect(await ask(`GET /v1/pages/${row}`, v2022)).toMatchObject({ object: "page" });
    expect(
      await ask("POST /v1/pages", v2022, { parent: { data_source_id: second }, properties: {} }),
    ).toMatchObject({ object: "page" });
  });
});

describe("a page", () => {
  it("names its parent by version", async () => {
    const { emulator, databaseId, dataSourceId, row, ask } = await startBoard();
    await using _ = emulator;
    const parents = await Promise.all(
      all.map(async (version) => (await ask(`GET /v1/pages/${row}`, version)).parent),
    );
    const both = { type: "data_source_id", data_source_id: dataSourceId, database_id: databaseId };
    expect(parents).toEqual([{ type: "database_id", database_id: databaseId }, both, both]);
  });

  it("says archived until 2025-09-03 and takes it until then", async () => {
    const { emulator, row, ask } = await startBoard();
    await using _ = emulator;
    const trashed = await ask(`PATCH /v1/pages/${row}`, v2022, { archived: true });
    expect(trashed).toMatchObject({ archived: true, in_trash: true });
    const restored = await ask(`PATCH /v1/pages/${row}`, v2025, { archived: false });
    expect(restored).toMatchObject({ archived: false, in_trash: false });
    expect(await ask(`GET /v1/pages/${row}`, v2026)).not.toHaveProperty("archived");
    expect(await ask(`PATCH /v1/pages/${row}`, v2026, { archived: true })).toMatchObject({
      status: 400,
      message: expect.stringContaining("body.archived should be not present"),
    });
  });

  it("has the keys of live answers, in their order", async () => {
    const { emulator, row, ask } = await startBoard();
    await using _ = emulator;
    expect(Object.keys(await ask(`GET /v1/pages/${row}`, v2026))).toEqual([
      "object",
      "id",
      "created_time",
      "last_edited_time",
      "created_by",
      "last_edited_by",
      "cover",
      "icon",
      "parent",
      "in_trash",
      "is_archived",
      "is_locked",
      "properties",
      "url",
      "public_url",
      "request_id",
    ]);
  });
});

describe("appending blocks", () => {
  it("is placed with after until 2025-09-03 and with position from 2026-03-11 on", async () => {
    const { emulator, row, ask } = await startBoard();
    await using _ = emulator;
    const children = [{ divider: {} }];
    const first = text(
      at(await ask(`PATCH /v1/blocks/${row}/children`, v2026, { children }), "results.0.id"),
    );
    const position = { type: "after_block", after_block: { id: first } };
    const path = `PATCH /v1/blocks/${row}/children`;
    expect(await ask(path, v2025, { children, after: first })).toMatchObject({ object: "list" });
    expect(await ask(path, v2026, { children, position })).toMatchObject({ object: "list" });
    expect(await ask(path, v2026, { children, after: first })).toMatchObject({ status: 400 });
    expect(await ask(path, v2025, { children, position })).toMatchObject({ status: 400 });
  });
});

describe("search", () => {
  it("calls data sources databases before 2025-09-03", async () => {
    const { emulator, databaseId, dataSourceId, ask } = await startBoard();
    await using _ = emulator;
    const filter = (value: string) => ({ filter: { property: "object", value } });
    expect(await ask("POST /v1/search", v2022, filter("database"))).toMatchObject({
      results: [{ object: "database", id: databaseId }],
    });
    expect(await ask("POST /v1/search", v2026, filter("data_source"))).toMatchObject({
      results: [{ object: "data_source", id: dataSourceId }],
    });
    expect(await ask("POST /v1/search", v2026, filter("database"))).toMatchObject({ status: 400 });
  });
});
