import { describe, expect, it } from "vitest";
import { systemIds } from "../../src/app/platform.ts";
import { createSqlConnector } from "../../src/connectors/sql/connector.ts";
import type { CallEntry, FaultRule } from "../../src/emulator/index.ts";
import type { Product } from "../../src/recipes/pipeline/database.ts";
import { tasksTable } from "../../src/recipes/pipeline/table.ts";
import { realClock } from "../recipes/pipeline/world.ts";
import { PipelineWorld, quiet, textOf, until } from "./pipeline-world.ts";

const HOUR = 3_600_000;
const products: readonly Product[] = ["sqlite", "postgres"];

/** An entry that a worker is at, as both sides have it. */
async function working() {
  const world = await PipelineWorld.open();
  const lockstep = await world.running();
  const page = world.addEntry();
  await world.sync(lockstep);
  await world.run("UPDATE tasks SET status = 'processing', stage = 'Assets Generating'");
  await world.sync(lockstep);
  world.emulator.calls.reset();
  const problems = async () =>
    (await lockstep.twoWay.questions({ limit: 10 })).problems.map(({ problem }) => problem);
  return { world, lockstep, page, problems };
}

function refuse(method: string, status: number, times?: number): FaultRule {
  return {
    match: { method, path: "^/v1/pages/", ...(times === undefined ? {} : { times }) },
    effect: { kind: "status", status, code: "validation_error" },
  };
}

const writes = (calls: readonly CallEntry[]) => calls.filter(({ method }) => method === "PATCH").length;

interface Case {
  readonly what: string;
  readonly fault: FaultRule;
  /** Tried until it works, without anybody's help. */
  readonly isMendedByItself: boolean;
  /** PATCH requests within a day of half-hourly runs. */
  readonly writes: number;
  readonly problem: string | null;
}

const cases: readonly Case[] = [
  {
    what: "400, a value is refused",
    fault: refuse("PATCH", 400),
    isMendedByItself: false,
    writes: 1,
    problem: "NOTION_REFUSED",
  },
  {
    what: "503, once",
    fault: refuse("PATCH", 503, 1),
    isMendedByItself: true,
    writes: 2,
    problem: null,
  },
  {
    what: "429, once",
    fault: refuse("PATCH", 429, 1),
    isMendedByItself: true,
    writes: 2,
    problem: null,
  },
];

