import { describe, expect, it } from "vitest";
import {
  allTasks,
  expectConverged,
  expectQuiet,
  heldBy,
  MINUTE,
  never,
  openWorld,
  type World,
} from "./world.ts";

const initial = { name: "Ship it", notes: "By Friday", state: "Open", count: 3 };

describe("a first run", () => {
  it("invariant 1: makes a task of every row and nothing else", async () => {
    await using world = await openWorld();
    const ids = [world.add(initial), world.add({ name: "Second", state: null }), world.add({})];
    const run = await world.run();
    expect(run).toMatchObject({
      status: "succeeded",
      counts: { read: 3, created: 3, updated: 0, unchanged: 0, deleted: 0, conflicts: 0 },
      checkpointBefore: null,
      checkpointAfter: (await world.store.getSync(world.sync.id))?.checkpoint,
    });
    expect(await allTasks(world.store)).toHaveLength(ids.length);
    expect((await world.task(ids[0] ?? "")).current).toMatchObject({
      versionNum: 1,
      changeReason: "first seen in Notion",
      runId: run.id,
    });
    await expectConverged(world);
  });

  it("invariant 3: never makes a task of a row in the trash", async () => {
    await using world = await openWorld();
    world.emulator.workspace.trashPage(world.add({ name: "Dead before we came" }));
    world.add({ name: "Alive" });
    await world.run();
    expect(await allTasks(world.store)).toHaveLength(1);
    await expectQuiet(world);
  });

  it("reads an empty collection, and finds the first row that is added to it", async () => {
    await using world = await openWorld();
    expect(await world.run()).toMatchObject({ status: "succeeded", counts: { read: 0 } });
    world.add({ name: "First" });
    expect(await world.run()).toMatchObject({ status: "succeeded", counts: { read: 1, created: 1 } });
  });
});

describe("invariant 5: a run when nothing changed", () => {
  it.each([
    { how: "with a sweep", sweepEveryMs: 0 },
    { how: "as a poll", sweepEveryMs: never },
    { how: "reading everything again", sweepEveryMs: 0, isFull: true },
  ])("writes no version and no link $how", async ({ sweepEveryMs, isFull = false }) => {
    await using world = await openWorld();
    for (let row = 0; row < 5; row += 1) world.add({ ...initial, name: `Row ${row}` });
    await world.run();
    const before = await world.snapshot();
    const written: unknown[] = [];
    const store = {
      ...world.store,
      commit: (commit: Parameters<typeof world.store.commit>[0]) => {
        written.push(...commit.changes);
        return world.store.commit(commit);
      },
    };
    const run = await world.run({ isFull, deps: { store }, sync: { sweepEveryMs } });
    expect(run.counts).toMatchObject({ read: 5, unchanged: 5, created: 0, updated: 0 });
    expect(written).toEqual([]);
    expect(await world.snapshot()).toEqual(before);
  });
});

describe("invariant 1: nothing is missed", () => {
  it("finds the second of two edits in one minute, each in its own version", async () => {
    await using world = await openWorld();
    const id = world.add(initial);
    await world.run();
    world.clock.advance(MINUTE);
    const poll = () => world.run({ sync: { sweepEveryMs: never } });
    const edits = ["Doing", "Done"].map((state) => async () => {
      world.emulator.workspace.editPage(id, {
        properties: { State: { select: { name: state } } },
        at: world.clock.now() - MINUTE,
      });
      world.clock.advance(-MINUTE);
      return poll();
    });
    for (const edit of edits) expect((await edit()).counts.updated).toBe(1);
    expect((await world.history(id)).map((version) => version.status)).toEqual(["Open", "Doing", "Done"]);
  });

  it("finds what was added, edited and trashed while the run was reading", async () => {
    await using world = await openWorld({ queryCap: 100 });
    const ids = Array.from({ length: 150 }, (_, row) => world.add({ name: `Row ${row}` }));
    let batches = 0;
    const { left } = world.sync;
    const disturbed = {
      ...left,
      async *pull(request: Parameters<typeof left.pull>[0]) {
        const pulling = left.pull(request);
        for (;;) {
          const next = await pulling.next();
          if (next.done) return next.value;
          yield next.value;
          batches += 1;
          if (batches > 3) continue;
          world.edit(ids[batches] ?? "", { state: "Doing" });
          world.emulator.workspace.trashPage(ids[140 + batches] ?? "");
          world.add({ name: `Late ${batches}` });
        }
      },
    };
    await world.run({ sync: { left: disturbed } });
    expect(batches).toBeGreaterThan(1);
    await world.run();
    await expectConverged(world);
    await expectQuiet(world);
  });
});

