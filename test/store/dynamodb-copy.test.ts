import { describe, expect, it } from "vitest";
import { copyStore } from "../../src/app/store-copy.ts";
import { openStore, openTables } from "../../src/app/stores.ts";
import type { Store } from "../../src/store/store.ts";
import { beginSync, change, collect, draft, minute, runOf, sourceId } from "../../src/store/suite/case.ts";
import { commitOf, recordWrite } from "../../src/store/suite/collections.suite.ts";
import {
  applied,
  beginPair,
  history,
  hold,
  inboxEvent,
  leftId,
  linkId,
  pairConflict,
  pairLink,
  readPairs,
} from "../../src/store/suite/pairs-case.ts";
import { createStage, ownIds } from "../support/dynamodb.ts";
import { temporaryFolder } from "./folder.ts";

const open = (url: string) => openStore(url, { ids: ownIds(), isReadOnly: false });
const odd = 'NUL \u0000, 🧭, \u{10fffe}, "quotes"';
/** Longer than a key can be. */
const long = "x".repeat(2000);

/** Something in every table. */
async function fill(store: Store): Promise<void> {
  const { commit, fence, lease } = await beginSync(store, "tasks");
  const sources = Array.from({ length: 60 }, (_, n) => sourceId(n));
  const version = draft({ title: odd, metadataJson: '{"2":"b", "1":1.0}' });
  const conflict = { field: "title", base: 1, left: 2, right: { a: odd }, resolution: "left wins" } as const;
  await commit(
    sources.map((source, n) => change(source, { version, conflicts: n === 3 ? [conflict] : [] })),
    { seen: [...sources, "of no link"], checkpoint: { page: 1 } },
  );
  await store.saveBinding("tasks", fence, { Name: odd });
  const [first] = (await store.listTasks({}, { after: null, limit: 1 })).items;
  for (const title of ["one", "two"]) {
    const edit = { taskId: first?.id ?? "", baseVersionNum: 1, version: draft({ title }), at: minute(2) };
    await store.appendVersion(edit);
  }
  await store.createTask({ projectScopeId: "home", version: draft({ title: "own" }), at: minute(3) });
  await store.releaseLease(lease);
  // Ids that sort unlike the order in which they came.
  for (const id of ["z", "a", "m"]) await store.startRun(runOf({ id, status: "succeeded", errors: [] }));
  await fillPairs(store);
  await commitOf(store, [recordWrite("B1", { marker: odd }), recordWrite(long)]);
  await commitOf(store, [recordWrite("B1", { expected: 1, fields: { title: odd }, status: "trashed" })]);
  await commitOf(store, [recordWrite("S1", { collection: "series" })]);
  for (const key of [`${long}b`, `${long}a`, "b", "a"]) {
    await store.answers.put(key, { value: { key, odd }, expiresAt: 5 });
  }
}

async function fillPairs(store: Store): Promise<void> {
  const { commit } = await beginPair(store);
  await store.pairs.putInbox([inboxEvent("a"), inboxEvent("b"), inboxEvent("c", { recordId: null })]);
  const [event] = await store.pairs.listInbox("pair", 1);
  await commit({
    links: [
      pairLink(1, { key: long, dueAt: 5, doc: { odd, list: [null] }, problem: "ACCESS_LOST" }),
      pairLink(2, { status: "dead", rightId: null, doc: "y".repeat(400_000) }),
    ],
    versions: history(1, { until: 3 }),
    conflicts: [pairConflict("c1", 1), pairConflict("c2", 1, { closedAt: minute(3) })],
    holds: [hold("h1"), hold("h2", { closedAt: minute(4) })],
    handled: [event?.seq ?? 0],
    state: { cursor: odd },
  });
}

