import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { OpenQuestions } from "../../../src/app/two-way.ts";
import type { FaultRule } from "../../../src/emulator/index.ts";
import { type Random, randomFrom } from "../../simulation/random.ts";
import { type Meddle, startMeddler } from "../meddler.ts";
import { disagreements, knownIn, lostValues, storeFlaws, unrest, withoutUnseen } from "./audit.ts";
import { People } from "./people.ts";
import { TwoWayWorld } from "./world.ts";

const kills = Number(process.env.LOCKSTEP_KILLS ?? 20);
const seed = Number(process.env.LOCKSTEP_SEED ?? 20_261_121);
const testMsMax = 120_000 + kills * 6_000;
/** Records on each side before the first run. */
const recordsAtFirst = 25;
const actsBefore = 10;
const actsMeanwhile = 3;
/** Runs take about half as many requests, so that some are through before the kill. */
const callsMax = 40;

/** Answers take a while, and some never come although the write was carried out. */
const faults: readonly FaultRule[] = [
  { match: { method: "POST", path: "^/v1/pages$", every: 7 }, effect: { kind: "drop", when: "after" } },
  {
    match: { method: "POST", path: "^/v1/pages$", every: 5 },
    effect: { kind: "status", status: 503, isApplied: true, namesCommitted: true },
  },
  { match: { method: "POST", path: "^/v1/pages$", every: 11 }, effect: { kind: "drop", when: "before" } },
  { match: { method: "PATCH", path: "^/v1/pages/", every: 6 }, effect: { kind: "drop", when: "after" } },
  {
    match: { method: "PATCH", path: "^/v1/pages/", every: 7 },
    effect: { kind: "status", status: 503, isApplied: true },
  },
  { match: { method: "PATCH", path: "^/v1/pages/", every: 8 }, effect: { kind: "drop", when: "before" } },
  { match: { path: "^/v1/" }, effect: { kind: "delay", ms: 25 } },
];

describe.each(["sqlite", "postgres"] as const)(
  "kill -9 in the middle of a two-way sync, on %s",
  (product) => {
    it(
      `loses nothing and makes nothing twice, ${kills} times over (seed ${seed})`,
      async () => {
        await using world = await TwoWayWorld.open({ product });
        await using shown = await listen(world);
        const random = randomFrom(seed, product);
        const people = new People(world, random);
        for (let each = 0; each < recordsAtFirst; each += 1) {
          await people.createPage();
          await people.createRow();
        }
        for (const fault of faults) world.emulator.faults.add(fault);
        let landed = 0;
        for (let kill = 0; kill < kills; kill += 1) {
          if (await syncAndKill(world, people, random)) landed += 1;
          expect(await storeFlaws(world), `after kill ${kill} of seed ${seed}`).toEqual([]);
          await world.timePasses(random.pick([1_000, 70_000, 400_000]));
        }
        expect(landed, "kills that met a running sync").toBeGreaterThan(kills / 2);

        world.emulator.faults.clear();
        await settleDown(world);
        await checkAgreement(world, people, shown);
        await resolveAll(world, random);
        await settleDown(world);
        expect(await checkAgreement(world, people, shown)).toBe(0);
        await checkQuiet(world);
      },
      testMsMax,
    );
  },
);

/** True when the kill met a running process. */
async function syncAndKill(world: TwoWayWorld, people: People, random: Random): Promise<boolean> {
  await people.act(actsBefore, "before a sync");
  await using sync = world.start(["sync", "--yes", "--json"]);
  let isOver = false;
  const ended = sync.ended.finally(() => {
    isOver = true;
  });
  // Counted in requests and not in time, so that a kill comes in the middle of the work on a machine of any speed.
  const { calls } = world.emulator;
  const before = calls.total;
  const untilCalls = async (count: number) => {
    while (!isOver && calls.total - before < count) await delay(2);
  };
  const killAfterCalls = random.int(0, callsMax);
  await untilCalls(Math.floor(killAfterCalls / 2));
  await people.act(actsMeanwhile, "meanwhile");
  await untilCalls(killAfterCalls);
  await delay(random.int(0, killAfterCalls === 0 ? 600 : 30));
  sync.kill("SIGKILL");
  const { exitCode, stdout, stderr } = await ended;
  if (exitCode === null) return true;
  // Through before the kill came, perhaps with conflicts.
  expect([0, 4], `${stdout} ${stderr}`).toContain(exitCode);
  return false;
}

