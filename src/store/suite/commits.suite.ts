import { expect } from "vitest";
import { beginSync, change, collect, draft, linkAll, minute, type StoreCase, sourceId } from "./case.ts";

const [first, second, third] = [sourceId(1), sourceId(2), sourceId(3)] as const;

export const commitCases: readonly StoreCase[] = [
  {
    name: "writes a new pair's task, version, link and checkpoint together",
    async check(store) {
      const { commit } = await beginSync(store, "tasks");
      expect(await store.getSync("tasks")).toBeNull();
      const link = { sourceFingerprint: "f", baseSource: { title: "x" }, memo: { cursor: [1, "ä"] } };
      const result = await commit([change(first, { link })], {
        checkpoint: { at: minute(1) },
        runId: "run-7",
      });
      expect(result).toEqual({ stale: [] });
      const [task] = await store.findTasks(first, 2);
      expect(task).toMatchObject({
        projectScopeId: "work",
        createdAt: minute(1),
        source: { syncId: "tasks", recordId: first, state: "live", missingSince: null },
        current: { versionNum: 1, runId: "run-7", createdAt: minute(1) },
      });
      const expected = {
        sourceId: first,
        taskId: task?.id,
        state: "live",
        missingSince: null,
        sourceFingerprint: "f",
        sourceRevision: minute(0),
        baseVersionNum: 1,
        baseSource: { title: "x" },
        memo: { cursor: [1, "ä"] },
        currentVersionNum: 1,
        isTaskDeleted: false,
      };
      expect([...(await store.getLinks("tasks", [first, second]))]).toEqual([[first, expected]]);
      const memos = await store.getMemos("tasks", [first, second]);
      expect([...memos]).toEqual([[first, { revision: minute(0), memo: { cursor: [1, "ä"] } }]]);
      expect(await store.getSync("tasks")).toEqual({
        syncId: "tasks",
        checkpoint: { at: minute(1) },
        binding: null,
        lastSweepAt: null,
      });
    },
  },
  {
    name: "leaves the checkpoint where it is when a commit brings none, and clears it when told to",
    async check(store) {
      const { commit } = await beginSync(store, "tasks");
      await commit([], { checkpoint: { page: 1 } });
      await commit([change(first)]);
      expect((await store.getSync("tasks"))?.checkpoint).toEqual({ page: 1 });
      await commit([], { checkpoint: null });
      expect((await store.getSync("tasks"))?.checkpoint).toBeNull();
    },
  },
  {
    name: "appends to a linked task and takes the written version as base",
    async check(store) {
      const { commit, taskOf } = await linkAll(store, "tasks", [first]);
      const taskId = taskOf(first);
      const version = draft({ title: "renamed", isDeleted: true });
      const link = { state: "deleted", sourceFingerprint: "f2", memo: { n: 2 } } as const;
      const at = minute(5);
      expect(await commit([change(first, { taskId, version, expectedVersionNum: 1, link })], { at })).toEqual(
        { stale: [] },
      );
      expect((await store.getLinks("tasks", [first])).get(first)).toMatchObject({
        taskId,
        state: "deleted",
        sourceFingerprint: "f2",
        baseVersionNum: 2,
        memo: { n: 2 },
        currentVersionNum: 2,
        isTaskDeleted: true,
      });
      expect(await store.getTask(taskId)).toMatchObject({
        createdAt: minute(1),
        current: { title: "renamed", createdAt: at },
      });
    },
  },
  {
    name: "changes a link alone and leaves its task as it is",
    async check(store) {
      const { commit, taskOf } = await linkAll(store, "tasks", [first]);
      const taskId = taskOf(first);
      const link = { state: "missing", missingSince: minute(9), baseVersionNum: 1 } as const;
      await commit([change(first, { taskId, version: null, expectedVersionNum: 1, link })]);
      expect(await store.getTask(taskId)).toMatchObject({
        source: { state: "missing", missingSince: minute(9) },
        current: { versionNum: 1 },
      });
    },
  },
  {
    name: "reports a change planned on an older version as stale, applies the others, keeps the checkpoint",
    async check(store) {
      const { commit, taskOf } = await linkAll(store, "tasks", [first, second]);
      await commit([], { checkpoint: { page: 1 } });
      const edited = draft({ title: "edited by a person" });
      await store.appendVersion({ taskId: taskOf(first), baseVersionNum: 1, version: edited, at: minute(2) });
      const update = (source: string) =>
        change(source, {
          taskId: taskOf(source),
          version: draft({ title: "from the source" }),
          expectedVersionNum: 1,
          link: { sourceFingerprint: "f2" },
        });
      const result = await commit([update(first), update(second), change(third)], {
        checkpoint: { page: 2 },
      });
      expect(result).toEqual({ stale: [first] });
      expect((await store.getTask(taskOf(first)))?.current).toMatchObject({
        versionNum: 2,
        title: "edited by a person",
      });
      expect((await store.getTask(taskOf(second)))?.current).toMatchObject({
        versionNum: 2,
        title: "from the source",
      });
      const links = await store.getLinks("tasks", [first, second, third]);
      expect([...links.values()].map((link) => link.sourceFingerprint).sort()).toEqual(["f1", "f1", "f2"]);
      expect(links.get(first)).toMatchObject({
        baseVersionNum: 1,
        currentVersionNum: 2,
        sourceFingerprint: "f1",
      });
      expect((await store.getSync("tasks"))?.checkpoint).toEqual({ page: 1 });
    },
  },
  {
    name: "makes no second task for a source id that is linked already",
    async check(store) {
      const { commit, taskOf } = await linkAll(store, "tasks", [first]);
      expect(await commit([change(first)])).toEqual({ stale: [first] });
      expect(await commit([change(second), change(second)])).toEqual({ stale: [second] });
      expect(await store.listTasks({}, { after: null, limit: 10 })).toMatchObject({
        items: [{}, {}],
        next: null,
      });
      expect((await store.getTask(taskOf(first)))?.current.versionNum).toBe(1);
    },
  },
  {
    name: "reports a change of a pair that is not linked so as stale",
    async check(store) {
      const { commit, taskOf } = await linkAll(store, "tasks", [first, second]);
      const crossed = change(first, { taskId: taskOf(second), expectedVersionNum: 1 });
      const unlinked = change(third, { taskId: taskOf(second), expectedVersionNum: 1 });
      expect(await commit([crossed, unlinked])).toEqual({ stale: [first, third] });
      expect((await store.getTask(taskOf(second)))?.current.versionNum).toBe(1);
      expect((await store.getLinks("tasks", [third])).size).toBe(0);
    },
  },
  {
    name: "keeps the conflicts of a change with its run and version, and none of a stale one",
    async check(store) {
      const { commit, taskOf } = await linkAll(store, "tasks", [first, second]);
      const conflicts = [
        { field: "status", base: null, left: "Done", right: { name: "Open" }, resolution: "left wins" },
      ] as const;
      const version = draft({ conflictFlag: true });
      const update = (source: string, expectedVersionNum: number) =>
        change(source, { taskId: taskOf(source), version, expectedVersionNum, conflicts });
      await commit([update(first, 1), update(second, 9)], { runId: "run-2", at: minute(4) });
      const taskId = taskOf(first);
      const place = { syncId: "tasks", taskId, runId: "run-2", versionNum: 2, at: minute(4) };
      expect(await store.listConflicts({ limit: 10 })).toEqual([
        { ...conflicts[0], ...place, id: expect.any(String) },
      ]);
      expect((await store.getTask(taskId))?.current.conflictFlag).toBe(true);
    },
  },
  {
    name: "refuses every write of a holder whose lease another has taken, and keeps nothing of it",
    async check(store) {
      const old = await linkAll(store, "tasks", [first]);
      await old.commit([], { checkpoint: { page: 1 }, seen: [first] });
      const isDead = () => true;
      await store.acquireLease({ name: "tasks", owner: "host:2", now: 2, ttlMs: 60_000, isDead });
      const writes = [
        () => old.commit([change(second)], { checkpoint: { page: 2 } }),
        () => store.saveBinding("tasks", old.fence, { title: "abc" }),
        () => store.startSweep("tasks", old.fence),
        () => store.finishSweep("tasks", old.fence, minute(3)),
      ];
      for (const write of writes) await expect(write()).rejects.toMatchObject({ code: "LEASE_LOST" });
      expect(await store.getSync("tasks")).toMatchObject({
        checkpoint: { page: 1 },
        binding: null,
        lastSweepAt: null,
      });
      expect((await store.getLinks("tasks", [second])).size).toBe(0);
      expect(await store.getUnseen("tasks", { after: null, limit: 10 })).toEqual([]);
    },
  },
  {
    name: "refuses a write without a lease, after its release, and with a fence to come",
    async check(store) {
      const write = (fence: number) => store.saveBinding("tasks", fence, "bound");
      await expect(write(0)).rejects.toMatchObject({ code: "LEASE_LOST" });
      const { lease, fence } = await beginSync(store, "tasks");
      await expect(write(fence + 1)).rejects.toMatchObject({ code: "LEASE_LOST" });
      await write(fence);
      await store.releaseLease(lease);
      await expect(write(fence)).rejects.toMatchObject({ code: "LEASE_LOST" });
      expect((await store.getSync("tasks"))?.binding).toBe("bound");
    },
  },
  {
    name: "refuses a change that no plan can mean before anything is written",
    async check(store) {
      const { commit, taskOf } = await linkAll(store, "tasks", [first]);
      const taskless = change(second, { version: null, link: { baseVersionNum: 1 } });
      const baseless = change(first, { taskId: taskOf(first), version: null, expectedVersionNum: 1 });
      for (const wrong of [taskless, baseless]) {
        await expect(commit([change(third), wrong])).rejects.toBeInstanceOf(TypeError);
      }
      expect((await store.getLinks("tasks", [third])).size).toBe(0);
    },
  },
  {
    name: "shows an edit and a deletion by a person on the link",
    async check(store) {
      const { taskOf } = await linkAll(store, "tasks", [first]);
      const taskId = taskOf(first);
      const linkNow = async () => (await store.getLinks("tasks", [first])).get(first);
      await store.appendVersion({
        taskId,
        baseVersionNum: 1,
        version: draft({ title: "mine" }),
        at: minute(2),
      });
      expect(await linkNow()).toMatchObject({
        baseVersionNum: 1,
        currentVersionNum: 2,
        isTaskDeleted: false,
      });
      await store.appendVersion({
        taskId,
        baseVersionNum: 2,
        version: draft({ isDeleted: true }),
        at: minute(3),
      });
      expect(await linkNow()).toMatchObject({ baseVersionNum: 1, currentVersionNum: 3, isTaskDeleted: true });
    },
  },
  {
    name: "names the sync in the conflicts of edits to a linked task",
    async check(store) {
      const { taskOf } = await linkAll(store, "tasks", [first]);
      const append = (title: string) =>
        store.appendVersion({
          taskId: taskOf(first),
          baseVersionNum: 1,
          version: draft({ title }),
          at: minute(2),
        });
      await append("one");
      await append("two");
      expect(await store.listConflicts({ syncId: "tasks", limit: 10 })).toMatchObject([
        { field: "title", left: "two", right: "one", runId: null, versionNum: 3 },
      ]);
    },
  },
  {
    name: "keeps two syncs apart, also when they hold the same source id",
    async check(store) {
      const a = await linkAll(store, "tasks", [first]);
      const b = await linkAll(store, "books", [first, second]);
      await b.commit([], { checkpoint: { page: 9 } });
      expect(a.taskOf(first)).not.toBe(b.taskOf(first));
      expect((await store.getSync("tasks"))?.checkpoint).toBeNull();
      expect((await store.getLinks("tasks", [first, second])).size).toBe(1);
      expect(await store.getTotals("tasks")).toMatchObject({ live: 1 });
      expect(await collect(store.iterateLinks("books"))).toHaveLength(2);
    },
  },
  {
    name: "counts links by state",
    async check(store) {
      const states = ["live", "live", "deleted", "missing", "moved", "archived", "live"] as const;
      const { commit } = await beginSync(store, "tasks");
      await commit(states.map((state, n) => change(sourceId(n), { link: { state } })));
      expect(await store.getTotals("tasks")).toEqual({ live: 3, deleted: 1, missing: 1, outOfScope: 2 });
      expect(await store.getTotals("books")).toEqual({ live: 0, deleted: 0, missing: 0, outOfScope: 0 });
    },
  },
  {
    name: "streams all links that are live or missing, in source-id order",
    async check(store) {
      const { commit } = await beginSync(store, "tasks");
      const states = ["live", "missing", "moved", "deleted", "archived"] as const;
      const stateOf = (n: number) => states[n % 25] ?? "live";
      const all = Array.from({ length: 1203 }, (_, n) => n);
      await commit(all.toReversed().map((n) => change(sourceId(n), { link: { state: stateOf(n) } })));
      const present = all.filter((n) => stateOf(n) === "live" || stateOf(n) === "missing");
      const links = await collect(store.iterateLinks("tasks"));
      expect(links.map((link) => link.sourceId)).toEqual(present.map(sourceId));
      expect(links[1]).toEqual((await store.getLinks("tasks", [sourceId(1)])).get(sourceId(1)));
    },
  },
];
