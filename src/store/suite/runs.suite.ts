import { expect } from "vitest";
import type { Store } from "../store.ts";
import {
  beginSync,
  change,
  collect,
  draft,
  linkAll,
  minute,
  runOf,
  type StoreCase,
  sourceId,
} from "./case.ts";

const idsOf = (items: readonly { readonly id: string }[]) => items.map((item) => item.id);

export const runCases: readonly StoreCase[] = [
  {
    name: "keeps a run's evidence as it was saved last",
    async check(store) {
      const started = runOf({ id: "run-1", checkpointBefore: { at: minute(0) } });
      await store.startRun(started);
      expect(await store.getRun("run-1")).toEqual(started);
      const ended = runOf({
        id: "run-1",
        status: "failed",
        endedAt: minute(3),
        counts: {
          read: 9,
          created: 1,
          updated: 2,
          unchanged: 3,
          deleted: 4,
          revived: 5,
          conflicts: 6,
          missing: 7,
        },
        calls: 12,
        retries: 2,
        errors: [{ code: "UPSTREAM_FAILED", message: "Notion answered 503" }],
        warnings: ["a column was renamed"],
        checkpointBefore: { at: minute(0) },
        checkpointAfter: { at: minute(2), cursor: null },
        certificate: { rows: 9, windows: [] },
      });
      await store.saveRun(ended);
      expect(await store.getRun("run-1")).toEqual(ended);
    },
  },
  {
    name: "refuses to save a run that was never started",
    async check(store) {
      expect(await store.getRun("run-1")).toBeNull();
      await expect(store.saveRun(runOf({ id: "run-1" }))).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
      expect(await store.listRuns({ limit: 10 })).toEqual([]);
    },
  },
  {
    name: "lists runs newest first, of one sync or of all",
    async check(store) {
      for (const [id, syncId] of [
        ["r1", "tasks"],
        ["r2", "books"],
        ["r3", "tasks"],
        ["r4", "tasks"],
      ] as const) {
        await store.startRun(runOf({ id, syncId, status: "succeeded" }));
      }
      await store.saveRun(runOf({ id: "r1", status: "failed" }));
      expect(idsOf(await store.listRuns({ limit: 10 }))).toEqual(["r4", "r3", "r2", "r1"]);
      expect(idsOf(await store.listRuns({ limit: 2 }))).toEqual(["r4", "r3"]);
      expect(idsOf(await store.listRuns({ syncId: "tasks", limit: 2 }))).toEqual(["r4", "r3"]);
      expect(idsOf(await store.listRuns({ syncId: "books", limit: 2 }))).toEqual(["r2"]);
      expect(await store.listRuns({ syncId: "other", limit: 2 })).toEqual([]);
    },
  },
  {
    name: "marks the sync's unfinished runs as interrupted when a new one starts",
    async check(store) {
      await store.startRun(runOf({ id: "crashed" }));
      await store.startRun(runOf({ id: "done", status: "succeeded", endedAt: minute(1) }));
      await store.startRun(runOf({ id: "elsewhere", syncId: "books" }));
      await store.startRun(runOf({ id: "new" }));
      const statuses = (await store.listRuns({ limit: 10 })).map((run) => [run.id, run.status, run.endedAt]);
      expect(statuses).toEqual([
        ["new", "running", null],
        ["elsewhere", "running", null],
        ["done", "succeeded", minute(1)],
        ["crashed", "interrupted", null],
      ]);
    },
  },
  {
    name: "records a run that ended before it began beside the one in progress",
    async check(store) {
      await store.startRun(runOf({ id: "working" }));
      await store.startRun(runOf({ id: "refused", status: "refused", endedAt: minute(1) }));
      const statuses = (await store.listRuns({ limit: 10 })).map((run) => [run.id, run.status]);
      expect(statuses).toEqual([
        ["refused", "refused"],
        ["working", "running"],
      ]);
    },
  },
  {
    name: "streams every version a run wrote, with the source id of its task",
    async check(store) {
      const { commit, taskOf } = await linkAll(store, "tasks", [sourceId(0)]);
      const added = Array.from({ length: 450 }, (_, n) => sourceId(n + 1));
      const update = change(sourceId(0), { taskId: taskOf(sourceId(0)), expectedVersionNum: 1 });
      await commit([update, ...added.map((source) => change(source))], { runId: "run-2" });
      await store.createTask({ projectScopeId: "work", version: draft(), at: minute(3) });
      const versions = await collect(store.iterateVersionsOfRun("run-2"));
      expect(versions.map((version) => version.sourceId).sort()).toEqual([sourceId(0), ...added]);
      const { sourceId: source, ...version } =
        versions.find((each) => each.versionNum === 2) ?? versions[0] ?? {};
      expect([source, version]).toEqual([sourceId(0), await store.getVersion(taskOf(sourceId(0)), 2)]);
      expect(await collect(store.iterateVersionsOfRun("run-1"))).toHaveLength(1);
      expect(await collect(store.iterateVersionsOfRun("run-3"))).toEqual([]);
    },
  },
  {
    name: "lists conflicts newest first, of one sync, of one task or of all",
    async check(store) {
      const conflictOf = async (syncId: string, field: string): Promise<string> => {
        const { commit, lease } = await beginSync(store, syncId);
        const conflict = { field, base: 1, left: 2, right: 3, resolution: "left wins" } as const;
        const source = `${field} of ${syncId}`;
        await commit([change(source, { conflicts: [conflict] })]);
        await store.releaseLease(lease);
        return (await store.getLinks(syncId, [source])).get(source)?.taskId ?? "";
      };
      const taskId = await conflictOf("tasks", "a");
      await conflictOf("books", "b");
      await conflictOf("tasks", "c");
      const expected: [Parameters<Store["listConflicts"]>[0], string[]][] = [
        [{ limit: 10 }, ["c", "b", "a"]],
        [{ limit: 2 }, ["c", "b"]],
        [{ syncId: "tasks", limit: 10 }, ["c", "a"]],
        [{ syncId: "tasks", limit: 1 }, ["c"]],
        [{ taskId, limit: 10 }, ["a"]],
        [{ taskId, syncId: "books", limit: 10 }, []],
      ];
      for (const [filter, fields] of expected) {
        const found = await store.listConflicts(filter);
        expect([filter, found.map((conflict) => conflict.field)]).toEqual([filter, fields]);
      }
    },
  },
];
