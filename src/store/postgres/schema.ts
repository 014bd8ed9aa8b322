/**
 * Schema 1: the tables and views of the SQLite store, with the same columns and values, so that the same queries and
 * the same reader's guide (docs/sql.md) hold for both. Flags are 0 and 1, times ISO 8601 text, JSON is text.
 *
 * Ids and times are compared byte by byte (COLLATE "C"), whatever the database's language is: pages of a listing and
 * the order of versions depend on it.
 *
 * History cannot be changed, not even by hand: triggers refuse UPDATE, DELETE and TRUNCATE of versions, and an INSERT
 * that is not the task's next number. They fire always, also for a session that plays the replica.
 *
 * A task and its first version point to each other; the version is inserted first, so its side is the deferred one.
 */
const tables = `
CREATE TABLE syncs (
  id text COLLATE "C" PRIMARY KEY,
  checkpoint text,
  binding text,
  last_sweep_at text COLLATE "C"
);

CREATE TABLE tasks (
  id text COLLATE "C" PRIMARY KEY,
  project_scope_id text NOT NULL,
  sync_id text COLLATE "C" REFERENCES syncs (id),
  source_id text COLLATE "C",
  current_version_id text COLLATE "C" NOT NULL,
  created_at text COLLATE "C" NOT NULL
);

CREATE TABLE task_versions (
  id text COLLATE "C" PRIMARY KEY,
  task_id text COLLATE "C" NOT NULL REFERENCES tasks (id) DEFERRABLE INITIALLY DEFERRED,
  version_num integer NOT NULL,
  title text NOT NULL,
  description text,
  status text,
  resolution text,
  metadata text NOT NULL,
  created_at text COLLATE "C" NOT NULL,
  created_by text NOT NULL,
  change_reason text NOT NULL,
  conflict_flag smallint NOT NULL CHECK (conflict_flag IN (0, 1)),
  is_deleted smallint NOT NULL CHECK (is_deleted IN (0, 1)),
  run_id text COLLATE "C",
  UNIQUE (task_id, version_num)
);

ALTER TABLE tasks ADD FOREIGN KEY (current_version_id) REFERENCES task_versions (id);

CREATE INDEX task_versions_of_run ON task_versions (run_id, id) WHERE run_id IS NOT NULL;

CREATE TABLE links (
  sync_id text COLLATE "C" NOT NULL REFERENCES syncs (id),
  source_id text COLLATE "C" NOT NULL,
  task_id text COLLATE "C" NOT NULL REFERENCES tasks (id),
  state text NOT NULL CHECK (state IN ('live', 'deleted', 'missing', 'moved', 'archived')),
  missing_since text COLLATE "C",
  source_fingerprint text NOT NULL,
  source_revision text NOT NULL,
  base_version_num integer NOT NULL,
  base_source text,
  memo text,
  PRIMARY KEY (sync_id, source_id)
);

CREATE TABLE sweep_marks (
  sync_id text COLLATE "C" NOT NULL REFERENCES syncs (id),
  source_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (sync_id, source_id)
);

CREATE TABLE runs (
  id text COLLATE "C" PRIMARY KEY,
  sync_id text COLLATE "C" NOT NULL,
  type text NOT NULL,
  source text NOT NULL,
  source_id text NOT NULL,
  trigger text NOT NULL,
  status text NOT NULL
    CHECK (status IN ('running', 'succeeded', 'failed', 'refused', 'interrupted', 'cancelled')),
  started_at text COLLATE "C" NOT NULL,
  ended_at text COLLATE "C",
  counts text NOT NULL,
  calls integer NOT NULL,
  retries integer NOT NULL,
  errors text NOT NULL,
  warnings text NOT NULL,
  checkpoint_before text,
  checkpoint_after text,
  certificate text,
  position bigint GENERATED ALWAYS AS IDENTITY UNIQUE
);

CREATE INDEX runs_of_sync ON runs (sync_id, position);

CREATE TABLE conflicts (
  id text COLLATE "C" PRIMARY KEY,
  sync_id text COLLATE "C",
  task_id text COLLATE "C" NOT NULL REFERENCES tasks (id),
  run_id text COLLATE "C",
  version_num integer NOT NULL,
  field text NOT NULL,
  base text,
  "left" text,
  "right" text,
  resolution text NOT NULL,
  at text COLLATE "C" NOT NULL,
  position bigint GENERATED ALWAYS AS IDENTITY UNIQUE
);

CREATE INDEX conflicts_of_task ON conflicts (task_id);

CREATE TABLE leases (
  name text COLLATE "C" PRIMARY KEY,
  owner text NOT NULL,
  fence bigint NOT NULL,
  until_ms bigint NOT NULL
);
`;

