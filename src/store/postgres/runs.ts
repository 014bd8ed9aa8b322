import { type RunRow, rowToRun, runValues, selectRuns } from "../rows.ts";
import { runNotFound } from "../rules.ts";
import type { Store } from "../store.ts";
import type { Database } from "./database.ts";

export type RunTopic = Pick<Store, "startRun" | "saveRun" | "getRun" | "listRuns">;

const insertRun = `
  INSERT INTO runs VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`;

const updateRun = `
  UPDATE runs SET sync_id = $2, type = $3, source = $4, source_id = $5, trigger = $6, status = $7, started_at = $8,
    ended_at = $9, counts = $10, calls = $11, retries = $12, errors = $13, warnings = $14, checkpoint_before = $15,
    checkpoint_after = $16, certificate = $17
  WHERE id = $1`;

export function runTopic(database: Database): RunTopic {
  return {
    async startRun(run) {
      await database.write(async (session) => {
        if (run.status === "running") {
          await session.run(
            "UPDATE runs SET status = 'interrupted' WHERE sync_id = $1 AND status = 'running'",
            run.syncId,
          );
        }
        await session.run(insertRun, ...runValues(run));
      });
    },
    async saveRun(run) {
      const updated = await database.run(updateRun, ...runValues(run));
      if (updated === 0) throw runNotFound(run.id);
    },
    async getRun(runId) {
      const row = await database.get<RunRow>(`${selectRuns} WHERE id = $1`, runId);
      return row === undefined ? null : rowToRun(row);
    },
    async listRuns({ syncId, limit }) {
      const rows =
        syncId === undefined
          ? await database.all<RunRow>(`${selectRuns} ORDER BY position DESC LIMIT $1`, limit)
          : await database.all<RunRow>(
              `${selectRuns} WHERE sync_id = $1 ORDER BY position DESC LIMIT $2`,
              syncId,
              limit,
            );
      return rows.map(rowToRun);
    },
  };
}
