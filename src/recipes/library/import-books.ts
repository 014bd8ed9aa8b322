import type { FieldProvenance } from "../../core/collection/record.ts";
import { statusField } from "../../core/collection/write.ts";
import { canonicalJson, type Json } from "../../core/json.ts";
import type { SeriesList } from "./companion.ts";
import type { Day } from "./day.ts";
import { booksBySeries, gapsOf, recomputeSeries } from "./derive.ts";
import type { Draft, Drafted, Said } from "./draft.ts";
import { type Book, originOf, originRank, settleField } from "./model.ts";
import { type Place, placesIn, placesJson } from "./places.ts";
import { parsePosition, positionNumber } from "./position.ts";
import { SeriesRegistry } from "./series-registry.ts";
import { textIn } from "./shelf-book.ts";

export interface Incoming {
  readonly books: readonly Book[];
  /** What Audible lists in each series. */
  readonly lists: readonly SeriesList[];
  readonly today: Day;
  /** Volumes that are not owned become books, too. */
  readonly isSynthesizing: boolean;
}

/**
 * Takes books into a library: new ones are made, known ones gain what their source knows better. Every field is settled by
 * who says so; a person's word stays. What the source does not mention stays as it is. Doing it again changes nothing.
 */
export function importBooks(draft: Draft, { books, lists, today, isSynthesizing }: Incoming): void {
  const registry = new SeriesRegistry(draft);
  const idByAsin = new Map<string, string>();
  for (const { id, fields, status } of draft.all("books")) {
    const asin = (textIn(fields.asin) ?? id).toUpperCase();
    if (status === "live" || !idByAsin.has(asin)) idByAsin.set(asin, id);
  }
  for (const book of books) {
    const known = idByAsin.get(book.asin.toUpperCase()) ?? null;
    const places = placesOf(book, registry);
    if (known === null) createBook(draft, book, places);
    else takeIn(draft, known, { book, places });
    idByAsin.set(book.asin.toUpperCase(), known ?? book.asin);
  }
  for (const list of lists) registry.list(list);
  if (isSynthesizing) synthesizeMissing(draft, today, idByAsin);
  recomputeSeries(draft, today);
}

function placesOf(book: Book, registry: SeriesRegistry): readonly Place[] {
  const places = book.series.flatMap((place): Place[] => {
    const id = registry.place(place);
    return id === null ? [] : [{ id, position: place.position?.raw ?? null }];
  });
  // One series by two names is one place.
  return places.filter(({ id }, at) => places.findIndex((each) => each.id === id) === at);
}

function createBook(draft: Draft, book: Book, places: readonly Place[]): void {
  const id = book.asin;
  draft.create("books", id);
  const said = { ...saidBy(book), ...saidOfPlaces(book, places) };
  draft.set("books", id, { ...said, ...judgedBy(said.status) }, "new");
}

function takeIn(
  draft: Draft,
  id: string,
  { book, places }: { readonly book: Book; readonly places: readonly Place[] },
): void {
  const record = draft.get("books", id);
  if (record === null) return;
  const word = record.provenance[statusField];
  if (record.status === "trashed" && word?.origin === "person") {
    draft.keep({
      shelf: "books",
      id,
      field: "trash",
      kept: true,
      offered: null,
      reason: "a person threw it away",
    });
    return;
  }
  // A rule put it there (a reset, a cleanup): it starts anew.
  const isNew = record.status === "trashed";
  if (isNew) draft.setStatus("books", id, "live", audible);
  const reason = `${originWords[originOf(book.provenance.title?.origin ?? "audible")]} says so`;
  const merged = isNew ? places : mergePlaces(record, book, places);
  const offered = { ...saidBy(book), ...saidOfPlaces(book, merged) };
  const settled: Record<string, Said> = {};
  for (const [field, said] of Object.entries(offered)) {
    // An export that tells no status denies none.
    if (field === "status" && !isNew && book.provenance.status === undefined) continue;
    const outcome = isNew ? said : settle(draft, record, field, said);
    if (outcome !== null) settled[field] = outcome;
  }
  const isBought = settled.isOwned?.value === true;
  draft.set("books", id, { ...settled, ...judgedBy(settled.status), ...(isBought ? bought : {}) }, reason);
}

/** It was a volume that was missing, made up by us. */
const bought: Readonly<Record<string, Said>> = { isSynthetic: { value: null, provenance: null } };

/** What an import says of a status needs no cascade, but for one: what is thrown away elsewhere is thrown away here. */
function judgedBy(status: Said | undefined): Readonly<Record<string, Said>> {
  return status === undefined || status.value === "poubelle" ? {} : { judged: unsaid(status.value) };
}

