import type { CollectionVersion, FieldProvenance } from "../../core/collection/record.ts";
import { statusField } from "../../core/collection/write.ts";
import { canonicalJson, type Json } from "../../core/json.ts";
import type { Draft, Said, Shelf, ShelfName } from "./draft.ts";

/** What something was before a run, and what the run left there. */
interface Trace<T> {
  readonly from: T;
  readonly to: T;
}

interface Traces {
  readonly values: ReadonlyMap<string, Trace<Json>>;
  /** Who vouches for each field, also where its value stayed. */
  readonly words: ReadonlyMap<string, Trace<FieldProvenance | null>>;
}

/** The cascade's own note of what it has looked at; it follows the status. */
const noteField = "judged";
/** Notes of what was looked at: they are made anew. */
const notes: ReadonlySet<string> = new Set([noteField, "away", "unshown"]);

/**
 * Takes back what one run wrote, field by field, where it still stands. What others have changed since stays, and is told.
 * A record that the run made goes to the trash.
 */
export function takeBack(draft: Draft, shelf: Shelf, versions: readonly CollectionVersion[]): void {
  for (const name of ["series", "books"] as const) {
    const own = versions.filter(({ collection }) => collection === shelf.collections[name]);
    for (const [id, ofRecord] of Map.groupBy(own, ({ recordId }) => recordId))
      takeBackRecord(draft, { shelf: name, id }, ofRecord);
  }
}

const rule: FieldProvenance = { origin: "heuristic", confidence: 1 };

function takeBackRecord(
  draft: Draft,
  { shelf, id }: { readonly shelf: ShelfName; readonly id: string },
  versions: readonly CollectionVersion[],
): void {
  const record = draft.get(shelf, id);
  if (record === null) return;
  const { values, words } = tracesOf(versions);
  const said: Record<string, Said> = {};
  for (const field of new Set([...values.keys(), ...words.keys()])) {
    if (field.startsWith("$") || notes.has(field)) continue;
    const kept = record.fields[field] ?? null;
    const vouched = record.provenance[field] ?? null;
    const [value, word] = [values.get(field), words.get(field)];
    if (value !== undefined && canonicalJson(kept) !== canonicalJson(value.to)) {
      draft.keep({ shelf, id, field, kept, offered: value.from, reason: "changed since" });
      continue;
    }
    // The same value, and somebody else vouches for it since.
    if (value === undefined && word !== undefined && !isSameWord(vouched, word.to)) continue;
    said[field] = {
      value: value === undefined ? kept : value.from,
      provenance: word === undefined ? vouched : word.from,
    };
  }
  if (said.status !== undefined) said[noteField] = { value: said.status.value, provenance: null };
  const status = values.get(statusField);
  // A record that the run made keeps its fields, in the trash.
  const isMade = status?.from === null;
  if (!isMade) draft.set(shelf, id, said, "taken back");
  if (status !== undefined && record.status === status.to) {
    const word = words.get(statusField)?.from ?? rule;
    draft.setStatus(shelf, id, status.from === "live" ? "live" : "trashed", word);
  }
}

function tracesOf(versions: readonly CollectionVersion[]): Traces {
  const values = new Map<string, Trace<Json>>();
  const words = new Map<string, Trace<FieldProvenance | null>>();
  for (const { fields, prior, provenance, priorProvenance } of versions) {
    for (const [field, to] of Object.entries(fields))
      values.set(field, { from: (values.get(field) ?? { from: prior[field] ?? null }).from, to });
    for (const [field, to] of Object.entries(provenance))
      words.set(field, { from: (words.get(field) ?? { from: priorProvenance[field] ?? null }).from, to });
  }
  return { values, words };
}

function isSameWord(a: FieldProvenance | null, b: FieldProvenance | null): boolean {
  return a?.origin === b?.origin && a?.confidence === b?.confidence;
}
