import type { Json } from "../../core/json.ts";
import type { Day } from "./day.ts";
import type { Draft, Drafted } from "./draft.ts";
import { findGaps, type SeriesGaps, type SeriesSlot } from "./gaps.ts";
import { seriesKey } from "./series/key.ts";
import { type ShelfBook, shelfBook, textIn, volumesIn } from "./shelf-book.ts";
import { finalStatus } from "./status.ts";

/** Who vouches for what is computed. */
export const computedWord = { origin: "heuristic", confidence: 1 } as const;

/** Notion's texts end after 2,000 characters; nobody reads a longer list of gaps. */
const GAPS_LENGTH_MAX = 1_900;

/**
 * Final Status, Owned/Total, Gaps and Next Release of every live series (or of those that are named), from its books. A
 * Final Status that a person has given a series stays until a person changes it.
 */
export function recomputeSeries(draft: Draft, today: Day, only: ReadonlySet<string> | null = null): void {
  const books = booksBySeries(draft);
  for (const series of draft.live("series")) {
    if (only !== null && !only.has(series.id)) continue;
    const members = books.get(series.id) ?? [];
    const gaps = gapsOf(series, members, today);
    const said = (value: Json) => ({ value, provenance: computedWord });
    const isPersons = series.provenance.finalStatus?.origin === "person";
    draft.set(
      "series",
      series.id,
      {
        ...(isPersons ? {} : { finalStatus: said(finalStatus(members)) }),
        ownedTotal: said(`${gaps.owned.length}/${gaps.owned.length + gaps.missing.length}`),
        gaps: said(showGaps(gaps)),
        nextRelease: said(gaps.nextRelease),
        // Pages that people make have a name only.
        ...(textIn(series.fields.key) === null ? { key: said(keyFor(draft, series)) } : {}),
      },
      "computed from its books",
    );
  }
}

/** Its name's, as long as no other series has it. */
function keyFor(draft: Draft, { id, fields }: Drafted): string {
  const key = seriesKey(textIn(fields.name) ?? "");
  const isTaken = draft
    .all("series")
    .some((other) => other.id !== id && (other.fields.key ?? other.id) === key);
  return key === "" || isTaken ? id : key;
}

/** The live books of each series, by the series' record. */
export function booksBySeries(draft: Draft): ReadonlyMap<string, readonly ShelfBook[]> {
  const bySeries = new Map<string, ShelfBook[]>();
  for (const book of draft.live("books").map(shelfBook)) {
    for (const { name: id } of book.series) bySeries.set(id, [...(bySeries.get(id) ?? []), book]);
  }
  return bySeries;
}

/** What is owned of a series and what is not. Volumes that Audible lists count; without a list, holes between numbers. */
export function gapsOf(series: Drafted, members: readonly ShelfBook[], today: Day): SeriesGaps {
  const volumes = volumesIn(series.fields.volumes);
  const list = volumes.length === 0 ? null : { asin: series.id, title: "", owned: [], missing: volumes };
  return findGaps({ key: series.id, books: members, list, today });
}

/** "4, 5, Edgedancer; upcoming: 6 (2027-03-01)"; null: nothing is missing. */
function showGaps({ missing, upcoming }: SeriesGaps): string | null {
  const name = ({ number, title }: SeriesSlot) => (number === null ? (title ?? "?") : String(number));
  const parts = [
    missing.map(name).join(", "),
    upcoming.length === 0
      ? ""
      : `upcoming: ${upcoming.map((slot) => `${name(slot)} (${slot.released})`).join(", ")}`,
  ].filter((part) => part !== "");
  const text = parts.join("; ");
  if (text === "") return null;
  return text.length > GAPS_LENGTH_MAX ? `${text.slice(0, GAPS_LENGTH_MAX)}…` : text;
}
