import { describe, expect, it } from "vitest";
import { resolveDataSources } from "../../src/connectors/notion/resolve.ts";
import { type Scripted, scriptedServer } from "../http/scripted-server.ts";
import { connect, notionWorld, pullAll, titled, titleOf, type World } from "./notion-world.ts";

const elsewhere = (world: World) =>
  world.emulator.workspace.createDatabase({
    title: "Archive",
    dataSources: [{ name: "Archive", properties: { Name: { title: {} } } }],
  }).dataSourceIds[0] ?? "";

describe("get", () => {
  const states: readonly { name: string; act: (world: World, id: string) => void; presence: string }[] = [
    { name: "in place", act: () => {}, presence: "live" },
    { name: "in the trash", act: (w, id) => w.emulator.workspace.trashPage(id), presence: "trashed" },
    { name: "archived", act: (w, id) => w.emulator.workspace.archivePage(id), presence: "archived" },
    {
      name: "moved to another database",
      act: (w, id) => w.emulator.workspace.movePage(id, { dataSourceId: elsewhere(w) }),
      presence: "moved",
    },
    { name: "deleted for good", act: (w, id) => w.emulator.workspace.deletePage(id), presence: "unknown" },
    { name: "no longer shared", act: (w, id) => w.emulator.workspace.unshare(id), presence: "unknown" },
    {
      name: "in a database no longer shared",
      act: (w) => w.emulator.workspace.unshare(w.databaseId),
      presence: "unknown",
    },
  ];
  it.each(states)("shows a row $name as $presence", async ({ act, presence }) => {
    await using world = await notionWorld();
    const [id = ""] = world.emulator.workspace.addRows(world.dataSourceId, 1, () => ({
      properties: titled("Row"),
    }));
    act(world, id);
    const observed = await world.connector.get(id);
    expect(observed.presence).toBe(presence);
    if ("record" in observed) {
      expect(observed.record.presence).toBe(presence);
      expect(titleOf(observed.record)).toBe("Row");
    } else expect(observed).toMatchObject({ reason: expect.stringContaining("404") });
  });

  it("reads a row as pull does", async () => {
    await using world = await notionWorld();
    const [id = ""] = world.emulator.workspace.addRows(world.dataSourceId, 1, () => ({
      properties: titled("Row"),
    }));
    const { records } = await pullAll(world.connector, { mode: "full" });
    expect(await world.connector.get(id)).toEqual({ presence: "live", record: records[0] });
  });

  const page = {
    object: "page",
    id: "p1",
    created_time: "2026-11-21T07:20:00.000Z",
    last_edited_time: "2026-11-21T07:20:00.000Z",
    in_trash: true,
    parent: { type: "data_source_id", data_source_id: "ds" },
    properties: {},
  };
  const { in_trash: _, ...unmarked } = page;
  const shapes: readonly { name: string; answer: Scripted; presence: string }[] = [
    { name: "a whole page", answer: { json: page }, presence: "trashed" },
    { name: "another page", answer: { json: { ...page, id: "p2" } }, presence: "unknown" },
    { name: "a page without a word about trash", answer: { json: unmarked }, presence: "unknown" },
    { name: "a page without a parent", answer: { json: { ...page, parent: null } }, presence: "unknown" },
    {
      name: "a page without properties",
      answer: { json: { ...page, properties: null } },
      presence: "unknown",
    },
    { name: "a block", answer: { json: { ...page, object: "block" } }, presence: "unknown" },
    { name: "403", answer: { status: 403, json: { code: "restricted_resource" } }, presence: "unknown" },
  ];
  it.each(shapes)("concludes $presence from $name", async ({ answer, presence }) => {
    await using server = await scriptedServer([answer]);
    const { connector } = connect({ url: server.url, token: "ntn_dummy" }, "ds");
    expect((await connector.get("p1")).presence).toBe(presence);
  });

  it.each([
    {
      answer: { status: 401, json: { code: "unauthorized", message: "API token is invalid." } },
      code: "NOTION_UNAUTHORIZED",
    },
    { answer: { json: [1, 2] }, code: "NOTION_UNEXPECTED" },
    {
      answer: { status: 404, text: "<html>", headers: { "content-type": "text/html" } },
      code: "UPSTREAM_FAILED",
    },
  ])("throws $code where nothing is said about the page", async ({ answer, code }) => {
    await using server = await scriptedServer([answer]);
    const { connector } = connect({ url: server.url, token: "ntn_dummy" }, "ds");
    await expect(connector.get("p1")).rejects.toMatchObject({ code });
  });
});

describe("proveAccess", () => {
  it("names the data source while it can be read", async () => {
    await using world = await notionWorld();
    expect(await world.connector.proveAccess()).toContain(world.dataSourceId);
  });

  it.each([
    { name: "unshared", act: (world: World) => world.emulator.workspace.unshare(world.databaseId) },
    { name: "in the trash", act: (world: World) => world.emulator.workspace.trashDatabase(world.databaseId) },
  ])("throws ACCESS_LOST when the database is $name", async ({ act }) => {
    await using world = await notionWorld();
    act(world);
    await expect(world.connector.proveAccess()).rejects.toMatchObject({ code: "ACCESS_LOST" });
  });
});

