import type { Json } from "../../../core/json.ts";
import type { ExportedBook } from "../model.ts";
import { joinPeople } from "./people.ts";

/** The columns of our own export, in order. */
export const ownColumns = [
  "asin",
  "title",
  "subtitle",
  "authors",
  "narrators",
  "series",
  "length_minutes",
  "released",
  "purchased",
  "status",
  "language",
  "cover_url",
  "kind",
  "source",
] as const;

/** Our own export as CSV (RFC 4180), line by line, the header first. `readExport` gives the same books again. */
export function* writeExport(books: Iterable<ExportedBook>): Generator<string> {
  yield `${ownColumns.join(",")}\r\n`;
  for (const book of books) yield `${cellsOf(book).map(quoteCell).join(",")}\r\n`;
}

function cellsOf(book: ExportedBook): readonly string[] {
  const series: Json = book.series.map(({ name, position, asin }) => ({
    title: name,
    position: position?.raw ?? null,
    asin,
  }));
  return [
    book.asin,
    book.title,
    book.subtitle ?? "",
    joinPeople(book.authors),
    joinPeople(book.narrators),
    series.length === 0 ? "" : JSON.stringify(series),
    book.lengthMinutes === null ? "" : String(book.lengthMinutes),
    book.released ?? "",
    book.purchased ?? "",
    book.status ?? "",
    book.language ?? "",
    book.coverUrl ?? "",
    book.kind,
    book.source,
  ];
}

function quoteCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
