import type { Ids } from "../../core/clock.ts";
import { type ConflictRow, jsonToText, rowToConflict, selectConflicts } from "../rows.ts";
import type { Conflict, ConflictDraft, Store } from "../store.ts";
import type { Database } from "./database.ts";

/** Writes inside the caller's transaction. */
export interface ConflictWriter {
  insert(place: Omit<Conflict, "id" | keyof ConflictDraft>, drafts: readonly ConflictDraft[]): void;
}

export function conflictWriter(database: Database, ids: Ids): ConflictWriter {
  const insertConflict = database.query("INSERT INTO conflicts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  return {
    insert({ syncId, taskId, runId, versionNum, at }, drafts) {
      for (const { field, base, left, right, resolution } of drafts) {
        const values = [base, left, right].map(jsonToText);
        insertConflict.run(ids.next(), syncId, taskId, runId, versionNum, field, ...values, resolution, at);
      }
    },
  };
}

export function conflictTopic(database: Database): Pick<Store, "listConflicts"> {
  const ofTask = database.query<ConflictRow>(
    `${selectConflicts} WHERE task_id = ?1 AND (?2 IS NULL OR sync_id = ?2) ORDER BY rowid DESC LIMIT ?3`,
  );
  const ofSync = database.query<ConflictRow>(
    `${selectConflicts} WHERE ?1 IS NULL OR sync_id = ?1 ORDER BY rowid DESC LIMIT ?2`,
  );
  return {
    async listConflicts({ taskId, syncId = null, limit }) {
      const rows = database.read(() =>
        taskId === undefined ? ofSync.all(syncId, limit) : ofTask.all(taskId, syncId, limit),
      );
      return rows.map(rowToConflict);
    },
  };
}
