import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/app/platform.ts";
import { collectionChainFlaw } from "../../src/core/collection/write.ts";
import { openDynamoStore } from "../../src/store/dynamodb/open.ts";
import type { Store } from "../../src/store/store.ts";
import { beginSync, change, collect, draft, minute, sourceId } from "../../src/store/suite/case.ts";
import { commitOf, recordWrite } from "../../src/store/suite/collections.suite.ts";
import { applied, beginPair, linkId, pairConflict, pairLink } from "../../src/store/suite/pairs-case.ts";
import { createStage, dynamoEndpoint, hastyClock, ownIds } from "../support/dynamodb.ts";
import { meddlingProxy } from "../support/meddling-proxy.ts";

const child = (name: string) => join(import.meta.dirname, "children", name);
const open = (url: string) => openDynamoStore({ url, ids: ownIds(), clock: hastyClock });

describe("two stores on the same tables", () => {
  it("give a lease that both want at once to one of them, each time", async () => {
    const url = await createStage();
    await using first = await open(url);
    await using second = await open(url);
    for (let n = 1; n <= 10; n += 1) {
      const request = { name: "lease", owner: "host:1", now: n * 10_000, ttlMs: 1000, isDead: () => false };
      const taken = await Promise.all([first, second].map((store) => store.acquireLease(request)));
      expect(taken.filter((each) => "lease" in each)).toHaveLength(1);
      expect(await first.getLease("lease")).toMatchObject({ fence: n });
    }
  });

  it("count changes of a collection on without gaps, and make one of two for the same record stale", async () => {
    const url = await createStage();
    await using one = await open(url);
    await using two = await open(url);
    await commitOf(one, [recordWrite("shared")]);
    const write = async (store: Store, n: number) => {
      const [shared] = await store.collections.getRecords("books", ["shared"]);
      const expected = shared?.revision ?? 0;
      const ofNoRun = { runId: null };
      const onShared = commitOf(store, [recordWrite("shared", { expected, fields: { n } })], ofNoRun);
      return [await onShared, await commitOf(store, [recordWrite(`own ${n}`)], ofNoRun)] as const;
    };
    const results = await Promise.all(
      Array.from({ length: 16 }, (_, n) => write(n % 2 === 0 ? one : two, n)),
    );
    const won = results.filter(([shared]) => shared.stale.length === 0).length;
    const { revision, live } = await one.collections.getCollectionTotals("books");
    expect([live, revision]).toEqual([17, 17 + won]);
    const versions = await two.collections.listRecordVersions("books", "shared", { after: 0, limit: 100 });
    const [shared] = await two.collections.getRecords("books", ["shared"]);
    expect(collectionChainFlaw(versions, shared?.head ?? { seq: 0, hash: "" })).toBeNull();
    expect(versions).toHaveLength(1 + won);
  });

  it("never let a person's word and a commit that closes the conflict both count", async () => {
    const url = await createStage();
    await using engine = await open(url);
    await using person = await open(url);
    const { commit } = await beginPair(engine);
    const numbers = Array.from({ length: 8 }, (_, n) => n + 1);
    const conflictOf = (n: number) => pairConflict(`conflict ${n}`, n);
    await commit({ links: numbers.map((n) => pairLink(n)), conflicts: numbers.map(conflictOf) });
    for (const n of numbers) {
      const close = () =>
        commit({
          links: [pairLink(n, { revision: 1 })],
          conflicts: [{ ...conflictOf(n), closedAt: minute(3) }],
        });
      const word = { id: conflictOf(n).id, winner: "left", by: "ada", at: minute(2), now: 5 } as const;
      const [closed, isSettled] = await Promise.all([close(), person.pairs.settleConflict(word)]);
      const [conflict] = await engine.pairs.listConflicts({ linkId: linkId(n), limit: 1 });
      const kept = isSettled ? { winner: "left", closedAt: null } : { winner: null, closedAt: minute(3) };
      expect([n, conflict]).toMatchObject([n, kept]);
      expect([n, closed]).toEqual([n, isSettled ? { stale: [linkId(n)], taken: [] } : applied]);
    }
  });

  it("keep each other from half a commit: an edit made meanwhile is stale or comes after it", async () => {
    const url = await createStage();
    await using engine = await open(url);
    await using agent = await open(url);
    const { commit } = await beginSync(engine, "tasks");
    const sources = Array.from({ length: 10 }, (_, n) => sourceId(n));
    await commit(sources.map((source) => change(source)));
    const links = await engine.getLinks("tasks", sources);
    const taskOf = (source: string) => links.get(source)?.taskId ?? "";
    const update = (source: string) => {
      const version = draft({ title: "from the source" });
      return change(source, { taskId: taskOf(source), version, expectedVersionNum: 1 });
    };
    const edit = (source: string) => {
      const version = draft({ title: "from the agent" });
      return agent.appendVersion({ taskId: taskOf(source), baseVersionNum: 1, version, at: minute(2) });
    };
    const [committed] = await Promise.all([commit(sources.map(update)), ...sources.map(edit)]);
    for (const source of sources) {
      const history = await engine.getHistory(taskOf(source), { fromVersion: 2, limit: 10 });
      const titles = history.map(({ title }) => title);
      const isStale = committed.stale.includes(source);
      expect([source, titles]).toEqual([
        source,
        isStale ? ["from the agent"] : ["from the source", "from the agent"],
      ]);
    }
  });
});

