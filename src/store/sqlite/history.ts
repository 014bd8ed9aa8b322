import { rowToVersion, type VersionRow, versionColumns } from "../rows.ts";
import type { Store } from "../store.ts";
import type { Database } from "./database.ts";

export type HistoryTopic = Pick<Store, "getHistory" | "getVersion" | "getVersionAt" | "iterateVersionsOfRun">;

interface RunVersionRow extends VersionRow {
  position: number;
  sourceId: string | null;
}

/** Rows held at once by a reader of all versions of a run. */
const versionsPerRead = 200;

export function historyTopic(database: Database): HistoryTopic {
  const versionsWhere = (rest: string) =>
    database.query<VersionRow>(
      `SELECT ${versionColumns} FROM task_versions v WHERE v.task_id = ? AND ${rest}`,
    );
  const range = versionsWhere("v.version_num >= ? ORDER BY v.version_num LIMIT ?");
  const numbered = versionsWhere("v.version_num = ?");
  const asOf = versionsWhere("v.created_at <= ? ORDER BY v.version_num DESC LIMIT 1");
  const ofRunAfter = database.query<RunVersionRow>(`
    SELECT ${versionColumns}, v.rowid AS position, t.source_id AS sourceId
    FROM task_versions v JOIN tasks t ON t.id = v.task_id
    WHERE v.run_id = ? AND v.rowid > ? ORDER BY v.rowid LIMIT ?`);

  return {
    async getHistory(taskId, { fromVersion, limit }) {
      return database.read(() => range.all(taskId, fromVersion, limit)).map(rowToVersion);
    },
    async getVersion(taskId, versionNum) {
      const row = database.read(() => numbered.get(taskId, versionNum));
      return row === undefined ? null : rowToVersion(row);
    },
    async getVersionAt(taskId, at) {
      const row = database.read(() => asOf.get(taskId, at));
      return row === undefined ? null : rowToVersion(row);
    },

    async *iterateVersionsOfRun(runId) {
      let after = 0;
      for (;;) {
        const rows = database.read(() => ofRunAfter.all(runId, after, versionsPerRead));
        for (const row of rows) yield { ...rowToVersion(row), sourceId: row.sourceId };
        const last = rows.at(-1);
        if (last === undefined || rows.length < versionsPerRead) return;
        after = last.position;
      }
    },
  };
}
