import type { CollectionVersion, FieldProvenance } from "../../core/collection/record.ts";
import { statusField } from "../../core/collection/write.ts";
import { canonicalJson, type Json } from "../../core/json.ts";
import type { Draft, Said, Shelf, ShelfName } from "./draft.ts";

/** What each field was before a run and what the run left there. */
interface Trace {
  readonly from: Json;
  readonly to: Json;
  /** Who vouched for it before; undefined: the same as after. */
  readonly word: FieldProvenance | null | undefined;
}

/** The cascade's own note of what it has looked at; it follows the status. */
const noteField = "judged";
/** Notes of what was looked at: they are made anew. */
const notes: ReadonlySet<string> = new Set([noteField, "away"]);

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
  const traces = tracesOf(versions);
  const said: Record<string, Said> = {};
  for (const [field, { from, to, word }] of traces) {
    if (field.startsWith("$") || notes.has(field)) continue;
    const kept = record.fields[field] ?? null;
    if (canonicalJson(kept) === canonicalJson(to))
      said[field] = {
        value: from,
        provenance: word === undefined ? (record.provenance[field] ?? null) : word,
      };
    else draft.keep({ shelf, id, field, kept, offered: from, reason: "changed since" });
  }
  if (said.status !== undefined) said[noteField] = { value: said.status.value, provenance: null };
  const status = traces.get(statusField);
  // A record that the run made keeps its fields, in the trash.
  const isMade = status?.from === null;
  if (!isMade) draft.set(shelf, id, said, "taken back");
  if (status !== undefined && record.status === status.to)
    draft.setStatus(shelf, id, status.from === "live" ? "live" : "trashed", status.word ?? rule);
}

function tracesOf(versions: readonly CollectionVersion[]): ReadonlyMap<string, Trace> {
  const traces = new Map<string, Trace>();
  for (const { fields, prior, provenance, priorProvenance } of versions) {
    for (const [field, to] of Object.entries(fields)) {
      const first = traces.get(field);
      const told = field in provenance ? (priorProvenance[field] ?? null) : undefined;
      const from = first === undefined ? (prior[field] ?? null) : first.from;
      traces.set(field, { from, to, word: first?.word === undefined ? told : first.word });
    }
  }
  return traces;
}
