import { isJsonObject, type Json } from "../../core/json.ts";
import type { Volume } from "./companion.ts";
import type { Drafted } from "./draft.ts";
import type { Book, BookStatus, SeriesPlace } from "./model.ts";
import { placesIn } from "./places.ts";
import { parsePosition } from "./position.ts";
import { bookStatuses } from "./status.ts";

/** A book as its record tells it. Its series go by the ids of their records. */
export interface ShelfBook
  extends Pick<Book, "asin" | "title" | "status" | "isOwned" | "released" | "series"> {
  /** Of its record: pages that people make may be without an ASIN. */
  readonly id: string;
}

export function shelfBook({ id, fields, provenance }: Drafted): ShelfBook {
  const told = provenance.series ?? { origin: "heuristic", confidence: 0 };
  const series = placesIn(fields.series).map(
    (place): SeriesPlace => ({
      name: place.id,
      asin: place.id,
      position: parsePosition(place.position),
      origin: told.origin === "person" ? "person" : "audible",
      confidence: told.confidence,
    }),
  );
  return {
    id,
    asin: textIn(fields.asin) ?? id,
    title: textIn(fields.title) ?? "",
    status: statusIn(fields.status) ?? "notStarted",
    isOwned: fields.isOwned === true,
    released: textIn(fields.released),
    series,
  };
}

export function textIn(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}

export function statusIn(value: Json | undefined): BookStatus | null {
  return bookStatuses.find((status) => status === value) ?? null;
}

/** What Audible lists in a series, as its record keeps it. */
export function volumesIn(value: Json | undefined): readonly Volume[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: Json) => {
    if (!isJsonObject(entry) || typeof entry.asin !== "string" || typeof entry.title !== "string") return [];
    const position = parsePosition(textIn(entry.position));
    return [{ asin: entry.asin, title: entry.title, position, released: textIn(entry.released) }];
  });
}

export function volumesJson(volumes: readonly Volume[]): Json {
  return volumes.map(({ asin, title, position, released }) => ({
    asin,
    title,
    position: position?.raw ?? null,
    released,
  }));
}