describe("a row that went away and comes back", () => {
  it("invariant 3: is revived from the trash as the same task, with what it holds now", async () => {
    await using world = await openWorld();
    const id = world.add(initial);
    await world.run();
    const { id: taskId } = await world.task(id);
    world.emulator.workspace.trashPage(id);
    await world.run();
    world.emulator.workspace.restorePage(id);
    world.edit(id, { notes: "Back again" });
    const run = await world.run();
    expect(run.counts).toMatchObject({ revived: 1, created: 0, updated: 0 });
    const task = await world.task(id);
    expect(task).toMatchObject({ id: taskId, source: { state: "live" } });
    expect(task.current).toMatchObject({ versionNum: 3, isDeleted: false, description: "Back again" });
    await expectQuiet(world);
  });

  it("invariant 2: keeps what an agent wrote before the deletion", async () => {
    await using world = await openWorld();
    const id = world.add(initial);
    await world.run();
    await world.agentEdits(id, { resolution: "shipped", metadata: { note: "asked Ada" } });
    world.emulator.workspace.trashPage(id);
    await world.run();
    world.emulator.workspace.restorePage(id);
    await world.run();
    expect((await world.task(id)).current).toMatchObject({
      isDeleted: false,
      resolution: "shipped",
      metadata: { note: "asked Ada" },
    });
    await expectQuiet(world);
  });

  const absences = [
    {
      state: "missing",
      leave: (world: World, id: string) => world.emulator.workspace.unshare(id),
      back: (world: World, id: string) => world.emulator.workspace.share(id),
    },
    {
      state: "archived",
      leave: (world: World, id: string) =>
        world.emulator.workspace.archivePage(id, { at: world.clock.now() - 60 * MINUTE }),
      back: (world: World, id: string) =>
        world.emulator.workspace.unarchivePage(id, { at: world.clock.now() - 60 * MINUTE }),
    },
  ];
  it.each(absences)(
    "is live again after it was $state, without a version",
    async ({ state, leave, back }) => {
      await using world = await openWorld();
      const id = world.add(initial);
      world.add({ name: "Bystander" });
      await world.run();
      leave(world, id);
      await world.run();
      expect((await world.task(id)).source?.state).toBe(state);
      back(world, id);
      const run = await world.run();
      expect(run.counts).toMatchObject({ read: 2, unchanged: 2 });
      expect(await world.task(id)).toMatchObject({
        source: { state: "live", missingSince: null },
        current: { versionNum: 1 },
      });
      await expectQuiet(world);
    },
  );

  it.each(absences)("with a long list is live again after it was $state", async ({ state, leave, back }) => {
    await using world = await openWorld();
    const { workspace } = world.emulator;
    const people = Array.from({ length: 30 }, (_, person) => ({
      id: workspace.addPerson({ name: `Person ${person}` }),
    }));
    const id = world.add(initial);
    workspace.editPage(id, { properties: { Who: { people } } });
    world.add({ name: "Bystander" });
    world.clock.advance(10 * MINUTE);
    await world.run();
    leave(world, id);
    await world.run();
    expect((await world.task(id)).source?.state).toBe(state);
    back(world, id);
    await world.run();
    expect((await world.task(id)).source?.state).toBe("live");
  });
});

describe("invariant 2: an agent's edit that a later, unrelated edit in Notion left alone", () => {
  it.each([1, 2])("is still flagged when Notion changes that field %i edits later", async (between) => {
    await using world = await openWorld();
    const id = world.add(initial);
    await world.run();
    await world.agentEdits(id, { description: "By Monday" });
    for (let edit = 0; edit < between; edit += 1) {
      world.edit(id, { count: edit });
      expect((await world.run()).counts.conflicts).toBe(0);
    }
    world.edit(id, { notes: "By Sunday" });
    expect((await world.run()).counts.conflicts).toBe(1);
    expect(await world.store.listConflicts({ limit: 10 })).toMatchObject([
      { field: "description", base: "By Friday", left: "By Sunday", right: "By Monday" },
    ]);
    expect((await world.task(id)).current).toMatchObject({ description: "By Sunday", conflictFlag: true });
  });

  it("is not flagged again once Notion has won", async () => {
    await using world = await openWorld();
    const id = world.add(initial);
    await world.run();
    await world.agentEdits(id, { description: "By Monday" });
    world.edit(id, { notes: "By Sunday" });
    await world.run();
    world.edit(id, { notes: "By Saturday" });
    expect(await world.run()).toMatchObject({ counts: { conflicts: 0, updated: 1 } });
  });
});

describe("invariant 9: what cannot be observed", () => {
  const crowd = (world: World, size: number) =>
    Array.from({ length: size }, (_, person) => ({
      id: world.emulator.workspace.addPerson({ name: `Person ${person}` }),
    }));
  const peopleIn = (metadata: { readonly [key: string]: unknown }) =>
    JSON.stringify(metadata.notionProperties).match(/"object":"user"/g)?.length ?? 0;

  it("keeps its last value, and never shrinks to what is shown of it", async () => {
    await using world = await openWorld();
    const id = world.add(initial);
    world.emulator.workspace.editPage(id, { properties: { Who: { people: crowd(world, 40) } } });
    await world.run();
    const before = peopleIn((await world.task(id)).current.metadata);
    expect(before).toBeGreaterThanOrEqual(40);
    world.emulator.faults.add({
      match: { path: `${id}/properties/` },
      effect: { kind: "status", status: 403, code: "restricted_resource" },
    });
    world.edit(id, { state: "Done" });
    const run = await world.run();
    expect(run.status).toBe("succeeded");
    const { current } = await world.task(id);
    expect(heldBy(current)).toMatchObject({ status: "Done", description: "By Friday" });
    expect(peopleIn(current.metadata)).toBe(before);
    expect(run.certificate).toMatchObject({ truncated: { failed: expect.any(Number) } });
    await expectQuiet(world);
  });
});
