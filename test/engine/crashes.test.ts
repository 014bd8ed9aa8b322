import { describe, expect, it } from "vitest";
import type { Connector } from "../../src/connector/connector.ts";
import type { Run, Store } from "../../src/store/store.ts";
import { settle } from "./manual-clock.ts";
import {
  expectConverged,
  expectQuiet,
  expectWhole,
  never,
  openWorld,
  type RunChoice,
  type World,
} from "./world.ts";

/** How a process ends at a call to its store. */
const endings = {
  "before it": { isApplied: false, isHanging: false },
  "after it": { isApplied: true, isHanging: false },
  "hanging before it": { isApplied: false, isHanging: true },
  "hanging after it": { isApplied: true, isHanging: true },
} as const;

type Ending = (typeof endings)[keyof typeof endings];

interface Crashing {
  readonly store: Store;
  /** Names of the calls so far. */
  readonly calls: readonly string[];
}

/** The store as one process sees it: at call `at` (from 0) the process ends, and none of its later calls arrives. */
function crashingStore(store: Store, at: number, { isApplied, isHanging }: Ending): Crashing {
  const calls: string[] = [];
  const end = (): Promise<never> =>
    isHanging ? new Promise<never>(() => {}) : Promise.reject(new Error("the process was killed"));
  const crashing = new Proxy(store, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== "function" || typeof name !== "string") return method;
      return (...input: unknown[]) => {
        const call = calls.push(name) - 1;
        if (call > at || (call === at && !isApplied)) return end();
        const result: unknown = Reflect.apply(method, target, input);
        return call === at ? Promise.resolve(result).then(end) : result;
      };
    },
  });
  return { store: crashing, calls };
}

/** Pages of three rows, slow enough that a run commits on the way and still has rows to commit at its end. */
function inSmallPages({ sync, clock }: World): Connector {
  const { left } = sync;
  return {
    ...left,
    async *pull(request) {
      const pulling = left.pull(request);
      for (;;) {
        const next = await pulling.next();
        if (next.done) return next.value;
        const { records, same, unreadable, ...rest } = next.value;
        for (let start = 0; start < records.length || start === 0; start += 3) {
          clock.advance(600);
          const isLast = start + 3 >= records.length;
          const page = { records: records.slice(start, start + 3), same: [], unreadable: [] };
          yield isLast ? { ...rest, records: page.records, same, unreadable } : page;
        }
      }
    },
  };
}

const rows = 8;

interface Scenario {
  readonly name: string;
  /** Brings a fresh world to the moment before the run that crashes. */
  readonly prepare: (world: World) => Promise<void>;
  readonly choice: RunChoice;
  /** A run that does not sweep: what a checkpoint that ran ahead would hide stays hidden from it. */
  readonly recovery: RunChoice;
}

/** Each row in a minute of its own: a reading that is resumed begins with the minute it had come to. */
const fill = (world: World) =>
  Array.from({ length: rows }, (_, row) => {
    world.clock.advance(60_000);
    return world.add({ name: `Row ${row}`, state: "Open", count: row });
  });

const scenarios: readonly Scenario[] = [
  {
    name: "a first run",
    prepare: async (world) => void fill(world),
    choice: {},
    recovery: { sync: { sweepEveryMs: never } },
  },
  {
    name: "a poll and a sweep",
    async prepare(world) {
      const { workspace } = world.emulator;
      const [edited = "", both = "", trashed = "", gone = "", archived = "", revived = ""] = fill(world);
      workspace.trashPage(revived);
      await world.run();
      workspace.restorePage(revived);
      await world.run();
      await world.agentEdits(both, { status: "Doing" });
      world.clock.advance(600_000);
      world.edit(edited, { notes: "Edited" });
      world.edit(both, { state: "Done" });
      workspace.trashPage(trashed);
      workspace.deletePage(gone);
      workspace.archivePage(archived);
      for (let row = 0; row < 5; row += 1) world.add({ name: `New ${row}` });
    },
    choice: {},
    recovery: { sync: { sweepEveryMs: never } },
  },
  {
    name: "a full reading",
    async prepare(world) {
      const [edited = "", trashed = ""] = fill(world);
      await world.run();
      world.edit(edited, { notes: "Edited" });
      world.emulator.workspace.trashPage(trashed);
    },
    choice: { isFull: true },
    recovery: { sync: { sweepEveryMs: never } },
  },
];