describe("describe", () => {
  it("gives fields with their ids, types and what is computed", async () => {
    await using world = await notionWorld({
      properties: {
        Name: { title: {} },
        State: { select: { options: [] } },
        Sum: { formula: { expression: "1" } },
        Link: { url: {} },
      },
    });
    const { name, fields, capabilities } = await world.connector.describe();
    expect(name).toBe("Tasks");
    expect(capabilities).toEqual({
      canPullChanges: true,
      canSweep: true,
      canCertifyDeaths: true,
      canWrite: false,
      hasPreconditions: false,
      lateWriteMs: 180_000,
      visibleAfterMs: 120_000,
    });
    const shown = fields.map(({ id: _, ...field }) => field);
    expect(shown).toHaveLength(4);
    expect(shown).toEqual(
      expect.arrayContaining([
        { name: "Name", type: "text", vendorType: "title", isDerived: false },
        { name: "State", type: "option", vendorType: "select", isDerived: false, options: [] },
        { name: "Sum", type: "opaque", vendorType: "formula", isDerived: true },
        { name: "Link", type: "opaque", vendorType: "url", isDerived: false },
      ]),
    );
  });
});

describe("resolveDataSources", () => {
  it("gives every data source of a database, and a data source for itself", async () => {
    await using world = await notionWorld();
    const { client } = connect(world.emulator, world.dataSourceId);
    const first = { id: world.dataSourceId, name: "Tasks" };
    expect(await resolveDataSources(client, world.databaseId)).toEqual([first]);
    const id = world.emulator.workspace.addDataSource(world.databaseId, {
      name: "Bugs",
      properties: { Name: { title: {} } },
    });
    expect(await resolveDataSources(client, world.databaseId)).toEqual([first, { id, name: "Bugs" }]);
    expect(await resolveDataSources(client, id)).toEqual([{ id, name: "Bugs" }]);
  });

  it("says how to share what it cannot find", async () => {
    await using world = await notionWorld();
    const { client } = connect(world.emulator, world.dataSourceId);
    await expect(resolveDataSources(client, "11111111-2222-4333-8444-555555555555")).rejects.toMatchObject({
      code: "NOTION_NOT_FOUND",
      message: expect.stringContaining("Connections → add the connection"),
    });
  });

  it("says where to look when the token is wrong", async () => {
    await using world = await notionWorld();
    const { client } = connect({ url: world.emulator.url, token: "ntn_wrong_dummy" }, world.dataSourceId);
    await expect(resolveDataSources(client, world.databaseId)).rejects.toMatchObject({
      code: "NOTION_UNAUTHORIZED",
      message: expect.stringMatching(/wrong, expired or revoked.*NOTION_TOKEN/),
    });
  });
});

describe("rows of other shapes", () => {
  it("are listed as unreadable while the others flow", async () => {
    const row = {
      object: "page",
      id: "p1",
      created_time: "2026-11-21T07:20:00.000Z",
      last_edited_time: "2026-11-21T07:20:00.000Z",
      in_trash: false,
      properties: { Odd: null, N: { id: "n", type: "number", number: "seven" } },
    };
    const results = [
      { object: "data_source", id: "ds2" },
      row,
      { object: "page", id: "p2" },
      { ...row, id: "p3" },
      7,
    ];
    await using server = await scriptedServer(() => ({
      json: { object: "list", results, has_more: false, next_cursor: null },
    }));
    const { connector } = connect({ url: server.url, token: "ntn_dummy" }, "ds");
    const { ids, batches, records } = await pullAll(connector, { mode: "full" });
    expect(ids).toEqual(["p1", "p3"]);
    expect(records[0]?.unobserved).toEqual(["Odd", "n"]);
    expect(batches[0]?.unreadable.map((each) => each.id)).toEqual(["ds2", "p2", "(no id)"]);
  });

  it.each([
    ["no list", { object: "page", id: "x" }],
    ["no results", { object: "list", has_more: false, next_cursor: null }],
    ["more without a cursor", { object: "list", results: [], has_more: true, next_cursor: null }],
    ["nothing", {}],
  ])("an answer with %s is no answer", async (_, json) => {
    await using server = await scriptedServer(() => ({ json }));
    const { connector } = connect({ url: server.url, token: "ntn_dummy" }, "ds");
    await expect(pullAll(connector, { mode: "full" })).rejects.toMatchObject({ code: "NOTION_UNEXPECTED" });
  });
});

describe("one exchange", () => {
  const row = {
    object: "page",
    id: "p1",
    created_time: "2026-11-21T07:20:00.000Z",
    last_edited_time: "2026-11-21T07:20:00.000Z",
    in_trash: false,
    properties: {},
  };
  const list = (next: string | null) => ({
    object: "list",
    results: [row],
    has_more: next !== null,
    next_cursor: next,
  });

  it("counts as begun when it was asked, not when it was answered", async () => {
    const headers = { date: "Sat, 21 Nov 2026 10:01:05 GMT" };
    await using server = await scriptedServer(() => {
      clock.advance(50_000);
      return { json: list(null), headers };
    });
    const { connector, clock } = connect({ url: server.url, token: "ntn_dummy" }, "ds");
    const { end } = await pullAll(connector, { mode: "full" });
    // 10:01:05 less 125 s is 09:59:00, less 50 s is 09:58:10.
    expect(end.checkpoint).toMatchObject({ watermark: Date.parse("2026-11-21T09:58:00.000Z") });
  });

  it("is given up when the caller stops early", async () => {
    await using server = await scriptedServer([{ json: list("c1") }, { connection: "hang" }]);
    const { connector } = connect({ url: server.url, token: "ntn_dummy" }, "ds");
    const pulling = connector.pull({
      mode: "full",
      checkpoint: null,
      memosOf: async () => new Map(),
      knownFields: null,
    });
    await pulling.next();
    await expect.poll(() => server.seen.length).toBe(2);
    await pulling.throw(new Error("stopped")).catch(() => {});
    await expect.poll(() => server.aborted()).toBe(1);
  });
});
