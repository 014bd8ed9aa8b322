import type { Store, TaskVersion } from "../store.ts";
import { bodyOf } from "./bodies.ts";
import type { Database } from "./database.ts";
import { ordinal } from "./keys.ts";
import { readRunIndex } from "./run-index.ts";
import { taskPlaces } from "./task-places.ts";

/** Versions held at once by a reader of all versions of a run. */
const versionsPerRead = 200;

/** Which version a run wrote, and of what. */
export type RunVersion = readonly [taskId: string, versionNum: number, sourceId: string];

type HistoryTopic = Pick<Store, "getHistory" | "getVersion" | "getVersionAt" | "iterateVersionsOfRun">;

export function historyTopic(database: Database): HistoryTopic {
  const places = taskPlaces(database);
  return {
    async getHistory(taskId, { fromVersion, limit }) {
      await database.settle();
      const items = await database.query({ ...places.versions(taskId), from: ordinal(fromVersion), limit });
      return items.map((item) => bodyOf<TaskVersion>(item));
    },
    async getVersion(taskId, versionNum) {
      await database.settle();
      const item = await database.get(places.version(taskId, versionNum));
      return item === null ? null : bodyOf<TaskVersion>(item);
    },
    async getVersionAt(taskId, at) {
      await database.settle();
      // Newest first, because that is what is asked for most; times need not ascend with the numbers.
      for await (const page of database.pages({ ...places.versions(taskId), isDescending: true })) {
        const found = page.map((item) => bodyOf<TaskVersion>(item)).find(({ createdAt }) => createdAt <= at);
        if (found !== undefined) return found;
      }
      return null;
    },
    async *iterateVersionsOfRun(runId) {
      await database.settle();
      const entries = await readRunIndex<RunVersion>(database, places.run(runId).pk);
      const sourceOf = new Map(entries.map(([taskId, , sourceId]) => [taskId, sourceId]));
      for (let n = 0; n < entries.length; n += versionsPerRead) {
        const keys = entries
          .slice(n, n + versionsPerRead)
          .map(([taskId, num]) => places.version(taskId, num));
        const versions = (await database.getAll(keys)).map((item) => bodyOf<TaskVersion>(item));
        yield* versions.map((version) => ({ ...version, sourceId: sourceOf.get(version.taskId) ?? null }));
      }
    },
  };
}
