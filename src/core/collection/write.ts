import { hash } from "node:crypto";
import { canonicalJson, type Json, sortKeys } from "../json.ts";
import type {
  CollectionCommit,
  CollectionRecord,
  CollectionVersion,
  CollectionWrite,
  FieldProvenance,
} from "./record.ts";

export const statusField = "$status";
export const markerField = "$marker";

/** A record after a write, and the version that says so. */
export interface Written {
  readonly record: CollectionRecord;
  readonly version: CollectionVersion;
}

type Provenances = Readonly<Record<string, FieldProvenance | null>>;

/**
 * What a write makes of a record (null: of none), as the collection's change `revision`. null: it changes nothing, and is
 * no change. Pure, so that every kind of store writes the same bytes.
 */
export function applyCollectionWrite(
  before: CollectionRecord | null,
  write: CollectionWrite,
  as: Pick<CollectionCommit, "by" | "runId" | "at"> & { readonly revision: number },
): Written | null {
  const { fields, prior } = changedFields(before, write);
  const { provenance, priorProvenance } = changedProvenance(before, write.provenance ?? {});
  const isSame = Object.keys(fields).length === 0 && Object.keys(provenance).length === 0;
  if (before !== null && isSame) return null;
  const { collection, id, reason } = write;
  const draft = {
    collection,
    recordId: id,
    seq: (before?.head.seq ?? 0) + 1,
    revision: as.revision,
    fields,
    prior,
    provenance,
    priorProvenance,
    by: as.by,
    reason,
    runId: as.runId,
    at: as.at,
    prevHash: before?.head.hash ?? "",
  };
  const version = { ...draft, hash: hashOf(draft) };
  const record: CollectionRecord = {
    collection,
    id,
    marker: write.marker === undefined ? (before?.marker ?? null) : write.marker,
    status: write.status ?? before?.status ?? "live",
    fields: withoutNulls({ ...before?.fields, ...plainFields(fields) }),
    provenance: withoutNulls({ ...before?.provenance, ...provenance }),
    revision: as.revision,
    createdAt: before?.createdAt ?? as.at,
    updatedAt: as.at,
    head: { seq: version.seq, hash: version.hash },
  };
  return { record, version };
}

/** Where a history is not what was written, for people; null: it is. `versions`: from the first, ascending. */
export function collectionChainFlaw(
  versions: readonly CollectionVersion[],
  head: CollectionRecord["head"],
): string | null {
  let before = { seq: 0, hash: "" };
  for (const { hash: written, ...covered } of versions) {
    if (covered.seq !== before.seq + 1) return `version ${before.seq + 1} is missing`;
    if (covered.prevHash !== before.hash) return `version ${covered.seq} continues another version`;
    if (hashOf(covered) !== written) return `version ${covered.seq} is not what was written`;
    before = { seq: covered.seq, hash: written };
  }
  return before.hash === head.hash ? null : `version ${head.seq} was written last, ${before.seq} is the last`;
}

/** Throws a TypeError for what no plan can mean. */
export function checkCollectionCommit({ writes }: CollectionCommit): void {
  const seen = new Set<string>();
  for (const { collection, id, fields } of writes) {
    const key = `${collection}\n${id}`;
    if (seen.has(key)) throw new TypeError(`${id} of ${collection} is written twice in one commit`);
    seen.add(key);
    const own = Object.keys(fields).find((name) => name.startsWith("$"));
    if (own !== undefined) throw new TypeError(`"${own}" is no field of ${collection}`);
  }
}

function changedFields(before: CollectionRecord | null, { fields, status, marker }: CollectionWrite) {
  const changed: Record<string, Json> = {};
  const prior: Record<string, Json> = {};
  const note = (name: string, from: Json, to: Json) => {
    if (canonicalJson(from) === canonicalJson(to)) return;
    changed[name] = sortKeys(to);
    prior[name] = from;
  };
  for (const [name, value] of Object.entries(fields)) note(name, before?.fields[name] ?? null, value);
  const wanted = status ?? (before === null ? "live" : undefined);
  if (wanted !== undefined) note(statusField, before?.status ?? null, wanted);
  if (marker !== undefined) note(markerField, before?.marker ?? null, marker);
  return { fields: changed, prior };
}

function changedProvenance(before: CollectionRecord | null, wanted: Provenances) {
  const provenance: Record<string, FieldProvenance | null> = {};
  const priorProvenance: Record<string, FieldProvenance | null> = {};
  for (const [name, to] of Object.entries(wanted)) {
    const from = before?.provenance[name] ?? null;
    if (from?.origin === to?.origin && from?.confidence === to?.confidence) continue;
    provenance[name] = to === null ? null : { origin: to.origin, confidence: to.confidence };
    priorProvenance[name] = from;
  }
  return { provenance, priorProvenance };
}

function plainFields(fields: Readonly<Record<string, Json>>): Readonly<Record<string, Json>> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !name.startsWith("$")));
}

function withoutNulls<T>(values: Readonly<Record<string, T | null>>): Readonly<Record<string, T>> {
  const kept: Record<string, T> = {};
  for (const name of Object.keys(values).sort()) {
    const value = values[name];
    if (value !== null && value !== undefined) kept[name] = value;
  }
  return kept;
}

function hashOf(covered: Omit<CollectionVersion, "hash">): string {
  return hash("sha256", canonicalJson({ ...covered, ...jsonOf(covered) }), "hex");
}

/** Provenances as JSON: their shape has no index. */
function jsonOf({ provenance, priorProvenance }: Pick<CollectionVersion, "provenance" | "priorProvenance">) {
  const plain = (all: Provenances): Json =>
    Object.fromEntries(Object.entries(all).map(([name, one]) => [name, one === null ? null : { ...one }]));
  return { provenance: plain(provenance), priorProvenance: plain(priorProvenance) };
}
