import { canonicalJson } from "../../core/json.ts";
import type { Draft } from "./draft.ts";
import { awaitedPage, placesIn, placesJson, withArrived } from "./places.ts";
import type { SeriesPages } from "./series-field.ts";

/** How far series and their pages have found together. */
export interface Arrivals {
  /** Series that were taken in by now, by the pages on which people have shelved books in them before. */
  readonly seriesOf: ReadonlyMap<string, string>;
  /** Series that have no page yet, or none again: the relation of their books waits for it. */
  readonly pageless: ReadonlySet<string>;
}

export async function arrivalsIn(draft: Draft, pages: SeriesPages): Promise<Arrivals> {
  const places = draft.live("books").flatMap(({ fields }) => placesIn(fields.series));
  const awaited = [...new Set(places.flatMap(({ id }) => awaitedPage(id) ?? []))];
  const shelved = [...new Set(places.map(({ id }) => id))].filter(
    (id) => draft.get("series", id)?.status === "live",
  );
  const shown = shelved.length === 0 ? new Map() : await pages.pagesOf(shelved);
  return {
    seriesOf: awaited.length === 0 ? new Map() : await pages.seriesOf(awaited),
    pageless: new Set(shelved.filter((id) => !shown.has(id))),
  };
}

/**
 * Books that were shelved in a series before it was taken in are in it; and each notes which of its series have no page, so
 * that it is looked at again when they have one. True: something changed.
 */
export function settleArrivals(draft: Draft, { seriesOf, pageless }: Arrivals): boolean {
  let isChanged = false;
  for (const { id, fields, provenance } of draft.live("books")) {
    const places = placesIn(fields.series);
    const arrived = withArrived(places, seriesOf);
    const waiting = arrived.flatMap((place) => (pageless.has(place.id) ? place.id : [])).sort();
    const series = placesJson(arrived);
    const unshown = waiting.length === 0 ? null : waiting;
    const isSame = canonicalJson([fields.series ?? null, fields.unshown ?? null]);
    if (isSame === canonicalJson([series, unshown])) continue;
    const said = {
      series: { value: series, provenance: provenance.series ?? null },
      unshown: { value: unshown, provenance: null },
    };
    draft.set("books", id, said, "its series found its page");
    isChanged = true;
  }
  return isChanged;
}