/** Runs until nothing is left to do, and doubts have had the time they take. */
async function settleDown(world: TwoWayWorld): Promise<void> {
  for (let round = 0; round < 12; round += 1) {
    await world.timePasses(400_000);
    const { exitCode, run } = await world.sync();
    expect([0, 4], JSON.stringify(run.errors)).toContain(exitCode);
    const { created, updated, deleted, revived } = run.counts;
    if (created + updated + deleted + revived === 0 && unrest(await knownIn(world)).length === 0) return;
  }
  throw new Error("twelve runs did not bring both sides to rest");
}

/** Returns how many conflicts are open. */
async function checkAgreement(world: TwoWayWorld, people: People, shown: Shown): Promise<number> {
  const known = await knownIn(world);
  const pages = withoutUnseen(await world.pages(world.pair), people.trashed, known);
  const rows = await world.pair.table.rows();
  expect(disagreements(pages, rows, known)).toEqual([]);
  expect(unrest(known)).toEqual([]);
  const lost = lostValues(people.lastWritten, { pages, rows }, known);
  // Notion takes no conditions: what a person writes between our look at a page and our write to it, nobody ever sees.
  const unseen = lost.filter(
    ({ side, value, isMeanwhile }) => side === "left" && isMeanwhile && !shown.values.has(String(value)),
  );
  expect(lost.filter((each) => !unseen.includes(each))).toEqual([]);
  expect(unseen.length, "values that were overwritten unseen").toBeLessThanOrEqual(
    Math.ceil(people.writes / 100),
  );
  expect(await storeFlaws(world)).toEqual([]);
  return known.conflicts.filter(({ closedAt }) => closedAt === null).length;
}

/** A person settles every conflict, now for one side and now for the other. */
async function resolveAll(world: TwoWayWorld, random: Random): Promise<void> {
  const { conflicts } = await world.demand<OpenQuestions>(["conflicts"]);
  const byWinner = Map.groupBy(conflicts, () => random.pick(["notion", "table"]));
  for (const [winner, settled] of byWinner)
    await world.demand(["conflicts", "resolve", ...settled.map(({ id }) => id), "--take", winner]);
}

/** A further run asks, and writes nothing. */
async function checkQuiet(world: TwoWayWorld): Promise<void> {
  const { calls } = world.emulator;
  const lastChange = await world.pair.table.lastChange();
  calls.reset();
  const { exitCode, run } = await world.sync();
  expect({ exitCode, ...run.counts }).toMatchObject({
    exitCode: 0,
    created: 0,
    updated: 0,
    deleted: 0,
    revived: 0,
  });
  expect(calls.byRoute).not.toHaveProperty("POST /pages");
  expect(calls.byRoute).not.toHaveProperty("PATCH /pages/{page_id}");
  expect(await world.pair.table.lastChange()).toBe(lastChange);
}

interface Shown extends AsyncDisposable {
  /** Every value of a person's that any answer of Notion has shown to Lockstep. */
  readonly values: ReadonlySet<string>;
}

/** Notes what Notion answers, on the way to the processes. */
async function listen(world: TwoWayWorld): Promise<Shown> {
  const values = new Set<string>();
  const proxy = await startMeddler(world.emulator.url);
  const note: Meddle = ({ body }) => {
    const text = JSON.stringify(body);
    for (const [value] of text.matchAll(/(?:https:\/\/example\.com\/)?(?:left|right)[ /]\d+\.|\b1\d{7}\b/g))
      values.add(value);
    return null;
  };
  proxy.meddle = note;
  world.baseUrl = proxy.url;
  return { values, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() };
}
