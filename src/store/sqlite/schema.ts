/**
 * Schema 1. docs/sql.md explains it to people who read the store with plain SQL.
 *
 * History cannot be changed, not even by hand: triggers refuse UPDATE and DELETE of versions, and an INSERT that is not
 * the task's next number, which also stops INSERT OR REPLACE (its deletes fire no triggers).
 *
 * A task and its first version point to each other. The version's side is the deferred one (it is inserted first),
 * because SQLite then looks for the waiting child rows, and only that side has an index to find them by.
 *
 * No table has an index that the hot path does not need: links, marks and tasks are one B-tree each, and a link is
 * found from its task through the task's (sync_id, source_id).
 */
const tables = `
CREATE TABLE syncs (
  id TEXT PRIMARY KEY,
  checkpoint TEXT,
  binding TEXT,
  last_sweep_at TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE tasks (
  id TEXT PRIMARY KEY,
  project_scope_id TEXT NOT NULL,
  sync_id TEXT REFERENCES syncs (id),
  source_id TEXT,
  current_version_id TEXT NOT NULL REFERENCES task_versions (id),
  created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE task_versions (
  id TEXT PRIMARY KEY NOT NULL,
  task_id TEXT NOT NULL REFERENCES tasks (id) DEFERRABLE INITIALLY DEFERRED,
  version_num INTEGER NOT NULL,
  title TEXT NOT NULL,
  description TEXT,
  status TEXT,
  resolution TEXT,
  metadata TEXT NOT NULL,
  created_at TEXT NOT NULL,
  created_by TEXT NOT NULL,
  change_reason TEXT NOT NULL,
  conflict_flag INTEGER NOT NULL CHECK (conflict_flag IN (0, 1)),
  is_deleted INTEGER NOT NULL CHECK (is_deleted IN (0, 1)),
  run_id TEXT,
  UNIQUE (task_id, version_num)
) STRICT;

CREATE INDEX task_versions_of_run ON task_versions (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE links (
  sync_id TEXT NOT NULL REFERENCES syncs (id),
  source_id TEXT NOT NULL,
  task_id TEXT NOT NULL REFERENCES tasks (id),
  state TEXT NOT NULL CHECK (state IN ('live', 'deleted', 'missing', 'moved', 'archived')),
  missing_since TEXT,
  source_fingerprint TEXT NOT NULL,
  source_revision TEXT NOT NULL,
  base_version_num INTEGER NOT NULL,
  base_source TEXT,
  memo TEXT,
  PRIMARY KEY (sync_id, source_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE sweep_marks (
  sync_id TEXT NOT NULL REFERENCES syncs (id),
  source_id TEXT NOT NULL,
  PRIMARY KEY (sync_id, source_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  id TEXT PRIMARY KEY NOT NULL,
  sync_id TEXT NOT NULL,
  type TEXT NOT NULL,
  source TEXT NOT NULL,
  source_id TEXT NOT NULL,
  trigger TEXT NOT NULL,
  status TEXT NOT NULL
    CHECK (status IN ('running', 'succeeded', 'failed', 'refused', 'interrupted', 'cancelled')),
  started_at TEXT NOT NULL,
  ended_at TEXT,
  counts TEXT NOT NULL,
  calls INTEGER NOT NULL,
  retries INTEGER NOT NULL,
  errors TEXT NOT NULL,
  warnings TEXT NOT NULL,
  checkpoint_before TEXT,
  checkpoint_after TEXT,
  certificate TEXT
) STRICT;

CREATE INDEX runs_of_sync ON runs (sync_id);

CREATE TABLE conflicts (
  id TEXT PRIMARY KEY NOT NULL,
  sync_id TEXT,
  task_id TEXT NOT NULL REFERENCES tasks (id),
  run_id TEXT,
  version_num INTEGER NOT NULL,
  field TEXT NOT NULL,
  base TEXT,
  "left" TEXT,
  "right" TEXT,
  resolution TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT;

CREATE INDEX conflicts_of_task ON conflicts (task_id);

CREATE TABLE leases (
  name TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  fence INTEGER NOT NULL,
  until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

const triggers = `
CREATE TRIGGER task_versions_are_never_updated BEFORE UPDATE ON task_versions
BEGIN
  SELECT RAISE(ABORT, 'task_versions is append-only: a version is never updated, append a new one');
