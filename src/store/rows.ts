import type { Checkpoint } from "../connector/connector.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import type { Conflict, Link, LinkState, Run, RunCounts, RunStatus, Task, TaskVersion } from "./store.ts";

// Rows of the SQL stores, and what they stand for. Flags are 0 and 1, times ISO 8601 text, JSON is text.

/** JSON columns hold SQL NULL for null, so that people can ask `IS NULL`. */
export function jsonToText(value: Json): string | null {
  return value === null ? null : JSON.stringify(value);
}

/** Reads back what `jsonToText` wrote. */
export function textToJson(text: string | null): Json {
  return text === null ? null : (JSON.parse(text) as Json);
}

export function textToCheckpoint(text: string | null): Checkpoint {
  const checkpoint = textToJson(text);
  return isJsonObject(checkpoint) ? checkpoint : null;
}

/** `VersionDraft.metadataJson` is the text of an object by contract. */
export function parseMetadata(text: string): TaskVersion["metadata"] {
  return JSON.parse(text) as { readonly [key: string]: Json };
}

export interface VersionRow {
  readonly versionId: string;
  readonly taskId: string;
  readonly versionNum: number;
  readonly title: string;
  readonly description: string | null;
  readonly status: string | null;
  readonly resolution: string | null;
  readonly metadata: string;
  readonly versionCreatedAt: string;
  readonly createdBy: string;
  readonly changeReason: string;
  readonly conflictFlag: number;
  readonly isDeleted: number;
  readonly runId: string | null;
}

/** For a task_versions row called `v`. */
export const versionColumns = `
  v.id AS "versionId", v.task_id AS "taskId", v.version_num AS "versionNum", v.title, v.description, v.status,
  v.resolution, v.metadata, v.created_at AS "versionCreatedAt", v.created_by AS "createdBy",
  v.change_reason AS "changeReason", v.conflict_flag AS "conflictFlag", v.is_deleted AS "isDeleted",
  v.run_id AS "runId"`;

export function rowToVersion(row: VersionRow): TaskVersion {
  return {
    id: row.versionId,
    taskId: row.taskId,
    versionNum: row.versionNum,
    title: row.title,
    description: row.description,
    status: row.status,
    resolution: row.resolution,
    metadata: parseMetadata(row.metadata),
    createdAt: row.versionCreatedAt,
    createdBy: row.createdBy,
    changeReason: row.changeReason,
    conflictFlag: row.conflictFlag === 1,
    isDeleted: row.isDeleted === 1,
    runId: row.runId,
  };
}

export interface TaskRow extends VersionRow {
  readonly projectScopeId: string;
  readonly taskCreatedAt: string;
  readonly syncId: string | null;
  readonly sourceId: string | null;
  readonly state: LinkState | null;
  readonly missingSince: string | null;
}

/** Tasks `t` with their newest versions `v`. */
export const selectTasks = `
  SELECT ${versionColumns}, t.project_scope_id AS "projectScopeId", t.created_at AS "taskCreatedAt",
    t.sync_id AS "syncId", t.source_id AS "sourceId", l.state, l.missing_since AS "missingSince"
  FROM tasks t
  JOIN task_versions v ON v.id = t.current_version_id
  LEFT JOIN links l ON l.sync_id = t.sync_id AND l.source_id = t.source_id`;

export function rowToTask(row: TaskRow): Task {
  const { syncId, sourceId: recordId, state, missingSince } = row;
  const hasSource = syncId !== null && recordId !== null && state !== null;
  return {
    id: row.taskId,
    projectScopeId: row.projectScopeId,
    currentVersionId: row.versionId,
    createdAt: row.taskCreatedAt,
    source: hasSource ? { syncId, recordId, state, missingSince } : null,
    current: rowToVersion(row),
  };
}

export interface LinkRow {
  readonly sourceId: string;
  readonly taskId: string;
  readonly state: LinkState;
  readonly missingSince: string | null;
  readonly sourceFingerprint: string;
  readonly sourceRevision: string;
  readonly baseVersionNum: number;
  readonly baseSource: string | null;
  readonly memo: string | null;
  readonly currentVersionNum: number;
  readonly isTaskDeleted: number;
}

/** For a link `l` and its task's newest version `v`. */
export const linkColumns = `
  l.source_id AS "sourceId", l.task_id AS "taskId", l.state, l.missing_since AS "missingSince",
  l.source_fingerprint AS "sourceFingerprint", l.source_revision AS "sourceRevision",
  l.base_version_num AS "baseVersionNum", l.base_source AS "baseSource", l.memo,
  v.version_num AS "currentVersionNum", v.is_deleted AS "isTaskDeleted"`;

export function rowToLink(row: LinkRow): Link {
  return {
    sourceId: row.sourceId,
    taskId: row.taskId,
    state: row.state,
    missingSince: row.missingSince,
    sourceFingerprint: row.sourceFingerprint,
    sourceRevision: row.sourceRevision,
    baseVersionNum: row.baseVersionNum,
    baseSource: textToJson(row.baseSource),
    memo: textToJson(row.memo),
    currentVersionNum: row.currentVersionNum,
    isTaskDeleted: row.isTaskDeleted === 1,
  };
}

export interface RunRow {
  readonly id: string;
  readonly syncId: string;
  readonly type: Run["type"];
  readonly source: Run["source"];
  readonly sourceId: string;
  readonly trigger: string;
  readonly status: RunStatus;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly counts: string;
  readonly calls: number;
  readonly retries: number;
  readonly errors: string;
  readonly warnings: string;
  readonly checkpointBefore: string | null;
  readonly checkpointAfter: string | null;
  readonly certificate: string | null;
}

export const selectRuns = `
  SELECT id, sync_id AS "syncId", type, source, source_id AS "sourceId", trigger, status, started_at AS "startedAt",
    ended_at AS "endedAt", counts, calls, retries, errors, warnings, checkpoint_before AS "checkpointBefore",
    checkpoint_after AS "checkpointAfter", certificate
  FROM runs`;

/** In the order of the table's columns. */
export function runValues(run: Run) {
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

export function rowToRun(row: RunRow): Run {
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

export interface ConflictRow {
  readonly id: string;
  readonly syncId: string | null;
  readonly taskId: string;
  readonly runId: string | null;
  readonly versionNum: number;
  readonly field: string;
  readonly base: string | null;
  readonly left: string | null;
  readonly right: string | null;
  readonly resolution: Conflict["resolution"];
  readonly at: string;
}

export const selectConflicts = `
  SELECT id, sync_id AS "syncId", task_id AS "taskId", run_id AS "runId", version_num AS "versionNum", field, base,
    "left", "right", resolution, at
  FROM conflicts`;

export function rowToConflict(row: ConflictRow): Conflict {
  return {
    ...row,
    base: textToJson(row.base),
    left: textToJson(row.left),
    right: textToJson(row.right),
  };
}