describe("what becomes of a failure", () => {
  it.each(cases)(
    "is what it should be: $what",
    async ({ fault, isMendedByItself, writes: sent, problem }) => {
      const { world, lockstep, page, problems } = await working();
      await using _ = world;
      world.emulator.faults.add(fault);
      await world.run("UPDATE tasks SET stage = 'Audio Generating'");
      for (let round = 0; round < 48; round += 1) {
        world.clock.advance(HOUR / 2 - 300_000);
        await world.sync(lockstep);
      }
      expect(world.page(page).Status).toBe(isMendedByItself ? "Audio Generating" : "Assets Generating");
      expect(writes(world.emulator.calls.recent)).toBe(sent);
      expect(await problems()).toEqual(problem === null ? [] : [expect.stringContaining(problem)]);
    },
  );

  it.each([
    {
      change: "the task moves on",
      mend: "UPDATE tasks SET stage = 'Videos Generating'",
      shown: "Videos Generating",
    },
    { change: "somebody edits the page", mend: null, shown: "Audio Generating" },
  ])("a write that was refused is tried again when $change", async ({ mend, shown }) => {
    const { world, lockstep, page, problems } = await working();
    await using _ = world;
    world.emulator.faults.add(refuse("PATCH", 400));
    await world.run("UPDATE tasks SET stage = 'Audio Generating'");
    await world.sync(lockstep);
    await world.sync(lockstep);
    world.emulator.faults.clear();
    await world.sync(lockstep);
    expect(writes(world.emulator.calls.recent), "nothing has changed").toBe(1);
    if (mend === null) world.edit(page, { "Story Direction": textOf("Slower") });
    else await world.run(mend);
    await world.sync(lockstep);
    expect([world.page(page).Status, await problems()]).toEqual([shown, []]);
  });

  it("a write that was refused is tried again when a person asks for everything", async () => {
    const { world, lockstep, page } = await working();
    await using _ = world;
    world.emulator.faults.add(refuse("PATCH", 400));
    await world.run("UPDATE tasks SET stage = 'Audio Generating'");
    await world.sync(lockstep);
    world.emulator.faults.clear();
    world.clock.advance(HOUR);
    await lockstep.sync([], { trigger: "test", isFull: true });
    expect(world.page(page).Status).toBe("Audio Generating");
  });

  it("the rest of an entry goes on when the database refuses one value of it", async () => {
    const columns = { title: "name", channel: "show", topic: "about", status: "state" };
    const existing = { name: "videos", key: "nr", markerColumn: "page", columns };
    await using world = await PipelineWorld.open({
      section: { table: { url: "sqlite:tasks.db", existing } },
    });
    await world.run(
      "CREATE TABLE videos (nr TEXT PRIMARY KEY NOT NULL, page TEXT UNIQUE, name TEXT, show TEXT, about TEXT CHECK (length(about) < 10), state TEXT NOT NULL DEFAULT 'draft')",
    );
    await world.run(
      "INSERT INTO videos (nr, name, show, about, state) VALUES ('1', 'Bees', 'news', 'Dance', 'processing')",
    );
    await world.init();
    const lockstep = await world.lockstep();
    await lockstep.sync([], { trigger: "test", isAccepted: true });
    const page = String(world.pages()[0]?.id);
    world.edit(page, { Topic: textOf("How and why bees dance"), ...world.status("Upload Complete") });
    for (let round = 0; round < 4; round += 1) await world.sync(lockstep);
    expect(world.page(page)).toMatchObject({ Status: "Processing", Topic: "How and why bees dance" });
    expect(await world.run("SELECT about, state FROM videos")).toEqual([
      { about: "Dance", state: "processing" },
    ]);
    const { problems } = await lockstep.twoWay.questions({ limit: 10 });
    expect(problems).toMatchObject([{ leftId: page, problem: expect.stringContaining("SQL_CHECK") }]);
    world.edit(page, { Topic: textOf("Dances") });
    await world.sync(lockstep);
    expect(await world.run("SELECT about FROM videos")).toEqual([{ about: "Dances" }]);
    expect((await lockstep.twoWay.questions({ limit: 10 })).problems).toEqual([]);
  });

  it.each([401, 403])("%i stops the sync, with one critical alert", async (status) => {
    const { world, lockstep } = await working();
    await using _ = world;
    world.emulator.faults.add({
      match: { path: "^/v1/" },
      effect: { kind: "status", status, code: "unauthorized" },
    });
    await using followed = world.follow(lockstep);
    for (let minute = 0; minute < 20; minute += 1) {
      world.clock.advance(60_000);
      await quiet();
    }
    expect(followed.named("pipeline.alert")).toMatchObject([
      { cause: "access:pipeline", severity: "critical" },
    ]);
    expect(world.emulator.calls.total, "one look after ever longer waits").toBeLessThan(8);
  });

  it("a service that is down is asked again within a minute, and no more often than that", async () => {
    const { world, lockstep } = await working();
    await using _ = world;
    world.emulator.faults.add({
      match: { path: "^/v1/" },
      effect: { kind: "status", status: 503, code: "service_unavailable" },
    });
    await using followed = world.follow(lockstep);
    world.clock.advance(HOUR);
    const failed = () => followed.runs.filter(({ run }) => run.status === "failed").length;
    for (let second = 0; second < 900; second += 10) {
      world.clock.advance(10_000);
      await quiet();
    }
    expect(failed()).toBeGreaterThanOrEqual(10);
    expect(followed.named("pipeline.alert")).toMatchObject([{ cause: "failing:pipeline" }]);
    world.emulator.faults.clear();
    for (let second = 0; second < 60; second += 10) {
      world.clock.advance(10_000);
      await quiet();
    }
    await until(() => followed.named("pipeline.recovered").length === 1);
  });

  it.each(products)("a row that is there already counts as made, on %s", async (product) => {
    await using world = await PipelineWorld.open({ product });
    await world.init();
    const connect = () =>
      createSqlConnector({
        config: { url: world.tasksUrl, table: tasksTable.name, ...tasksTable },
        clock: realClock,
        ids: systemIds,
      });
    await using one = connect();
    await using other = connect();
    const write = { kind: "create", marker: "the page", fields: { title: "Bees", topic: "x" } } as const;
    const make = async ({ apply }: typeof one) => {
      for (;;) {
        const outcome = await apply(write, { sendBy: Number.MAX_SAFE_INTEGER });
        if (outcome.kind !== "refused" || outcome.retryAfterMs === null) return outcome;
      }
    };
    const made = await Promise.all([make(one), make(other)]);
    const again = await make(one);
    const [row, ...more] = await world.run("SELECT id FROM tasks");
    expect(more).toEqual([]);
    for (const outcome of [...made, again])
      expect(outcome).toMatchObject({ kind: "applied", record: { id: String(row?.id) } });
  });
});
