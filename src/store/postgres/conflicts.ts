import type { Ids } from "../../core/clock.ts";
import { type ConflictRow, jsonToText, rowToConflict, selectConflicts } from "../rows.ts";
import type { Conflict, ConflictDraft, Store } from "../store.ts";
import type { Database, Session } from "./database.ts";
import { type InsertPlan, insertRows } from "./insert.ts";

const conflictPlan: InsertPlan = {
  table: "conflicts",
  columns: {
    id: "text",
    sync_id: "text",
    task_id: "text",
    run_id: "text",
    version_num: "integer",
    field: "text",
    base: "text",
    left: "text",
    right: "text",
    resolution: "text",
    at: "text",
  },
};

/** Drafts as conflicts at one place, with ids. */
export function toConflicts(
  ids: Ids,
  place: Omit<Conflict, "id" | keyof ConflictDraft>,
  drafts: readonly ConflictDraft[],
): Conflict[] {
  return drafts.map((draft) => ({ ...place, ...draft, id: ids.next() }));
}

export async function insertConflicts(session: Session, conflicts: readonly Conflict[]): Promise<void> {
  const rows = conflicts.map((conflict) => [
    conflict.id,
    conflict.syncId,
    conflict.taskId,
    conflict.runId,
    conflict.versionNum,
    conflict.field,
    jsonToText(conflict.base),
    jsonToText(conflict.left),
    jsonToText(conflict.right),
    conflict.resolution,
    conflict.at,
  ]);
  await insertRows(session, conflictPlan, rows);
}

export function conflictTopic(database: Database): Pick<Store, "listConflicts"> {
  return {
    async listConflicts({ taskId = null, syncId = null, limit }) {
      const rows = await database.all<ConflictRow>(
        `${selectConflicts}
        WHERE ($1::text IS NULL OR task_id = $1) AND ($2::text IS NULL OR sync_id = $2)
        ORDER BY position DESC LIMIT $3`,
        taskId,
        syncId,
        limit,
      );
      return rows.map(rowToConflict);
    },
  };
}
