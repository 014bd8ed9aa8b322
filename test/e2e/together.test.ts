import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { StatusReport } from "../../src/app/lockstep.ts";
import { documentIn } from "./cli.ts";
import { codesOf, differences, type RunsDocument, World } from "./world.ts";

describe("two processes on one store", () => {
  it("let one sync run, tell the other so, and make no row twice", async () => {
    await using world = await World.open({ rows: 1_500 });
    world.emulator.faults.add({ match: { path: "/query$" }, effect: { kind: "delay", ms: 60 } });
    for (let round = 1; round <= 3; round += 1) {
      await world.retitle(world.row(round), `Round ${round}`);
      const both = await Promise.all([world.sync(), world.sync()]);
      const [winner, loser] = both[0].exitCode === 0 ? both : both.toReversed();
      expect(winner, `round ${round}`).toMatchObject({ exitCode: 0, run: { status: "succeeded" } });
      expect(loser).toMatchObject({ exitCode: 1, codes: ["RUN_IN_PROGRESS"], run: { status: "refused" } });
      expect(loser?.run?.errors[0]?.message).toContain('a run of "tasks" is in progress (held by ');
      expect(differences(await world.truth(), world.tasks())).toEqual([]);
    }
    const statuses = (await world.runs()).map((run) => run.status).sort();
    expect(statuses).toEqual(["refused", "refused", "refused", "succeeded", "succeeded", "succeeded"]);
    expect([...world.tasks().values()].filter((task) => task.versions > 1)).toHaveLength(2);
  });

  it("show a run in progress to a third, which may look but not run", async () => {
    await using world = await World.open({ rows: 900 });
    await world.sync();
    // As if the last run was long ago: a server makes up the runs it missed as soon as it is up.
    const store = new DatabaseSync(world.storeFile);
    store.exec("UPDATE runs SET started_at = '2026-01-01T00:00:00.000Z'");
    store.close();
    world.emulator.faults.add({ match: { path: "/query$" }, effect: { kind: "delay", ms: 150 } });
    await using server = world.start(["serve", "--port", "0", "--json"]);
    expect(JSON.parse(await server.firstLine())).toMatchObject({ ok: true, url: expect.any(String) });
    await untilRunning(world);

    const refused = await world.lockstep(["sync"]);
    expect(refused).toMatchObject({ exitCode: 1, stdout: expect.stringContaining("RUN_IN_PROGRESS") });
    expect(refused.stdout).toContain("→ wait for the other run; `lockstep status` shows it");
    expect(
      world.query("SELECT 1 FROM runs WHERE status = 'running'"),
      "the refusal disturbs nobody",
    ).toHaveLength(1);
    expect((await world.lockstep(["plan"])).exitCode).toBe(0);

    world.emulator.faults.clear();
    await untilIdle(world);
    expect(await world.sync()).toMatchObject({ exitCode: 0, codes: [] });
    server.kill("SIGTERM");
    expect(await server.ended).toMatchObject({ exitCode: 0 });
    const document = documentIn<RunsDocument>(await world.lockstep(["runs", "--json"]));
    expect(document.runs.map(({ run }) => [run.trigger, run.status])).toEqual([
      ["cli", "succeeded"],
      ["cli", "refused"],
      ["schedule:missed", "succeeded"],
      ["cli", "succeeded"],
    ]);
    expect(document.runs.flatMap(codesOf)).toEqual(["RUN_IN_PROGRESS"]);
  });

  it("leave evidence when a sync is asked to stop", async () => {
    await using world = await World.open({ rows: 900 });
    world.emulator.faults.add({ match: { path: "/query$" }, effect: { kind: "delay", ms: 200 } });
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      await using sync = world.start(["sync", "--json"]);
      await untilRunning(world);
      sync.kill(signal);
      const ended = await sync.ended;
      expect(ended.exitCode).toBe(1);
      expect(documentIn<RunsDocument>(ended).runs[0]?.run).toMatchObject({
        status: "cancelled",
        errors: [{ code: "CANCELLED", message: `Stopped by ${signal}.` }],
      });
    }
    world.emulator.faults.clear();
    expect(await world.sync()).toMatchObject({ exitCode: 0, run: { status: "succeeded" } });
    expect(differences(await world.truth(), world.tasks())).toEqual([]);
  });
});

async function isRunning(world: World): Promise<boolean> {
  const status = documentIn<StatusReport>(await world.lockstep(["status", "--json"]));
  return status.syncs[0]?.isRunning === true;
}

/** Other processes work in real time, so these look again and again; `lockstep status` takes a while by itself. */
async function untilRunning(world: World): Promise<void> {
  for (let looks = 0; looks < 50; looks += 1) {
    if (await isRunning(world)) return;
    await delay(20);
  }
  throw new Error("the sync did not start");
}

async function untilIdle(world: World): Promise<void> {
  for (let looks = 0; looks < 50; looks += 1) {
    if (!(await isRunning(world))) return;
    await delay(100);
  }
  throw new Error("the sync did not end");
}
