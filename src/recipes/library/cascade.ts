import type { Book, BookStatus } from "./model.ts";
import { primaryPlace } from "./model.ts";
import { seriesId } from "./shelf.ts";

/** One book whose status changes, and the book that it follows. */
export interface CascadeChange {
  readonly asin: string;
  readonly from: BookStatus;
  readonly to: "poubelle";
  /** ASIN of the book that entered La Poubelle. */
  readonly follows: string;
}

/** What is to be done when books enter La Poubelle. Empty when nothing follows. */
export interface CascadePlan {
  readonly changes: readonly CascadeChange[];
  /** Keys of the series whose Final Status becomes La Poubelle. */
  readonly series: readonly string[];
}

/** What a sibling does, by its own status, when a book of its series enters La Poubelle. Finished books stay. */
export const follows: Readonly<Record<BookStatus, boolean>> = {
  notStarted: true,
  inProgress: true,
  finished: false,
  poubelle: false,
};

type CascadeBook = Pick<Book, "asin" | "status" | "series">;

/**
 * What follows when the books `entered` went into La Poubelle. `books` is the whole library, with `entered` in their new
 * status. Siblings are the books whose primary series it is: a book in two series is moved by its primary one alone, and
 * moves only that. Leaving La Poubelle plans nothing: it is by hand, book by book. Planning again after it was applied
 * yields no changes.
 */
export function planCascade(books: readonly CascadeBook[], entered: readonly string[]): CascadePlan {
  const wanted = new Set(entered);
  const causeBySeries = new Map<string, string>();
  for (const book of books) {
    const place = primaryPlace(book);
    if (place === null || book.status !== "poubelle" || !wanted.has(book.asin)) continue;
    const key = seriesId(place);
    if (!causeBySeries.has(key)) causeBySeries.set(key, book.asin);
  }
  const changes = books.flatMap((book): readonly CascadeChange[] => {
    const place = primaryPlace(book);
    const cause = place === null ? undefined : causeBySeries.get(seriesId(place));
    if (cause === undefined || !follows[book.status]) return [];
    return [{ asin: book.asin, from: book.status, to: "poubelle", follows: cause }];
  });
  return { changes, series: [...causeBySeries.keys()].sort() };
}