const triggers = `
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: %', TG_TABLE_NAME, TG_ARGV[0];
END $$;

CREATE FUNCTION refuse_gaps() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM appended a WHERE a.version_num <> 1 + coalesce((
      SELECT max(v.version_num) FROM task_versions v WHERE v.task_id = a.task_id AND v.version_num < a.version_num
    ), 0)
  ) THEN
    RAISE EXCEPTION 'task_versions is append-only: a new version needs the next number of its task';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER task_versions_are_never_changed BEFORE UPDATE OR DELETE ON task_versions
FOR EACH ROW EXECUTE FUNCTION refuse_change('a version is never updated or deleted, append a new one');

CREATE TRIGGER task_versions_are_never_emptied BEFORE TRUNCATE ON task_versions
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('a version is never deleted, append a tombstone');

CREATE TRIGGER task_versions_are_only_appended AFTER INSERT ON task_versions
REFERENCING NEW TABLE AS appended FOR EACH STATEMENT EXECUTE FUNCTION refuse_gaps();

CREATE TRIGGER tasks_are_never_deleted BEFORE DELETE ON tasks
FOR EACH ROW EXECUTE FUNCTION refuse_change('a task is never deleted, append a tombstone version');

CREATE TRIGGER tasks_are_never_emptied BEFORE TRUNCATE ON tasks
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('a task is never deleted, append a tombstone version');

ALTER TABLE task_versions ENABLE ALWAYS TRIGGER task_versions_are_never_changed;
ALTER TABLE task_versions ENABLE ALWAYS TRIGGER task_versions_are_never_emptied;
ALTER TABLE task_versions ENABLE ALWAYS TRIGGER task_versions_are_only_appended;
ALTER TABLE tasks ENABLE ALWAYS TRIGGER tasks_are_never_deleted;
ALTER TABLE tasks ENABLE ALWAYS TRIGGER tasks_are_never_emptied;
`;

const views = `
CREATE FUNCTION notion_url(metadata text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN metadata::json #>> '{notion,url}';
EXCEPTION WHEN others THEN
  -- Postgres reads no JSON text with \\u0000 or half a surrogate pair in it. One such row must not spoil a view.
  RETURN NULL;
END $$;

CREATE VIEW task_history AS
SELECT
  v.task_id, t.project_scope_id, v.version_num, v.title, v.description, v.status, v.resolution,
  v.created_at AS changed_at, v.created_by AS changed_by, v.change_reason,
  v.conflict_flag, v.is_deleted, (v.id = t.current_version_id)::int AS is_current,
  t.source_id AS notion_page_id, notion_url(v.metadata) AS notion_url,
  t.sync_id, v.run_id, v.id AS version_id, v.metadata
FROM task_versions v JOIN tasks t ON t.id = v.task_id;

CREATE VIEW newest_versions AS
SELECT
  t.id AS task_id, t.project_scope_id, v.title, v.description, v.status, v.resolution,
  v.version_num, v.is_deleted, t.created_at, v.created_at AS changed_at, v.created_by AS changed_by, v.change_reason,
  v.conflict_flag, t.source_id AS notion_page_id, notion_url(v.metadata) AS notion_url,
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
  round(extract(epoch FROM ended_at::timestamptz - started_at::timestamptz)::numeric, 3)::float8 AS seconds,
  (counts::json ->> 'read')::int AS read, (counts::json ->> 'created')::int AS created,
  (counts::json ->> 'updated')::int AS updated, (counts::json ->> 'unchanged')::int AS unchanged,
  (counts::json ->> 'deleted')::int AS deleted, (counts::json ->> 'revived')::int AS revived,
  (counts::json ->> 'conflicts')::int AS conflicts, (counts::json ->> 'missing')::int AS missing,
  calls, retries, json_array_length(errors::json) AS error_count, errors,
  json_array_length(warnings::json) AS warning_count, warnings, checkpoint_before, checkpoint_after, certificate
FROM runs;
`;

export const firstSchema = tables + triggers + views;
