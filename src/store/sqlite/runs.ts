import { type RunRow, rowToRun, runValues, selectRuns } from "../rows.ts";
import { runNotFound } from "../rules.ts";
import type { Store } from "../store.ts";
import type { Database } from "./database.ts";

export type RunTopic = Pick<Store, "startRun" | "saveRun" | "getRun" | "listRuns">;

export function runTopic(database: Database): RunTopic {
  const interrupt = database.query(
    "UPDATE runs SET status = 'interrupted' WHERE sync_id = ? AND status = 'running'",
  );
  const insertRun = database.query(
    "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const updateRun = database.query(`
    UPDATE runs SET sync_id = ?2, type = ?3, source = ?4, source_id = ?5, trigger = ?6, status = ?7, started_at = ?8,
      ended_at = ?9, counts = ?10, calls = ?11, retries = ?12, errors = ?13, warnings = ?14, checkpoint_before = ?15,
      checkpoint_after = ?16, certificate = ?17
    WHERE id = ?1`);
  const byId = database.query<RunRow>(`${selectRuns} WHERE id = ?`);
  const newest = database.query<RunRow>(`${selectRuns} ORDER BY rowid DESC LIMIT ?`);
  const newestOfSync = database.query<RunRow>(`${selectRuns} WHERE sync_id = ? ORDER BY rowid DESC LIMIT ?`);

  return {
    async startRun(run) {
      database.write(() => {
        if (run.status === "running") interrupt.run(run.syncId);
        insertRun.run(...runValues(run));
      });
    },
    async saveRun(run) {
      const updated = database.write(() => updateRun.run(...runValues(run)));
      if (updated === 0) throw runNotFound(run.id);
    },
    async getRun(runId) {
      const row = database.read(() => byId.get(runId));
      return row === undefined ? null : rowToRun(row);
    },
    async listRuns({ syncId, limit }) {
      const rows = database.read(() =>
        syncId === undefined ? newest.all(limit) : newestOfSync.all(syncId, limit),
      );
      return rows.map(rowToRun);
    },
  };
}
