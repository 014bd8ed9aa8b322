import {
  APIErrorCode,
  isFullBlock,
  isFullDatabase,
  isFullDataSource,
  isFullPage,
  iteratePaginatedAPI,
} from "@notionhq/client";
import { describe, expect, it } from "vitest";
import { client, createBoard, startQuiet, text, title } from "./harness.ts";

/** Every endpoint served, through Notion's own client. */
describe("the official SDK", () => {
  it("reads users", async () => {
    await using emulator = await startQuiet();
    const notion = client(emulator);
    const me = await notion.users.me({});
    const { results } = await notion.users.list({});
    expect(results.map((user) => user.type)).toEqual(["person", "bot"]);
    expect(await notion.users.retrieve({ user_id: me.id })).toMatchObject({ id: me.id, type: "bot" });
  });

  it("makes, reads and changes a database", async () => {
    await using emulator = await startQuiet();
    const notion = client(emulator);
    const pageId = emulator.workspace.createPage({ properties: { title: title("Home") } });
    const made = await notion.databases.create({
      parent: { type: "page_id", page_id: pageId },
      title: [{ text: { content: "Books" } }],
      initial_data_source: { properties: { Name: { title: {} }, Pages: { number: { format: "number" } } } },
    });
    const read = await notion.databases.retrieve({ database_id: made.id });
    if (!isFullDatabase(read)) throw new TypeError("expected a full database");
    expect(read.data_sources.map((source) => source.name)).toEqual(["Books"]);
    const changed = await notion.databases.update({
      database_id: made.id,
      title: [{ text: { content: "Library" } }],
      is_inline: true,
    });
    expect(changed).toMatchObject({ title: [{ plain_text: "Library" }], is_inline: true });
    const children = await notion.blocks.children.list({ block_id: pageId });
    expect(children.results).toMatchObject([
      { id: made.id, type: "child_database", child_database: { title: "Library" } },
    ]);
  });

  it("makes, reads, changes and queries a data source", async () => {
    await using emulator = await startQuiet();
    const notion = client(emulator);
    const { databaseId } = createBoard(emulator, {});
    const made = await notion.dataSources.create({
      parent: { type: "database_id", database_id: databaseId },
      title: [{ text: { content: "Second" } }],
      properties: { Name: { title: {} }, Old: { rich_text: {} }, Gone: { checkbox: {} } },
    });
    const changed = await notion.dataSources.update({
      data_source_id: made.id,
      properties: { Old: { name: "New" }, Gone: null, Added: { number: { format: "euro" } } },
    });
    if (!isFullDataSource(changed)) throw new TypeError("expected a full data source");
    expect(Object.keys(changed.properties)).toEqual(["Name", "New", "Added"]);
    expect(await notion.dataSources.retrieve({ data_source_id: made.id })).toMatchObject({
      properties: changed.properties,
    });
    emulator.workspace.addRows(made.id, 120, (index) => ({ properties: { Name: title(String(index)) } }));
    const rows = [];
    for await (const row of iteratePaginatedAPI(notion.dataSources.query, { data_source_id: made.id }))
      rows.push(row);
    expect(rows.filter((row) => isFullPage(row))).toHaveLength(120);
  });

  it("makes, reads, changes, trashes and restores a page", async () => {
    await using emulator = await startQuiet();
    const notion = client(emulator);
    const { dataSourceId } = createBoard(emulator, { Name: { title: {} }, Count: { number: {} } });
    const made = await notion.pages.create({
      parent: { type: "data_source_id", data_source_id: dataSourceId },
      properties: { Name: { title: [{ text: { content: "one" } }] } },
      icon: { type: "emoji", emoji: "🐢" },
      children: [{ paragraph: { rich_text: [{ text: { content: "body" } }] } }],
    });
    await notion.pages.update({ page_id: made.id, properties: { Count: { number: 7 } } });
    const read = await notion.pages.retrieve({ page_id: made.id });
    expect(read).toMatchObject({ icon: { emoji: "🐢" }, properties: { Count: { number: 7 } } });
    const item = await notion.pages.properties.retrieve({ page_id: made.id, property_id: "title" });
    expect(item).toMatchObject({ object: "list", results: [{ title: { plain_text: "one" } }] });
    await notion.pages.update({ page_id: made.id, in_trash: true });
    expect(await notion.pages.retrieve({ page_id: made.id })).toMatchObject({ in_trash: true });
    expect(await notion.pages.update({ page_id: made.id, in_trash: false })).toMatchObject({
      in_trash: false,
    });
  });

  it("appends, reads, changes and deletes blocks", async () => {
    await using emulator = await startQuiet();
    const notion = client(emulator);
    const pageId = emulator.workspace.createPage({ properties: { title: title("Home") } });
    const { results } = await notion.blocks.children.append({
      block_id: pageId,
      children: [
        { to_do: { rich_text: [{ text: { content: "first" } }] } },
        { toggle: { rich_text: [], children: [{ divider: {} }] } },
      ],
    });
    const [todo, toggle] = results.map((block) => block.id).map(text);
    await notion.blocks.children.append({
      block_id: pageId,
      children: [{ divider: {} }],
      position: { type: "after_block", after_block: { id: text(todo) } },
    });
    const listed = await notion.blocks.children.list({ block_id: pageId });
    expect(listed.results.filter((block) => isFullBlock(block)).map((block) => block.type)).toEqual([
      "to_do",
      "divider",
      "toggle",
    ]);
    expect((await notion.blocks.children.list({ block_id: text(toggle) })).results).toHaveLength(1);
    await notion.blocks.update({ block_id: text(todo), to_do: { checked: true } });
    expect(await notion.blocks.retrieve({ block_id: text(todo) })).toMatchObject({
      to_do: { checked: true, rich_text: [{ plain_text: "first" }] },
    });
    expect(await notion.blocks.delete({ block_id: text(todo) })).toMatchObject({ in_trash: true });
    expect((await notion.blocks.children.list({ block_id: pageId })).results).toHaveLength(2);
  });

  it("searches titles of pages and data sources", async () => {
    await using emulator = await startQuiet();
    const notion = client(emulator);
    emulator.workspace.createDatabase({ title: "Reading list" });
    emulator.workspace.createPage({ properties: { title: title("A list of things") } });
    emulator.workspace.createPage({ properties: { title: title("Other") } });
    const both = await notion.search({ query: "list" });
    expect(both.results.map((found) => found.object).toSorted()).toEqual(["data_source", "page"]);
    const sources = await notion.search({
      query: "list",
      filter: { property: "object", value: "data_source" },
    });
    expect(sources.results).toHaveLength(1);
  });

  it("names the error codes it expects", async () => {
    await using emulator = await startQuiet();
    const missing = "00000000-0000-4000-8000-000000000000";
    await expect(client(emulator).pages.retrieve({ page_id: missing })).rejects.toMatchObject({
      code: APIErrorCode.ObjectNotFound,
      status: 404,
      additional_data: { integration_id: expect.any(String) },
      request_id: expect.any(String),
    });
    await expect(client(emulator, "2026-03-11", "ntn_wrong").users.me({})).rejects.toMatchObject({
      code: APIErrorCode.Unauthorized,
    });
  });
});
