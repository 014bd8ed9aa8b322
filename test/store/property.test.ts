import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../src/store/memory.ts";
import { openPostgresStore } from "../../src/store/postgres/open.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import type { OpenStore } from "../../src/store/store.suite.ts";
import type { LinkChange, Store } from "../../src/store/store.ts";
import { change, collect, countingIds, draft, minute, runOf } from "../../src/store/suite/case.ts";
import { createDatabase } from "../support/postgres.ts";

const syncs = ["tasks", "books"] as const;
const sources = ["row-1", "row-2", "row-3", "row-4"] as const;
const states = ["live", "deleted", "missing", "moved", "archived"] as const;

const text = fc.constantFrom("alpha", "Beta gamma", "ÄÖ", "100%");
const small = fc.integer({ min: 0, max: 4 });
const sync = fc.constantFrom(...syncs);
const version = fc
  .record({
    title: text,
    description: fc.option(text),
    status: fc.option(fc.constantFrom("Open", "Done")),
    metadataJson: fc.json({ maxDepth: 1 }).map((json) => JSON.stringify({ key: JSON.parse(json) })),
    isDeleted: fc.boolean(),
  })
  .map(draft);

/** What a plan may say of one row; `as` decides whether it takes the row for new, as it is, or wrongly. */
const plannedChange = fc.record({
  source: fc.constantFrom(...sources),
  as: fc.constantFrom("new", "linked", "linked", "outdated", "crossed"),
  version: fc.option(version),
  state: fc.constantFrom(...states),
  memo: fc.jsonValue({ maxDepth: 1 }).map((value) => JSON.parse(JSON.stringify(value))),
  hasConflict: fc.boolean(),
});

const rarely = fc.integer({ min: 1, max: 12 }).map((n) => n === 1);

const create = fc.record({
  do: fc.constant("create" as const),
  version,
  scope: fc.constantFrom("work", "home"),
});
/** `back`: how many versions before the newest the writer had read. */
const append = fc.record({
  do: fc.constant("append" as const),
  task: small,
  back: fc.option(small),
  version,
});
const commit = fc.record({
  do: fc.constant("commit" as const),
  sync,
  changes: fc.array(plannedChange, { maxLength: 4 }),
  seen: fc.subarray([...sources]),
  checkpoint: fc.option(fc.record({ page: small }), { nil: undefined }),
  isOldHolder: rarely,
});
const sweep = fc.record({ do: fc.constant("sweep" as const), sync, isEnd: fc.boolean() });
const run = fc.record({ do: fc.constant("run" as const), sync, run: small, isEnd: fc.boolean() });
const owner = fc.constantFrom("a", "b");
const lease = fc.record({ do: fc.constant("lease" as const), sync, owner, isDead: fc.boolean() });
const renew = fc.record({ do: fc.constant("renew" as const), sync, owner, until: small });
const release = fc.record({ do: fc.constant("release" as const), sync });

const operation = fc.oneof(
  { weight: 2, arbitrary: create },
  { weight: 6, arbitrary: append },
  { weight: 12, arbitrary: commit },
  { weight: 2, arbitrary: sweep },
  { weight: 2, arbitrary: run },
  { weight: 4, arbitrary: lease },
  { weight: 2, arbitrary: renew },
  { weight: 1, arbitrary: release },
);
type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;
type PlannedChange = typeof plannedChange extends fc.Arbitrary<infer Value> ? Value : never;

async function planOf(store: Store, syncId: string, planned: PlannedChange): Promise<LinkChange> {
  const links = await store.getLinks(syncId, sources);
  const link = links.get(planned.source);
  const other = links.get("row-1");
  const isNew = planned.as === "new" || link === undefined;
  const current = link?.currentVersionNum ?? 0;
  const { state, memo } = planned;
  return change(planned.source, {
    taskId: isNew ? null : planned.as === "crossed" ? (other?.taskId ?? null) : link.taskId,
    version: planned.version ?? (isNew ? draft() : null),
    expectedVersionNum: planned.as === "outdated" ? current - 1 : current,
    conflicts: planned.hasConflict
      ? [{ field: "title", base: null, left: memo, right: 1, resolution: "left wins" }]
      : [],
    link: { state, memo, baseVersionNum: planned.version === null && !isNew ? 1 : "written" },
  });
}

