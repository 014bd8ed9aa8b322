import { describe, expect, it } from "vitest";
import { PipelineWorld, quiet, until } from "./pipeline-world.ts";

const tasks = 10;

interface Case {
  readonly what: string;
  /** Where the tasks stand on both sides before. */
  readonly before: string;
  readonly change: string | null;
  /** Requests to Notion for each changed task. */
  readonly perTask: number;
}

const cases: readonly Case[] = [
  { what: "nothing changed", before: "status = 'processing'", change: null, perTask: 0 },
  {
    what: "workers show other stages",
    before: "status = 'processing', stage = 'Audio Generating'",
    change: "stage = 'SFX Generating'",
    perTask: 1,
  },
  {
    what: "work is done",
    before: "status = 'processing', stage = 'Assembling Video'",
    change: "status = 'awaiting_review', stage = NULL",
    perTask: 1,
  },
  {
    what: "work fails",
    before: "status = 'processing'",
    change: "status = 'failed', stage = 'Error: API Failure'",
    perTask: 1,
  },
  {
    what: "workers take what is queued, and people may still take it back",
    before: "status = 'pending'",
    change: "status = 'processing'",
    perTask: 2,
  },
  {
    what: "uploads begin, and people may still reconsider",
    before: "status = 'approved'",
    change: "status = 'processing', stage = 'Uploading'",
    perTask: 2,
  },
  {
    what: "a worker shows another stage that means what the board shows",
    before: "status = 'processing', stage = 'Audio Generating'",
    change: "stage = NULL",
    perTask: 1,
  },
];

describe("a push", () => {
  it.each(cases)("costs $perTask requests for each task when $what", async ({ before, change, perTask }) => {
    await using world = await PipelineWorld.open({ section: { pollSeconds: 86_400 } });
    const lockstep = await world.running();
    for (let number = 0; number < tasks; number += 1)
      await world.run("INSERT INTO tasks (title, topic, channel_id) VALUES ($1, 'x', 'news')", [
        `Task ${number}`,
      ]);
    await world.sync(lockstep);
    await world.run(`UPDATE tasks SET ${before}`);
    await world.sync(lockstep);
    await world.sync(lockstep);
    await using followed = world.follow(lockstep);
    await quiet();
    world.emulator.calls.reset();
    if (change !== null) await world.run(`UPDATE tasks SET ${change}`);
    world.clock.advance(61_000);
    await until(() => followed.runs.length === 1);
    expect(followed.triggers()).toEqual(["push succeeded"]);
    expect(world.emulator.calls.total).toBe(tasks * perTask);
  });

  it("keeps in history what somebody chose just before, where people are free to choose", async () => {
    await using world = await PipelineWorld.open({ section: { pollSeconds: 86_400 } });
    const lockstep = await world.running();
    const page = world.addEntry(world.status("Queued"));
    await world.sync(lockstep);
    await using followed = world.follow(lockstep);
    await quiet();
    await world.run("UPDATE tasks SET status = 'processing'");
    world.edit(page, world.status("Ready for Planning"));
    world.clock.advance(61_000);
    await until(() => followed.runs.length === 1);
    expect(world.page(page).Status).toBe("Processing");
    const { versions } = await lockstep.twoWay.history(page, 100);
    expect(versions.map(({ origin, fields }) => [origin, fields.Status])).toContainEqual([
      "superseded",
      "Ready for Planning",
    ]);
  });
});
