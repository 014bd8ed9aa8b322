import { describe, expect, it } from "vitest";
import { openDynamoStore } from "../../src/store/dynamodb/open.ts";
import type { Store } from "../../src/store/store.ts";
import { beginSync, change, collect, minute, sourceId } from "../../src/store/suite/case.ts";
import { commitOf, recordWrite } from "../../src/store/suite/collections.suite.ts";
import {
  applied,
  beginPair,
  history,
  inboxEvent,
  leftId,
  linkId,
  pairLink,
} from "../../src/store/suite/pairs-case.ts";
import { createStage, dynamoEndpoint, hastyClock, ownIds } from "../support/dynamodb.ts";
import { type Decide, type Meddling, meddlingProxy } from "../support/meddling-proxy.ts";

/** A store whose requests go through a proxy that meddles, and the same tables without it. */
async function meddled(decide: Decide) {
  const endpoint = await dynamoEndpoint();
  const url = await createStage(endpoint);
  const open = (address: string) => openDynamoStore({ url: address, ids: ownIds(), clock: hastyClock });
  let isOn = false;
  const proxy = await meddlingProxy(endpoint, (...request) => (isOn ? decide(...request) : "pass"));
  const store = await open(`${url.split("?")[0]}?endpoint=${encodeURIComponent(proxy.endpoint)}`);
  const plain = await open(url);
  return {
    store,
    plain,
    proxy,
    meddle: (on: boolean) => {
      isOn = on;
      proxy.seen.length = 0;
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      await plain.close();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n + 1);
const isWrite = (operation: string) => /^(?:Put|Update|Transact|BatchWrite)/.test(operation);

/** A little of everything; the same calls whatever happens on the way. */
async function work(store: Store): Promise<void> {
  const { commit } = await beginPair(store);
  expect(await store.pairs.putInbox([inboxEvent("a"), inboxEvent("b")])).toBe(2);
  expect(await store.pairs.putInbox([inboxEvent("b")])).toBe(0);
  expect(await commit({ links: numbers(40).map((n) => pairLink(n)), state: { n: 1 } })).toEqual(applied);
  const [event] = await store.pairs.listInbox("pair", 1);
  expect(
    await commit({
      links: [pairLink(1, { revision: 1, doc: { n: 2 } })],
      versions: history(1, { until: 2 }),
      handled: [event?.seq ?? 0],
    }),
  ).toEqual(applied);
  expect((await commitOf(store, [recordWrite("B1"), recordWrite("B2")])).stale).toEqual([]);
  expect((await commitOf(store, [recordWrite("B1", { expected: 1, fields: { n: 1 } })])).stale).toEqual([]);
}

async function tell(store: Store) {
  return {
    links: await collect(store.pairs.iterateLinks("pair")),
    history: await store.pairs.listVersions(linkId(1), { after: 0, limit: 10 }),
    state: await store.pairs.getState("pair"),
    totals: await store.pairs.getPairTotals("pair"),
    records: await store.collections.changesSince("books", { revision: 0, limit: 10 }),
    versions: await collect(store.collections.iterateRecordVersionsOfRun("run-1")),
  };
}

describe("a DynamoDB store", () => {
  const faults: readonly [string, (operation: string, nth: number) => Meddling][] = [
    ["refused every other time", (_, nth) => (nth % 2 === 1 ? "throttle" : "pass")],
    [
      "that answers every second write to nobody",
      (name, nth) => (isWrite(name) && nth % 2 ? "lose answer" : "pass"),
    ],
    ["whose connections break", (_, nth) => (nth % 3 === 1 ? "lose request" : "pass")],
    [
      "whose transactions meet others",
      (name, nth) => (name === "TransactWriteItems" && nth % 2 ? "conflict" : "pass"),
    ],
    [
      "whose batches come back undone",
      (name, nth) => (name.startsWith("Batch") && nth % 2 ? "hand back" : "pass"),
    ],
  ];

  /** What a store without faults tells after the same work. */
  let told: ReturnType<typeof tell> | null = null;

  it.each(faults)("%s keeps what one without faults keeps", async (_, decide) => {
    told ??= meddled(() => "pass").then(async (calm) => {
      await work(calm.store);
      const all = await tell(calm.plain);
      await calm[Symbol.asyncDispose]();
      return all;
    });
    await using troubled = await meddled(decide);
    troubled.meddle(true);
    await work(troubled.store);
    expect(await tell(troubled.plain)).toEqual(await told);
  });

  it("gives up in the end, with an error that says what to do, and has kept nothing", async () => {
    await using world = await meddled(() => "throttle");
    const { commit } = await beginPair(world.store);
    world.meddle(true);
    await expect(commit({ links: [pairLink(1)] })).rejects.toMatchObject({
      code: "STORE_FAILED",
      retry: "safe",
      message: expect.stringContaining("slower, please"),
    });
    expect(await collect(world.plain.pairs.iterateLinks("pair"))).toEqual([]);
  });

  it("knows a lease that it took when the answer was lost", async () => {
    await using world = await meddled((name) => (name === "UpdateItem" ? "lose answer" : "pass"));
    world.meddle(true);
    const request = { name: "pair", owner: "me", now: 1, ttlMs: 10, isDead: () => false };
    // Each try is carried out and unanswered, so that only the last error is left; the lease is there.
    await expect(world.store.acquireLease(request)).rejects.toMatchObject({ code: "STORE_FAILED" });
    expect(await world.plain.getLease("pair")).toMatchObject({ owner: "me", fence: 1 });
    await using other = await meddled((name, nth) =>
      name === "UpdateItem" && nth === 1 ? "lose answer" : "pass",
    );
    other.meddle(true);
    expect(await other.store.acquireLease(request)).toMatchObject({ lease: { owner: "me", fence: 1 } });
  });
});

describe("a commit larger than one transaction", () => {
  it("is there whole or not at all, whichever request its process dies before, and is finished by whoever comes", async () => {
    let requests = 0;
    let lastOne = Number.POSITIVE_INFINITY;
    await using world = await meddled(() => {
      requests += 1;
      return requests > lastOne ? "lose request" : "pass";
    });
    /** One that dies after so many requests, on a sync of its own. */
    const dieAfter = async (last: number) => {
      const syncId = `sync ${last}`;
      const runId = `run ${last}`;
      const first = 100 * (Number.isFinite(last) ? last : 99);
      const links = numbers(40).map((n) => pairLink(first + n, { syncId, key: `key ${n}` }));
      const versions = links.flatMap((_, n) => history(first + n + 1, { until: 1, runId }));
      const { commit, fence } = await beginPair(world.store, syncId);
      [requests, lastOne] = [0, last];
      world.meddle(true);
      const end = await commit({ links, versions, state: { done: true } }).catch(() => "death");
      world.meddle(false);
      return { syncId, runId, fence, links, end };
    };
    expect((await dieAfter(Number.POSITIVE_INFINITY)).end).toEqual(applied);
    const total = requests;
    expect(total).toBeGreaterThan(10);
    const outcomes = new Set<number>();
    for (let last = 0; last <= total; last += 1) {
      const { syncId, runId, fence, links, end } = await dieAfter(last);
      const kept = (await collect(world.plain.pairs.iterateLinks(syncId))).length;
      outcomes.add(kept);
      if (end !== "death") expect([last, kept]).toEqual([last, 40]);
      const versions = await collect(world.plain.pairs.iterateVersionsOfRun(runId));
      const { live } = await world.plain.pairs.getPairTotals(syncId);
      expect([last, versions.length, live]).toEqual([last, kept, kept]);
      const state = kept === 0 ? null : { done: true };
      expect([last, await world.plain.pairs.getState(syncId)]).toEqual([last, state]);
      // And the next one goes on from there.
      const next = await beginPair(world.plain, syncId);
      expect(next.fence).toBe(fence + 1);
      const revision = kept === 0 ? 0 : 1;
      const again = links.slice(0, 1).map((link) => ({ ...link, revision }));
      expect(await next.commit({ links: again })).toEqual(applied);
    }
    expect([...outcomes].sort()).toEqual([0, 40]);
  });

  it("is finished by another, and a process that wakes up in the middle of it undoes nothing of what came after", async () => {
    const { promise: asleep, resolve: fallAsleep } = Promise.withResolvers<void>();
    const { promise: morning, resolve: wake } = Promise.withResolvers<void>();
    await using world = await meddled(async (operation, nth): Promise<Meddling> => {
      // The first transaction makes the commit, those after it carry it out.
      if (operation !== "TransactWriteItems" || nth === 1) return "pass";
      fallAsleep();
      await morning;
      return "late";
    });
    const { commit, fence } = await beginPair(world.store);
    world.meddle(true);
    const links = numbers(40).map((n) => pairLink(n));
    const sleeping = commit({ links });
    await asleep;
    expect(await collect(world.plain.pairs.iterateLinks("pair"))).toHaveLength(40);
    const moved = pairLink(1, { leftId: "elsewhere", doc: { later: true }, revision: 1 });
    const parts = { at: minute(2), versions: [], conflicts: [], holds: [], handled: [] };
    const later = await world.plain.pairs.commit({ ...parts, syncId: "pair", fence, links: [moved] });
    expect(later).toEqual(applied);
    wake();
    expect(await sleeping).toEqual(applied);
    expect(await world.plain.pairs.getLinks("pair", [linkId(1)])).toEqual([{ ...moved, revision: 2 }]);
    expect(await world.plain.pairs.findLinks("pair", "left", [leftId(1)])).toEqual([]);
  });

  it("keeps a one-way commit of many pairs and its checkpoint together", async () => {
    await using world = await meddled(() => "pass");
    const { commit } = await beginSync(world.store, "tasks");
    const sources = numbers(30).map(sourceId);
    await commit(
      sources.map((source) => change(source)),
      { checkpoint: { page: 1 }, seen: sources, at: minute(2) },
    );
    expect(await world.plain.getTotals("tasks")).toMatchObject({ live: 30 });
    expect((await world.plain.getSync("tasks"))?.checkpoint).toEqual({ page: 1 });
    expect(await world.plain.getUnseen("tasks", { after: null, limit: 10 })).toEqual([]);
  });
});
