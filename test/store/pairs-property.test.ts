import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../src/core/json.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { PairCommit } from "../../src/store/pair-store.ts";
import { openPostgresStore } from "../../src/store/postgres/open.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import type { OpenStore } from "../../src/store/store.suite.ts";
import type { Store } from "../../src/store/store.ts";
import { countingIds, minute } from "../../src/store/suite/case.ts";
import {
  history,
  hold,
  inboxEvent,
  linkId,
  pairConflict,
  pairLink,
  readPairs,
} from "../../src/store/suite/pairs-case.ts";
import { createDatabase } from "../support/postgres.ts";

const syncs = ["pair", "other"] as const;
const sync = fc.constantFrom(...syncs);
const linksOf = { pair: [1, 2, 3, 4, 5], other: [6, 7] } as const;

const small = fc.integer({ min: 0, max: 4 });
const rarely = fc.integer({ min: 1, max: 12 }).map((n) => n === 1);
const claim = fc.option(fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h"), { freq: 2 });
const side = fc.constantFrom("left", "right");
const json: fc.Arbitrary<Json> = fc
  .jsonValue({ maxDepth: 2 })
  .map((value) => JSON.parse(JSON.stringify(value)));

/** What a commit may say of one link; `by` is added to the revision it was read with. */
const plannedLink = fc.record({
  index: small,
  by: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 1, -1),
  leftId: claim,
  rightId: claim,
  key: claim,
  status: fc.constantFrom("none", "live", "dead", "unlinked"),
  dueAt: fc.option(fc.integer({ min: 0, max: 30 })),
  priority: fc.integer({ min: 0, max: 2 }),
  problem: fc.option(fc.constantFrom("ACCESS_LOST")),
  sweptLeft: small,
  doc: json,
  versions: fc.constantFrom(0, 0, 1, 2),
  hasGap: rarely,
  conflict: fc.option(fc.constantFrom("c1", "c2", "c3")),
  isClosed: fc.boolean(),
});

const commit = fc.record({
  do: fc.constant("commit" as const),
  sync,
  links: fc.uniqueArray(plannedLink, { maxLength: 4, selector: ({ index }) => index }),
  holds: fc.array(fc.record({ id: small, digest: fc.constantFrom("d1", "d2"), isClosed: rarely }), {
    maxLength: 2,
  }),
  handled: fc.uniqueArray(small, { maxLength: 3 }),
  state: fc.option(json, { nil: undefined }),
  isOldHolder: rarely,
});
const mark = fc.record({
  do: fc.constant("mark" as const),
  sync,
  side,
  sweep: small,
  recordIds: fc.subarray(["a", "b", "c", "d", "x"]),
});
const put = fc.record({
  do: fc.constant("put" as const),
  events: fc.array(fc.record({ sync, source: fc.constantFrom("notion", "sql"), event: small }), {
    maxLength: 3,
  }),
});
const prune = fc.record({ do: fc.constant("prune" as const), before: fc.integer({ min: 0, max: 60 }) });
const settle = fc.record({
  do: fc.constant("settle" as const),
  id: fc.constantFrom("c1", "c2", "c3"),
  winner: side,
});
const decide = fc.record({
  do: fc.constant("decide" as const),
  id: small,
  decision: fc.constantFrom("approved", "rejected"),
});
const lease = fc.record({ do: fc.constant("lease" as const), sync, isReleased: fc.boolean() });

const operation = fc.oneof(
  { weight: 12, arbitrary: commit },
  { weight: 3, arbitrary: mark },
  { weight: 3, arbitrary: put },
  { weight: 1, arbitrary: prune },
  { weight: 2, arbitrary: settle },
  { weight: 2, arbitrary: decide },
  { weight: 1, arbitrary: lease },
);
type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;
type PlannedCommit = typeof commit extends fc.Arbitrary<infer Value> ? Value : never;

async function commitOf(store: Store, planned: PlannedCommit, n: number): Promise<PairCommit> {
  const { sync: syncId, isOldHolder, state } = planned;
  const links: PairCommit["links"][number][] = [];
  const versions: PairCommit["versions"][number][] = [];
  const conflicts: PairCommit["conflicts"][number][] = [];
  for (const { index, by, versions: count, hasGap, conflict, isClosed, ...fields } of planned.links) {
    const number = linksOf[syncId][index % linksOf[syncId].length] ?? 0;
    if (links.some(({ id }) => id === linkId(number))) continue;
    const [stored] = await store.pairs.getLinks(syncId, [linkId(number)]);
    const after = (await store.pairs.listVersions(linkId(number), { after: 0, limit: 1000 })).length;
    links.push(pairLink(number, { ...fields, syncId, revision: (stored?.revision ?? 0) + by }));
    versions.push(...history(number, { after: after + (hasGap ? 1 : 0), until: after + count }));
    const closedAt = isClosed ? minute(n) : null;
    if (conflict !== null) {
      const id = `${syncId} ${conflict}`;
      conflicts.push(pairConflict(id, number, { syncId, openedAt: minute(n), left: fields.doc, closedAt }));
    }
  }
  const holds = planned.holds.map(({ id, digest, isClosed }) =>
    hold(`${syncId} h${id}`, { syncId, digest, count: n, closedAt: isClosed ? minute(n) : null }),
  );
  const waiting = await store.pairs.listInbox(syncId, 1000);
  const handled = planned.handled.flatMap((index) => waiting[index]?.seq ?? []);
  const fence = ((await store.getLease(syncId))?.fence ?? 0) - (isOldHolder ? 1 : 0);
  const parts = { syncId, fence, at: minute(n), links, versions, conflicts, holds, handled };
  return state === undefined ? parts : { ...parts, state };
}

