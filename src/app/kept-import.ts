import type { Json } from "../core/json.ts";
import type { SeriesList } from "../recipes/library/companion.ts";
import type { Day } from "../recipes/library/day.ts";
import type { ExportedBook, SeriesPlace } from "../recipes/library/model.ts";
import type { AnswerStore } from "../store/answer-store.ts";

/** A file as it was read, kept in the store until all steps of its import are done. */
export interface KeptImport {
  readonly id: string;
  /** The file, as people call it. */
  readonly name: string;
  /** Of the whole import, so that midnight does not divide it. */
  readonly today: Day;
  readonly isSynthesizing: boolean;
  readonly books: readonly ExportedBook[];
  readonly lists: readonly SeriesList[];
  /** What Open Library said, by ASIN; empty until it was asked. */
  readonly places: ReadonlyMap<string, readonly SeriesPlace[]>;
}

/** Each page stays well below what one item of any store may hold. */
const booksPerPage = 100;
const listsPerPage = 10;
const keptMs = 30 * 86_400_000;

interface Head extends Omit<KeptImport, "id" | "books" | "lists" | "places"> {
  readonly bookPages: number;
  readonly listPages: number;
}

/** Kept in pages; the head comes last, so that an import is there as a whole or not at all. Kept again, it is the same. */
export async function keepImport(
  answers: AnswerStore,
  { id, books, lists, name, today, isSynthesizing }: Omit<KeptImport, "places">,
  now: number,
): Promise<void> {
  const put = putter(answers, now);
  const pages = [...pagesOf(books, booksPerPage)];
  const listed = [...pagesOf(lists, listsPerPage)];
  for (const [at, page] of pages.entries()) await put(pageKey(id, "books", at), page);
  for (const [at, page] of listed.entries()) await put(pageKey(id, "lists", at), page);
  const head: Head = { name, today, isSynthesizing, bookPages: pages.length, listPages: listed.length };
  await put(headKey(id), head);
}

/** What Open Library said of its books, so that all steps think with the same. Kept again, it is what was said now. */
export async function keepPlaces(
  answers: AnswerStore,
  { id, places }: Pick<KeptImport, "id" | "places">,
  now: number,
): Promise<void> {
  const put = putter(answers, now);
  const pages = [...pagesOf([...places], booksPerPage)];
  for (const [at, page] of pages.entries()) await put(pageKey(id, "places", at), page);
  await put(placesKey(id), pages.length);
}

/** null: there is no such import, or not any more. */
export async function keptImport(answers: AnswerStore, id: string): Promise<KeptImport | null> {
  const kept = await answers.get(headKey(id));
  if (kept === null) return null;
  const { name, today, isSynthesizing, bookPages, listPages } = asKept<Head>(kept.value);
  const placePages = await answers.get(placesKey(id));
  const read = async <T>(kind: PageKind, count: number) => {
    const keys = Array.from({ length: count }, (_, at) => pageKey(id, kind, at));
    const pages = await Promise.all(keys.map((key) => answers.get(key)));
    return pages.every((page) => page !== null) ? pages.flatMap(({ value }) => asKept<T[]>(value)) : null;
  };
  const [books, lists, places] = [
    await read<ExportedBook>("books", bookPages),
    await read<SeriesList>("lists", listPages),
    await read<[string, readonly SeriesPlace[]]>("places", Number(placePages?.value ?? 0)),
  ];
  if (books === null || lists === null || places === null) return null;
  return { id, name, today, isSynthesizing, books, lists, places: new Map(places) };
}

function putter(answers: AnswerStore, now: number) {
  const expiresAt = now + keptMs;
  return (key: string, value: unknown) => answers.put(key, { value: asJson(value), expiresAt });
}

type PageKind = "books" | "lists" | "places";

function headKey(id: string): string {
  return `import:${id}`;
}

function placesKey(id: string): string {
  return `import:${id}:places`;
}

function pageKey(id: string, kind: PageKind, at: number): string {
  return `import:${id}:${kind}:${at}`;
}

function* pagesOf<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size);
}

/** Plain data, all of it. */
function asJson(value: unknown): Json {
  return value as Json;
}

/** Only this file writes these keys, so their shape is known. */
function asKept<T>(value: Json): T {
  return value as unknown as T;
}
