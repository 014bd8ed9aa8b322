import { describe, expect, it } from "vitest";
import { allTasks, expectConverged, expectQuiet, openWorld, type World } from "./world.ts";

/** A world with `rows` rows backed up, of which the first `trashed` are then moved to the trash. */
async function trashedWorld(
  rows: number,
  trashed: number,
): Promise<{ world: World; ids: readonly string[] }> {
  const world = await openWorld();
  const ids = Array.from({ length: rows }, (_, row) => world.add({ name: `Row ${row}`, state: "Open" }));
  await world.run();
  for (const id of ids.slice(0, trashed)) world.emulator.workspace.trashPage(id);
  return { world, ids };
}

const liveTasks = async (world: World) =>
  (await allTasks(world.store)).filter((task) => !task.current.isDeleted).length;

/** 3 deletions pass always, or a tenth of the rows. */
const guard = { deletesMax: 3, deleteShareMax: 0.1 };

const cases = [
  { name: "lets as many pass as its number allows", rows: 10, trashed: 3, allow: null, deleted: 3 },
  { name: "refuses one more than both numbers allow", rows: 10, trashed: 4, allow: null, deleted: null },
  { name: "lets a share of many rows pass", rows: 60, trashed: 6, allow: null, deleted: 6 },
  { name: "refuses more than that share", rows: 60, trashed: 7, allow: null, deleted: null },
  { name: "lets pass what a person allowed", rows: 10, trashed: 5, allow: 5, deleted: 5 },
  { name: "refuses more than a person allowed", rows: 10, trashed: 6, allow: 5, deleted: null },
  { name: "refuses to empty a side, few as its rows are", rows: 3, trashed: 3, allow: null, deleted: null },
  { name: "empties a side when a person allowed it", rows: 3, trashed: 3, allow: 3, deleted: 3 },
  { name: "lets the last two rows go", rows: 2, trashed: 2, allow: null, deleted: 2 },
] as const;

describe("invariant 4: the guard", () => {
  it.each(cases)("$name", async ({ rows, trashed, allow, deleted }) => {
    const { world } = await trashedWorld(rows, trashed);
    await using _ = world;
    const run = await world.run({ allowDeletes: allow, sync: { guard } });
    expect(run.status).toBe(deleted === null ? "refused" : "succeeded");
    expect(run.counts.deleted).toBe(deleted ?? 0);
    expect(await liveTasks(world)).toBe(rows - (deleted ?? 0));
  });

  it("stops deletions only: other changes are applied, the checkpoint moves, evidence says why", async () => {
    const { world, ids } = await trashedWorld(10, 5);
    await using _ = world;
    world.edit(ids[7] ?? "", { state: "Done" });
    world.emulator.workspace.deletePage(ids[8] ?? "");
    world.add({ name: "New" });
    world.clock.advance(600_000);
    const run = await world.run({ sync: { guard } });
    expect(run).toMatchObject({
      status: "refused",
      counts: { created: 1, updated: 1, deleted: 0, missing: 1 },
      errors: [{ code: "GUARD_REFUSED" }],
      certificate: { isComplete: true, sweep: { refusedDeletions: 4, isComplete: true } },
    });
    expect(run.errors[0]?.message).toContain("--allow-deletes");
    expect(run.checkpointAfter).not.toEqual(run.checkpointBefore);
    expect((await world.task(ids[7] ?? "")).current.status).toBe("Done");
    expect((await world.task(ids[8] ?? "")).source?.state).toBe("missing");
  });

  it("refuses again until a person allows it, then carries all of it out", async () => {
    const { world } = await trashedWorld(10, 5);
    await using _ = world;
    for (let run = 0; run < 2; run += 1)
      expect((await world.run({ sync: { guard } })).status).toBe("refused");
    expect(await world.run({ allowDeletes: 10, sync: { guard } })).toMatchObject({
      status: "succeeded",
      counts: { deleted: 5 },
    });
    await expectConverged(world);
    await expectQuiet(world);
  });

  it("sweeps again after it refused, however rare sweeps are", async () => {
    const { world } = await trashedWorld(10, 5);
    await using _ = world;
    const rare = { guard, sweepEveryMs: 3_600_000 };
    world.clock.advance(3_600_000);
    expect((await world.run({ sync: rare })).status).toBe("refused");
    expect((await world.run({ allowDeletes: 5, sync: rare })).counts.deleted).toBe(5);
  });
});

