import { rowToVersion, type VersionRow, versionColumns } from "../rows.ts";
import type { Store } from "../store.ts";
import type { Database } from "./database.ts";

export type HistoryTopic = Pick<Store, "getHistory" | "getVersion" | "getVersionAt" | "iterateVersionsOfRun">;

interface RunVersionRow extends VersionRow {
  readonly sourceId: string | null;
}

/** Rows held at once by a reader of all versions of a run. */
const versionsPerRead = 200;

const selectVersions = `SELECT ${versionColumns} FROM task_versions v WHERE v.task_id = $1`;

export function historyTopic(database: Database): HistoryTopic {
  const ofRunAfter = (runId: string, after: string) =>
    database.all<RunVersionRow>(
      `SELECT ${versionColumns}, t.source_id AS "sourceId"
      FROM task_versions v JOIN tasks t ON t.id = v.task_id
      WHERE v.run_id = $1 AND v.id > $2 ORDER BY v.id LIMIT $3`,
      runId,
      after,
      versionsPerRead,
    );

  return {
    async getHistory(taskId, { fromVersion, limit }) {
      const rows = await database.all<VersionRow>(
        `${selectVersions} AND v.version_num >= $2 ORDER BY v.version_num LIMIT $3`,
        taskId,
        fromVersion,
        limit,
      );
      return rows.map(rowToVersion);
    },
    async getVersion(taskId, versionNum) {
      const row = await database.get<VersionRow>(
        `${selectVersions} AND v.version_num = $2`,
        taskId,
        versionNum,
      );
      return row === undefined ? null : rowToVersion(row);
    },
    async getVersionAt(taskId, at) {
      const row = await database.get<VersionRow>(
        `${selectVersions} AND v.created_at <= $2 ORDER BY v.version_num DESC LIMIT 1`,
        taskId,
        at,
      );
      return row === undefined ? null : rowToVersion(row);
    },

    async *iterateVersionsOfRun(runId) {
      let after = "";
      for (;;) {
        const rows = await ofRunAfter(runId, after);
        for (const { sourceId, ...row } of rows) yield { ...rowToVersion(row), sourceId };
        const last = rows.at(-1);
        if (last === undefined || rows.length < versionsPerRead) return;
        after = last.versionId;
      }
    },
  };
}