async function perform(store: Store, step: Operation, n: number): Promise<unknown> {
  const { pairs } = store;
  switch (step.do) {
    case "commit":
      return pairs.commit(await commitOf(store, step, n));
    case "mark": {
      const fence = (await store.getLease(step.sync))?.fence ?? 0;
      const { sync: syncId, side, sweep, recordIds } = step;
      return pairs.markSwept({ syncId, fence, side, sweep, recordIds });
    }
    case "put":
      return pairs.putInbox(
        step.events.map(({ sync: syncId, source, event }) =>
          inboxEvent(`event ${event}`, { syncId, source, receivedAt: minute(n) }),
        ),
      );
    case "prune":
      return pairs.pruneInbox(minute(step.before));
    case "settle":
      return pairs.settleConflict({
        id: `pair ${step.id}`,
        winner: step.winner,
        by: "grace",
        at: minute(n),
        now: n,
      });
    case "decide":
      return pairs.decideHold({
        id: `pair h${step.id}`,
        decision: step.decision,
        by: "grace",
        at: minute(n),
      });
    case "lease": {
      const held = await store.getLease(step.sync);
      if (step.isReleased && held !== null) return store.releaseLease(held);
      return store.acquireLease({ name: step.sync, owner: "a", now: n, ttlMs: 5, isDead: () => true });
    }
    default:
      return step satisfies never;
  }
}

/** The answer, or what the refusal was: its code, or the kind of bug. */
async function outcomeOf(work: Promise<unknown>): Promise<unknown> {
  return work.catch((error: unknown) => {
    if (!(error instanceof Error)) throw error;
    return `refused: ${"code" in error ? error.code : error.name}`;
  });
}

async function readAll(store: Store): Promise<unknown> {
  const { pairs } = store;
  const pages = { now: 12, limit: 2 };
  return {
    all: await readPairs(store, syncs, ["run-1"]),
    due: await pairs.listDue("pair", pages),
    found: await pairs.findLinks("pair", "left", ["a", "b", "c", "d"]),
    foundRight: await pairs.findLinks("other", "right", ["a", "b", "c", "d"]),
    byKey: await pairs.findLinksByKey("pair", ["a", "h", "a"]),
    searched: await pairs.searchLinks("a", 3),
    unswept: await pairs.listUnswept("pair", { side: "left", sweep: 3, after: linkId(1), limit: 2 }),
    conflicts: await pairs.listConflicts({ isOpen: true, linkId: linkId(1), limit: 2 }),
    closed: await pairs.listConflicts({ isOpen: false, limit: 3 }),
    holds: await pairs.listHolds({ isOpen: true, limit: 3 }),
  };
}

async function expectSameAsMemory(open: OpenStore, numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 20, maxLength: 60, size: "max" }), async (steps) => {
      await using memory = createMemoryStore({ ids: countingIds() });
      await using store = await open({ ids: countingIds() });
      for (const name of syncs) {
        for (const each of [memory, store]) {
          await each.acquireLease({ name, owner: "a", now: 0, ttlMs: 5, isDead: () => false });
        }
      }
      for (const [n, step] of steps.entries()) {
        const expected = await outcomeOf(perform(memory, step, n + 1));
        expect(await outcomeOf(perform(store, step, n + 1))).toEqual(expected);
      }
      expect(await readAll(store)).toEqual(await readAll(memory));
    }),
    { numRuns },
  );
}

describe("gives the same answers as the memory pairs, whatever is asked of both:", () => {
  it("sqlite", () => expectSameAsMemory(({ ids }) => openSqliteStore({ path: ":memory:", ids }), 150));

  it("postgres", async () => {
    await using database = await createDatabase();
    let count = 0;
    const open: OpenStore = ({ ids }) => {
      count += 1;
      return openPostgresStore({ url: database.url, ids, schema: `run_${count}` });
    };
    await expectSameAsMemory(open, 20);
  });
});
