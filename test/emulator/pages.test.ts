import { describe, expect, it } from "vitest";
import type { Emulator } from "../../src/emulator/index.ts";
import {
  array,
  at,
  call,
  client,
  createBoard,
  createClock,
  type Json,
  type JsonObject,
  object,
  startQuiet,
  text,
  title,
} from "./harness.ts";

async function children(emulator: Emulator, id: string): Promise<Json[]> {
  return array((await call(emulator, `GET /v1/blocks/${id}/children`)).body.results);
}

describe("a new page", () => {
  it("goes to the start, to the end, or after a block of its parent", async () => {
    await using emulator = await startQuiet();
    const notion = client(emulator);
    const home = emulator.workspace.createPage({ properties: { title: title("Home") } });
    const make = async (name: string, position?: Parameters<typeof notion.pages.create>[0]["position"]) =>
      (
        await notion.pages.create({
          parent: { page_id: home },
          properties: { title: { title: [{ text: { content: name } }] } },
          ...(position === undefined ? {} : { position }),
        })
      ).id;
    const a = await make("a");
    await make("b", { type: "page_end" });
    await make("c", { type: "page_start" });
    await make("d", { type: "after_block", after_block: { id: a } });
    const titles = (await children(emulator, home)).map((block) => at(block, "child_page.title"));
    expect(titles).toEqual(["c", "a", "d", "b"]);
    const stranger = "00000000-0000-4000-8000-000000000000";
    await expect(make("e", { type: "after_block", after_block: { id: stranger } })).rejects.toThrow(
      /not a child/,
    );
    expect(await children(emulator, home)).toHaveLength(4);
  });

  it("stands at the top of the workspace only for who acts for a person", async () => {
    await using emulator = await startQuiet();
    const body = { parent: { workspace: true }, properties: { title: title("Mine") } };
    const refused = await call(emulator, "POST /v1/pages", { body });
    expect(refused.body.message).toMatch(/creating workspace-level private pages is not supported/);
    const { token } = emulator.workspace.addConnection({
      name: "PAT",
      isPersonal: true,
      seesWorkspace: true,
    });
    const made = await call(emulator, "POST /v1/pages", { body, token });
    expect(made.body.parent).toEqual({ type: "workspace", workspace: true });
  });

  it.each([
    [{ children: [], markdown: "x" }, /body\.markdown should be not present/],
    [{ markdown: 5 }, /body\.markdown should be a string/],
    [{ children: [{ table_row: { cells: [] } }] }, /table_row should be not present/],
    [{ allow_async: true }, /body\.markdown should be defined/],
    [{ template: { type: "default" } }, /Templates can only be applied to pages in a data source/],
    [{ position: { type: "middle" } }, /body\.position\.type should be/],
  ])("with %j is refused and not made", async (more, message) => {
    await using emulator = await startQuiet();
    const home = emulator.workspace.createPage({ properties: { title: title("Home") } });
    const body = { parent: { page_id: home }, properties: { title: title("x") }, ...more };
    const answer = await call(emulator, "POST /v1/pages", { body });
    expect(answer).toMatchObject({ status: 400, body: { code: "validation_error" } });
    expect(answer.body.message).toMatch(message);
    expect(await children(emulator, home)).toEqual([]);
  });
});

