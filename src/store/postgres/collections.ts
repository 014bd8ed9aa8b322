import type { CollectionCommit, CollectionRecord } from "../../core/collection/record.ts";
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
import type { Database, Session } from "./database.ts";
import { type InsertPlan, insertRows } from "./insert.ts";

/** Rows held at once by a reader of all versions of a run. */
const versionsPerRead = 200;

/** Lockstep's own collections, in the tables that begin with `collection`. */
export function collectionStore(database: Database): CollectionStore {
  return { ...recordTopic(database), ...commitTopic(database), ...versionTopic(database) };
}

function recordTopic(
  database: Database,
): Pick<CollectionStore, "getRecords" | "findByMarker" | "changesSince" | "getCollectionTotals"> {
  return {
    async getRecords(collection, ids) {
      return (await recordsOf(database, collection, ids)).map(rowToRecord);
    },
    async findByMarker(collection, marker) {
      const where = "WHERE collection = $1 AND marker = $2 ORDER BY created_at, id";
      return (await database.all<RecordRow>(`${selectRecords} ${where}`, collection, marker)).map(
        rowToRecord,
      );
    },
    async changesSince(collection, { revision, limit }) {
      const where = "WHERE collection = $1 AND revision > $2 ORDER BY revision LIMIT $3";
      const rows = await database.all<RecordRow>(`${selectRecords} ${where}`, collection, revision, limit);
      return rows.map(rowToRecord);
    },
    async getCollectionTotals(collection) {
      const row = await database.get<{ live: number; trashed: number; revision: number }>(
        `SELECT count(*) FILTER (WHERE status = 'live') AS live, count(*) FILTER (WHERE status = 'trashed') AS trashed,
          coalesce((SELECT revision FROM collections WHERE name = $1), 0) AS revision
        FROM collection_records WHERE collection = $1`,
        collection,
      );
      return row ?? { live: 0, trashed: 0, revision: 0 };
    },
  };
}

function recordsOf(session: Session, collection: string, ids: readonly string[]): Promise<RecordRow[]> {
  return session.all<RecordRow>(
    `${selectRecords} WHERE collection = $1 AND id = ANY ($2::text[]) ORDER BY id`,
    collection,
    ids,
  );
}

function commitTopic(database: Database): Pick<CollectionStore, "commitRecords"> {
  return {
    async commitRecords(commit) {
      checkCommit(commit);
      return database.write(async (session) => {
        const revisions = await lockCollections(session, commit);
        const stored: CollectionRecord[] = [];
        for (const collection of revisions.keys()) {
          const ids = commit.writes.filter((write) => write.collection === collection).map(({ id }) => id);
          stored.push(...(await recordsOf(session, collection, ids)).map(rowToRecord));
        }
        const judged = judgeCommit(commit, stored, (name) => revisions.get(name) ?? 0);
        await writeAll(session, judged);
        return { stale: judged.stale, records: judged.records };
      });
    },
  };
}

/** By name, so that two commits never wait for each other. Who holds the row of a collection is its only writer. */
async function lockCollections(
  session: Session,
  { writes }: CollectionCommit,
): Promise<ReadonlyMap<string, number>> {
  const names = [...new Set(writes.map(({ collection }) => collection))].sort();
  const revisions = new Map<string, number>();
  for (const name of names) {
    const row = await session.get<{ revision: number }>(
      `INSERT INTO collections (name, revision) VALUES ($1, 0)
      ON CONFLICT (name) DO UPDATE SET revision = collections.revision RETURNING revision`,
      name,
    );
    revisions.set(name, row?.revision ?? 0);
  }
  return revisions;
}

async function writeAll(session: Session, { changed, versions, revisions }: JudgedCommit): Promise<void> {
  for (const [name, revision] of revisions)
    await session.run("UPDATE collections SET revision = $2 WHERE name = $1", name, revision);
  await insertRows(session, recordPlan, changed.map(recordValues));
  await insertRows(session, versionPlan, versions.map(recordVersionValues));
}

const recordPlan: InsertPlan = {
  table: "collection_records",
  columns: {
    collection: "text",
    id: "text",
    marker: "text",
    status: "text",
    revision: "bigint",
    created_at: "text",
    updated_at: "text",
    head_seq: "bigint",
    head_hash: "text",
    fields: "text",
    provenance: "text",
  },
  otherwise: `ON CONFLICT (collection, id) DO UPDATE SET marker = excluded.marker, status = excluded.status,
    revision = excluded.revision, updated_at = excluded.updated_at, head_seq = excluded.head_seq,
    head_hash = excluded.head_hash, fields = excluded.fields, provenance = excluded.provenance`,
};

const versionPlan: InsertPlan = {
  table: "collection_versions",
  columns: {
    collection: "text",
    record_id: "text",
    seq: "bigint",
    revision: "bigint",
    fields: "text",
    prior: "text",
    provenance: "text",
    prior_provenance: "text",
    written_by: "text",
    reason: "text",
    run_id: "text",
    at: "text",
    prev_hash: "text",
    hash: "text",
  },
};

function versionTopic(
  database: Database,
): Pick<CollectionStore, "listRecordVersions" | "iterateRecordVersionsOfRun"> {
  return {
    async listRecordVersions(collection, recordId, { after, limit }) {
      const rows = await database.all<RecordVersionRow>(
        `${selectRecordVersions} WHERE collection = $1 AND record_id = $2 AND seq > $3 ORDER BY seq LIMIT $4`,
        collection,
        recordId,
        after,
        limit,
      );
      return rows.map(rowToRecordVersion);
    },
    async *iterateRecordVersionsOfRun(runId) {
      let last: Pick<RecordVersionRow, "collection" | "recordId" | "seq"> = {
        collection: "",
        recordId: "",
        seq: 0,
      };
      for (;;) {
        const rows: RecordVersionRow[] = await database.all<RecordVersionRow>(
          `${selectRecordVersions} WHERE run_id = $1 AND (collection, record_id, seq) > ($2, $3, $4::bigint)
          ORDER BY collection, record_id, seq LIMIT $5`,
          runId,
          last.collection,
          last.recordId,
          last.seq,
          versionsPerRead,
        );
        yield* rows.map(rowToRecordVersion);
        const end = rows.at(-1);
        if (end === undefined || rows.length < versionsPerRead) return;
        last = end;
      }
    },
  };
}
