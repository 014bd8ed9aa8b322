import { describe, expect, it } from "vitest";
import { expectQuiet, openWorld, type World } from "./world.ts";

/** What happens between a first run and the next, and what the next must make of the row "Ship it". */
interface Case {
  readonly name: string;
  readonly act: (world: World, id: string) => void | Promise<void>;
  readonly counts: { readonly [count: string]: number };
  readonly state: string;
  readonly versions: number;
  /** What the newest version holds beside what it held before. */
  readonly newest?: { readonly [field: string]: unknown };
  readonly conflicts?: readonly object[];
}

const initial = { name: "Ship it", notes: "By Friday", state: "Open", count: 3 };

const cases: readonly Case[] = [
  {
    name: "invariant 1: an edit becomes a version",
    act: ({ edit }, id) => edit(id, { state: "Done" }),
    counts: { updated: 1, unchanged: 2 },
    state: "live",
    versions: 2,
    newest: { status: "Done", description: "By Friday", changeReason: "changed in Notion: State" },
  },
  {
    name: "invariant 1: a value that was cleared is cleared",
    act: ({ edit }, id) => edit(id, { state: null, count: null }),
    counts: { updated: 1 },
    state: "live",
    versions: 2,
    newest: { status: null, "metadata.count": null },
  },
  {
    name: "invariant 4: a row in the trash is a tombstone that holds its last values",
    act: ({ emulator, edit }, id) => {
      edit(id, { notes: "Last words" });
      emulator.workspace.trashPage(id);
    },
    counts: { deleted: 1, updated: 0, unchanged: 2 },
    state: "deleted",
    versions: 2,
    newest: { isDeleted: true, description: "Last words", status: "Open", title: "Ship it" },
  },
  {
    name: "invariant 4: a row deleted for good is missing, and its task stays",
    act: ({ emulator }, id) => emulator.workspace.deletePage(id),
    counts: { deleted: 0, missing: 1, unchanged: 2 },
    state: "missing",
    versions: 1,
    newest: { isDeleted: false },
  },
  {
    name: "invariant 4: a row that may no longer be seen is missing, and its task stays",
    act: ({ emulator }, id) => emulator.workspace.unshare(id),
    counts: { deleted: 0, missing: 1 },
    state: "missing",
    versions: 1,
    newest: { isDeleted: false },
  },
  {
    name: "invariant 4: a row that was moved away leaves the scope, and its task stays",
    act: ({ emulator, databaseId }, id) => {
      const other = emulator.workspace.addDataSource(databaseId, {
        name: "Elsewhere",
        properties: { Name: { title: {} } },
      });
      emulator.workspace.movePage(id, { dataSourceId: other });
    },
    counts: { deleted: 0, missing: 0, updated: 0 },
    state: "moved",
    versions: 1,
  },
  {
    name: "invariant 4: an archived row leaves the scope, and its task stays",
    act: ({ emulator }, id) => emulator.workspace.archivePage(id),
    counts: { deleted: 0, missing: 0, updated: 0 },
    state: "archived",
    versions: 1,
  },
  {
    name: "invariant 2: an agent's edit stays while Notion does not change",
    act: ({ agentEdits }, id) => agentEdits(id, { description: "By Monday" }),
    counts: { updated: 0, conflicts: 0, unchanged: 3 },
    state: "live",
    versions: 2,
    newest: { description: "By Monday", createdBy: "mcp:agent" },
  },
  {
    name: "invariant 2: edits of different fields are both kept",
    async act({ edit, agentEdits }, id) {
      await agentEdits(id, { description: "By Monday", metadata: { note: "asked Ada" } });
      edit(id, { state: "Doing" });
    },
    counts: { updated: 1, conflicts: 0 },
    state: "live",
    versions: 3,
    newest: {
      description: "By Monday",
      status: "Doing",
      "metadata.note": "asked Ada",
      conflictFlag: false,
    },
  },
  {
    name: "invariant 2: edits of one field are flagged with both values",
    async act({ edit, agentEdits }, id) {
      await agentEdits(id, { description: "By Monday" });
      edit(id, { notes: "By Sunday" });
    },
    counts: { updated: 1, conflicts: 1 },
    state: "live",
    versions: 3,
    newest: { description: "By Sunday", conflictFlag: true },
    conflicts: [
      { field: "description", base: "By Friday", left: "By Sunday", right: "By Monday", versionNum: 3 },
    ],
  },
  {
    name: "invariant 2: an agent's edit of a metadata field stays while Notion changes another",
    async act({ edit, agentEdits }, id) {
      await agentEdits(id, { metadata: { count: 8 } });
      edit(id, { notes: "By Sunday" });
    },
    counts: { updated: 1, conflicts: 0 },
    state: "live",
    versions: 3,
    newest: { description: "By Sunday", "metadata.count": 8, conflictFlag: false },
  },
  {
    name: "invariant 2: edits of one metadata field are flagged with both values",
    async act({ edit, agentEdits }, id) {
      await agentEdits(id, { metadata: { count: 8 } });
      edit(id, { count: 5 });
    },
    counts: { updated: 1, conflicts: 1 },
    state: "live",
    versions: 3,
    newest: { "metadata.count": 5, conflictFlag: true },
    conflicts: [{ field: "metadata.count", base: 3, left: 5, right: 8 }],
  },
  {
    name: "invariant 2: the same edit on both sides is no conflict",
    async act({ edit, agentEdits }, id) {
      await agentEdits(id, { status: "Done" });
      edit(id, { state: "Done" });
    },
    counts: { updated: 1, conflicts: 0 },
    state: "live",
    versions: 3,
    newest: { status: "Done", conflictFlag: false },
  },
  {
    name: "invariant 2: edited by an agent and trashed in Notion is deleted, with the conflict",
    async act({ emulator, agentEdits }, id) {
      await agentEdits(id, { description: "By Monday" });
      emulator.workspace.trashPage(id);
    },
    counts: { deleted: 1, conflicts: 1 },
    state: "deleted",
    versions: 3,
    newest: { isDeleted: true, description: "By Monday", conflictFlag: true },
    conflicts: [{ field: "$record", left: "deleted", right: "edited" }],
  },
];

describe("a run after the first", () => {
  it.each(cases)("$name", async ({ act, counts, state, versions, newest = {}, conflicts = [] }) => {
    await using world = await openWorld();
    const id = world.add(initial);
    world.add({ name: "Bystander" });
    world.add({ name: "Another" });
    await world.run();
    const { id: taskId } = await world.task(id);

    await act(world, id);
    const run = await world.run();

    expect(run).toMatchObject({ status: "succeeded", errors: [], counts });
    const task = await world.task(id);
    expect(task.id).toBe(taskId);
    expect(task.source?.state).toBe(state);
    expect(task.source?.missingSince === null).toBe(state !== "missing");
    expect(await world.history(id)).toHaveLength(versions);
    for (const [field, value] of Object.entries(newest)) expect(task.current).toHaveProperty(field, value);
    const found = await world.store.listConflicts({ limit: 10 });
    expect(found).toHaveLength(conflicts.length);
    expect(found).toMatchObject(conflicts);
    await expectQuiet(world);
  });
});
