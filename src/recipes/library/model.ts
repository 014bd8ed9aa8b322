import type { Day } from "./day.ts";
import type { Position } from "./position.ts";

/** Who says so. A person's word is never replaced; see `settleField`. */
export type Origin = "person" | "audible" | "open-library" | "heuristic";

/** Where a field's value comes from, and how sure it is (0 to 1). */
export interface Provenance {
  readonly origin: Origin;
  readonly confidence: number;
}

export type BookStatus = "notStarted" | "inProgress" | "finished" | "poubelle";

/** One series that a book is in. */
export interface SeriesPlace extends Provenance {
  readonly name: string;
  /** Audible's own id of the series, null when it is not known. */
  readonly asin: string | null;
  readonly position: Position | null;
  /** Who says the position, where that is not who says the name. */
  readonly positionSource?: Provenance;
}

/** The fields of a book that sources may disagree about. */
export interface BookFields {
  readonly title: string;
  readonly subtitle: string | null;
  readonly authors: readonly string[];
  readonly narrators: readonly string[];
  readonly lengthMinutes: number | null;
  readonly released: Day | null;
  readonly purchased: Day | null;
  readonly language: string | null;
  readonly coverUrl: string | null;
  readonly status: BookStatus;
  readonly isOwned: boolean;
  /** The first is the primary one: see `orderPlaces`. */
  readonly series: readonly SeriesPlace[];
}

export type BookField = keyof BookFields;

/** An audiobook, known by its ASIN. */
export interface Book extends BookFields {
  readonly asin: string;
  /** The program whose export it came with, or "audible". */
  readonly source: string;
  /** Recordings of one work share it: re-narrations, twins of other regions. See `clusterBooks`. */
  readonly cluster: string;
  readonly provenance: Readonly<Partial<Record<BookField, Provenance>>>;
}

/** A book as one row of an export tells it: nothing is guessed yet. */
export interface ExportedBook extends Omit<BookFields, "isOwned" | "status"> {
  readonly asin: string;
  readonly source: string;
  /** null when the export does not tell. */
  readonly status: BookStatus | null;
  readonly kind: "book" | "podcast";
}

/** A series, as it is computed from its books. */
export interface Series {
  /** Its ASIN when that is known, else `seriesKey` of its name. */
  readonly key: string;
  readonly asin: string | null;
  readonly title: string;
  /** ASINs of the books that are in it, by position, then title. */
  readonly books: readonly string[];
}

/** The places in order: a person's first, then by origin and confidence, numbered before unnumbered; else as they came. */
export function orderPlaces(places: readonly SeriesPlace[]): readonly SeriesPlace[] {
  const rank = ({ origin, confidence, position }: SeriesPlace) =>
    originRank(origin) * 100 + (1 - confidence) * 10 + ((position?.spans.length ?? 0) > 0 ? 0 : 1);
  return [...places].sort((a, b) => rank(a) - rank(b));
}

/** The series by which a book cascades, and by whose position it is sorted; null for a book in none. */
export function primaryPlace({ series }: Pick<BookFields, "series">): SeriesPlace | null {
  return series[0] ?? null;
}

const ranks: Readonly<Record<Origin, number>> = { person: 0, audible: 1, "open-library": 2, heuristic: 3 };

/** An origin as a record keeps it; one that nobody knows counts least. */
export function originOf(text: string): Origin {
  return text === "person" || text === "audible" || text === "open-library" ? text : "heuristic";
}

/** 0: the word that counts most. */
export function originRank(origin: string): number {
  return ranks[originOf(origin)];
}

/** A value and who says so. */
export interface Sourced<T> extends Provenance {
  readonly value: T;
}

/**
 * Which of two values of a field counts. A person's stays until a person changes it; else the better origin, then the
 * higher confidence, then the newer. null never replaces a value: a source that does not tell denies nothing.
 */
export function settleField<T>(known: Sourced<T>, incoming: Sourced<T>): Sourced<T> {
  if (incoming.origin === "person") return incoming;
  if (known.origin === "person" || incoming.value === null) return known;
  if (known.value === null) return incoming;
  const [ofKnown, ofIncoming] = [originRank(known.origin), originRank(incoming.origin)];
  if (ofKnown !== ofIncoming) return ofKnown < ofIncoming ? known : incoming;
  return incoming.confidence >= known.confidence ? incoming : known;
}
