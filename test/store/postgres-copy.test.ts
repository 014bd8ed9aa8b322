import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyStore, migrateStore } from "../../src/app/store-copy.ts";
import { openStore, openTables } from "../../src/app/stores.ts";
import type { Store } from "../../src/store/store.ts";
import {
  beginSync,
  change,
  countingIds,
  draft,
  minute,
  runOf,
  sourceId,
} from "../../src/store/suite/case.ts";
import { orderOf } from "../../src/store/tables.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";
import { temporaryFolder } from "./folder.ts";

const open = (url: string) => openStore(url, { ids: countingIds(), isReadOnly: false });

/** Rows in every table of tasks and runs, more than one batch of them in some. */
async function fill(store: Store): Promise<void> {
  const { commit, fence } = await beginSync(store, "tasks");
  const sources = Array.from({ length: 1100 }, (_, n) => sourceId(n));
  const version = draft({ title: "NUL \u0000, 🧭, \u{10fffe}", metadataJson: '{"text":"\\u0000"}' });
  await commit(
    sources.map((source) => change(source, { version, link: { memo: { n: 1 } } })),
    { seen: sources, checkpoint: { page: 1 } },
  );
  await store.saveBinding("tasks", fence, { Name: "title" });
  const [first] = (await store.listTasks({}, { after: null, limit: 1 })).items;
  for (const title of ["one", "two", "three"]) {
    await store.appendVersion({
      taskId: first?.id ?? "",
      baseVersionNum: 1,
      version: draft({ title }),
      at: minute(2),
    });
  }
  // Ids that sort unlike the order in which they came.
  for (const id of ["z", "a", "m"]) await store.startRun(runOf({ id, status: "succeeded" }));
  await store.pairs.putInbox(
    ["first", "second", "third"].map((eventId) => ({
      syncId: "tasks",
      source: "notion",
      eventId,
      side: "left",
      recordId: null,
      kind: "updated",
      changed: ["title"],
      prior: {},
      occurredAt: null,
      receivedAt: minute(1),
      detectedBy: "webhook",
      type: "page.updated",
    })),
  );
}

/** What a reader of the store sees of it. */
async function view(url: string): Promise<unknown> {
  await using store = await open(url);
  const { items } = await store.listTasks({ withDeleted: true }, { after: null, limit: 5 });
  return {
    items,
    histories: await Promise.all(items.map(({ id }) => store.getHistory(id, { fromVersion: 1, limit: 10 }))),
    runs: await store.listRuns({ limit: 10 }),
    conflicts: await store.listConflicts({ limit: 10 }),
    sync: await store.getSync("tasks"),
    lease: await store.getLease("tasks"),
    totals: await store.getTotals("tasks"),
    inbox: await store.pairs.listInbox("tasks", 10),
  };
}

const sumsOf = (report: Awaited<ReturnType<typeof copyStore>>) =>
  report.tables.map(({ table, to }) => [table, to.rows, to.sha256]);

