import { isOmnibus, parsePosition, positionNumber } from "../position.ts";
import { foldText, stripEditionNotes } from "../text.ts";
import { performanceOf, seriesKey, storyKey } from "./key.ts";
import {
  confidence,
  readTitle,
  readWork,
  type TitleReading,
  type TitleText,
  withoutGenre,
} from "./read-title.ts";
import { readBareNumber, readUnit } from "./title-rules.ts";

/** A book whose series is to be read out of its title, or is known already. */
export interface LibraryTitle extends TitleText {
  readonly id: string;
  readonly authors: readonly string[];
  /** What better sources say. Such a book is only read for a position that they lack, and helps with the others. */
  readonly known: readonly { readonly name: string; readonly position: string | null }[];
}

/** Added when another book by the same author is in the series that a reading names. */
const SUPPORT = 0.4;
/** Less sure than this is no reading. */
const CONFIDENCE_MIN = 0.44;
/** The whole of a name goes before a part of it, however clearly that is stated. */
const CUT_NAME = 0.95;
/** A name as long as this, in words, is recognised at the beginning of a title without anything that sets it off. */
const PREFIX_WORDS_MIN = 3;
/** A name that a better source gives outweighs every spelling that was only read. */
const KNOWN_WEIGHT = 1_000;
/** Keys shorter than this are not corrected: a letter more or less makes another word. */
const TYPO_LETTERS_MIN = 12;

/**
 * Reads the series of all books of a library together, because a person does so too: "Master Class" is a first volume
 * when "Master Class 2" stands beside it. For each id the readings, the likeliest first; ids with none are absent.
 */
export function readLibrary(titles: readonly LibraryTitle[]): ReadonlyMap<string, readonly TitleReading[]> {
  const books = titles.map((title): ShelvedTitle => ({ ...title, authorKeys: authorKeys(title) }));
  const open = books.filter(({ known }) => known.every(({ position }) => position === null));
  const alone = new Map(open.map((book) => [book.id, readTitle(book)]));
  const shelf = buildShelf(books, alone);
  const results = new Map<string, readonly TitleReading[]>();
  for (const book of open) {
    const readings = readInContext(book, alone.get(book.id) ?? [], shelf);
    if (readings.length > 0) results.set(book.id, readings);
  }
  return results;
}

interface ShelvedTitle extends LibraryTitle {
  readonly authorKeys: ReadonlySet<string>;
}

/** One series as the library knows it. */
interface ShelfSeries {
  readonly key: string;
  /** How often each spelling of its name is used. */
  readonly names: Map<string, number>;
  readonly members: Map<string, Member>;
}

interface Member {
  readonly authors: ReadonlySet<string>;
  /** The one volume that it is; null for an omnibus too. */
  readonly number: number | null;
}

type Shelf = ReadonlyMap<string, ShelfSeries>;

function buildShelf(
  books: readonly ShelvedTitle[],
  alone: ReadonlyMap<string, readonly TitleReading[]>,
): Shelf {
  const shelf = new Map<string, ShelfSeries>();
  for (const book of books) {
    const authors = book.authorKeys;
    // The likeliest reading of each book; also names that only count together with others.
    const work = readWork(book);
    const said =
      book.known.length > 0 ? book.known : work !== null ? [work] : (alone.get(book.id) ?? []).slice(0, 1);
    for (const { name, position } of said) {
      const key = seriesKey(name);
      const series = shelf.get(key) ?? { key, names: new Map(), members: new Map() };
      shelf.set(key, series);
      const weight = book.known.length > 0 || work !== null ? KNOWN_WEIGHT : 1;
      series.names.set(name, (series.names.get(name) ?? 0) + weight);
      const place = parsePosition(position);
      series.members.set(book.id, { authors, number: isOmnibus(place) ? null : positionNumber(place) });
    }
  }
  for (const readings of alone.values()) joinSpellings(shelf, readings);
  return shelf;
}

/**
 * A book that gives one number under two names, "Arc, Book 2" over "Arc the SS Tier Heroine 2", says that they are one
 * series; the name that more books use stays. Two numbers ("Year 2, Vol. 10", "Book 26") are two series.
 */
