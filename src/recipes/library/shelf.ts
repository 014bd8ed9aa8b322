import type { Book, Series, SeriesPlace } from "./model.ts";
import { positionNumber } from "./position.ts";
import { seriesKey } from "./series/key.ts";

/** What a series is known by: its ASIN, because names differ between regions and editions, else the key of its name. */
export function seriesId({ asin, name }: Pick<SeriesPlace, "asin" | "name">): string {
  return asin ?? seriesKey(name);
}

/** The series of these books, each with its books in order; by title. */
export function seriesOf(books: readonly Book[]): readonly Series[] {
  const members = new Map<string, { readonly place: SeriesPlace; readonly book: Book }[]>();
  for (const book of books) {
    for (const place of book.series) {
      const key = seriesId(place);
      members.set(key, [...(members.get(key) ?? []), { place, book }]);
    }
  }
  return [...members]
    .map(([key, entries]) => {
      const sorted = entries.sort(
        (a, b) => sortNumber(a.place) - sortNumber(b.place) || compareText(a.book.title, b.book.title),
      );
      const { place } = sorted[0] ?? { place: null };
      return {
        key,
        asin: place?.asin ?? null,
        title: place?.name ?? key,
        books: [...new Set(sorted.map(({ book }) => book.asin))],
      };
    })
    .sort((a, b) => compareText(a.title, b.title) || compareText(a.key, b.key));
}

/** Books without a number come last. */
function sortNumber({ position }: SeriesPlace): number {
  return positionNumber(position) ?? Number.MAX_SAFE_INTEGER;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