describe("a template", () => {
  async function startTemplates() {
    const clock = createClock();
    const emulator = await startQuiet({ clock, asyncDelayMs: 1000 });
    const { dataSourceId } = createBoard(emulator, {
      Name: { title: {} },
      Count: { number: {} },
      Tags: { multi_select: {} },
    });
    const properties = {
      Name: title("Bug report"),
      Count: { number: 7 },
      Tags: { multi_select: [{ name: "bug" }] },
    };
    const bug = emulator.workspace.addTemplate(dataSourceId, { properties, isDefault: true });
    const idea = emulator.workspace.addTemplate(dataSourceId, { properties: { Name: title("Idea") } });
    const mention = { template_mention: { type: "template_mention_date", template_mention_date: "today" } };
    await call(emulator, `PATCH /v1/blocks/${bug}/children`, {
      body: {
        children: [
          { toggle: { rich_text: [{ text: { content: "Steps" } }], children: [{ divider: {} }] } },
          { paragraph: { rich_text: [{ type: "mention", mention }] } },
        ],
      },
    });
    return { emulator, clock, dataSourceId, bug, idea, notion: client(emulator) };
  }

  it("is listed with its name, and is no row", async () => {
    const { emulator, dataSourceId, bug, idea, notion } = await startTemplates();
    await using _ = emulator;
    const listed = await notion.dataSources.listTemplates({ data_source_id: dataSourceId });
    expect(listed).toEqual({
      templates: [
        { id: bug, name: "Bug report", is_default: true },
        { id: idea, name: "Idea", is_default: false },
      ],
      has_more: false,
      next_cursor: null,
    });
    const first = await notion.dataSources.listTemplates({ data_source_id: dataSourceId, page_size: 1 });
    expect(first).toMatchObject({ has_more: true, next_cursor: idea });
    const named = await notion.dataSources.listTemplates({ data_source_id: dataSourceId, name: "IDEA" });
    expect(named.templates.map(({ id }) => id)).toEqual([idea]);
    expect((await notion.dataSources.query({ data_source_id: dataSourceId })).results).toEqual([]);
    expect(await notion.pages.retrieve({ page_id: bug })).toMatchObject({
      parent: { data_source_id: dataSourceId },
    });
  });

  it("fills a new page after the answer, but for what the request gave itself", async () => {
    const { emulator, clock, dataSourceId, notion } = await startTemplates();
    await using _ = emulator;
    const made = await notion.pages.create({
      parent: { data_source_id: dataSourceId },
      template: { type: "default", timezone: "Asia/Tokyo" },
      properties: { Count: { number: 1 } },
    });
    expect(made).toMatchObject({ properties: { Tags: { multi_select: [] }, Count: { number: 1 } } });
    expect(await children(emulator, made.id)).toEqual([]);
    clock.advance(1000);
    const blocks = await children(emulator, made.id);
    expect(blocks).toMatchObject([
      { type: "toggle", has_children: true },
      {
        type: "paragraph",
        paragraph: { rich_text: [{ mention: { type: "date", date: { start: "2026-11-21" } } }] },
      },
    ]);
    expect(await notion.pages.retrieve({ page_id: made.id })).toMatchObject({
      properties: {
        Name: { title: [{ plain_text: "Bug report" }] },
        Tags: { multi_select: [{ name: "bug" }] },
        Count: { number: 1 },
      },
    });
    expect(await children(emulator, text(object(blocks[0]).id))).toMatchObject([{ type: "divider" }]);
  });

  it("replaces what a page held when its content is erased", async () => {
    const { emulator, clock, dataSourceId, bug, notion } = await startTemplates();
    await using _ = emulator;
    const made = await notion.pages.create({
      parent: { data_source_id: dataSourceId },
      children: [{ quote: { rich_text: [] } }],
    });
    const child = await notion.pages.create({ parent: { page_id: made.id }, properties: {} });
    await notion.pages.update({
      page_id: made.id,
      erase_content: true,
      template: { type: "template_id", template_id: bug },
    });
    clock.advance(1000);
    expect((await children(emulator, made.id)).map((block) => object(block).type)).toEqual([
      "toggle",
      "paragraph",
    ]);
    expect(await notion.pages.retrieve({ page_id: child.id })).toMatchObject({ in_trash: true });
  });
});

describe("an asynchronous write", () => {
  it("is answered 202, polled, and ends with the page", async () => {
    const clock = createClock();
    await using emulator = await startQuiet({ clock, asyncDelayMs: 1000 });
    const home = emulator.workspace.createPage({ properties: { title: title("Home") } });
    const started = await call(emulator, "POST /v1/pages", {
      body: { parent: { page_id: home }, markdown: "# Late\ntext", allow_async: true },
    });
    expect(started).toMatchObject({
      status: 202,
      body: {
        object: "async_task",
        id: expect.stringMatching(/^task_[0-9a-f]{32}$/),
        status: "queued",
        created_time: "2026-11-21T07:20:31.123Z",
        poll_after_seconds: 2,
        operation: { surface: "rest", name: "POST /v1/pages" },
      },
    });
    const id = text(started.body.id);
    const poll = () => client(emulator).asyncTasks.retrieve({ task_id: id });
    expect(await poll()).toMatchObject({ status: "queued" });
    expect(await children(emulator, home)).toEqual([]);
    clock.advance(1000);
    const done = JSON.parse(JSON.stringify(await poll()));
    expect(done).toMatchObject({ status: "succeeded", result: { object: "page" } });
    expect(done).not.toHaveProperty("poll_after_seconds");
    expect(await children(emulator, home)).toMatchObject([
      { id: at(done, "result.id"), child_page: { title: "Late" } },
    ]);
    const { token } = emulator.workspace.addConnection({ name: "Other", seesWorkspace: true });
    expect((await call(emulator, `GET /v1/async_tasks/${id}`, { token })).status).toBe(404);
  });

  it("that fails ends with the error and changes nothing", async () => {
    await using emulator = await startQuiet({ asyncDelayMs: 0 });
    const pageId = emulator.workspace.createPage({ properties: { title: title("Home") } });
    const started = await call(emulator, `PATCH /v1/pages/${pageId}/markdown`, {
      body: {
        allow_async: true,
        type: "update_content",
        update_content: { content_updates: [{ old_str: "nowhere", new_str: "x" }] },
      },
    });
    const done = await call(emulator, `GET /v1/async_tasks/${text(started.body.id)}`);
    expect(done.body).toMatchObject({
      status: "failed",
      operation: { name: "PATCH /v1/pages/:page_id/markdown" },
      error: { object: "error", status: 400, code: "validation_error" },
    });
    expect(await children(emulator, pageId)).toEqual([]);
  });
});

