/**
 * Schema 4: Lockstep's own collections. Records are never deleted, and a version is only ever appended, continuing the
 * one before it by number and by hash.
 */
const tables = `
CREATE TABLE collections (
  name TEXT PRIMARY KEY NOT NULL,
  revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE collection_records (
  collection TEXT NOT NULL REFERENCES collections (name),
  id TEXT NOT NULL,
  marker TEXT,
  status TEXT NOT NULL CHECK (status IN ('live', 'trashed')),
  revision INTEGER NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  head_seq INTEGER NOT NULL,
  head_hash TEXT NOT NULL,
  fields TEXT NOT NULL,
  provenance TEXT NOT NULL,
  PRIMARY KEY (collection, id),
  UNIQUE (collection, revision)
) STRICT;

CREATE INDEX collection_records_by_marker ON collection_records (collection, marker) WHERE marker IS NOT NULL;

CREATE TABLE collection_versions (
  collection TEXT NOT NULL,
  record_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  fields TEXT NOT NULL,
  prior TEXT NOT NULL,
  provenance TEXT NOT NULL,
  prior_provenance TEXT NOT NULL,
  written_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  run_id TEXT,
  at TEXT NOT NULL,
  prev_hash TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (collection, record_id, seq),
  FOREIGN KEY (collection, record_id) REFERENCES collection_records (collection, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX collection_versions_of_run ON collection_versions (run_id) WHERE run_id IS NOT NULL;
`;

const triggers = `
CREATE TRIGGER collection_versions_are_never_updated BEFORE UPDATE ON collection_versions
BEGIN
  SELECT RAISE(ABORT, 'collection_versions is append-only: a version is never updated, append a new one');
END;

CREATE TRIGGER collection_versions_are_never_deleted BEFORE DELETE ON collection_versions
BEGIN
  SELECT RAISE(ABORT, 'collection_versions is append-only: a version is never deleted');
END;

CREATE TRIGGER collection_versions_are_only_appended BEFORE INSERT ON collection_versions
WHEN NEW.seq <> 1 + coalesce((
    SELECT max(seq) FROM collection_versions WHERE collection = NEW.collection AND record_id = NEW.record_id), 0)
  OR NEW.prev_hash <> coalesce((
    SELECT hash FROM collection_versions WHERE collection = NEW.collection AND record_id = NEW.record_id
    ORDER BY seq DESC LIMIT 1), '')
BEGIN
  SELECT RAISE(FAIL, 'collection_versions is append-only: a new version continues the newest one of its record');
END;

CREATE TRIGGER collection_records_are_never_deleted BEFORE DELETE ON collection_records
BEGIN
  SELECT RAISE(ABORT, 'a record is never deleted: it goes to the trash');
END;
`;

export const collectionSchema = tables + triggers;
