import type { CollectionRecord, CollectionVersion } from "../core/collection/record.ts";

// How both kinds of SQL store write collections down: columns, and their values in the same order.

export interface RecordRow {
  readonly collection: string;
  readonly id: string;
  readonly marker: string | null;
  readonly status: string;
  readonly revision: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly headSeq: number;
  readonly headHash: string;
  readonly fields: string;
  readonly provenance: string;
}

export const selectRecords = `
  SELECT collection, id, marker, status, revision, created_at AS "createdAt", updated_at AS "updatedAt",
    head_seq AS "headSeq", head_hash AS "headHash", fields, provenance
  FROM collection_records`;

export function rowToRecord(row: RecordRow): CollectionRecord {
  const { headSeq, headHash, status, fields, provenance, ...rest } = row;
  return {
    ...rest,
    status: status === "trashed" ? "trashed" : "live",
    fields: JSON.parse(fields) as CollectionRecord["fields"],
    provenance: JSON.parse(provenance) as CollectionRecord["provenance"],
    head: { seq: headSeq, hash: headHash },
  };
}

export function recordValues(record: CollectionRecord) {
  return [
    record.collection,
    record.id,
    record.marker,
    record.status,
    record.revision,
    record.createdAt,
    record.updatedAt,
    record.head.seq,
    record.head.hash,
    JSON.stringify(record.fields),
    JSON.stringify(record.provenance),
  ] as const;
}

export interface RecordVersionRow {
  readonly collection: string;
  readonly recordId: string;
  readonly seq: number;
  readonly revision: number;
  readonly fields: string;
  readonly prior: string;
  readonly provenance: string;
  readonly priorProvenance: string;
  readonly by: string;
  readonly reason: string;
  readonly runId: string | null;
  readonly at: string;
  readonly prevHash: string;
  readonly hash: string;
}

export const selectRecordVersions = `
  SELECT collection, record_id AS "recordId", seq, revision, fields, prior, provenance,
    prior_provenance AS "priorProvenance", written_by AS "by", reason, run_id AS "runId", at, prev_hash AS "prevHash", hash
  FROM collection_versions`;

export function rowToRecordVersion(row: RecordVersionRow): CollectionVersion {
  return {
    ...row,
    fields: JSON.parse(row.fields) as CollectionVersion["fields"],
    prior: JSON.parse(row.prior) as CollectionVersion["prior"],
    provenance: JSON.parse(row.provenance) as CollectionVersion["provenance"],
    priorProvenance: JSON.parse(row.priorProvenance) as CollectionVersion["priorProvenance"],
  };
}

export function recordVersionValues(version: CollectionVersion) {
  return [
    version.collection,
    version.recordId,
    version.seq,
    version.revision,
    JSON.stringify(version.fields),
    JSON.stringify(version.prior),
    JSON.stringify(version.provenance),
    JSON.stringify(version.priorProvenance),
    version.by,
    version.reason,
    version.runId,
    version.at,
    version.prevHash,
    version.hash,
  ] as const;
}