function joinSpellings(shelf: Map<string, ShelfSeries>, readings: readonly TitleReading[]): void {
  const [first, second] = readings;
  if (first === undefined || second === undefined || second.confidence < confidence.stated) return;
  const [one, other] = [first, second].map(({ position }) => positionNumber(parsePosition(position)));
  const [key, otherKey] = [seriesKey(first.name), seriesKey(second.name)];
  const [series, twin] = [shelf.get(key), shelf.get(otherKey)];
  const isOneName = key.startsWith(`${otherKey} `) || otherKey.startsWith(`${key} `);
  if (one === null || one !== other || !isOneName || series === twin) return;
  if (series === undefined || twin === undefined) return;
  const [kept, joined] = weightOf(twin) > weightOf(series) ? [twin, series] : [series, twin];
  for (const [id, member] of joined.members) kept.members.set(id, member);
  shelf.set(joined.key, kept);
}

function weightOf({ names }: ShelfSeries): number {
  return [...names.values()].reduce((sum, count) => sum + count, 0);
}

function authorKeys({ authors }: LibraryTitle): ReadonlySet<string> {
  return new Set(authors.map(foldText).filter((key) => key !== ""));
}

/** The series that another book by the same author is in. */
function supported(shelf: Shelf, key: string, book: ShelvedTitle): ShelfSeries | null {
  const series = shelf.get(key);
  if (series === undefined) return null;
  const authors = book.authorKeys;
  const hasOther = [...series.members].some(
    ([id, member]) => id !== book.id && [...member.authors].some((author) => authors.has(author)),
  );
  return hasOther ? series : null;
}

function nameOf(series: ShelfSeries): string {
  return [...series.names].reduce((best, each) => (each[1] > best[1] ? each : best))[0];
}

function readInContext(
  book: ShelvedTitle,
  alone: readonly TitleReading[],
  shelf: Shelf,
): readonly TitleReading[] {
  const candidates = [
    ...alone.map((reading) => corrected(reading, book, shelf)),
    ...readFromShelf(book, alone[0] ?? null, shelf),
  ]
    .map((reading) => {
      const series = performed(book, reading, shelf) ?? supported(shelf, seriesKey(reading.name), book);
      if (series === null) return { reading, weight: reading.confidence };
      return { reading: { ...reading, name: nameOf(series) }, weight: reading.confidence + SUPPORT };
    })
    .filter(({ weight }) => weight >= CONFIDENCE_MIN)
    .sort((a, b) => b.weight - a.weight);
  const best = candidates[0];
  if (best === undefined) return [];
  const others = candidates
    .slice(1)
    .map(({ reading }) => reading)
    .filter((reading) => reading.confidence >= confidence.stated && !isSameSeries(reading, best.reading));
  const sure = Math.round(Math.min(best.weight, confidence.stated) * 100) / 100;
  return [{ ...best.reading, confidence: sure }, ...others];
}

/** The series of the same performance, where it is one: "… (Full-Cast Edition)" and "Harry Potter (Full-Cast Editions)". */
function performed(book: ShelvedTitle, reading: TitleReading, shelf: Shelf): ShelfSeries | null {
  const performance = performanceOf(book.title);
  if (performance === null) return null;
  const story = storyKey(reading.name);
  for (const key of shelf.keys()) {
    if (performanceOf(key) !== performance || storyKey(key) !== story) continue;
    const series = supported(shelf, key, book);
    if (series !== null) return series;
  }
  return null;
}

function isSameSeries(a: TitleReading, b: TitleReading): boolean {
  return seriesKey(a.name) === seriesKey(b.name);
}

/** A name that is one letter off a name that more books have is that name. */
function corrected(reading: TitleReading, book: ShelvedTitle, shelf: Shelf): TitleReading {
  const key = seriesKey(reading.name);
  if (key.length < TYPO_LETTERS_MIN || supported(shelf, key, book) !== null) return reading;
  for (const other of shelf.keys()) {
    if (!isOneEditApart(key, other)) continue;
    const series = supported(shelf, other, book);
    if (series !== null && series.members.size > 1) return { ...reading, name: nameOf(series) };
  }
  return reading;
}

function isOneEditApart(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  // Another number is another series: "year 1", "year 2".
  if (a === b || long.length - short.length > 1 || /\d/.test(a + b)) return false;
  let at = 0;
  while (at < short.length && short[at] === long[at]) at += 1;
  return short.slice(at + (short.length === long.length ? 1 : 0)) === long.slice(at + 1);
}