describe("moving a page", () => {
  it("keeps its id, its title, and values of columns that are there too", async () => {
    await using emulator = await startQuiet();
    const notion = client(emulator);
    const source = createBoard(emulator, {
      Name: { title: {} },
      Count: { number: {} },
      Only: { number: {} },
    });
    const target = createBoard(emulator, {
      Title: { title: {} },
      Count: { number: {} },
      State: { status: {} },
    });
    const [row] = emulator.workspace.addRows(source.dataSourceId, 1, () => ({
      properties: { Name: title("moving"), Count: { number: 3 }, Only: { number: 4 } },
    }));
    const moved = await notion.pages.move({
      page_id: text(row),
      parent: { type: "data_source_id", data_source_id: target.dataSourceId },
    });
    expect(moved).toMatchObject({
      id: row,
      parent: { type: "data_source_id", data_source_id: target.dataSourceId },
      properties: {
        Title: { title: [{ plain_text: "moving" }] },
        Count: { number: 3 },
        State: { status: { name: "Not started" } },
      },
    });
    expect((await notion.dataSources.query({ data_source_id: source.dataSourceId })).results).toEqual([]);
    expect((await notion.dataSources.query({ data_source_id: target.dataSourceId })).results).toHaveLength(1);
    const home = emulator.workspace.createPage({ properties: { title: title("Home") } });
    await notion.pages.move({ page_id: text(row), parent: { type: "page_id", page_id: home } });
    expect(await children(emulator, home)).toMatchObject([{ id: row, child_page: { title: "moving" } }]);
  });

  it("refuses a parent inside of itself, databases, and what is in the trash", async () => {
    await using emulator = await startQuiet();
    const outer = emulator.workspace.createPage({ properties: { title: title("Outer") } });
    const inner = emulator.workspace.createPage({
      parent: { pageId: outer },
      properties: { title: title("Inner") },
    });
    const { databaseId } = createBoard(emulator, { Name: { title: {} } });
    const move = (id: string, parent: string) =>
      call(emulator, `POST /v1/pages/${id}/move`, { body: { parent: { page_id: parent } } });
    expect((await move(outer, inner)).body.message).toMatch(/cannot be moved into itself/);
    expect((await move(databaseId, inner)).status).toBe(404);
    emulator.workspace.trashPage(outer);
    expect((await move(inner, outer)).body.message).toMatch(/archived/);
  });
});

describe("people, emojis and search", () => {
  it("know groups in people columns", async () => {
    await using emulator = await startQuiet();
    const { dataSourceId } = createBoard(emulator, { Name: { title: {} }, Team: { people: {} } });
    const group = emulator.workspace.addGroup("Designers");
    const made = await call(emulator, "POST /v1/pages", {
      body: {
        parent: { data_source_id: dataSourceId },
        properties: { Team: { people: [{ object: "group", id: group }] } },
      },
    });
    expect(at(made.body, "properties.Team.people")).toEqual([
      { object: "group", id: group, name: "Designers" },
    ]);
  });

  it("list custom emojis, and show them in icons and text", async () => {
    await using emulator = await startQuiet();
    const notion = client(emulator);
    const url = "https://example.com/bufo.png";
    const id = emulator.workspace.addCustomEmoji({ name: "bufo", url });
    emulator.workspace.addCustomEmoji({ name: "other", url });
    expect((await notion.customEmojis.list({ name: "bufo" })).results).toEqual([{ id, name: "bufo", url }]);
    const home = emulator.workspace.createPage({ properties: { title: title("Home") } });
    const page = await notion.pages.create({
      parent: { page_id: home },
      icon: { type: "custom_emoji", custom_emoji: { id } },
      markdown: "# T\nhello :bufo: and :nobody:",
    });
    expect(page).toMatchObject({ icon: { type: "custom_emoji", custom_emoji: { id, name: "bufo", url } } });
    expect(await children(emulator, page.id)).toMatchObject([
      {
        paragraph: {
          rich_text: [
            { plain_text: "hello " },
            { type: "mention", mention: { type: "custom_emoji", custom_emoji: { name: "bufo" } } },
            { plain_text: " and :nobody:" },
          ],
        },
      },
    ]);
  });

  it("find by part of the words, best first when asked to", async () => {
    const clock = createClock();
    await using emulator = await startQuiet({ clock });
    for (const name of ["Test Page for X", "Test Page Parent", "Nothing of that"]) {
      clock.advance(60_000);
      emulator.workspace.createPage({ properties: { title: title(name) } });
    }
    const found = async (body: JsonObject) =>
      array((await call(emulator, "POST /v1/search", { body })).body.results).map((each) =>
        at(each, "properties.title.title.0.plain_text"),
      );
    const query = "Test Page for X";
    expect(await found({ query })).toEqual(["Test Page Parent", "Test Page for X"]);
    expect(await found({ query, sort: { property: "relevance" } })).toEqual([
      "Test Page for X",
      "Test Page Parent",
    ]);
  });
});