/** What readers of the store see of it. */
async function view(url: string): Promise<unknown> {
  await using store = await open(url);
  const { items } = await store.listTasks({ withDeleted: true }, { after: null, limit: 100 });
  return {
    items,
    history: await store.getHistory(items[0]?.id ?? "", { fromVersion: 1, limit: 10 }),
    links: await collect(store.iterateLinks("tasks")),
    ofRun: (await collect(store.iterateVersionsOfRun("run-1")))
      .map(({ id, sourceId: from }) => `${id} ${from}`)
      .sort(),
    unseen: await store.getUnseen("tasks", { after: null, limit: 10 }),
    runs: await store.listRuns({ limit: 10 }),
    conflicts: await store.listConflicts({ limit: 10 }),
    sync: await store.getSync("tasks"),
    leases: [await store.getLease("tasks"), await store.getLease("pair")],
    totals: await store.getTotals("tasks"),
    pairs: await readPairs(store, ["pair"], ["run-1"]),
    byKey: await store.pairs.findLinksByKey("pair", [long]),
    records: await store.collections.changesSince("books", { revision: 0, limit: 10 }),
    versions: await collect(store.collections.iterateRecordVersionsOfRun("run-1")),
    shelves: [
      await store.collections.getCollectionTotals("books"),
      await store.collections.getCollectionTotals("series"),
    ],
    answers: [await store.answers.get("a"), await store.answers.get(`${long}a`)],
  };
}

describe("copyStore", () => {
  it("moves everything from SQLite to DynamoDB and back, with equal hashes all the way", async () => {
    await using folder = await temporaryFolder();
    const [source, back] = [`sqlite:${folder.path("source.db")}`, `sqlite:${folder.path("back.db")}`];
    const there = await createStage();
    {
      await using store = await open(source);
      await fill(store);
    }
    const seen = await view(source);
    const first = await copyStore({ from: source, to: there });
    expect(first.tables.filter(({ isEqual }) => !isEqual)).toEqual([]);
    expect(first.tables.filter(({ to }) => to.rows === 0)).toEqual([]);
    expect(await view(there)).toEqual(seen);
    const second = await copyStore({ from: there, to: back });
    expect(second.tables.map(({ table, to }) => [table, to.sha256])).toEqual(
      first.tables.map(({ table, from }) => [table, from.sha256]),
    );
    expect(await view(back)).toEqual(seen);
  });

  it("leaves a store that goes on where the source would", async () => {
    await using folder = await temporaryFolder();
    const [source, there] = [`sqlite:${folder.path("source.db")}`, await createStage()];
    {
      await using store = await open(source);
      await fill(store);
    }
    await copyStore({ from: source, to: there });
    await using store = await open(there);
    const { commit, fence } = await beginSync(store, "tasks");
    expect(fence).toBe(2);
    const link = (await store.getLinks("tasks", [sourceId(0)])).get(sourceId(0));
    const update = change(sourceId(0), { taskId: link?.taskId ?? "", expectedVersionNum: 3 });
    expect(await commit([update, change(sourceId(1))])).toEqual({ stale: [sourceId(1)] });
    const pair = await beginPair(store);
    const versions = history(1, { after: 3, until: 4 });
    expect(await pair.commit({ links: [pairLink(1, { revision: 1 })], versions })).toEqual(applied);
    const taken = await pair.commit({ links: [pairLink(9, { leftId: leftId(2) })] });
    expect(taken.taken).toEqual([{ linkId: linkId(9), by: linkId(2) }]);
    expect(await store.pairs.putInbox([inboxEvent("b"), inboxEvent("d")])).toBe(1);
    const seqs = (await store.pairs.listInbox("pair", 10)).map(({ seq }) => seq);
    expect(seqs.at(-1)).toBeGreaterThan(3);
    expect((await commitOf(store, [recordWrite("B1", { expected: 3 }), recordWrite("B9")])).stale).toEqual(
      [],
    );
    await store.startRun(runOf({ id: "0 is the newest" }));
    expect((await store.listRuns({ limit: 1 }))[0]?.id).toBe("0 is the newest");
  });

  it("refuses a target that holds anything, and opens none that is unfinished", async () => {
    await using folder = await temporaryFolder();
    const [source, there] = [`sqlite:${folder.path("source.db")}`, await createStage()];
    {
      await using store = await open(source);
      await store.createTask({ projectScopeId: "work", version: draft(), at: minute(0) });
    }
    {
      await using tables = await openTables(there);
      await tables.startCopy();
    }
    await expect(open(there)).rejects.toMatchObject({ code: "STORE_FAILED" });
    await expect(copyStore({ from: source, to: there })).rejects.toMatchObject({ code: "STORE_FAILED" });
    const filled = await createStage();
    {
      await using store = await open(filled);
      await store.answers.put("a", { value: 1, expiresAt: 1 });
    }
    await expect(copyStore({ from: source, to: filled })).rejects.toThrow(/answers/);
  });
});
