import { isJsonObject, type Json } from "../../core/json.ts";

/** A book's place in a series, as its record keeps it. */
export interface Place {
  /** Id of the series' record. */
  readonly id: string;
  /** As it was written; null: not told. */
  readonly position: string | null;
}

/** What is kept is what `placesJson` wrote; anything else is left out. */
export function placesIn(value: Json | undefined): readonly Place[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: Json) => {
    if (!isJsonObject(entry) || typeof entry.id !== "string") return [];
    return [{ id: entry.id, position: typeof entry.position === "string" ? entry.position : null }];
  });
}

/** null: in no series. */
export function placesJson(places: readonly Place[]): Json {
  return places.length === 0 ? null : places.map(({ id, position }) => ({ id, position }));
}

/** The places after somebody said which series a book is in, in no order: those that stay keep theirs. */
export function withSeries(places: readonly Place[], ids: readonly string[]): readonly Place[] {
  const wanted = new Set(ids);
  const kept = places.filter(({ id }) => wanted.has(id));
  const known = new Set(kept.map(({ id }) => id));
  return [...kept, ...ids.filter((id) => !known.has(id)).map((id) => ({ id, position: null }))];
}
