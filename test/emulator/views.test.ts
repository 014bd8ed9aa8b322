import { describe, expect, it } from "vitest";
import {
  array,
  at,
  call,
  client,
  createBoard,
  createClock,
  type Json,
  object,
  startQuiet,
  text,
  title,
} from "./harness.ts";

const columns = { Name: { title: {} }, Count: { number: {} }, Stage: { select: {} }, Due: { date: {} } };

function rowsOf(count: number) {
  return (index: number) => ({
    properties: { Name: title(`row ${index}`), Count: { number: index % count } },
  });
}

describe("views", () => {
  it("start with a default view for every new data source", async () => {
    await using emulator = await startQuiet();
    const notion = client(emulator);
    const parent = emulator.workspace.createPage({ properties: { title: title("Home") } });
    const database = await notion.databases.create({ parent: { type: "page_id", page_id: parent } });
    const { results } = await notion.views.list({ database_id: database.id });
    expect(results).toEqual([{ object: "view", id: expect.any(String) }]);
    const view = await notion.views.retrieve({ view_id: text(results[0]?.id) });
    expect(view).toMatchObject({ name: "Default view", type: "table", configuration: { type: "table" } });
    emulator.workspace.addDataSource(database.id, { name: "Second", properties: {} });
    expect((await notion.views.list({ database_id: database.id })).results).toHaveLength(2);
  });

  it("are made in place, read, changed and deleted through the SDK", async () => {
    const clock = createClock();
    await using emulator = await startQuiet({ clock });
    const notion = client(emulator);
    const { databaseId, dataSourceId } = createBoard(emulator, columns);
    const made = await notion.views.create({
      data_source_id: dataSourceId,
      database_id: databaseId,
      name: "First",
      type: "list",
      position: { type: "start" },
    });
    expect(made).toMatchObject({
      object: "view",
      parent: { type: "database_id", database_id: databaseId },
      data_source_id: dataSourceId,
      created_time: "2026-11-21T07:20:31.123+00:00",
      url: `https://app.notion.com/p/${databaseId.replaceAll("-", "")}?v=${made.id.replaceAll("-", "")}`,
      filter: null,
      sorts: null,
      quick_filters: null,
      configuration: { type: "list" },
    });
    const { results } = await notion.views.list({ data_source_id: dataSourceId });
    expect([results.length, results[0]?.id]).toEqual([2, made.id]);
    clock.advance(1000);
    const changed = await call(emulator, `PATCH /v1/views/${made.id}`, {
      body: { name: "Renamed", filter: { property: "Count", number: { equals: 1 } } },
    });
    expect(changed.body).toMatchObject({
      name: "Renamed",
      last_edited_time: "2026-11-21T07:20:32.123+00:00",
      filter: { property: "Count" },
    });
    const deleted = await notion.views.delete({ view_id: made.id });
    expect(deleted).toMatchObject({ object: "view", id: made.id, type: "list" });
    expect(deleted).not.toHaveProperty("name");
    const last = text((await notion.views.list({ database_id: databaseId })).results[0]?.id);
    await expect(notion.views.delete({ view_id: last })).rejects.toMatchObject({ status: 400 });
  });

  it("of a board and a calendar know what they go by", async () => {
    await using emulator = await startQuiet();
    const { databaseId, dataSourceId } = createBoard(emulator, columns);
    const make = async (type: string): Promise<Json | undefined> =>
      (
        await call(emulator, "POST /v1/views", {
          body: { data_source_id: dataSourceId, database_id: databaseId, name: type, type },
        })
      ).body.configuration;
    expect(await make("board")).toMatchObject({ group_by: { type: "select", sort: { type: "manual" } } });
    expect(await make("calendar")).toMatchObject({ date_property_id: expect.any(String) });
  });

  it("stand on a dashboard in rows, and go with it", async () => {
    await using emulator = await startQuiet();
    const notion = client(emulator);
    const { databaseId, dataSourceId } = createBoard(emulator, columns);
    const dashboard = await notion.views.create({
      data_source_id: dataSourceId,
      database_id: databaseId,
      name: "Overview",
      type: "dashboard",
    });
    const widget = async (placement: { type: "new_row" } | { type: "existing_row"; row_index: number }) =>
      (
        await notion.views.create({
          data_source_id: dataSourceId,
          view_id: dashboard.id,
          name: "Widget",
          type: "table",
          placement,
        })
      ).id;
    const first = await widget({ type: "new_row" });
    const second = await widget({ type: "existing_row", row_index: 0 });
    const read = (await call(emulator, `GET /v1/views/${dashboard.id}`)).body;
    expect(read).toMatchObject({
      data_source_id: null,
      configuration: { type: "dashboard", rows: [{ widgets: [{ view_id: first }, { view_id: second }] }] },
    });
    expect(await notion.views.retrieve({ view_id: first })).toMatchObject({
      dashboard_view_id: dashboard.id,
    });
    await notion.views.delete({ view_id: second });
    const after = (await call(emulator, `GET /v1/views/${dashboard.id}`)).body;
    expect(at(after, "configuration.rows.0.widgets")).toMatchObject([{ view_id: first }]);
    await notion.views.delete({ view_id: dashboard.id });
    await expect(notion.views.retrieve({ view_id: first })).rejects.toMatchObject({ status: 404 });
  });

  it("make a linked database in a page", async () => {
    await using emulator = await startQuiet();
    const notion = client(emulator);
    const { databaseId, dataSourceId } = createBoard(emulator, columns);
    const pageId = emulator.workspace.createPage({ properties: { title: title("Home") } });
    const made = await call(emulator, "POST /v1/views", {
      body: {
        data_source_id: dataSourceId,
        name: "Linked",
        type: "table",
        create_database: { parent: { type: "page_id", page_id: pageId } },
      },
    });
    expect(at(made.body, "parent.database_id")).not.toBe(databaseId);
    const { results } = await notion.blocks.children.list({ block_id: pageId });
    expect(results).toMatchObject([{ type: "child_database", id: at(made.body, "parent.database_id") }]);
  });

  it.each([
    [{ type: "cube" }, /body\.type should be/],
    [{ name: 5 }, /body\.name should be a string/],
    [{ database_id: undefined }, /body\.database_id should be defined/],
    [
      { filter: { property: "Nope", number: { equals: 1 } } },
      /Could not find property with name or id: Nope/,
    ],
    [{ sorts: [{ property: "Nope", direction: "ascending" }] }, /Could not find sort property/],
    [{ configuration: { type: "board" } }, /body\.configuration\.type should be/],
    [{ create_database: {} }, /body\.create_database should be not present/],
  ])("with %j are refused", async (change, message) => {
    await using emulator = await startQuiet();
    const { databaseId, dataSourceId } = createBoard(emulator, columns);
    const good = { data_source_id: dataSourceId, database_id: databaseId, name: "V", type: "table" };
    const body = JSON.parse(JSON.stringify({ ...good, ...change }));
    const answer = await call(emulator, "POST /v1/views", { body });
    expect(answer).toMatchObject({ status: 400, body: { code: "validation_error" } });
    expect(answer.body.message).toMatch(message);
  });

  it("are unknown before 2025-09-03", async () => {
    await using emulator = await startQuiet();
    const { databaseId } = createBoard(emulator, columns);
    const answer = await call(emulator, `GET /v1/views?database_id=${databaseId}`, { version: "2022-06-28" });
    expect(answer.body.code).toBe("invalid_request_url");
  });
});

