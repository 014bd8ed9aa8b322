import { describe, expect, it } from "vitest";
import { type TakeBackOptions, takeBackRun } from "../../../src/engine/two-way/take-back.ts";
import { later } from "./history-case.ts";
import { createPairWorld, type PairWorld, textRule, type WorldOptions } from "./world.ts";

const take = (world: PairWorld, runId: string, options: Partial<TakeBackOptions> = {}) =>
  takeBackRun(world.deps, world.definition, {
    runId,
    isCommitted: true,
    allowDeletes: null,
    signal: undefined,
    ...options,
  });

/** Both sides agree on "one" and "two"; then the left is edited, and a run carries that over. */
async function editedWorld(options: WorldOptions = {}) {
  const world = createPairWorld(options);
  const [one = "", two = ""] = ["one", "two"].map((title) => world.left.add(title));
  await world.run();
  later(world);
  world.left.edit(one, "changed");
  const run = await world.run();
  later(world);
  return { world, one, two, run };
}

describe("takeBackRun", () => {
  it("shows what it would do, and writes nothing before it is asked to", async () => {
    const { world, run } = await editedWorld();
    const writes = world.right.writes();
    const { steps, run: undoRun } = await take(world, run.id, { isCommitted: false });
    expect(steps).toMatchObject([
      {
        side: "right",
        kind: "update",
        fields: { title: { from: "changed", to: "one" } },
        left: [],
        outcome: null,
      },
    ]);
    expect(undoRun).toBeNull();
    expect(world.right.writes()).toBe(writes);
  });

  it("puts back what the run had written, which the next run carries over, and leaves evidence", async () => {
    const { world, run } = await editedWorld();
    const { run: undoRun } = await take(world, run.id);
    expect(await world.titles("right")).toEqual(["one", "two"]);
    expect(undoRun).toMatchObject({
      status: "succeeded",
      counts: { updated: 1 },
      certificate: { undoes: run.id },
    });
    expect(await world.store.getRun(undoRun?.id ?? "")).toEqual(undoRun);
    later(world);
    await world.run();
    expect(await world.titles("left")).toEqual(["one", "two"]);
    later(world);
    expect((await world.run()).counts).toMatchObject({ created: 0, updated: 0, deleted: 0 });
  });

  it("finds nothing to do the second time", async () => {
    const { world, run } = await editedWorld();
    await take(world, run.id);
    const writes = world.right.writes();
    expect(await take(world, run.id)).toMatchObject({ steps: [{ outcome: null }] });
    expect(world.right.writes()).toBe(writes);
  });

  it("leaves what somebody has changed since, whether a run has seen it or not", async () => {
    const { world, run } = await editedWorld();
    world.right.edit("record-1", "theirs");
    expect((await take(world, run.id)).steps).toMatchObject([
      { outcome: null, left: [{ field: "title", reason: "changed since" }] },
    ]);
    await world.run();
    later(world);
    expect((await take(world, run.id)).steps).toMatchObject([
      { outcome: null, fields: {}, left: [{ field: "title", reason: "changed since" }] },
    ]);
    expect(await world.titles("right")).toEqual(["theirs", "two"]);
  });

  it("leaves fields that the other side decides: the next run would write them again", async () => {
    const rules = [textRule("title", { owner: "left" }), textRule("note")];
    const { world, run } = await editedWorld({ rules });
    expect((await take(world, run.id)).steps).toMatchObject([
      { fields: {}, outcome: null, left: [{ field: "title", reason: "the other side decides it" }] },
    ]);
    expect(await world.titles("right")).toEqual(["changed", "two"]);
  });

  it("brings back what the run deleted, and deletes what it made, within what the guard allows", async () => {
    const world = createPairWorld();
    const ids = Array.from({ length: 12 }, (_, n) => world.left.add(`record ${n}`));
    const first = await world.run();
    later(world);
    world.left.trash(ids[0] ?? "");
    const second = await world.run({ isFull: true });
    later(world);
    expect(await world.titles("right")).toHaveLength(11);
    await take(world, second.id);
    expect(await world.titles("right")).toHaveLength(12);
    later(world);
    const refusal = take(world, first.id);
    await expect(refusal).rejects.toMatchObject({ code: "GUARD_REFUSED" });
    expect(await world.titles("right")).toHaveLength(12);
    await take(world, first.id, { allowDeletes: 12 });
    // This one was deleted and brought back since.
    expect(await world.titles("right")).toEqual(["record 0"]);
  });

  it("waits for no run of the sync: while one is in progress it refuses", async () => {
    const { world, run } = await editedWorld();
    await world.store.acquireLease({
      name: "pair",
      owner: "other",
      now: world.clock.now(),
      ttlMs: 60_000,
      isDead: () => false,
    });
    await expect(take(world, run.id)).rejects.toMatchObject({ code: "RUN_IN_PROGRESS" });
  });
});
