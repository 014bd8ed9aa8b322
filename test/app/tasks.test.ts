import { describe, expect, it } from "vitest";
import { openAppWorld, titled } from "./world.ts";

const by = { by: "mcp:agent", reason: "asked to" };
const page = { fromVersion: 1, limit: 10 };

/** One task from Notion, and the tasks API. */
async function backedUp() {
  const world = await openAppWorld();
  const { databaseId, dataSourceIds } = world.database("A");
  const lockstep = await world.open([{ name: "a", notionId: databaseId }]);
  await lockstep.sync([], { trigger: "test" });
  const [sourceId = ""] = world.emulator.workspace.rows(dataSourceIds[0] ?? "").map((row) => row.id);
  const task = await lockstep.tasks.get(sourceId);
  return { world, lockstep, tasks: lockstep.tasks, sourceId, task };
}

describe("tasks", () => {
  it("are added, changed and listed, every change a version", async () => {
    const { world, lockstep, tasks } = await backedUp();
    await using _ = world;
    const added = await tasks.add({ projectScopeId: "home", task: { title: "Call Ada" }, ...by });
    const changes = { status: "Done", metadata: { mood: "good" } };
    await tasks.update({ taskId: added.id, changes, baseVersionNum: 1, ...by });
    const { versions } = await lockstep.history(added.id, page);
    expect(versions).toMatchObject([
      { versionNum: 1, title: "Call Ada", status: null, createdBy: "mcp:agent", runId: null },
      { versionNum: 2, title: "Call Ada", status: "Done", metadata: { mood: "good" }, conflictFlag: false },
    ]);
    const { items } = await tasks.list({ projectScopeId: "home" }, { after: null, limit: 10 });
    expect(items.map((task) => task.id)).toEqual([added.id]);
    await lockstep.sync([], { trigger: "test" });
    expect((await tasks.get(added.id)).current.versionNum, "no run touches it").toBe(2);
  });

  it("invariant 2: keep concurrent edits of different fields, and flag the stale base", async () => {
    const { world, tasks, task } = await backedUp();
    await using _ = world;
    const base = { taskId: task.id, baseVersionNum: task.current.versionNum, ...by };
    const [first, second] = await Promise.all([
      tasks.update({ ...base, changes: { status: "Doing" } }),
      tasks.update({ ...base, changes: { resolution: "soon" } }),
    ]);
    expect([first.conflictFlag, second.conflictFlag].sort()).toEqual([false, true]);
    expect((await tasks.get(task.id)).current).toMatchObject({
      versionNum: 3,
      status: "Doing",
      resolution: "soon",
    });
  });

  it("invariant 2: keep both of two edits of one field in history", async () => {
    const { world, lockstep, tasks, task } = await backedUp();
    await using _ = world;
    const base = { taskId: task.id, baseVersionNum: 1, ...by };
    await tasks.update({ ...base, changes: { status: "Doing" } });
    expect(await tasks.update({ ...base, changes: { status: "Done" } })).toMatchObject({
      conflictFlag: true,
    });
    const { versions } = await lockstep.history(task.id, page);
    expect(versions.map((version) => version.status)).toEqual([null, "Doing", "Done"]);
  });

  it.each([7, 2])("refuse a base that does not exist yet (%i)", async (baseVersionNum) => {
    const { world, tasks, task } = await backedUp();
    await using _ = world;
    const update = tasks.update({ taskId: task.id, changes: { title: "New" }, baseVersionNum, ...by });
    await expect(update).rejects.toMatchObject({ code: "USAGE" });
    expect((await tasks.get(task.id)).current.versionNum).toBe(1);
  });

  it.each(["notion", "notionProperties"])("refuse to write metadata.%s", async (key) => {
    const { world, tasks, task } = await backedUp();
    await using _ = world;
    const metadata = { [key]: {} };
    await expect(
      tasks.update({ taskId: task.id, changes: { metadata }, baseVersionNum: 1, ...by }),
    ).rejects.toMatchObject({ code: "USAGE" });
    await expect(
      tasks.add({ projectScopeId: "home", task: { title: "New", metadata }, ...by }),
    ).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("a reference", () => {
  it("is a task id, a page id with or without dashes, a prefix or a link", async () => {
    const { world, lockstep, sourceId, task } = await backedUp();
    await using _ = world;
    const bare = sourceId.replaceAll("-", "");
    const references = [
      task.id,
      sourceId,
      sourceId.toUpperCase(),
      bare,
      bare.slice(0, 30),
      ` ${sourceId.slice(0, 34)} `,
      `https://www.notion.so/team/Ship-it-${bare}?pvs=4`,
      `https://app.notion.com/p/${bare}#heading`,
    ];
    for (const reference of references) {
      expect((await lockstep.history(reference, page)).task.id, reference).toBe(task.id);
      expect((await lockstep.diff(reference, null, null)).task.id, reference).toBe(task.id);
    }
  });

  it.each(["", "no such thing", "https://www.notion.so/team"])(
    "that fits nothing is refused: '%s'",
    async (reference) => {
      const { world, lockstep } = await backedUp();
      await using _ = world;
      await expect(lockstep.history(reference, page)).rejects.toMatchObject({ code: "RECORD_NOT_FOUND" });
    },
  );

  it("may be words of a title for reading, never for writing", async () => {
    const { world, lockstep, tasks } = await backedUp();
    await using _ = world;
    const made = await tasks.add({ projectScopeId: "home", task: { title: "Water the ferns twice" }, ...by });
    expect((await lockstep.history("ferns water", page)).task.id).toBe(made.id);
    const change = { taskId: "ferns water", changes: { status: "Done" }, baseVersionNum: null, ...by };
    await expect(tasks.update(change)).rejects.toMatchObject({ code: "RECORD_NOT_FOUND" });
  });

  it("that fits several is refused, naming them", async () => {
    const { world, lockstep, task } = await backedUp();
    await using _ = world;
    await expect(lockstep.history(task.id.slice(0, 8), page)).rejects.toMatchObject({
      code: "RECORD_NOT_FOUND",
      message: expect.stringContaining(task.id),
    });
  });
});

describe("diff", () => {
  it("names what changed between two versions, and not what every edit changes", async () => {
    const { world, lockstep, sourceId, tasks, task } = await backedUp();
    await using _ = world;
    world.clock.advance(600_000);
    world.emulator.workspace.editPage(sourceId, titled("Renamed", "Notes"));
    await lockstep.sync([], { trigger: "test" });
    await tasks.update({ taskId: task.id, changes: { resolution: "done" }, baseVersionNum: 2, ...by });
    const last = await lockstep.diff(sourceId, null, null);
    expect(last).toMatchObject({
      from: 2,
      to: 3,
      changes: [{ field: "resolution", from: null, to: "done" }],
    });
    expect((await lockstep.diff(sourceId, 1, 2)).changes).toEqual([
      { field: "title", from: "A 0", to: "Renamed" },
      { field: "notion: Name", from: "A 0", to: "Renamed" },
    ]);
    expect((await lockstep.diff(sourceId, 2, 2)).changes).toEqual([]);
    await expect(lockstep.diff(sourceId, 1, 9)).rejects.toMatchObject({
      code: "RECORD_NOT_FOUND",
      message: expect.stringContaining("1 to 3"),
    });
  });
});
