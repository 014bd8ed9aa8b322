import type { SeriesList } from "./companion.ts";
import type { Book, ExportedBook, SeriesPlace } from "./model.ts";
import type { OpenLibrary } from "./open-library.ts";
import { placeBooks } from "./place-books.ts";
import { foldText } from "./text.ts";

export interface EnrichSources {
  /** What Audible lists in each series; none without a companion file. */
  readonly companion: readonly SeriesList[];
  /** null: not to be asked. */
  readonly openLibrary: OpenLibrary | null;
}

export interface Enrichment {
  /** In the order of the export; each field with its origin and how sure it is. */
  readonly books: readonly Book[];
  /** What Open Library said, by ASIN. */
  readonly places: ReadonlyMap<string, readonly SeriesPlace[]>;
  readonly openLibrary: {
    /** Works that were looked up, here or in an earlier run. */
    readonly asked: number;
    /** Works that it knows, whether with a series or without. */
    readonly known: number;
    /** Why nothing was learned, each reason once; such a look-up changes nothing. */
    readonly reasons: readonly string[];
  };
}

export interface EnrichOptions {
  /** Works looked up so far, of all that are. */
  readonly onProgress?: (done: number, all: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The series of an export's books from the best source that has them: the export's own columns, the companion file, Open
 * Library, then title and subtitle. Open Library is asked for the books that Audible's own data leaves without a series or
 * without a place in it, each work once. Equal input and equal answers give equal books; without answers (off-line) they are
 * those that no Open Library gives.
 */
export async function enrich(
  exported: readonly ExportedBook[],
  { companion, openLibrary }: EnrichSources,
  { onProgress = () => {}, signal }: EnrichOptions = {},
): Promise<Enrichment> {
  const open = openLibrary === null ? [] : booksToAsk(exported, companion);
  const works = Map.groupBy(open, workKey);
  const places = new Map<string, readonly SeriesPlace[]>();
  const reasons = new Set<string>();
  let [asked, known] = [0, 0];
  for (const books of works.values()) {
    const [first] = books;
    if (openLibrary === null || first === undefined) continue;
    onProgress(asked, works.size);
    asked += 1;
    const answer = await openLibrary.findSeries(first, signal);
    if (answer.kind === "unknown") {
      reasons.add(answer.reason);
      continue;
    }
    known += 1;
    for (const { asin } of books) places.set(asin, answer.places);
  }
  const books = placeBooks(exported, { companion, openLibrary: places });
  return { books, places, openLibrary: { asked, known, reasons: [...reasons] } };
}

/** Books of which Audible names no series, or none with a position. */
function booksToAsk(
  exported: readonly ExportedBook[],
  companion: readonly SeriesList[],
): readonly ExportedBook[] {
  const listed = new Map<string, boolean>();
  for (const { owned, missing } of companion) {
    for (const { asin, position } of [...owned, ...missing]) {
      listed.set(asin, listed.get(asin) === true || position !== null);
    }
  }
  const isPlaced = ({ asin, series }: ExportedBook) =>
    listed.get(asin) === true || series.some(({ position }) => position !== null);
  return exported.filter((book) => book.kind === "book" && !isPlaced(book));
}

/** Recordings of one work are asked for together. */
function workKey({ title, authors }: ExportedBook): string {
  return `${foldText(title)}\n${foldText(authors[0] ?? "")}`;
}
