import { isJsonObject, type Json } from "../../core/json.ts";

/** A book's place in a series, as its record keeps it. */
export interface Place {
  /** Id of the series' record. */
  readonly id: string;
  /** As it was written; null: not told. */
  readonly position: string | null;
}

/** Before the id of a page, where a book was shelved in a series of which nothing but its page is known yet. */
const pagePrefix = "page:";

/** Stands for a series until it is taken in. */
export function awaitedId(pageId: string): string {
  return `${pagePrefix}${pageId}`;
}

/** The page of a series that is awaited; null: it is a series' own id. */
export function awaitedPage(id: string): string | null {
  return id.startsWith(pagePrefix) ? id.slice(pagePrefix.length) : null;
}

/** The places with the series that have come meanwhile, by their pages. */
export function withArrived(
  places: readonly Place[],
  seriesOf: ReadonlyMap<string, string>,
): readonly Place[] {
  const arrived = places.map(({ id, position }) => ({
    id: seriesOf.get(awaitedPage(id) ?? "") ?? id,
    position,
  }));
  return arrived.filter(({ id }, at) => arrived.findIndex((each) => each.id === id) === at);
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

/**
 * The places after somebody said which series a book is in, in no order: those that stay keep theirs, and what is new comes
 * behind them, but in place of a primary series that was taken out.
 */
export function withSeries(places: readonly Place[], ids: readonly string[]): readonly Place[] {
  const wanted = new Set(ids);
  const kept = places.filter(({ id }) => wanted.has(id));
  const known = new Set(kept.map(({ id }) => id));
  const added = ids.filter((id) => !known.has(id)).map((id) => ({ id, position: null }));
  return kept[0]?.id === places[0]?.id ? [...kept, ...added] : [...added, ...kept];
}
