import {
  type RecordRow,
  type RecordVersionRow,
  recordValues,
  recordVersionValues,
  rowToRecord,
  rowToRecordVersion,
  selectRecords,
  selectRecordVersions,
} from "../collection-rows.ts";
import { checkCommit, type JudgedCommit, judgeCommit } from "../collection-rules.ts";
import type { CollectionStore } from "../collection-store.ts";
import type { Database } from "./database.ts";

/** Rows held at once by a reader of all versions of a run. */
const versionsPerRead = 200;

/** Lockstep's own collections, in the tables that begin with `collection`. */
export function collectionStore(database: Database): CollectionStore {
  return { ...recordTopic(database), ...commitTopic(database), ...versionTopic(database) };
}

function recordTopic(
  database: Database,
): Pick<CollectionStore, "getRecords" | "findByMarker" | "changesSince" | "getCollectionTotals"> {
  const byIds = database.query<RecordRow>(
    `${selectRecords} WHERE collection = ? AND id IN (SELECT value FROM json_each(?)) ORDER BY id`,
  );
  const byMarker = database.query<RecordRow>(
    `${selectRecords} WHERE collection = ? AND marker = ? ORDER BY created_at, id`,
  );
  const since = database.query<RecordRow>(
    `${selectRecords} WHERE collection = ? AND revision > ? ORDER BY revision LIMIT ?`,
  );
  const counts = database.query<{ live: number; trashed: number }>(`
    SELECT count(*) FILTER (WHERE status = 'live') AS live, count(*) FILTER (WHERE status = 'trashed') AS trashed
    FROM collection_records WHERE collection = ?`);
  const revisionOf = revisionReader(database);
  return {
    async getRecords(collection, ids) {
      return database.read(() => byIds.all(collection, JSON.stringify(ids))).map(rowToRecord);
    },
    async findByMarker(collection, marker) {
      return database.read(() => byMarker.all(collection, marker)).map(rowToRecord);
    },
    async changesSince(collection, { revision, limit }) {
      return database.read(() => since.all(collection, revision, limit)).map(rowToRecord);
    },
    async getCollectionTotals(collection) {
      return database.read(() => ({
        ...(counts.get(collection) ?? { live: 0, trashed: 0 }),
        revision: revisionOf(collection),
      }));
    },
  };
}

function revisionReader(database: Database): (collection: string) => number {
  const revision = database.query<{ revision: number }>("SELECT revision FROM collections WHERE name = ?");
  return (collection) => revision.get(collection)?.revision ?? 0;
}

function commitTopic(database: Database): Pick<CollectionStore, "commitRecords"> {
  const one = database.query<RecordRow>(`${selectRecords} WHERE collection = ? AND id = ?`);
  const revisionOf = revisionReader(database);
  const write = commitWriter(database);
  return {
    async commitRecords(commit) {
      checkCommit(commit);
      return database.write(() => {
        const rows = commit.writes.flatMap(({ collection, id }) => one.get(collection, id) ?? []);
        const judged = judgeCommit(commit, rows.map(rowToRecord), revisionOf);
        write(judged);
        return { stale: judged.stale, records: judged.records };
      });
    },
  };
}

function commitWriter(database: Database): (judged: JudgedCommit) => void {
  const moveTo = database.query(`
    INSERT INTO collections (name, revision) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET revision = excluded.revision`);
  const put = database.query(`
    INSERT INTO collection_records (collection, id, marker, status, revision, created_at, updated_at, head_seq, head_hash,
      fields, provenance) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (collection, id) DO UPDATE SET marker = excluded.marker, status = excluded.status,
      revision = excluded.revision, updated_at = excluded.updated_at, head_seq = excluded.head_seq,
      head_hash = excluded.head_hash, fields = excluded.fields, provenance = excluded.provenance`);
  const append = database.query(`
    INSERT INTO collection_versions (collection, record_id, seq, revision, fields, prior, provenance, prior_provenance,
      written_by, reason, run_id, at, prev_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  return ({ revisions, changed, versions }) => {
    for (const [name, revision] of revisions) moveTo.run(name, revision);
    for (const record of changed) put.run(...recordValues(record));
    for (const version of versions) append.run(...recordVersionValues(version));
  };
}

function versionTopic(
  database: Database,
): Pick<CollectionStore, "listRecordVersions" | "iterateRecordVersionsOfRun"> {
  const ofRecord = database.query<RecordVersionRow>(
    `${selectRecordVersions} WHERE collection = ? AND record_id = ? AND seq > ? ORDER BY seq LIMIT ?`,
  );
  const ofRunAfter = database.query<RecordVersionRow>(`${selectRecordVersions}
    WHERE run_id = ? AND (collection, record_id, seq) > (?, ?, ?) ORDER BY collection, record_id, seq LIMIT ?`);
  return {
    async listRecordVersions(collection, recordId, { after, limit }) {
      return database.read(() => ofRecord.all(collection, recordId, after, limit)).map(rowToRecordVersion);
    },
    async *iterateRecordVersionsOfRun(runId) {
      let last: Pick<RecordVersionRow, "collection" | "recordId" | "seq"> = {
        collection: "",
        recordId: "",
        seq: 0,
      };
      for (;;) {
        const { collection, recordId, seq } = last;
        const rows = database.read(() => ofRunAfter.all(runId, collection, recordId, seq, versionsPerRead));
        yield* rows.map(rowToRecordVersion);
        const end = rows.at(-1);
        if (end === undefined || rows.length < versionsPerRead) return;
        last = end;
      }
    },
  };
}
