import type { Ids } from "../../core/clock.ts";
import type { VersionDraft } from "../store.ts";
import type { Database } from "./database.ts";

/** Where and when a draft becomes a version. */
export interface VersionPlace {
  readonly taskId: string;
  readonly versionNum: number;
  readonly at: string;
  readonly runId: string | null;
}

/** Writes inside the caller's transaction. */
export interface VersionWriter {
  /** A new task with `draft` as its version 1; returns the task's id. */
  createTask(task: NewTask, draft: VersionDraft): string;
  /** The next version of a task that is there. */
  append(place: VersionPlace, draft: VersionDraft): void;
}

export interface NewTask {
  readonly projectScopeId: string;
  readonly source: { readonly syncId: string; readonly recordId: string } | null;
  readonly at: string;
  readonly runId: string | null;
}

export function versionWriter(database: Database, ids: Ids): VersionWriter {
  const insertTask = database.query("INSERT INTO tasks VALUES (?, ?, ?, ?, ?, ?)");
  // OR FAIL, as in the table's trigger: before a statement that may ABORT after a trigger, SQLite copies every page it
  // touches, which costs more than the insert. One row is all or nothing either way.
  const insertVersion = database.query(
    "INSERT OR FAIL INTO task_versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const setCurrent = database.query("UPDATE tasks SET current_version_id = ? WHERE id = ?");

  function insert(id: string, place: VersionPlace, draft: VersionDraft): void {
    insertVersion.run(
      id,
      place.taskId,
      place.versionNum,
      draft.title,
      draft.description,
      draft.status,
      draft.resolution,
      draft.metadataJson,
      place.at,
      draft.createdBy,
      draft.changeReason,
      draft.conflictFlag ? 1 : 0,
      draft.isDeleted ? 1 : 0,
      place.runId,
    );
  }

  return {
    createTask({ projectScopeId, source, at, runId }, draft) {
      const taskId = ids.next();
      const versionId = ids.next();
      insert(versionId, { taskId, versionNum: 1, at, runId }, draft);
      insertTask.run(taskId, projectScopeId, source?.syncId ?? null, source?.recordId ?? null, versionId, at);
      return taskId;
    },
    append(place, draft) {
      const versionId = ids.next();
      insert(versionId, place, draft);
      setCurrent.run(versionId, place.taskId);
    },
  };
}
