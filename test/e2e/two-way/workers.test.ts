import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Lease, Run } from "../../../src/store/store.ts";
import type { Started } from "../cli.ts";
import { couples } from "./audit.ts";
import { propertiesOf, type SyncedPair, TwoWayWorld } from "./world.ts";

describe("two workers on one Postgres store", () => {
  it("keep several syncs in agreement together, and never run one of them twice at once", async () => {
    await using world = await TwoWayWorld.open({ product: "postgres", pairs: 3 });
    for (const { table } of world.pairs)
      for (let row = 1; row <= 4; row += 1) await table.insert({ title: `Row ${row}` });
    await world.demand(["sync", "--yes"]);
    // Passes take a while, so that both workers want the same sync.
    world.emulator.faults.add({ match: { path: "^/v1/" }, effect: { kind: "delay", ms: 40 } });
    await using first = await startWorker(world);
    await using second = await startWorker(world);
    for (let round = 1; round <= 3; round += 1) {
      for (const pair of world.pairs) await editBothSides(world, pair, round);
      await until("both sides agree", async () => (await disagreeing(world)).length === 0);
    }
    const ends = await Promise.all([first, second].map(stop));
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0]);

    const runs = await runsOf(world);
    expect(overlaps(runs)).toEqual([]);
    // Asked to stop in the middle of a pass that had nothing left to do, or through before.
    expect(["succeeded", "cancelled"]).toEqual(expect.arrayContaining(runs.map(({ status }) => status)));
    for (const { runIds } of ends)
      expect(
        runs.filter(({ id }) => runIds.has(id)),
        "each had a part in it",
      ).not.toEqual([]);
    // Four rows and three of each kind of new record, on each side.
    for (const pair of world.pairs) expect((await world.pages(pair)).length).toBe(10);
  });

  it("take over what a killed one was at, at once", async () => {
    await using world = await TwoWayWorld.open({ product: "postgres", pairs: 2 });
    await world.demand(["sync", "--yes"]);
    const { table } = world.pair;
    await using first = await startWorker(world);
    await using second = await startWorker(world);
    // Made, and never told: whoever takes over has to find the page before it may make one.
    world.emulator.faults.add({
      match: { method: "POST", path: "^/v1/pages$", times: 1 },
      effect: { kind: "hang", when: "after" },
    });
    await table.insert({ title: "In hand" });
    await until("the page is made", async () => (await world.pages(world.pair)).length === 1);
    const { syncId, lease } = await runningSync(world);
    const [killed, survivor] = lease.owner.includes(`/${first.pid}/`) ? [first, second] : [second, first];
    expect(lease.owner).toContain(`/${killed.pid}/`);
    killed.kill("SIGKILL");
    await killed.ended;

    await table.insert({ title: "After the kill" });
    await until("both sides agree", async () => (await disagreeing(world)).length === 0);
    const { exitCode, runIds } = await stop(survivor);
    expect(exitCode).toBe(0);
    const runs = (await runsOf(world)).filter((run) => run.syncId === syncId);
    const cut = runs.findIndex(({ status }) => status === "interrupted");
    const [next] = runs.slice(cut + 1);
    expect(runIds).toContain(next?.id);
    // It did not wait for the lease to run out.
    expect(Date.parse(next?.startedAt ?? "")).toBeLessThan(lease.until);
    expect(overlaps(runs)).toEqual([]);
    expect((await world.pages(world.pair)).map(({ values }) => values.title).sort()).toEqual([
      "After the kill",
      "In hand",
    ]);
  });
});

async function startWorker(world: TwoWayWorld): Promise<Started> {
  const worker = world.start(["worker", "--json"], { msMax: 120_000 });
  await worker.firstLine();
  return worker;
}

/** Ends a worker as an operator does. `runIds`: what it says it has run. */
async function stop(
  worker: Started,
): Promise<{ readonly exitCode: number | null; readonly runIds: ReadonlySet<string> }> {
  worker.kill("SIGTERM");
  const { exitCode, stderr } = await worker.ended;
  const lines = stderr
    .split("\n")
    .flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as { readonly run?: string }] : []));
  return { exitCode, runIds: new Set(lines.flatMap(({ run }) => (run === undefined ? [] : [run]))) };
}

/** A new record, and an edit of one that was there, on either side. */
async function editBothSides(
  world: TwoWayWorld,
  { table, dataSourceId }: SyncedPair,
  round: number,
): Promise<void> {
  await table.insert({ title: `From the table ${round}` });
  await table.update(round, { note: `From the table ${round}` });
  const parent = { dataSourceId };
  await world.person("createPage", { parent, properties: propertiesOf({ title: `From Notion ${round}` }) });
  const page = (await world.pages({ dataSourceId })).find(({ marker }) => marker === String(round + 1));
  await world.person("editPage", { pageId: page?.id, properties: propertiesOf({ points: round }) });
}

/** Records that have no counterpart, or another value there, in words. */
async function disagreeing(world: TwoWayWorld): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const pair of world.pairs) {
    const { pairs, lone } = couples(await world.pages(pair), await pair.table.rows());
    wrong.push(...lone);
    for (const { page, row } of pairs) {
      const { title, note, points } = page.values;
      if (title !== row.title || note !== row.note || points !== row.points) wrong.push(`page ${page.id}`);
    }
  }
  return wrong;
}

/** Other processes work in real time, so this looks again and again. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 90_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await delay(50);
  }
}

/** Every run, in the order they began. */
async function runsOf(world: TwoWayWorld): Promise<readonly Run[]> {
  return world.withStore(async (store) => (await store.listRuns({ limit: 10_000 })).toReversed());
}

/** Runs of one sync that began before the one before them had ended. A killed one never ended. */
function overlaps(runs: readonly Run[]): readonly string[] {
  return [...Map.groupBy(runs, ({ syncId }) => syncId).values()].flatMap((ofSync) =>
    ofSync.flatMap(({ id, startedAt }, index) => {
      const before = ofSync[index - 1];
      return before?.endedAt != null && before.endedAt > startedAt
        ? [`${id} began while ${before.id} was running`]
        : [];
    }),
  );
}

/** The sync that is being run, and who holds it. */
async function runningSync(world: TwoWayWorld): Promise<{ readonly syncId: string; readonly lease: Lease }> {
  return world.withStore(async (store) => {
    const running = (await store.listRuns({ limit: 100 })).filter(({ status }) => status === "running");
    for (const { syncId } of running) {
      const lease = await store.getLease(syncId);
      if (syncId.endsWith(":items_1") && lease !== null) return { syncId, lease };
    }
    throw new Error("nobody runs the sync");
  });
}