/** null: what is known stays. */
function settle(draft: Draft, record: Drafted, field: string, offered: Said): Said | null {
  const { id } = record;
  const kept = record.fields[field] ?? null;
  const { value, provenance } = offered;
  if (value === null || provenance === null) return null;
  const isDifferent = canonicalJson(kept) !== canonicalJson(value);
  const keep = (reason: string) => draft.keep({ shelf: "books", id, field, kept, offered: value, reason });
  if (field === "status" && kept === "poubelle") {
    if (isDifferent) keep("leaving La Poubelle is by hand");
    return null;
  }
  const word = record.provenance[field] ?? { origin: "heuristic", confidence: 0 };
  const known = { value: kept, origin: originOf(word.origin), confidence: word.confidence };
  const said = { value, origin: originOf(provenance.origin), confidence: provenance.confidence };
  if (settleField(known, said) === said) return offered;
  if (isDifferent && known.origin === "person") keep("a person wrote it");
  return null;
}

/**
 * A better source says anew which series a book is in. An equal one adds to what is known: an export without the companion
 * does not deny a second series.
 */
function mergePlaces(record: Drafted, book: Book, places: readonly Place[]): readonly Place[] {
  const known = placesIn(record.fields.series);
  const ofKnown = originRank(record.provenance.series?.origin ?? "heuristic");
  const ofIncoming = originRank(book.provenance.series?.origin ?? "heuristic");
  if (known.length === 0 || ofIncoming < ofKnown) return places;
  if (ofKnown === 0) return known;
  const added = places.filter(({ id }) => !known.some((each) => each.id === id));
  const updated = known.map((place) => ({
    ...place,
    position: places.find(({ id }) => id === place.id)?.position ?? place.position,
  }));
  return ofIncoming > ofKnown ? known : [...updated, ...added];
}

const audible: FieldProvenance = { origin: "audible", confidence: 1 };
const originWords = {
  audible: "Audible",
  "open-library": "Open Library",
  heuristic: "its title",
  person: "a person",
} as const;

function unsaid(value: Json): Said {
  return { value, provenance: null };
}

function saidBy(book: Book): Readonly<Record<string, Said>> {
  const { provenance } = book;
  const said = (value: Json, field: keyof typeof provenance): Said => ({
    value,
    provenance: provenance[field] ?? audible,
  });
  const people = (names: readonly string[]) => (names.length === 0 ? null : names.join(", "));
  return {
    asin: { value: book.asin, provenance: audible },
    title: said(book.title, "title"),
    subtitle: said(book.subtitle, "subtitle"),
    authors: said(people(book.authors), "authors"),
    narrators: said(people(book.narrators), "narrators"),
    length: said(book.lengthMinutes, "lengthMinutes"),
    released: said(book.released, "released"),
    purchased: said(book.purchased, "purchased"),
    language: said(book.language, "language"),
    cover: said(book.coverUrl, "coverUrl"),
    status: { value: book.status, provenance: provenance.status ?? { origin: "heuristic", confidence: 0 } },
    isOwned: { value: book.isOwned, provenance: audible },
    isSynthetic: { value: book.isOwned ? null : true, provenance: null },
    source: { value: book.source, provenance: audible },
    cluster: { value: book.cluster, provenance: { origin: "heuristic", confidence: 1 } },
  };
}

function saidOfPlaces(book: Book, places: readonly Place[]): Readonly<Record<string, Said>> {
  const provenance = book.provenance.series ?? { origin: "heuristic", confidence: 0 };
  const order = positionNumber(parsePosition(places[0]?.position ?? null));
  return { series: { value: placesJson(places), provenance }, order: { value: order, provenance } };
}

/** A book for each volume that is out and not owned, as far as Audible names it. */
function synthesizeMissing(draft: Draft, today: Day, idByAsin: Map<string, string>): void {
  const members = booksBySeries(draft);
  for (const series of draft.live("series")) {
    for (const { asins, title, number, released } of gapsOf(series, members.get(series.id) ?? [], today)
      .missing) {
      const [asin] = asins;
      if (asin === undefined || asins.some((each) => idByAsin.has(each.toUpperCase()))) continue;
      idByAsin.set(asin.toUpperCase(), asin);
      const places = placesJson([{ id: series.id, position: number === null ? null : String(number) }]);
      const said = (value: Json): Said => ({ value, provenance: audible });
      draft.create("books", asin);
      draft.set(
        "books",
        asin,
        {
          asin: said(asin),
          title: said(title),
          released: said(released),
          series: said(places),
          order: said(number),
          isOwned: said(false),
          source: said("audible"),
          status: { value: "notStarted", provenance: { origin: "heuristic", confidence: 0 } },
          isSynthetic: unsaid(true),
          judged: unsaid("notStarted"),
        },
        "missing in its series",
      );
    }
  }
}
