import { describe, expect, it } from "vitest";
import type { FieldMappingConfig } from "../../src/config/config.ts";
import type { Connector } from "../../src/connector/connector.ts";
import { backupRecipe } from "../../src/recipes/backup/recipe.ts";
import { allTasks, expectConverged, expectQuiet, mappings, never, openWorld, type World } from "./world.ts";

const polling = { sync: { sweepEveryMs: never } };
const row = { name: "Ship it", notes: "By Friday", state: "Open", count: 3 };

async function startedWorld(): Promise<{ world: World; id: string }> {
  const world = await openWorld();
  const id = world.add(row);
  world.add({ ...row, name: "Bystander" });
  await world.run();
  return { world, id };
}

/** A run with another field mapping in the configuration. */
function remapped(changed: readonly FieldMappingConfig[], sweepEveryMs = never) {
  return { sync: { sweepEveryMs, recipe: backupRecipe(changed, "tasks") } };
}

describe("a renamed column", () => {
  it.each([0, never])(
    "is followed by its mapping, by poll or sweep (sweep every %i ms)",
    async (sweepEveryMs) => {
      const { world, id } = await startedWorld();
      await using _ = world;
      world.emulator.workspace.renameProperty(world.dataSourceId, "Notes", "Remarks");
      world.emulator.workspace.editPage(id, {
        properties: { Remarks: { rich_text: [{ text: { content: "By Sunday" } }] } },
      });
      const run = await world.run({ sync: { sweepEveryMs } });
      expect(run).toMatchObject({ status: "succeeded", counts: { updated: 1 } });
      expect(run.warnings.join()).toContain('"Notes" is now called "Remarks"');
      expect((await world.task(id)).current.description).toBe("By Sunday");
      await expectConverged(world, { Notes: "Remarks" });
      await expectQuiet(world);
    },
  );

  it("is described once, then remembered under its new name", async () => {
    const { world } = await startedWorld();
    await using _ = world;
    world.emulator.workspace.renameProperty(world.dataSourceId, "Notes", "Remarks");
    await world.run(polling);
    world.emulator.calls.reset();
    const run = await world.run(polling);
    expect(run.calls).toBe(1);
    expect(run.warnings.join()).toContain("Remarks");
  });
});

describe("a mapped column that was deleted", () => {
  it.each([0, never])(
    "lets its field rest: warned of, nothing wiped, the others go on (sweep every %i ms)",
    async (sweepEveryMs) => {
      const { world, id } = await startedWorld();
      await using _ = world;
      world.emulator.workspace.deleteProperty(world.dataSourceId, "Notes");
      world.edit(id, { state: "Done" });
      const run = await world.run({ sync: { sweepEveryMs } });
      expect(run).toMatchObject({ status: "succeeded", counts: { read: 2, conflicts: 0 } });
      expect(run.warnings.join()).toContain('"Notes" is gone');
      for (const task of await allTasks(world.store)) expect(task.current.description).toBe("By Friday");
      expect((await world.task(id)).current.status).toBe("Done");
      await expectQuiet(world);
    },
  );

  it("and made again under its name is read from the new one, for every row", async () => {
    const { world, id } = await startedWorld();
    await using _ = world;
    const { workspace } = world.emulator;
    workspace.deleteProperty(world.dataSourceId, "Notes");
    workspace.addProperty(world.dataSourceId, "Notes", { rich_text: {} });
    world.edit(id, { notes: "Anew" });
    const run = await world.run(polling);
    expect(run).toMatchObject({ status: "succeeded", counts: { read: 2 } });
    await expectConverged(world);
    await expectQuiet(world);
  });
});

describe("an unmapped column", () => {
  it("that is added or deleted does not touch the mapped fields", async () => {
    const { world, id } = await startedWorld();
    await using _ = world;
    const { workspace } = world.emulator;
    workspace.addProperty(world.dataSourceId, "Urgent", { checkbox: {} });
    workspace.deleteProperty(world.dataSourceId, "Who");
    expect(await world.run()).toMatchObject({ status: "succeeded", counts: { read: 2 } });
    expect((await world.task(id)).current).toMatchObject({ description: "By Friday", status: "Open" });
    await expectConverged(world);
    await expectQuiet(world);
  });
});

