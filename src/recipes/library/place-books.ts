import type { SeriesList } from "./companion.ts";
import { type Book, type ExportedBook, orderPlaces, type SeriesPlace } from "./model.ts";
import { parsePosition } from "./position.ts";
import { seriesKey } from "./series/key.ts";
import { readLibrary } from "./series/read-library.ts";
import { foldText } from "./text.ts";
import { clusterBooks } from "./work.ts";

/** What is known of series beside the export. */
export interface SeriesSources {
  /** What Audible lists in each series. */
  readonly companion: readonly SeriesList[];
  /** What Open Library said, by ASIN; absent: it was not asked, or did not know. */
  readonly openLibrary: ReadonlyMap<string, readonly SeriesPlace[]>;
}

export const noSources: SeriesSources = { companion: [], openLibrary: new Map() };

/** What the companion says is Audible's word too, but the export's own row goes before it. */
const COMPANION_CONFIDENCE = 0.95;

/**
 * The books of an export with their series, from the best source that has them: the export's own columns, the companion
 * file, Open Library, then title and subtitle. Better sources are completed by the next ones: a second series (the
 * companion knows those that an exporter drops), the ASIN of a series, a position that was left out.
 */
export function placeBooks(
  exported: readonly ExportedBook[],
  sources: SeriesSources = noSources,
): readonly Book[] {
  const listed = listedPlaces(sources.companion);
  const told = exported.map((book) => {
    const byAudible = combine(book.series, listed.get(book.asin) ?? []);
    return combine(byAudible, sources.openLibrary.get(book.asin) ?? []);
  });
  const read = readTitles(exported, told);
  const asins = asinsByName(exported, told);
  const placed = exported.map((book, at) => {
    const places = combine(told[at] ?? [], read.get(book.asin) ?? []);
    return { book, series: orderPlaces(places.map((place) => withAsin(place, book, asins))) };
  });
  const clusters = clusterBooks(placed.map(({ book, series }) => ({ ...book, series })));
  return placed.map(({ book, series }) => toBook(book, series, clusters.get(book.asin) ?? book.asin));
}

function listedPlaces(lists: readonly SeriesList[]): ReadonlyMap<string, readonly SeriesPlace[]> {
  const places = new Map<string, readonly SeriesPlace[]>();
  for (const { asin, title, owned, missing } of lists) {
    for (const volume of [...owned, ...missing]) {
      const { position } = volume;
      const place = {
        name: title,
        asin,
        position,
        origin: "audible",
        confidence: COMPANION_CONFIDENCE,
      } as const;
      places.set(volume.asin, [...(places.get(volume.asin) ?? []), place]);
    }
  }
  return places;
}

/** The better places, what they lack filled in from the lesser ones, and those of the lesser that Audible knows beside. */
function combine(better: readonly SeriesPlace[], lesser: readonly SeriesPlace[]): readonly SeriesPlace[] {
  if (better.length === 0) return lesser;
  const completed = better.map((place) => {
    const same = lesser.find((each) => isSameSeries(each, place));
    if (same === undefined) return place;
    return withPositionOf({ ...place, asin: place.asin ?? same.asin }, same);
  });
  const others = lesser.filter(
    (place) => place.origin === "audible" && !better.some((each) => isSameSeries(each, place)),
  );
  return [...completed, ...others];
}

/** A position that is lacking, from a source that has it and is named for it. */
function withPositionOf(place: SeriesPlace, source: SeriesPlace): SeriesPlace {
  if (place.position !== null || source.position === null) return place;
  const { origin, confidence } = source.positionSource ?? source;
  return { ...place, position: source.position, positionSource: { origin, confidence } };
}

function isSameSeries(a: SeriesPlace, b: SeriesPlace): boolean {
  if (a.asin !== null && b.asin !== null) return a.asin === b.asin;
  return seriesKey(a.name) === seriesKey(b.name);
}

/** What the titles say, for books that no source knows and for those whose position is not told. */
function readTitles(
  exported: readonly ExportedBook[],
  told: readonly (readonly SeriesPlace[])[],
): ReadonlyMap<string, readonly SeriesPlace[]> {
  const titles = exported.map((book, at) => ({
    id: book.asin,
    title: book.title,
    subtitle: book.subtitle,
    authors: book.authors,
    known: (told[at] ?? []).map(({ name, position }) => ({ name, position: position?.raw ?? null })),
  }));
  const read = readLibrary(titles);
  return new Map(
    [...read].map(([asin, readings]) => [
      asin,
      readings.map(({ name, position, confidence }): SeriesPlace => {
        return { name, asin: null, position: parsePosition(position), origin: "heuristic", confidence };
      }),
    ]),
  );
}

/** ASINs of series by name and author, where they are known for some book: a title that was read joins that series. */
function asinsByName(
  exported: readonly ExportedBook[],
  told: readonly (readonly SeriesPlace[])[],
): ReadonlyMap<string, string> {
  const asins = new Map<string, string>();
  for (const [at, { authors }] of exported.entries()) {
    for (const { name, asin } of told[at] ?? []) {
      if (asin === null) continue;
      for (const author of authors) {
        const key = nameAndAuthor(name, author);
        if (!asins.has(key)) asins.set(key, asin);
      }
    }
  }
  return asins;
}

function withAsin(
  place: SeriesPlace,
  { authors }: ExportedBook,
  asins: ReadonlyMap<string, string>,
): SeriesPlace {
  if (place.asin !== null) return place;
  const asin = authors
    .map((author) => asins.get(nameAndAuthor(place.name, author)))
    .find((each) => each !== undefined);
  return asin === undefined ? place : { ...place, asin };
}

function nameAndAuthor(name: string, author: string): string {
  return `${seriesKey(name)}\n${foldText(author)}`;
}

function toBook(exported: ExportedBook, series: readonly SeriesPlace[], cluster: string): Book {
  const { kind: _, status, ...fields } = exported;
  const told = { origin: "audible", confidence: 1 } as const;
  const primary = series[0];
  const columns = [
    "title",
    "subtitle",
    "authors",
    "narrators",
    "lengthMinutes",
    "released",
    "purchased",
    "language",
    "coverUrl",
  ] as const;
  const isFilled = (value: unknown) => value !== null && !(Array.isArray(value) && value.length === 0);
  const filled = columns.filter((field) => isFilled(fields[field]));
  return {
    ...fields,
    series,
    cluster,
    isOwned: true,
    status: status ?? "notStarted",
    provenance: {
      ...Object.fromEntries(filled.map((field) => [field, told])),
      ...(status === null ? {} : { status: told }),
      ...(primary === undefined
        ? {}
        : { series: { origin: primary.origin, confidence: primary.confidence } }),
    },
  };
}