END;

CREATE TRIGGER task_versions_are_never_deleted BEFORE DELETE ON task_versions
BEGIN
  SELECT RAISE(ABORT, 'task_versions is append-only: a version is never deleted, append a tombstone');
END;

CREATE TRIGGER task_versions_are_only_appended BEFORE INSERT ON task_versions
WHEN NEW.version_num <> 1 + coalesce((SELECT max(version_num) FROM task_versions WHERE task_id = NEW.task_id), 0)
  OR EXISTS (SELECT 1 FROM task_versions WHERE id = NEW.id)
BEGIN
  SELECT RAISE(FAIL, 'task_versions is append-only: a new version needs a new id and the next number of its task');
END;

CREATE TRIGGER tasks_are_never_deleted BEFORE DELETE ON tasks
BEGIN
  SELECT RAISE(ABORT, 'a task is never deleted: append a tombstone version');
END;
`;

const views = `
CREATE VIEW task_history AS
SELECT
  v.task_id, t.project_scope_id, v.version_num, v.title, v.description, v.status, v.resolution,
  v.created_at AS changed_at, v.created_by AS changed_by, v.change_reason,
  v.conflict_flag, v.is_deleted, v.id = t.current_version_id AS is_current,
  t.source_id AS notion_page_id, v.metadata ->> '$.notion.url' AS notion_url,
  t.sync_id, v.run_id, v.id AS version_id, v.metadata
FROM task_versions v JOIN tasks t ON t.id = v.task_id;

CREATE VIEW newest_versions AS
SELECT
  t.id AS task_id, t.project_scope_id, v.title, v.description, v.status, v.resolution,
  v.version_num, v.is_deleted, t.created_at, v.created_at AS changed_at, v.created_by AS changed_by, v.change_reason,
  v.conflict_flag, t.source_id AS notion_page_id, v.metadata ->> '$.notion.url' AS notion_url,
  t.sync_id, l.state AS source_state, l.missing_since, v.metadata
FROM tasks t
JOIN task_versions v ON v.id = t.current_version_id
LEFT JOIN links l ON l.sync_id = t.sync_id AND l.source_id = t.source_id;

CREATE VIEW current_tasks AS
SELECT
  task_id, project_scope_id, title, description, status, resolution, version_num, created_at, changed_at, changed_by,
  change_reason, conflict_flag, notion_page_id, notion_url, sync_id, source_state, missing_since, metadata
FROM newest_versions WHERE is_deleted = 0;

CREATE VIEW deleted_tasks AS
SELECT
  task_id, project_scope_id, title, description, status, resolution, version_num, created_at,
  changed_at AS deleted_at, changed_by AS deleted_by, change_reason, notion_page_id, notion_url, sync_id, metadata
FROM newest_versions WHERE is_deleted = 1;

CREATE VIEW missing_tasks AS
SELECT
  task_id, project_scope_id, title, status, missing_since, version_num, changed_at, notion_page_id, notion_url, sync_id
FROM newest_versions WHERE source_state = 'missing';

CREATE VIEW run_evidence AS
SELECT
  id AS run_id, sync_id, source_id, trigger, status, started_at, ended_at,
  round((julianday(ended_at) - julianday(started_at)) * 86400, 3) AS seconds,
  counts ->> '$.read' AS read, counts ->> '$.created' AS created, counts ->> '$.updated' AS updated,
  counts ->> '$.unchanged' AS unchanged, counts ->> '$.deleted' AS deleted, counts ->> '$.revived' AS revived,
  counts ->> '$.conflicts' AS conflicts, counts ->> '$.missing' AS missing,
  calls, retries, json_array_length(errors) AS error_count, errors, json_array_length(warnings) AS warning_count,
  warnings, checkpoint_before, checkpoint_after, certificate
FROM runs;
`;

export const firstSchema = tables + triggers + views;
