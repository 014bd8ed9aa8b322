import type { FieldType } from "../../core/record.ts";

/** What a library's two collections are called in the store. */
export function collectionNames(library: string): { readonly series: string; readonly books: string } {
  return { series: `${library}/series`, books: `${library}/books` };
}

interface Field {
  readonly id: string;
  readonly type: FieldType;
}

/** What Notion shows of a series. Beside it a record keeps `asin` and `volumes`, which are nobody's business there. */
export const seriesFields = [
  { id: "name", type: "text" },
  { id: "key", type: "text" },
  { id: "finalStatus", type: "text" },
  { id: "ownedTotal", type: "text" },
  { id: "gaps", type: "text" },
  { id: "nextRelease", type: "date" },
] as const satisfies readonly Field[];

/** Where a book stands: the series it is in, the primary one first. */
export const PLACES_FIELD = "series";

/**
 * What Notion shows of a book. Beside it a record keeps `subtitle`, `language`, `cluster`, `isSynthetic`, `heardAt`, and
 * notes of what was looked at last: `judged`, its status, `away`, those of its series that are in the trash, and `unshown`,
 * those that have no page yet.
 */
export const bookFields = [
  { id: "title", type: "text" },
  { id: "asin", type: "text" },
  { id: PLACES_FIELD, type: "opaque" },
  { id: "order", type: "number" },
  { id: "status", type: "text" },
  { id: "isOwned", type: "boolean" },
  { id: "purchased", type: "date" },
  { id: "source", type: "text" },
  { id: "authors", type: "text" },
  { id: "narrators", type: "text" },
  { id: "length", type: "number" },
  { id: "cover", type: "text" },
  { id: "released", type: "date" },
] as const satisfies readonly Field[];
