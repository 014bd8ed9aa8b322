/**
 * Schema 4: Lockstep's own collections. Records are never deleted, and a version is only ever appended, continuing the
 * one before it by number and by hash.
 */
const tables = `
CREATE TABLE collections (
  name text COLLATE "C" PRIMARY KEY,
  revision bigint NOT NULL
);

CREATE TABLE collection_records (
  collection text COLLATE "C" NOT NULL REFERENCES collections (name),
  id text COLLATE "C" NOT NULL,
  marker text COLLATE "C",
  status text NOT NULL CHECK (status IN ('live', 'trashed')),
  revision bigint NOT NULL,
  created_at text COLLATE "C" NOT NULL,
  updated_at text NOT NULL,
  head_seq bigint NOT NULL,
  head_hash text NOT NULL,
  fields text NOT NULL,
  provenance text NOT NULL,
  PRIMARY KEY (collection, id),
  UNIQUE (collection, revision)
);

CREATE INDEX collection_records_by_marker ON collection_records (collection, marker) WHERE marker IS NOT NULL;

CREATE TABLE collection_versions (
  collection text COLLATE "C" NOT NULL,
  record_id text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  revision bigint NOT NULL,
  fields text NOT NULL,
  prior text NOT NULL,
  provenance text NOT NULL,
  prior_provenance text NOT NULL,
  written_by text NOT NULL,
  reason text NOT NULL,
  run_id text COLLATE "C",
  at text NOT NULL,
  prev_hash text NOT NULL,
  hash text NOT NULL,
  PRIMARY KEY (collection, record_id, seq),
  FOREIGN KEY (collection, record_id) REFERENCES collection_records (collection, id)
);

CREATE INDEX collection_versions_of_run ON collection_versions (run_id, collection, record_id, seq)
WHERE run_id IS NOT NULL;
`;

const triggers = `
CREATE FUNCTION refuse_broken_record_chains() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM appended a WHERE a.seq <> 1 + coalesce((
      SELECT max(v.seq) FROM collection_versions v
      WHERE v.collection = a.collection AND v.record_id = a.record_id AND v.seq < a.seq
    ), 0) OR a.prev_hash <> coalesce((
      SELECT v.hash FROM collection_versions v
      WHERE v.collection = a.collection AND v.record_id = a.record_id AND v.seq = a.seq - 1
    ), '')
  ) THEN
    RAISE EXCEPTION 'collection_versions is append-only: a new version continues the newest one of its record';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER collection_versions_are_never_changed BEFORE UPDATE OR DELETE ON collection_versions
FOR EACH ROW EXECUTE FUNCTION refuse_change('a version is never updated or deleted, append a new one');

CREATE TRIGGER collection_versions_are_never_emptied BEFORE TRUNCATE ON collection_versions
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('a version is never deleted');

CREATE TRIGGER collection_versions_are_only_appended AFTER INSERT ON collection_versions
REFERENCING NEW TABLE AS appended FOR EACH STATEMENT EXECUTE FUNCTION refuse_broken_record_chains();

CREATE TRIGGER collection_records_are_never_deleted BEFORE DELETE ON collection_records
FOR EACH ROW EXECUTE FUNCTION refuse_change('a record is never deleted, it goes to the trash');

CREATE TRIGGER collection_records_are_never_emptied BEFORE TRUNCATE ON collection_records
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('a record is never deleted, it goes to the trash');

ALTER TABLE collection_versions ENABLE ALWAYS TRIGGER collection_versions_are_never_changed;
ALTER TABLE collection_versions ENABLE ALWAYS TRIGGER collection_versions_are_never_emptied;
ALTER TABLE collection_versions ENABLE ALWAYS TRIGGER collection_versions_are_only_appended;
ALTER TABLE collection_records ENABLE ALWAYS TRIGGER collection_records_are_never_deleted;
ALTER TABLE collection_records ENABLE ALWAYS TRIGGER collection_records_are_never_emptied;
`;

export const collectionSchema = tables + triggers;
