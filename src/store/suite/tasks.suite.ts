import { expect } from "vitest";
import type { Store, Task } from "../store.ts";
import { draft, linkAll, minute, type StoreCase, sourceId } from "./case.ts";

function createTask(
  store: Store,
  fields: Parameters<typeof draft>[0] = {},
  projectScopeId = "work",
): Promise<Task> {
  return store.createTask({ projectScopeId, version: draft(fields), at: minute(0) });
}

/** Walks a listing to its end. */
async function listAll(
  store: Store,
  filter: Parameters<Store["listTasks"]>[0],
  limit: number,
): Promise<Task[]> {
  const tasks: Task[] = [];
  let after: string | null = null;
  do {
    const page = await store.listTasks(filter, { after, limit });
    tasks.push(...page.items);
    after = page.next;
  } while (after !== null && tasks.length < 1000);
  return tasks;
}

const titlesOf = (tasks: readonly Task[]) => tasks.map((task) => task.current.title);

const metadata = {
  text: 'quotes " \\ and a \u0000 NUL, emoji 🧭, and Ünïcödé',
  numbers: [0, -1, 0.1, 1e300, Number.MAX_SAFE_INTEGER],
  nested: { list: [null, true, false, {}, []], "": "empty key" },
};

export const taskCases: readonly StoreCase[] = [
  {
    name: "creates a task whose version 1 holds every field",
    async check(store) {
      const fields = { title: "T", description: "D", status: "Open", resolution: "none yet" };
      const task = await createTask(store, { ...fields, metadataJson: JSON.stringify(metadata) });
      expect(task).toEqual({
        id: expect.any(String),
        projectScopeId: "work",
        currentVersionId: task.current.id,
        createdAt: minute(0),
        source: null,
        current: {
          ...fields,
          id: expect.any(String),
          taskId: task.id,
          versionNum: 1,
          metadata,
          createdAt: minute(0),
          createdBy: "notion:ada",
          changeReason: "created in Notion",
          conflictFlag: false,
          isDeleted: false,
          runId: null,
        },
      });
      expect(await store.getTask(task.id)).toEqual(task);
      expect(await store.getVersion(task.id, 1)).toEqual(task.current);
    },
  },
  {
    name: "knows no task and no version that was never written",
    async check(store) {
      const { id } = await createTask(store);
      expect(await store.getTask("nothing")).toBeNull();
      expect(await store.getVersion(id, 2)).toBeNull();
      expect(await store.getHistory("nothing", { fromVersion: 1, limit: 10 })).toEqual([]);
    },
  },
  {
    name: "appends versions 1, 2, 3 and points the task to the newest",
    async check(store) {
      const { id } = await createTask(store);
      for (const n of [2, 3]) {
        const version = draft({ title: `title ${n}`, createdBy: "mcp:agent", changeReason: `edit ${n}` });
        const written = await store.appendVersion({
          taskId: id,
          baseVersionNum: n - 1,
          version,
          at: minute(n),
        });
        expect(written).toMatchObject({
          versionNum: n,
          title: `title ${n}`,
          conflictFlag: false,
          createdAt: minute(n),
        });
      }
      const task = await store.getTask(id);
      expect(task).toMatchObject({
        createdAt: minute(0),
        current: { versionNum: 3, createdBy: "mcp:agent" },
      });
      expect(task?.currentVersionId).toBe(task?.current.id);
    },
  },
  {
    name: "never changes a version that was written",
    async check(store) {
      const { id } = await createTask(store, { title: "first" });
      const before = structuredClone(await store.getVersion(id, 1));
      await store.appendVersion({
        taskId: id,
        baseVersionNum: 1,
        version: draft({ title: "second" }),
        at: minute(2),
      });
      await store.appendVersion({
        taskId: id,
        baseVersionNum: 1,
        version: draft({ title: "third" }),
        at: minute(3),
      });
      expect(await store.getVersion(id, 1)).toEqual(before);
    },
  },
  {
    name: "keeps and flags a version written on a stale base, and lists each field both changed",
    async check(store) {
      const { id } = await createTask(store, { metadataJson: '{"estimate":1,"kept":true}' });
      const first = draft({
        title: "Ada's",
        status: "Done",
        description: "same",
        metadataJson: '{"estimate":2}',
      });
      const second = draft({
        title: "Bob's",
        status: "Open",
        description: "same",
        metadataJson: '{"estimate":3}',
      });
      await store.appendVersion({ taskId: id, baseVersionNum: 1, version: first, at: minute(1) });
      const written = await store.appendVersion({
        taskId: id,
        baseVersionNum: 1,
        version: second,
        at: minute(2),
      });
      expect(written).toMatchObject({ versionNum: 3, title: "Bob's", conflictFlag: true });
      expect(await store.getVersion(id, 2)).toMatchObject({ title: "Ada's", conflictFlag: false });
      const conflicts = await store.listConflicts({ taskId: id, limit: 10 });
      const common = {
        syncId: null,
        taskId: id,
        runId: null,
        versionNum: 3,
        at: minute(2),
        resolution: "left wins",
      };
      expect([...conflicts].sort((a, b) => a.field.localeCompare(b.field))).toEqual([
        { ...common, id: expect.any(String), field: "metadata.estimate", base: 1, left: 3, right: 2 },
        {
          ...common,
          id: expect.any(String),
          field: "title",
          base: "Write the report",
          left: "Bob's",
          right: "Ada's",
        },
      ]);
    },
  },
  {
    name: "does not flag a version whose writer knew no base",
    async check(store) {
      const { id } = await createTask(store);
      for (const at of [minute(1), minute(2)]) {
        const written = await store.appendVersion({ taskId: id, baseVersionNum: null, version: draft(), at });
        expect(written.conflictFlag).toBe(false);
      }
      const flagged = draft({ conflictFlag: true });
      const written = await store.appendVersion({
        taskId: id,
        baseVersionNum: 3,
        version: flagged,
        at: minute(3),
      });
      expect(written.conflictFlag).toBe(true);
      expect(await store.listConflicts({ limit: 10 })).toEqual([]);
    },
  },
  {
    name: "refuses to append to a task or onto a base that is not there, and writes nothing",
    async check(store) {
      const { id } = await createTask(store);
      const append = (taskId: string, baseVersionNum: number) =>
        store.appendVersion({ taskId, baseVersionNum, version: draft(), at: minute(1) });
      await expect(append("nothing", 1)).rejects.toMatchObject({ code: "RECORD_NOT_FOUND" });
      await expect(append(id, 7)).rejects.toMatchObject({ code: "RECORD_NOT_FOUND" });
      expect(await store.getHistory(id, { fromVersion: 1, limit: 10 })).toHaveLength(1);
    },
  },
  {
    name: "keeps a deleted task, its history and its identity",
    async check(store) {
      const { id } = await createTask(store);
      const append = (isDeleted: boolean, at: string) =>
        store.appendVersion({ taskId: id, baseVersionNum: null, version: draft({ isDeleted }), at });
      await append(true, minute(1));
      expect(await store.getTask(id)).toMatchObject({ id, current: { isDeleted: true, versionNum: 2 } });
      expect(await store.getHistory(id, { fromVersion: 1, limit: 10 })).toHaveLength(2);
      await append(false, minute(2));
      expect(await store.getTask(id)).toMatchObject({ id, current: { isDeleted: false, versionNum: 3 } });
    },
  },
  {
    name: "pages through a history in order and to its end",
    async check(store) {
      const { id } = await createTask(store);
      for (let n = 2; n <= 11; n += 1) {
        await store.appendVersion({ taskId: id, baseVersionNum: n - 1, version: draft(), at: minute(n) });
      }
      const numbers: number[] = [];
      for (let fromVersion = 1; fromVersion <= 11; fromVersion += 4) {
        const page = await store.getHistory(id, { fromVersion, limit: 4 });
        numbers.push(...page.map((version) => version.versionNum));
      }
      expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    },
  },
  {
    name: "tells the version that was current at a time",
    async check(store) {
      const { id } = await createTask(store);
      for (const [n, at] of [minute(10), minute(20), minute(20)].entries()) {
        await store.appendVersion({ taskId: id, baseVersionNum: n + 1, version: draft(), at });
      }
      const expected: [string, number | undefined][] = [
        ["2025-12-31T23:59:59.999Z", undefined],
        [minute(0), 1],
        [minute(9), 1],
        [minute(10), 2],
        [minute(19), 2],
        [minute(20), 4],
        [minute(59), 4],
      ];
      for (const [at, versionNum] of expected) {
        expect([at, (await store.getVersionAt(id, at))?.versionNum]).toEqual([at, versionNum]);
      }
    },
  },
  {
    name: "lists every task once, page by page, in the order of creation",
    async check(store) {
      const titles = Array.from({ length: 11 }, (_, n) => `task ${n}`);
      for (const title of titles) await createTask(store, { title });
      for (const limit of [1, 4, 11, 100]) expect(titlesOf(await listAll(store, {}, limit))).toEqual(titles);
      expect((await store.listTasks({}, { after: null, limit: 11 })).next).toBeNull();
    },
  },
  {
    name: "lists by scope, status, words and deletion",
    async check(store) {
      await createTask(store, { title: "Ship the Füller", description: "blue ink", status: "Open" });
      await createTask(store, { title: "Ship ink", status: "Done" }, "home");
      await createTask(store, { title: "50% off_er", status: null });
      await createTask(store, { title: "Gone", isDeleted: true });
      const expected: [Parameters<Store["listTasks"]>[0], string[]][] = [
        [{}, ["Ship the Füller", "Ship ink", "50% off_er"]],
        [{ withDeleted: true }, ["Ship the Füller", "Ship ink", "50% off_er", "Gone"]],
        [{ projectScopeId: "home" }, ["Ship ink"]],
        [{ status: "Done" }, ["Ship ink"]],
        [{ status: "done" }, []],
        [{ text: "SHIP" }, ["Ship the Füller", "Ship ink"]],
        [{ text: "FÜLLER  INK" }, ["Ship the Füller"]],
        [{ text: "%" }, ["50% off_er"]],
        [{ text: "f_e" }, ["50% off_er"]],
        [{ text: "ship", projectScopeId: "work", status: "Open" }, ["Ship the Füller"]],
        [{ text: "Gone" }, []],
      ];
      for (const [filter, titles] of expected) {
        expect([filter, titlesOf(await listAll(store, filter, 1))]).toEqual([filter, titles]);
      }
    },
  },
  {
    name: "finds tasks by id, by source id with or without dashes, and by what either begins with",
    async check(store) {
      const sources = [sourceId(0xa1), sourceId(0xa2)];
      const { taskOf } = await linkAll(store, "tasks", sources);
      const own = await createTask(store);
      const [a = "", b = ""] = sources.map(taskOf);
      const expected: [string, string[]][] = [
        [own.id, [own.id]],
        [own.id.replaceAll("-", "").toUpperCase(), [own.id]],
        [sourceId(0xa1), [a]],
        [` ${sourceId(0xa1).replaceAll("-", "").toUpperCase()} `, [a]],
        ["2b0000000000", [a, b]],
        ["2b000000-0000-4000-8000-0000000000a", [a, b]],
        ["2b00000000004000800000000000a2", []],
        ["2b0000000000400080000000000000a2", [b]],
        ["nothing", []],
        ["%", []],
        ["", []],
      ];
      for (const [reference, ids] of expected) {
        const found = await store.findTasks(reference, 10);
        expect([reference, found.map((task) => task.id)]).toEqual([reference, ids]);
      }
      expect(await store.findTasks("2b0000000000", 1)).toHaveLength(1);
    },
  },
  {
    name: "takes an exact id for that task even when longer ids begin with it",
    async check(store) {
      const { taskOf } = await linkAll(store, "tasks", ["row-1", "row-10"]);
      const found = await store.findTasks("row-1", 10);
      expect(found.map((task) => task.id)).toEqual([taskOf("row-1")]);
      expect(await store.findTasks("row-", 10)).toHaveLength(2);
    },
  },
];