describe("invariant 4: a run that cannot be sure deletes nothing", () => {
  const obstacles: readonly { name: string; code: string; obstruct: (world: World) => void }[] = [
    {
      name: "when the database is no longer shared",
      code: "ACCESS_LOST",
      obstruct: (world) => world.emulator.workspace.unshare(world.databaseId),
    },
    {
      name: "when the database is in the trash",
      code: "ACCESS_LOST",
      obstruct: (world) => world.emulator.workspace.trashDatabase(world.databaseId),
    },
    {
      name: "when the token is revoked",
      code: "NOTION_UNAUTHORIZED",
      obstruct: ({ emulator }) => emulator.workspace.revokeToken(emulator.token),
    },
    {
      name: "when every list comes back empty",
      code: "SWEEP_INCOMPLETE",
      obstruct: ({ emulator }) => emulator.faults.add({ effect: { kind: "empty_list" } }),
    },
    {
      name: "when the sweep's list comes back empty",
      code: "SWEEP_INCOMPLETE",
      obstruct: ({ emulator }) =>
        emulator.faults.add({ match: { path: "/query", nth: 2 }, effect: { kind: "empty_list" } }),
    },
    {
      name: "when the list breaks off",
      code: "UPSTREAM_FAILED",
      obstruct: ({ emulator }) =>
        emulator.faults.add({ match: { path: "/query" }, effect: { kind: "truncate" } }),
    },
    {
      name: "when a suspect cannot be read",
      code: "UPSTREAM_FAILED",
      obstruct: ({ emulator }) =>
        emulator.faults.add({ match: { path: "^/v1/pages/" }, effect: { kind: "status", status: 500 } }),
    },
  ];
  it.each(obstacles)("$name", async ({ obstruct, code }) => {
    const { world } = await trashedWorld(6, 1);
    await using _ = world;
    obstruct(world);
    const run = await world.run();
    expect(run).toMatchObject({ status: "failed", errors: [{ code }], counts: { deleted: 0, missing: 0 } });
    expect(await liveTasks(world)).toBe(6);
    const links = await world.store.getTotals(world.sync.id);
    expect(links).toMatchObject({ live: 6, missing: 0, deleted: 0 });
  });

  it("when access is lost between the list and the suspects", async () => {
    const { world } = await trashedWorld(6, 1);
    await using _ = world;
    const { left } = world.sync;
    const shut = {
      ...left,
      get(id: string) {
        world.emulator.workspace.unshare(world.databaseId);
        return left.get(id);
      },
    };
    const run = await world.run({ sync: { left: shut } });
    expect(run).toMatchObject({ status: "failed", errors: [{ code: "ACCESS_LOST" }] });
    expect(await world.store.getTotals(world.sync.id)).toMatchObject({ live: 6, missing: 0 });
  });

  it("and a sweep that was cut off vouches for nothing in the next", async () => {
    const { world, ids } = await trashedWorld(6, 1);
    await using _ = world;
    world.emulator.faults.add({ match: { path: "^/v1/pages/" }, effect: { kind: "status", status: 500 } });
    expect((await world.run()).status).toBe("failed");
    world.emulator.faults.clear();
    world.emulator.workspace.trashPage(ids[3] ?? "");
    expect(await world.run()).toMatchObject({ status: "succeeded", counts: { deleted: 2 } });
  });

  it("and the next run that can be sure deletes what is in the trash", async () => {
    const { world } = await trashedWorld(6, 1);
    await using _ = world;
    world.emulator.workspace.unshare(world.databaseId);
    await world.run();
    world.emulator.workspace.share(world.databaseId);
    expect(await world.run()).toMatchObject({ status: "succeeded", counts: { deleted: 1 } });
    await expectConverged(world);
  });
});