describe("copyStore", () => {
  let database: TestDatabase;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let source: string;
  beforeAll(async () => {
    database = await createDatabase();
    folder = await temporaryFolder();
    source = `sqlite:${folder.path("source.db")}`;
    await using store = await open(source);
    await fill(store);
  });
  afterAll(async () => {
    await folder[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });
  const at = (name: string) => `sqlite:${folder.path(name)}`;

  it("moves everything from SQLite to Postgres and back, with equal hashes all the way", async () => {
    const there = await copyStore({ from: source, to: database.url });
    const back = await copyStore({ from: database.url, to: at("back.db") });
    for (const report of [there, back]) expect(report).toMatchObject({ isEqual: true });
    expect(sumsOf(back)).toEqual(sumsOf(there));
    const rows = Object.fromEntries(there.tables.map(({ table, to }) => [table, to.rows]));
    expect(rows).toMatchObject({ tasks: 1100, task_versions: 1103, links: 1100, runs: 3, pair_inbox: 3 });
    const seen = await view(source);
    expect(await view(database.url)).toEqual(seen);
    expect(await view(at("back.db"))).toEqual(seen);
    expect(JSON.stringify(there)).not.toContain("dummy");
  });

  it("leaves a store that goes on where the source would: fences, versions and numbers of events", async () => {
    await using target = await createDatabase();
    await using store = await open(source);
    const handled = (await store.pairs.listInbox("tasks", 10)).map(({ seq }) => seq);
    await copyStore({ from: source, to: target.url });
    await using copied = await openStore(target.url, {
      ids: { next: () => crypto.randomUUID(), random: Math.random },
      isReadOnly: false,
    });
    const lease = await copied.acquireLease({
      name: "tasks",
      owner: "host:9",
      now: 2,
      ttlMs: 1,
      isDead: () => true,
    });
    expect(lease).toMatchObject({ lease: { fence: 2 } });
    const [task] = (await copied.listTasks({}, { after: null, limit: 1 })).items;
    const version = draft({ title: "four" });
    await copied.appendVersion({ taskId: task?.id ?? "", baseVersionNum: 4, version, at: minute(9) });
    const [event] = await copied.pairs.listInbox("tasks", 1);
    if (event !== undefined) await copied.pairs.putInbox([{ ...event, eventId: "fourth" }]);
    expect((await copied.pairs.listInbox("tasks", 10)).at(-1)?.seq).toBe((handled.at(-1) ?? 0) + 1);
    await expect(target.run("UPDATE lockstep.links SET task_id = 'x'")).rejects.toThrow("foreign key");
  });

  it("refuses a store that holds anything, and leaves it as it is", async () => {
    for (const to of [at("full.db"), database.url]) {
      await using store = await open(to);
      await store.acquireLease({ name: "x", owner: "o", now: 1, ttlMs: 1, isDead: () => false });
      const before = await store.getLease("x");
      await expect(copyStore({ from: source, to })).rejects.toMatchObject({
        code: "STORE_FAILED",
        message: expect.stringMatching(/expected it to be empty/),
      });
      expect(await store.getLease("x")).toEqual(before);
    }
  });

  it.each(["sqlite", "postgres"])("leaves an interrupted copy into %s that nothing opens", async (kind) => {
    await using target = await createDatabase();
    const to = kind === "sqlite" ? at("interrupted.db") : target.url;
    const stopping = new AbortController();
    const copying = copyStore({
      from: source,
      to,
      signal: stopping.signal,
      onProgress: ({ table, rows }) => {
        if (table === "task_versions" && rows >= 500) stopping.abort(new Error("stopped"));
      },
    });
    await expect(copying).rejects.toThrow("stopped");
    const refused = { code: "STORE_FAILED", message: expect.stringMatching(/unfinished copy .*start over/) };
    await expect(open(to)).rejects.toMatchObject(refused);
    await expect(copyStore({ from: source, to })).rejects.toMatchObject(refused);
    await expect(copyStore({ from: to, to: at("other.db") })).rejects.toMatchObject(refused);
    if (kind === "sqlite") return;
    await target.run("DROP SCHEMA lockstep CASCADE");
    expect(await copyStore({ from: source, to })).toMatchObject({ isEqual: true });
  });

  it("finds one changed byte between writing and checking, and keeps the copy unusable", async () => {
    const path = folder.path("flipped.db");
    let isFlipped = false;
    const report = await copyStore({
      from: source,
      to: `sqlite:${path}`,
      onProgress: ({ phase }) => {
        if (phase !== "checking" || isFlipped) return;
        isFlipped = true;
        flip(path);
      },
    });
    expect(report.isEqual).toBe(false);
    const different = report.tables.filter((table) => !table.isEqual);
    expect(different.map(({ table, from, to }) => [table, from.rows === to.rows])).toEqual([
      ["task_versions", true],
    ]);
    await expect(open(`sqlite:${path}`)).rejects.toMatchObject({ code: "STORE_FAILED" });
  });

  it("refuses a source that is not there, and makes nothing", async () => {
    await using empty = await createDatabase();
    for (const from of [at("nowhere.db"), empty.url]) {
      await expect(copyStore({ from, to: at("target.db") })).rejects.toMatchObject({
        code: "STORE_FAILED",
        message: expect.stringMatching(/there is no store/),
      });
    }
    await expect(open(at("nowhere/x.db"))).rejects.toThrow();
    expect(await empty.run("SELECT 1 FROM pg_namespace WHERE nspname = 'lockstep'")).toEqual([]);
  });
});

function flip(path: string): void {
  const database = new DatabaseSync(path);
  database.exec(`
    DROP TRIGGER task_versions_are_never_updated;
    UPDATE task_versions SET title = title || ' ' WHERE rowid = 700`);
  database.close();
}

it("both kinds of store have the same views with the same columns, for people who read them", async () => {
  await using database = await createDatabase();
  await using folder = await temporaryFolder();
  await migrateStore(database.url);
  await migrateStore(`sqlite:${folder.path("store.db")}`);
  const inPostgres = await database.run(`
    SELECT table_name AS view, column_name AS column FROM information_schema.columns
    WHERE (table_schema, table_name) IN (SELECT table_schema, table_name FROM information_schema.views)
      AND table_schema = 'lockstep' ORDER BY table_name, ordinal_position`);
  const sqlite = new DatabaseSync(folder.path("store.db"));
  const inSqlite = sqlite
    .prepare(`
      SELECT m.name AS view, c.name AS "column" FROM sqlite_master m JOIN pragma_table_info(m.name) c
      WHERE m.type = 'view' ORDER BY m.name, c.cid`)
    .all()
    .map((row) => ({ ...row }));
  sqlite.close();
  expect(inPostgres).toEqual(inSqlite);
});

it("both kinds of store have the same tables, and each of them can be copied", async () => {
  await using database = await createDatabase();
  await using folder = await temporaryFolder();
  const shapes = [];
  for (const url of [database.url, `sqlite:${folder.path("store.db")}`]) {
    await using tables = await openTables(url);
    const all = await tables.read((reader) => reader.tables());
    for (const { name } of all) expect(orderOf(name).length).toBeGreaterThan(0);
    shapes.push([...all].sort((a, b) => (a.name < b.name ? -1 : 1)));
  }
  expect(shapes[0]).toEqual(shapes[1]);
  expect(() => orderOf("new_table")).toThrow("cannot be copied");
});

it("migrateStore says from which schema to which", async () => {
  await using database = await createDatabase();
  await using folder = await temporaryFolder();
  for (const url of [database.url, `sqlite:${folder.path("store.db")}`]) {
    const made = await migrateStore(url);
    expect(made.from).toBe(0);
    expect(await migrateStore(url)).toEqual({ ...made, from: made.to });
  }
});
