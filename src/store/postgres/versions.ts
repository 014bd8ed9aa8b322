import type { VersionDraft } from "../store.ts";
import type { Session } from "./database.ts";
import { type InsertPlan, insertRows } from "./insert.ts";

/** A version about to be stored, with the id it will have. */
export interface NewVersion {
  readonly id: string;
  readonly taskId: string;
  readonly versionNum: number;
  readonly draft: VersionDraft;
  readonly at: string;
  readonly runId: string | null;
}

export interface NewTask {
  readonly id: string;
  readonly projectScopeId: string;
  readonly source: { readonly syncId: string; readonly recordId: string } | null;
  readonly currentVersionId: string;
  readonly at: string;
}

const versionPlan: InsertPlan = {
  table: "task_versions",
  columns: {
    id: "text",
    task_id: "text",
    version_num: "integer",
    title: "text",
    description: "text",
    status: "text",
    resolution: "text",
    metadata: "text",
    created_at: "text",
    created_by: "text",
    change_reason: "text",
    conflict_flag: "smallint",
    is_deleted: "smallint",
    run_id: "text",
  },
};

/** Before their tasks: a task points to a version that is there. */
export async function insertVersions(session: Session, versions: readonly NewVersion[]): Promise<void> {
  const rows = versions.map(({ id, taskId, versionNum, draft, at, runId }) => [
    id,
    taskId,
    versionNum,
    draft.title,
    draft.description,
    draft.status,
    draft.resolution,
    draft.metadataJson,
    at,
    draft.createdBy,
    draft.changeReason,
    draft.conflictFlag ? 1 : 0,
    draft.isDeleted ? 1 : 0,
    runId,
  ]);
  await insertRows(session, versionPlan, rows);
}

const taskPlan: InsertPlan = {
  table: "tasks",
  columns: {
    id: "text",
    project_scope_id: "text",
    sync_id: "text",
    source_id: "text",
    current_version_id: "text",
    created_at: "text",
  },
};

export async function insertTasks(session: Session, tasks: readonly NewTask[]): Promise<void> {
  const rows = tasks.map(({ id, projectScopeId, source, currentVersionId, at }) => [
    id,
    projectScopeId,
    source?.syncId ?? null,
    source?.recordId ?? null,
    currentVersionId,
    at,
  ]);
  await insertRows(session, taskPlan, rows);
}

/** Points tasks to their new newest versions: id of the task, id of the version. */
export async function setCurrent(
  session: Session,
  versionIdByTask: ReadonlyMap<string, string>,
): Promise<void> {
  if (versionIdByTask.size === 0) return;
  await session.run(
    `UPDATE tasks t SET current_version_id = new.version_id
    FROM unnest($1::text[], $2::text[]) AS new (task_id, version_id) WHERE t.id = new.task_id`,
    [...versionIdByTask.keys()],
    [...versionIdByTask.values()],
  );
}