describe("several processes on the same tables", () => {
  it("append to one task without losing, renumbering or failing to flag a version", async () => {
    const url = await createStage();
    await using store = await open(url);
    const { id } = await store.createTask({ projectScopeId: "work", version: draft(), at: minute(0) });
    const perWriter = 20;
    const writers = ["ada", "bob"];
    const run = promisify(execFile);
    await Promise.all(
      writers.map((name) =>
        run(process.execPath, [child("dynamodb-append.ts"), url, id, name, String(perWriter)]),
      ),
    );
    const history = await store.getHistory(id, { fromVersion: 1, limit: 1000 });
    expect(history.map((version) => version.versionNum)).toEqual(history.map((_, n) => n + 1));
    const written = writers.flatMap((name) => Array.from({ length: perWriter }, (_, n) => `${name} ${n}`));
    const appended = history.slice(1);
    expect(appended.map((version) => version.title).sort()).toEqual(written.sort());
    for (const { versionNum, changeReason, conflictFlag } of appended) {
      expect([versionNum, conflictFlag]).toEqual([versionNum, Number(changeReason) !== versionNum - 1]);
    }
  });

  it("leave whole commits when they are killed, and the next one goes on", async () => {
    const url = await createStage();
    const pairs = 30;
    let next = 0;
    for (const batches of [1, 2]) {
      const acknowledged = await commitUntilKilled(url, next, { batches, pairs });
      await using store = await open(url);
      // What the killed one had sent may still be on its way: taking its lease stops it.
      const isDead = () => true;
      await store.acquireLease({ name: "tasks", owner: "host:2", now: 2, ttlMs: 1, isDead });
      const reached = Number((await store.getSync("tasks"))?.checkpoint?.batch);
      expect(reached).toBeGreaterThanOrEqual(acknowledged);
      expect(await store.getTotals("tasks")).toMatchObject({ live: (reached + 1) * pairs });
      expect(await store.getUnseen("tasks", { after: null, limit: 5 })).toEqual([]);
      for (let batch = 0; batch <= reached; batch += 1) {
        const versions = await collect(store.iterateVersionsOfRun(`batch-${batch}`));
        expect([batch, versions.length]).toEqual([batch, batch === 0 ? pairs : 2 * pairs]);
      }
      expect(await collect(store.iterateVersionsOfRun(`batch-${reached + 1}`))).toEqual([]);
      next = reached + 1;
    }
  });
});

/** Starts the committing child and kills it when it has acknowledged `batches`; returns the last one acknowledged. */
async function commitUntilKilled(url: string, start: number, options: { batches: number; pairs: number }) {
  const { batches, pairs } = options;
  const writer = spawn(process.execPath, [child("dynamodb-commit.ts"), url, String(start), String(pairs)]);
  let acknowledged = start - 1;
  for await (const line of createInterface({ input: writer.stdout })) {
    acknowledged = Number(line);
    if (acknowledged >= start + batches - 1) writer.kill("SIGKILL");
  }
  if (writer.signalCode === null && writer.exitCode === null) await once(writer, "exit");
  return acknowledged;
}