async function perform(store: Store, step: Operation, n: number): Promise<unknown> {
  const at = minute(n);
  switch (step.do) {
    case "create":
      return store.createTask({ projectScopeId: step.scope, version: step.version, at });
    case "append": {
      const { items } = await store.listTasks({ withDeleted: true }, { after: null, limit: 100 });
      const task = items[step.task];
      const taskId = task?.id ?? "nothing";
      const baseVersionNum = step.back === null ? null : (task?.current.versionNum ?? 0) - step.back;
      return store.appendVersion({ taskId, baseVersionNum, version: step.version, at });
    }
    case "commit": {
      const changes: LinkChange[] = [];
      for (const planned of step.changes) changes.push(await planOf(store, step.sync, planned));
      const fence = ((await store.getLease(step.sync))?.fence ?? 0) - (step.isOldHolder ? 1 : 0);
      const { seen, checkpoint } = step;
      const moved = checkpoint === undefined ? {} : { checkpoint };
      return store.commit({ syncId: step.sync, runId: `run-${n}`, fence, at, changes, seen, ...moved });
    }
    case "sweep": {
      const fence = (await store.getLease(step.sync))?.fence ?? 0;
      return step.isEnd ? store.finishSweep(step.sync, fence, at) : store.startSweep(step.sync, fence);
    }
    case "run": {
      const run = runOf({ id: `run ${step.run}`, syncId: step.sync, calls: n });
      if (step.isEnd) return store.saveRun({ ...run, status: "succeeded", endedAt: at });
      return (await store.getRun(run.id)) === null ? store.startRun(run) : null;
    }
    case "lease":
      return store.acquireLease({
        name: step.sync,
        owner: step.owner,
        now: n,
        ttlMs: 5,
        isDead: () => step.isDead,
      });
    case "renew": {
      const held = await store.getLease(step.sync);
      return held === null ? null : store.renewLease({ ...held, owner: step.owner }, n + step.until);
    }
    case "release": {
      const held = await store.getLease(step.sync);
      return held === null ? null : store.releaseLease(held);
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

/** Everything the store can tell. */
async function readAll(store: Store, times: number): Promise<unknown> {
  const all = await store.listTasks({ withDeleted: true }, { after: null, limit: 1000 });
  const histories = all.items.map(({ id }) => store.getHistory(id, { fromVersion: 1, limit: 1000 }));
  const asOf = all.items.map(({ id }) => store.getVersionAt(id, minute(Math.floor(times / 2))));
  const ofSync = syncs.map(async (syncId) => ({
    sync: await store.getSync(syncId),
    links: await store.getLinks(syncId, sources),
    memos: await store.getMemos(syncId, sources),
    totals: await store.getTotals(syncId),
    present: await collect(store.iterateLinks(syncId)),
    unseen: await store.getUnseen(syncId, { after: "row-1", limit: 2 }),
    runs: await store.listRuns({ syncId, limit: 2 }),
    conflicts: await store.listConflicts({ syncId, limit: 3 }),
    lease: await store.getLease(syncId),
  }));
  const byRun = Array.from({ length: times }, (_, n) => collect(store.iterateVersionsOfRun(`run-${n}`)));
  return {
    all,
    histories: await Promise.all(histories),
    asOf: await Promise.all(asOf),
    syncs: await Promise.all(ofSync),
    byRun: (await Promise.all(byRun)).map((versions) => versions.sort((a, b) => (a.id < b.id ? -1 : 1))),
    runs: await store.listRuns({ limit: 100 }),
    conflicts: await store.listConflicts({ limit: 100 }),
    found: await store.findTasks("row-", 3),
    filtered: await store.listTasks(
      { status: "Open", text: "ä", projectScopeId: "work" },
      { after: null, limit: 2 },
    ),
  };
}

async function expectSameAsMemory(open: OpenStore, numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 20, maxLength: 60, size: "max" }), async (steps) => {
      await using memory = createMemoryStore({ ids: countingIds() });
      await using store = await open({ ids: countingIds() });
      for (const syncId of syncs) {
        for (const each of [memory, store]) {
          await each.acquireLease({ name: syncId, owner: "a", now: 0, ttlMs: 5, isDead: () => false });
        }
      }
      for (const [n, step] of steps.entries()) {
        const expected = await outcomeOf(perform(memory, step, n + 1));
        expect(await outcomeOf(perform(store, step, n + 1))).toEqual(expected);
      }
      expect(await readAll(store, steps.length + 1)).toEqual(await readAll(memory, steps.length + 1));
    }),
    { numRuns },
  );
}

describe("gives the same answers as the memory store, whatever is asked of both:", () => {
  it("sqlite", () => expectSameAsMemory(({ ids }) => openSqliteStore({ path: ":memory:", ids }), 100));

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
