import { runNotFound } from "../rules.ts";
import type { Run, RunCounts, RunStatus, Store } from "../store.ts";
import type { Database } from "./database.ts";
import { jsonToText, textToJson } from "./json.ts";
import { textToCheckpoint } from "./syncs.ts";

interface RunRow {
  id: string;
  syncId: string;
  type: Run["type"];
  source: Run["source"];
  sourceId: string;
  trigger: string;
  status: RunStatus;
  startedAt: string;
  endedAt: string | null;
  counts: string;
  calls: number;
  retries: number;
  errors: string;
  warnings: string;
  checkpointBefore: string | null;
  checkpointAfter: string | null;
  certificate: string | null;
}

const selectRuns = `
  SELECT id, sync_id AS syncId, type, source, source_id AS sourceId, trigger, status, started_at AS startedAt,
    ended_at AS endedAt, counts, calls, retries, errors, warnings, checkpoint_before AS checkpointBefore,
    checkpoint_after AS checkpointAfter, certificate
  FROM runs`;

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

function runValues(run: Run) {
  return [
    run.id,
    run.syncId,
    run.type,
    run.source,
    run.sourceId,
    run.trigger,
    run.status,
    run.startedAt,
    run.endedAt,
    JSON.stringify(run.counts),
    run.calls,
    run.retries,
    JSON.stringify(run.errors),
    JSON.stringify(run.warnings),
    jsonToText(run.checkpointBefore),
    jsonToText(run.checkpointAfter),
    jsonToText(run.certificate),
  ] as const;
}

function rowToRun(row: RunRow): Run {
  return {
    ...row,
    counts: JSON.parse(row.counts) as RunCounts,
    errors: JSON.parse(row.errors) as Run["errors"],
    warnings: JSON.parse(row.warnings) as Run["warnings"],
    checkpointBefore: textToCheckpoint(row.checkpointBefore),
    checkpointAfter: textToCheckpoint(row.checkpointAfter),
    certificate: textToJson(row.certificate),
  };
}