/** What stands in a request for one item. */
interface SentWrite {
  readonly kind: string;
  readonly pk: string;
  readonly condition: string | null;
}

describe("histories", () => {
  it("are only ever inserted, where nothing is yet; nothing sent changes or deletes a version", async () => {
    const sent: SentWrite[] = [];
    const endpoint = await dynamoEndpoint();
    const url = await createStage(endpoint);
    await using proxy = await meddlingProxy(endpoint, (_, __, body) => {
      sent.push(...writesIn(JSON.parse(body)));
      return "pass";
    });
    await using store = await openDynamoStore({
      url: `${url.split("?")[0]}?endpoint=${encodeURIComponent(proxy.endpoint)}`,
      ids: ownIds(),
      clock: systemClock,
    });
    const task = await store.createTask({ projectScopeId: "work", version: draft(), at: minute(0) });
    await store.appendVersion({ taskId: task.id, baseVersionNum: 1, version: draft(), at: minute(1) });
    const { commit } = await beginSync(store, "tasks");
    await commit(Array.from({ length: 40 }, (_, n) => change(sourceId(n))));
    const records = Array.from({ length: 60 }, (_, n) => recordWrite(`B${n}`));
    await commitOf(store, records);
    await commitOf(store, [recordWrite("B1", { expected: 2, fields: { n: 1 } })]);
    const ofHistories = sent.filter(({ pk }) => /^(?:V|TV|PV)#/.test(pk));
    expect(ofHistories.length).toBeGreaterThan(100);
    expect(new Set(ofHistories.map(({ kind, condition }) => `${kind} ${condition}`))).toEqual(
      new Set(["Put attribute_not_exists(pk)"]),
    );
  });

  it("keep a version that does not fit into an item, nor shrinks, whole", async () => {
    await using store = await open(await createStage());
    const text = randomBytes(900_000).toString("base64");
    const version = draft({ title: "large", description: text, metadataJson: JSON.stringify({ text }) });
    const { id } = await store.createTask({ projectScopeId: "work", version, at: minute(0) });
    const again = {
      taskId: id,
      baseVersionNum: 1,
      version: draft({ ...version, title: "two" }),
      at: minute(1),
    };
    await store.appendVersion(again);
    const history = await store.getHistory(id, { fromVersion: 1, limit: 10 });
    expect(history.map(({ title }) => title)).toEqual(["large", "two"]);
    expect(history.every(({ description, metadata }) => description === text && metadata.text === text)).toBe(
      true,
    );
    await commitOf(store, [recordWrite("B1", { fields: { text } })]);
    expect((await store.collections.getRecords("books", ["B1"]))[0]?.fields).toEqual({ text });
  });
});

function writesIn(body: Readonly<Record<string, unknown>>): SentWrite[] {
  const keyed = (kind: string, write: unknown): SentWrite[] => {
    if (typeof write !== "object" || write === null) return [];
    const { Item, Key, ConditionExpression } = write as Record<string, Record<string, { S?: string }>>;
    const pk = (Item ?? Key)?.pk?.S ?? "";
    return [{ kind, pk, condition: typeof ConditionExpression === "string" ? ConditionExpression : null }];
  };
  const { TransactItems: parts = [], RequestItems: batches = {} } = body;
  const ofParts = (parts as object[]).flatMap((part) =>
    Object.entries(part).flatMap(([kind, write]) => keyed(kind, write)),
  );
  const ofBatches = Object.values(batches as object).flatMap((requests: unknown) =>
    Array.isArray(requests)
      ? requests.flatMap((each: object) =>
          Object.entries(each).flatMap(([kind, write]) => keyed(kind, write)),
        )
      : [],
  );
  const isSingle = "TableName" in body && ("Item" in body || "UpdateExpression" in body);
  return [...ofParts, ...ofBatches, ...(isSingle ? keyed("single", body) : [])];
}