describe("a field mapping that was changed in the configuration", () => {
  const toResolution: readonly FieldMappingConfig[] = [
    { property: "Notes", field: "resolution" },
    { property: "State", field: "status" },
    { property: "Count", field: "metadata.points" },
  ];

  it("projects every row again, once, by a run that would only have polled", async () => {
    const { world, id } = await startedWorld();
    await using _ = world;
    const run = await world.run(remapped([...mappings, { property: "Name", field: "metadata.name" }]));
    expect(run).toMatchObject({ status: "succeeded", counts: { read: 2, updated: 2, conflicts: 0 } });
    expect((await world.task(id)).current.metadata.name).toBe("Ship it");
    const again = await world.run(remapped([...mappings, { property: "Name", field: "metadata.name" }]));
    expect(again.counts.updated).toBe(0);
  });

  it("projects every row again when the same columns go to other fields", async () => {
    const { world, id } = await startedWorld();
    await using _ = world;
    const run = await world.run(remapped(toResolution));
    expect(run.counts).toMatchObject({ read: 2, updated: 2, conflicts: 0 });
    expect((await world.task(id)).current).toMatchObject({
      resolution: "By Friday",
      metadata: { points: 3 },
    });
    expect((await world.run(remapped(toResolution))).counts.updated).toBe(0);
  });

  it("takes no value away when a mapping is removed", async () => {
    const { world, id } = await startedWorld();
    await using _ = world;
    await world.run(remapped([]));
    expect((await world.task(id)).current).toMatchObject({
      description: "By Friday",
      status: "Open",
      metadata: { count: 3 },
    });
  });

  it("that names no column stops the run before anything is read", async () => {
    const { world } = await startedWorld();
    await using _ = world;
    const before = await world.snapshot();
    const run = await world.run(remapped([{ property: "Nots", field: "description" }]));
    expect(run).toMatchObject({ status: "failed", errors: [{ code: "SCHEMA_DRIFT" }], counts: { read: 0 } });
    expect(await world.snapshot()).toEqual(before);
  });

  it("is taken up by the next run when it was cut off", async () => {
    const { world, id } = await startedWorld();
    await using _ = world;
    const stop = new AbortController();
    const onProgress = () => stop.abort();
    const wider = [...mappings, { property: "Name", field: "metadata.name" }] as const;
    const cut = await world.run({ ...remapped(wider), onProgress, signal: stop.signal });
    expect(cut.status).toBe("cancelled");
    await world.run(remapped(wider));
    expect((await world.task(id)).current.metadata.name).toBe("Ship it");
  });

  it("while the first run was cut off projects the rows it had read again", async () => {
    await using world = await openWorld();
    const id = world.add(row);
    expect((await world.run({ sync: { left: cutOff(world) } })).counts.created).toBe(1);
    world.clock.advance(600_000);
    world.add({ name: "Later" });
    await world.run(remapped(toResolution));
    expect((await world.task(id)).current.resolution).toBe("By Friday");
  });
});

describe("a column that was renamed after the first run was cut off", () => {
  it("is followed by its mapping", async () => {
    await using world = await openWorld();
    world.add(row);
    expect((await world.run({ sync: { left: cutOff(world) } })).status).toBe("failed");
    world.emulator.workspace.renameProperty(world.dataSourceId, "Notes", "Remarks");
    expect(await world.run()).toMatchObject({ status: "succeeded" });
    await expectConverged(world, { Notes: "Remarks" });
  });
});

/** The source gives one page, then fails. */
function cutOff({ sync: { left } }: World): Connector {
  return {
    ...left,
    async *pull(request) {
      for await (const batch of left.pull(request)) {
        yield batch;
        throw new Error("the line went dead");
      }
      throw new Error("there was no page");
    },
  };
}