async function crashedWorld({ prepare, choice }: Scenario, at: number, ending: Ending) {
  const world = await openWorld();
  await prepare(world);
  // Later than any poll looks back: a checkpoint that ran ahead would hide what was lost.
  world.clock.advance(600_000);
  const crashing = crashingStore(world.store, at, ending);
  const sync = { left: inSmallPages(world), ...choice.sync };
  const running: Promise<Run | null> = world
    .run({ ...choice, sync, deps: { store: crashing.store, owner: "test/crashed" } })
    .catch(() => null);
  return { world, calls: crashing.calls, running };
}

/** What the clean run calls, in order. */
async function callsOf(scenario: Scenario): Promise<readonly string[]> {
  const { world, calls, running } = await crashedWorld(
    scenario,
    Number.POSITIVE_INFINITY,
    endings["after it"],
  );
  await using _ = world;
  expect(await running).toMatchObject({ status: "succeeded" });
  await expectConverged(world);
  return calls;
}

const isDead = (owner: string) => owner === "test/crashed";

async function expectRecovery(scenario: Scenario, at: number, ending: Ending): Promise<void> {
  const { world, calls, running } = await crashedWorld(scenario, at, ending);
  await using _ = world;
  while (calls.length <= at) await settle(1);
  // A hanging process never comes to its end; a killed one comes to it at once.
  await (ending.isHanging ? settle() : running);
  await expectWhole(world.store);
  const recovered = await world.run({ ...scenario.recovery, deps: { isDead } });
  expect(recovered).toMatchObject({ status: "succeeded", errors: [] });
  await expectLiveRows(world);
  expect(await world.run()).toMatchObject({ status: "succeeded", errors: [] });
  await expectConverged(world);
  await expectQuiet(world);
  const statuses = (await world.store.listRuns({ limit: 20 })).map((run) => run.status);
  expect(statuses).not.toContain("running");
}

/** Without a sweep: whatever is in place has its task as it is now, so that the checkpoint hides nothing. */
async function expectLiveRows(world: World): Promise<void> {
  const rowsInPlace = world.truth().filter((row) => !row.inTrash && !row.isArchived && !row.isDeletedForGood);
  await expectConverged({ ...world, truth: () => rowsInPlace });
}

describe.each(scenarios)("invariants 3, 6, 7: $name", (scenario) => {
  it.each(Object.entries(endings))("recovers from a process that ends at any call, %s", async (_, ending) => {
    const calls = await callsOf(scenario);
    expect(calls.filter((name) => name === "commit").length).toBeGreaterThanOrEqual(3);
    for (const [at, name] of calls.entries()) {
      await expectRecovery(scenario, at, ending).catch((error: unknown) => {
        throw new Error(`after a crash at call ${at} (${name}): ${String(error)}`, { cause: error });
      });
    }
  });

  it("keeps whole evidence when one call fails and the process lives on", async () => {
    const calls = await callsOf(scenario);
    const first = calls.indexOf("startRun") + 1;
    const last = Math.max(calls.lastIndexOf("commit"), calls.lastIndexOf("finishSweep"));
    for (let at = first; at <= last; at += 1) {
      await using world = await openWorld();
      await scenario.prepare(world);
      const sync = { left: inSmallPages(world), ...scenario.choice.sync };
      const deps = { store: failingOnce(world.store, at) };
      const run = await world.run({ ...scenario.choice, sync, deps });
      expect(run).toMatchObject({ status: "failed", errors: [{ code: "UNEXPECTED" }] });
      expect(run.endedAt).not.toBeNull();
      expect(await world.store.getRun(run.id)).toEqual(run);
      // One run ends the reading that was cut off, the next one sweeps.
      await world.run();
      await world.run();
      await expectConverged(world);
      await expectQuiet(world);
    }
  });
});

/** A store that refuses one call and is well again. */
function failingOnce(store: Store, at: number): Store {
  let call = -1;
  return new Proxy(store, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== "function") return method;
      return (...input: unknown[]) => {
        call += 1;
        return call === at
          ? Promise.reject(new Error("database or disk is full"))
          : Reflect.apply(method, target, input);
      };
    },
  });
}
