import type { Json } from "../core/json.ts";
import type { PairVersion } from "../core/two-way/version-chain.ts";
import type { Hold, InboxEvent, PairConflict, PairLink, PairTotals, StoredInboxEvent } from "./pair-store.ts";
import { jsonToText, textToJson } from "./rows.ts";

// Rows of the pair tables in the SQL stores, and what they stand for. JSON is text.

type WithText<T, Members extends keyof T> = {
  readonly [Name in keyof T]: Name extends Members ? string | null : T[Name];
};

export type PairLinkRow = WithText<PairLink, "doc">;

export const selectPairLinks = `
  SELECT l.id, l.sync_id AS "syncId", l.left_id AS "leftId", l.right_id AS "rightId", l.natural_key AS "key", l.status,
    l.due_at AS "dueAt", l.priority, l.problem, l.open_conflicts AS "openConflicts", l.swept_left AS "sweptLeft",
    l.swept_right AS "sweptRight", l.revision, l.doc
  FROM pair_links l`;

export function rowToPairLink(row: PairLinkRow): PairLink {
  return { ...row, doc: textToJson(row.doc) };
}

/** In the order of the table's columns, as the link is stored by the commit that brings it. */
export function pairLinkValues(link: PairLink) {
  return [
    link.id,
    link.syncId,
    link.leftId,
    link.rightId,
    link.key,
    link.status,
    link.dueAt,
    link.priority,
    link.problem,
    link.openConflicts,
    link.sweptLeft,
    link.sweptRight,
    link.revision + 1,
    jsonToText(link.doc),
  ] as const;
}

export type PairVersionRow = WithText<PairVersion, "fields" | "prior">;

export const selectPairVersions = `
  SELECT v.link_id AS "linkId", v.seq, v.side, v.origin, v.actor, v.detected_by AS "detectedBy", v.fields, v.prior,
    v.reason, v.record_revision AS "recordRevision", v.run_id AS "runId", v.at, v.prev_hash AS "prevHash", v.hash
  FROM pair_versions v`;

export function rowToPairVersion(row: PairVersionRow): PairVersion {
  return { ...row, fields: textToObject(row.fields), prior: textToObject(row.prior) };
}

export function pairVersionValues(version: PairVersion) {
  return [
    version.linkId,
    version.seq,
    version.side,
    version.origin,
    version.actor,
    version.detectedBy,
    JSON.stringify(version.fields),
    JSON.stringify(version.prior),
    version.reason,
    version.recordRevision,
    version.runId,
    version.at,
    version.prevHash,
    version.hash,
  ] as const;
}

export type PairConflictRow = WithText<PairConflict, "base" | "left" | "right">;

export const selectPairConflicts = `
  SELECT id, sync_id AS "syncId", link_id AS "linkId", field, base, "left", "right", left_actor AS "leftActor",
    right_actor AS "rightActor", run_id AS "runId", opened_at AS "openedAt", winner, settled_by AS "settledBy",
    settled_at AS "settledAt", closed_at AS "closedAt"
  FROM pair_conflicts`;

export function rowToPairConflict(row: PairConflictRow): PairConflict {
  return { ...row, base: textToJson(row.base), left: textToJson(row.left), right: textToJson(row.right) };
}

export function pairConflictValues(conflict: PairConflict) {
  return [
    conflict.id,
    conflict.syncId,
    conflict.linkId,
    conflict.field,
    jsonToText(conflict.base),
    jsonToText(conflict.left),
    jsonToText(conflict.right),
    conflict.leftActor,
    conflict.rightActor,
    conflict.runId,
    conflict.openedAt,
    conflict.winner,
    conflict.settledBy,
    conflict.settledAt,
    conflict.closedAt,
  ] as const;
}

export type HoldRow = WithText<Hold, "evidence">;

export const selectHolds = `
  SELECT id, sync_id AS "syncId", kind, message, evidence, count, digest, opened_at AS "openedAt", decision,
    decided_by AS "decidedBy", decided_at AS "decidedAt", closed_at AS "closedAt"
  FROM pair_holds`;

export function rowToHold(row: HoldRow): Hold {
  return { ...row, evidence: textToJson(row.evidence) };
}

export function holdValues(hold: Hold) {
  return [
    hold.id,
    hold.syncId,
    hold.kind,
    hold.message,
    jsonToText(hold.evidence),
    hold.count,
    hold.digest,
    hold.openedAt,
    hold.decision,
    hold.decidedBy,
    hold.decidedAt,
    hold.closedAt,
  ] as const;
}

export type InboxRow = WithText<StoredInboxEvent, "changed" | "prior">;

export const selectInbox = `
  SELECT seq, sync_id AS "syncId", source, event_id AS "eventId", side, record_id AS "recordId", kind, changed, prior,
    occurred_at AS "occurredAt", received_at AS "receivedAt", detected_by AS "detectedBy", type
  FROM pair_inbox`;

export function rowToInboxEvent(row: InboxRow): StoredInboxEvent {
  return { ...row, changed: JSON.parse(row.changed ?? "[]") as string[], prior: textToObject(row.prior) };
}

/** A JSON column that holds an object, written by `JSON.stringify`. */
function textToObject(text: string | null): Readonly<Record<string, Json>> {
  return JSON.parse(text ?? "{}") as Readonly<Record<string, Json>>;
}

/** In the order of the table's columns; the store numbers the event itself. */
export function inboxEventValues(event: InboxEvent) {
  return [
    event.syncId,
    event.source,
    event.eventId,
    event.side,
    event.recordId,
    event.kind,
    JSON.stringify(event.changed),
    JSON.stringify(event.prior),
    event.occurredAt,
    event.receivedAt,
    event.detectedBy,
    event.type,
  ] as const;
}

/** Of a query that counts, which gives one row whatever there is to count. */
export function rowToPairTotals(row: PairTotals | undefined): PairTotals {
  if (row === undefined) throw new Error("a query that counts gave no row");
  return { ...row };
}