describe("a view query", () => {
  async function query(options: Parameters<typeof startQuiet>[0] = {}) {
    const emulator = await startQuiet(options);
    const { databaseId, dataSourceId } = createBoard(emulator, columns);
    const rows = emulator.workspace.addRows(dataSourceId, 30, rowsOf(10));
    const made = await call(emulator, "POST /v1/views", {
      body: {
        data_source_id: dataSourceId,
        database_id: databaseId,
        name: "V",
        type: "table",
        filter: { property: "Count", number: { less_than: 5 } },
        quick_filters: { Count: { number: { greater_than: 1 } } },
        sorts: [{ property: "Count", direction: "descending" }],
      },
    });
    const viewId = text(made.body.id);
    const answer = (body: Json) => call(emulator, `POST /v1/views/${viewId}/queries`, { body });
    return { emulator, rows, viewId, answer };
  }

  it("gives the ids the view shows, filtered and sorted, page by page", async () => {
    const { emulator, rows, viewId, answer } = await query();
    await using _ = emulator;
    const { body } = await answer({ page_size: 4 });
    expect(body).toMatchObject({
      object: "view_query",
      view_id: viewId,
      expires_at: "2026-11-21T07:35:31.123+00:00",
      total_count: 9,
      has_more: true,
    });
    const next = await call(
      emulator,
      `GET /v1/views/${viewId}/queries/${text(body.id)}?start_cursor=${text(body.next_cursor)}`,
    );
    expect(next.body).toMatchObject({ object: "list", type: "page", page: {}, has_more: false });
    const ids = [...array(body.results), ...array(next.body.results)].map((row) => text(object(row).id));
    const counts = ids.map((id) => rows.indexOf(id) % 10);
    expect(counts).toEqual([4, 4, 4, 3, 3, 3, 2, 2, 2]);
    expect(array(body.results)[0]).toEqual({ object: "page", id: ids[0] });
  });

  it("is a picture of one moment, lasts a quarter of an hour, and can be deleted", async () => {
    const clock = createClock();
    const { emulator, rows, viewId, answer } = await query({ clock });
    await using _ = emulator;
    const id = text((await answer({})).body.id);
    const other = text((await answer({})).body.id);
    for (const row of rows) emulator.workspace.trashPage(row);
    const line = `/v1/views/${viewId}/queries`;
    expect(array((await call(emulator, `GET ${line}/${id}`)).body.results)).toHaveLength(9);
    expect((await answer({})).body.total_count).toBe(0);
    expect((await call(emulator, `DELETE ${line}/${other}`)).body).toMatchObject({
      object: "view_query",
      id: other,
      deleted: true,
    });
    expect((await call(emulator, `GET ${line}/${other}`)).status).toBe(404);
    clock.advance(15 * 60_000);
    expect((await call(emulator, `GET ${line}/${id}`)).status).toBe(404);
  });

  it("ends at the cap and says so", async () => {
    const { emulator, answer } = await query({ queryCap: 5 });
    await using _ = emulator;
    expect((await answer({})).body).toMatchObject({
      total_count: 5,
      has_more: false,
      request_status: { type: "incomplete", incomplete_reason: "query_result_limit_reached" },
    });
  });
});
