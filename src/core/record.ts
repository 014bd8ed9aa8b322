import { hash } from "node:crypto";
import type { Json } from "./json.ts";

/**
 * What a side holds of one record.
 * - `live`: in place and readable
 * - `trashed`: readable and marked deleted by its owner: a death certificate
 * - `archived`, `moved`: alive, but no longer part of the collection: a scope exit, never a death
 * - `unknown`: the read proves nothing (404, lost permission): inert, no action may follow from it
 */
export type Presence = "live" | "trashed" | "archived" | "moved" | "unknown";

/** The shape of a canonical value; `opaque` values are compared and kept, never interpreted. */
export type FieldType = "text" | "number" | "option" | "options" | "date" | "boolean" | "opaque";

/** Text: what a person reads, and the formatting beside it (null when there is none). */
export interface TextValue {
  readonly [key: string]: Json;
  readonly plain: string;
  readonly rich: Json;
}

/** One option of a select, status or multi-select. */
export interface OptionValue {
  readonly [key: string]: Json;
  readonly id: string | null;
  readonly name: string;
}

/** A day or an instant, or a range of them. `start`/`end` as the vendor wrote them: date only, or with offset. */
export interface DateValue {
  readonly [key: string]: Json;
  readonly end: string | null;
  readonly start: string;
  readonly timeZone: string | null;
}

/** A field of a collection, known by its id: names may change, ids do not. */
export interface FieldSchema {
  readonly id: string;
  readonly name: string;
  readonly type: FieldType;
  /** The vendor's own word for the type ("multi_select"). */
  readonly vendorType: string;
  /** Computed by the vendor (formula, rollup, last edited …): kept, but never evidence of a change. */
  readonly isDerived: boolean;
  /** The options there are to choose from, as far as the vendor tells. */
  readonly options?: readonly OptionValue[];
}

/**
 * One record of one side.
 *
 * `fields` holds canonical values by field id: equal meaning, equal JSON text. An id that is absent is UNOBSERVED
 * (truncated, cut by permission): unknown, which is not the same as null, and never a source of a write.
 * Derived fields (`FieldSchema.isDerived`) are in `raw` only: whatever is in `fields` counts as evidence of a change.
 */
export interface SourceRecord {
  readonly id: string;
  readonly presence: Presence;
  readonly fields: Readonly<Record<string, Json>>;
  /** Ids of fields that the read could not complete. */
  readonly unobserved: readonly string[];
  /** The vendor's values, lossless, as they are kept in history. */
  readonly raw: Readonly<Record<string, Json>>;
  /**
   * The vendor's change stamp (Notion: `last_edited_time`, whole minutes, ISO 8601). It never decreases, and as text
   * it orders as the changes did; equal stamps prove nothing.
   */
  readonly revision: string;
  readonly createdAt: string;
  /** Who the vendor says edited last; a hint for history, never used to decide. */
  readonly editedBy: string | null;
  /** Connector's own notes about this record, handed back to it on the next pull. */
  readonly memo: Json;
  /** When the last edit was made, at the earliest and at the latest, by the vendor's clock (ms). Absent: not told. */
  readonly editedBetween?: { readonly from: number; readonly to: number };
  /** The id that it had before it moved within the collection, as its vendor has proven. Absent: none is known. */
  readonly movedFrom?: string;
  /**
   * The external id that a create of ours left on it; null or absent: none. Copies made by people carry it too. `spentMarker`: a mark of
   * ours that says what is no longer so.
   */
  readonly marker?: string | null;
  /** Made by this connection: only then is its marker its own. */
  readonly isOurs?: boolean;
}

/** As long as it stands, a later change could be taken for one of ours: it is made anew as soon as it is seen. */
export const spentMarker = "";

/**
 * Fingerprint of a record's comparable fields (32 hex digits). Values must be canonical already. Empty ones are left
 * out: a column that was added, and is empty everywhere, is no edit of any record; clearing a value is, all the same.
 */
export function fingerprint(fields: Readonly<Record<string, Json>>): string {
  const ordered: Json[] = [];
  for (const id of Object.keys(fields).sort()) {
    const value = fields[id] as Json;
    if (!isEmpty(value)) ordered.push(id, value);
  }
  return hash("sha256", JSON.stringify(ordered)).slice(0, 32);
}

function isEmpty(value: Json): boolean {
  if (value === null || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && "plain" in value && value.plain === "" && value.rich === null;
}