/** Readings that only the neighbours on the shelf make possible. */
function readFromShelf(
  book: ShelvedTitle,
  first: TitleReading | null,
  shelf: Shelf,
): readonly TitleReading[] {
  const title = stripEditionNotes(book.title);
  const subtitle = stripEditionNotes(book.subtitle ?? "");
  const readings: TitleReading[] = [];
  const whole = first === null ? null : (headOf(book, title, first, shelf) ?? tailOf(book, first, shelf));
  if (whole !== null && first !== null) {
    readings.push({ name: whole, position: first.position, confidence: CUT_NAME });
  }
  const work = readWork(book);
  if (work !== null) readings.push(work);
  const told = supported(shelf, seriesKey(subtitle), book);
  if (told !== null) {
    const position = readUnit(title)?.position ?? readBareNumber(title)?.position ?? null;
    readings.push({ name: nameOf(told), position, confidence: confidence.placed });
  }
  const own = supported(shelf, seriesKey(withoutGenre(title)), book);
  if (own !== null) {
    readings.push({ name: nameOf(own), position: firstPlace(own, book), confidence: confidence.alternative });
  }
  const prefix = prefixOf(book, title, shelf);
  if (prefix !== null) readings.push({ name: prefix, position: null, confidence: confidence.alternative });
  return readings;
}

/** A title that is the bare name of a series is its first volume, unless that place is taken. */
function firstPlace(series: ShelfSeries, book: ShelvedTitle): string | null {
  const isTaken = [...series.members].some(([id, { number }]) => id !== book.id && number === 1);
  return isTaken ? null : "1";
}

/**
 * "Mushoku Tensei" over "Jobless Reincarnation, Vol. 3", where other books are in "Mushoku Tensei: Jobless
 * Reincarnation": title and subtitle are one name cut in two.
 */
function headOf(book: ShelvedTitle, title: string, first: TitleReading, shelf: Shelf): string | null {
  const titleKey = seriesKey(title);
  const said = new Set(foldText(first.name).split(" "));
  let best: { readonly name: string; readonly shared: number } | null = null;
  for (const key of shelf.keys()) {
    if (!key.startsWith(`${titleKey} `)) continue;
    const series = supported(shelf, key, book);
    const name = series === null ? "" : nameOf(series);
    const colon = name.indexOf(": ");
    if (colon < 0 || seriesKey(name.slice(0, colon)) !== titleKey) continue;
    const shared = foldText(name.slice(colon))
      .split(" ")
      .filter((word) => said.has(word)).length;
    if (shared > (best?.shared ?? 0)) best = { name, shared };
  }
  return best?.name ?? null;
}

/** "Transitions, Book I", where more books are in "Forgotten Realms: Transitions" than in "Transitions". */
function tailOf(book: ShelvedTitle, first: TitleReading, shelf: Shelf): string | null {
  const tail = seriesKey(first.name);
  const own = shelf.get(tail)?.members.size ?? 0;
  for (const key of shelf.keys()) {
    if (!key.endsWith(` ${tail}`) || (shelf.get(key)?.members.size ?? 0) < own) continue;
    const series = supported(shelf, key, book);
    const name = series === null ? "" : nameOf(series);
    const colon = name.indexOf(": ");
    if (colon > 0 && seriesKey(name.slice(colon + 2)) === tail) return name;
  }
  return null;
}

/** "Percy Jackson and the Olympians: The Chalice of the Gods": begins with the name of a series. The longest counts. */
function prefixOf(book: ShelvedTitle, title: string, shelf: Shelf): string | null {
  const words = title.split(" ");
  for (let length = words.length - 1; length > 0; length -= 1) {
    const start = words.slice(0, length).join(" ");
    const key = seriesKey(start);
    const isSetOff = /[:–—-]$/.test(start) || /^(?:and|und|et|y|e|&)$/i.test(words[length] ?? "");
    if (!isSetOff && key.split(" ").length < PREFIX_WORDS_MIN) continue;
    const series = supported(shelf, key, book);
    if (series !== null) return nameOf(series);
  }
  return null;
}
