import type { SeriesList, Volume } from "./companion.ts";
import type { Day } from "./day.ts";
import type { Book } from "./model.ts";
import { isOmnibus, type Position, positionNumber, volumesIn } from "./position.ts";
import { seriesKey } from "./series/key.ts";
import { seriesId } from "./shelf.ts";

/** One place of a series: a volume that is counted once, however many recordings of it there are. */
export interface SeriesSlot {
  /** null: a volume without a number; it is listed, and counted as one. */
  readonly number: number | null;
  /** null when no list names it: a hole between volumes that are owned. */
  readonly title: string | null;
  /** ASINs to buy, or the owned ones. */
  readonly asins: readonly string[];
  /** The earliest known. */
  readonly released: Day | null;
}

/** What there is of a series and what is owned of it. `owned`, `missing` and `upcoming` together are the series. */
export interface SeriesGaps {
  readonly key: string;
  readonly owned: readonly SeriesSlot[];
  readonly missing: readonly SeriesSlot[];
  /** Announced: released after today. The first one is the next release. */
  readonly upcoming: readonly SeriesSlot[];
  readonly nextRelease: Day | null;
}

/** Numbers beyond this count no volumes ("Dungeon Diving 204"): nothing is inferred from them. */
const VOLUMES_MAX = 100;

/** What is asked of a book. */
export type GapBook = Pick<Book, "asin" | "title" | "released" | "isOwned" | "series">;

interface Entry {
  readonly asin: string;
  readonly title: string;
  readonly position: Position | null;
  readonly released: Day | null;
  readonly isOwned: boolean;
}

/**
 * The gaps of one series. `list` is what Audible lists in it; without one, only the holes between owned whole numbers are
 * known. An omnibus covers its parts: it is no slot of its own, unless nothing else stands for a part. `today` is a day in
 * the configured zone.
 */
export function findGaps(input: {
  readonly key: string;
  readonly books: readonly GapBook[];
  readonly list: SeriesList | null;
  readonly today: Day;
}): SeriesGaps {
  const entries = collect(input);
  const slots = [...numberedSlots(entries), ...unnumberedSlots(entries)];
  const holes = input.list === null ? holesBetween(slots.filter(({ isOwned }) => isOwned)) : [];
  const owned = slots.filter(({ isOwned }) => isOwned);
  const lacking = [...slots.filter(({ isOwned }) => !isOwned), ...holes].sort(byNumber);
  const isUpcoming = ({ released }: SeriesSlot) => released !== null && released > input.today;
  const upcoming = lacking.filter(isUpcoming);
  const days = upcoming.flatMap(({ released }) => released ?? []).sort();
  return {
    key: input.key,
    owned: owned.map(withoutFlag),
    missing: lacking.filter((slot) => !isUpcoming(slot)).map(withoutFlag),
    upcoming: upcoming.map(withoutFlag),
    nextRelease: days[0] ?? null,
  };
}

/** Books win over the list: what is on the shelf is owned, whatever the list said when it was made. */
function collect({ key, books, list }: Parameters<typeof findGaps>[0]): readonly Entry[] {
  const entries = new Map<string, Entry>();
  const add = (volume: Volume, isOwned: boolean) => entries.set(volume.asin, { ...volume, isOwned });
  for (const volume of list?.missing ?? []) add(volume, false);
  for (const volume of list?.owned ?? []) add(volume, true);
  for (const { asin, title, released, isOwned, series } of books) {
    const place = series.find((each) => seriesId(each) === key);
    if (place === undefined) continue;
    const listed = entries.get(asin);
    const position = place.position ?? listed?.position ?? null;
    entries.set(asin, { asin, title, position, released: released ?? listed?.released ?? null, isOwned });
  }
  return [...entries.values()];
}

type FlaggedSlot = SeriesSlot & { readonly isOwned: boolean };

function numberedSlots(entries: readonly Entry[]): readonly FlaggedSlot[] {
  const byVolume = new Map<number, Entry[]>();
  for (const entry of entries) {
    for (const number of volumesIn(entry.position))
      byVolume.set(number, [...(byVolume.get(number) ?? []), entry]);
  }
  return [...byVolume]
    .map(([number, holders]): FlaggedSlot => {
      const owned = holders.filter(({ isOwned }) => isOwned);
      const offered = owned.length > 0 ? owned : holders;
      // The volume itself before an omnibus that holds it.
      const single = offered.filter(({ position }) => !isOmnibus(position));
      const shown = single.length > 0 ? single : offered;
      return { number, isOwned: owned.length > 0, ...describe(shown) };
    })
    .sort(byNumber);
}

/** Volumes without a number are told apart by title. */
function unnumberedSlots(entries: readonly Entry[]): readonly FlaggedSlot[] {
  const byTitle = new Map<string, Entry[]>();
  for (const entry of entries.filter(({ position }) => positionNumber(position) === null)) {
    const key = seriesKey(entry.title);
    byTitle.set(key, [...(byTitle.get(key) ?? []), entry]);
  }
  return [...byTitle.values()].map((holders) => {
    const owned = holders.filter(({ isOwned }) => isOwned);
    return { number: null, isOwned: owned.length > 0, ...describe(owned.length > 0 ? owned : holders) };
  });
}

function describe(entries: readonly Entry[]): Pick<SeriesSlot, "title" | "asins" | "released"> {
  const released = entries.flatMap((entry) => entry.released ?? []).sort()[0] ?? null;
  return { title: entries[0]?.title ?? null, asins: entries.map(({ asin }) => asin).sort(), released };
}

/** Whole numbers between 1 and the last owned one that nobody owns. */
function holesBetween(owned: readonly FlaggedSlot[]): readonly FlaggedSlot[] {
  const numbers = new Set(owned.map(({ number }) => number));
  const last = Math.max(0, ...owned.map(({ number }) => number ?? 0));
  if (last > VOLUMES_MAX) return [];
  const holes: FlaggedSlot[] = [];
  for (let number = 1; number < last; number += 1) {
    if (!numbers.has(number)) holes.push({ number, title: null, asins: [], released: null, isOwned: false });
  }
  return holes;
}

function byNumber(a: SeriesSlot, b: SeriesSlot): number {
  return (a.number ?? Number.MAX_SAFE_INTEGER) - (b.number ?? Number.MAX_SAFE_INTEGER);
}

function withoutFlag({ number, title, asins, released }: FlaggedSlot): SeriesSlot {
  return { number, title, asins, released };
}
