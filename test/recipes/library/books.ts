import type { Book, BookStatus, ExportedBook, SeriesPlace } from "../../../src/recipes/library/model.ts";
import { parsePosition } from "../../../src/recipes/library/position.ts";

/** A place in a series, as Audible says it. */
export function place(name: string, position: string | null = null, asin: string | null = null): SeriesPlace {
  return { name, asin, position: parsePosition(position), origin: "audible", confidence: 1 };
}

export function exportedBook(asin: string, given: Partial<ExportedBook> = {}): ExportedBook {
  return {
    asin,
    source: "audible-cli",
    title: `Title of ${asin}`,
    subtitle: null,
    authors: ["Jane Doe"],
    narrators: [],
    series: [],
    lengthMinutes: null,
    released: null,
    purchased: null,
    language: "english",
    coverUrl: null,
    status: null,
    kind: "book",
    ...given,
  };
}

export function book(asin: string, given: Partial<Book> & { readonly status?: BookStatus } = {}): Book {
  const { kind: _, ...fields } = exportedBook(asin);
  return { ...fields, status: "notStarted", isOwned: true, cluster: asin, provenance: {}, ...given };
}
