import { isJsonObject } from "../../../core/json.ts";
import type { ExportedBook } from "../model.ts";
import { DateColumn, type DateOrder } from "./dates.ts";
import { parseDelimited } from "./delimited.ts";
import { type ExportFormatName, exportFormats, type RecognisedFormat, recogniseFormat } from "./formats.ts";
import { readJsonRows } from "./json-rows.ts";
import { type ExportProblem, quote } from "./problem.ts";
import { type ExportRow, readRow } from "./read-row.ts";
import { readSpreadsheet, type Spreadsheet } from "./spreadsheet.ts";
import { openText, type TextSource } from "./text-source.ts";

/** All that a file tells. `books` and `problems` are in the order of its rows. */
export interface ExportReading {
  /** The program that wrote it; null when that is not known, and nothing is read. */
  readonly format: ExportFormatName | null;
  readonly books: readonly ExportedBook[];
  /** Rows that are podcasts or episodes and were left out. */
  readonly podcasts: number;
  /** Rows seen, good and bad. */
  readonly rows: number;
  readonly problems: readonly ExportProblem[];
}

export interface ReadExportOptions {
  /** What 03/04/2021 means; found out from each column when it is not given. */
  readonly dateOrder?: DateOrder;
  readonly withPodcasts?: boolean;
}

/** So many rows may lack columns (JSON leaves out what is empty) before a file's columns are known. */
const ROWS_TO_RECOGNISE = 20;

/**
 * Reads an exported library from the bytes of its file, whatever the program, and never throws for what is in it. Rows
 * stream through; only the books are kept. What is wrong with a row or a value is a problem beside the books that are
 * right.
 */
export async function readExport(
  chunks: AsyncIterable<Uint8Array>,
  options: ReadExportOptions = {},
): Promise<ExportReading> {
  const source = await openText(chunks);
  if (source.kind === "empty") return nothing({ expected: "an exported library", got: "an empty file" });
  if (source.kind === "zip") return readSheets(await readSpreadsheet(source.bytes), options);
  const reader = new RowReader(options);
  const rows = source.kind === "json" ? jsonRows(source) : delimitedRows(source);
  for await (const row of rows) reader.add(row);
  return reader.end();
}

/** The first sheet with the columns of an export; where none has them, the first. */
function readSheets(spreadsheet: Spreadsheet, options: ReadExportOptions): ExportReading {
  if (!("sheets" in spreadsheet)) return nothing(spreadsheet);
  const { sheets } = spreadsheet;
  const known = sheets.find((rows) => recogniseFormat(rows[0]?.cells ?? []) !== null);
  const [header, ...rows] = known ?? sheets[0] ?? [];
  const reader = new RowReader(options);
  for (const { row, cells } of rows) {
    reader.add({ row, line: row, values: valuesOf(header?.cells ?? [], cells) });
  }
  return reader.end();
}

/** A row that could not be read at all. */
interface BrokenRow {
  readonly row: number;
  readonly line: number;
  readonly expected: string;
  readonly got: string;
}

type AnyRow = ExportRow | BrokenRow;

async function* jsonRows({ bytes }: TextSource): AsyncGenerator<AnyRow> {
  for await (const row of readJsonRows(bytes)) {
    if (!("value" in row)) yield row;
    else if (isJsonObject(row.value)) yield { row: row.row, line: row.line, values: row.value };
  }
}

async function* delimitedRows({ bytes, beginning }: TextSource): AsyncGenerator<AnyRow> {
  let header: readonly string[] | null = null;
  let row = 0;
  for await (const record of parseDelimited(bytes, { delimiter: findDelimiter(beginning) })) {
    row += 1;
    const { line } = record;
    if (!("cells" in record)) yield { ...record, row };
    else if (header === null) header = record.cells;
    else {
      yield { row, line, values: valuesOf(header, record.cells) };
    }
  }
}

/** A plain loop: this runs for every cell of a file. */
function valuesOf(header: readonly string[], cells: readonly string[]): ExportRow["values"] {
  const values: Record<string, string> = Object.create(null);
  for (const [at, column] of header.entries()) values[column] = cells[at] ?? "";
  return values;
}

const delimiters = [",", "\t", ";", "|"] as const;

/** The one that makes known columns out of the first line; else the one that occurs most. */
function findDelimiter(beginning: string): string {
  const header = /[^\r\n]+/.exec(beginning)?.[0] ?? "";
  const scored = delimiters.map((delimiter) => {
    const columns = header.split(delimiter).map((column) => column.replace(/^\s*"|"\s*$/g, ""));
    const known = recogniseFormat(columns)?.columnsByField ?? {};
    return { delimiter, score: Object.keys(known).length * 1_000 + columns.length };
  });
  return scored.reduce((best, each) => (each.score > best.score ? each : best)).delimiter;
}

/** Recognises the format, then reads row by row, and the dates at the end. */
class RowReader {
  private readonly options: ReadExportOptions;
  private recognised: RecognisedFormat | null = null;
  private readonly waiting: AnyRow[] = [];
  private readonly books = new Map<string, { readonly row: number; readonly book: ExportedBook }>();
  private readonly problems: ExportProblem[] = [];
  private released = new DateColumn("released");
  private purchased = new DateColumn("purchased");
  private rows = 0;
  private podcasts = 0;

  constructor(options: ReadExportOptions) {
    this.options = options;
  }

  add(row: AnyRow): void {
    this.rows += 1;
    if (this.recognised !== null) {
      this.read(row, this.recognised);
      return;
    }
    if (this.waiting.length < ROWS_TO_RECOGNISE) this.waiting.push(row);
    if (this.waiting.length === ROWS_TO_RECOGNISE) this.recognise();
  }

  end(): ExportReading {
    this.recognise();
    const { recognised } = this;
    if (recognised === null) return unknownFormat(this.waiting);
    const told = this.options.dateOrder ?? null;
    const released = this.released.resolve({ told, elsewhere: this.purchased.proof() });
    const purchased = this.purchased.resolve({ told, elsewhere: this.released.proof() });
    const books = [...this.books.values()].map(({ row, book }) => ({
      ...book,
      released: released.days.get(row) ?? null,
      purchased: purchased.days.get(row) ?? null,
    }));
    const problems = [...this.problems, ...released.problems, ...purchased.problems];
    return {
      format: recognised.format.name,
      books,
      podcasts: this.podcasts,
      rows: this.rows,
      problems: problems.sort((a, b) => (a.row ?? 0) - (b.row ?? 0)),
    };
  }

  private recognise(): void {
    if (this.recognised !== null) return;
    const columns = new Set(this.waiting.flatMap((row) => ("values" in row ? Object.keys(row.values) : [])));
    const recognised = recogniseFormat([...columns]);
    if (recognised === null) return;
    this.recognised = recognised;
    this.released = new DateColumn(recognised.columnsByField.released?.[0] ?? "released");
    this.purchased = new DateColumn(recognised.columnsByField.purchased?.[0] ?? "purchased");
    for (const row of this.waiting.splice(0)) this.read(row, recognised);
  }

  private read(row: AnyRow, recognised: RecognisedFormat): void {
    if (!("values" in row)) {
      this.problems.push({ ...row, column: null, lost: "row" });
      return;
    }
    const { book, problems } = readRow(row, recognised);
    this.problems.push(...problems);
    if (book === null) return;
    if (book.kind === "podcast" && this.options.withPodcasts !== true) {
      this.podcasts += 1;
      return;
    }
    const first = this.books.get(book.asin);
    if (first !== undefined) {
      const column = recognised.columnsByField.asin?.[0] ?? null;
      const got = `${quote(book.asin)} again, which row ${first.row} has`;
      this.problems.push({
        row: row.row,
        line: row.line,
        column,
        expected: "each book once",
        got,
        lost: "row",
      });
      return;
    }
    this.books.set(book.asin, { row: row.row, book });
    this.released.add(row, dateText(row, recognised.columnsByField.released));
    this.purchased.add(row, dateText(row, recognised.columnsByField.purchased));
  }
}

/** The first of the columns that the row fills. */
function dateText({ values }: ExportRow, columns: readonly string[] = []): string {
  for (const column of columns) {
    const value = values[column];
    if (typeof value === "string" && value.trim() !== "") return value;
  }
  return "";
}

function unknownFormat(rows: readonly AnyRow[]): ExportReading {
  const first = rows.find((row) => "values" in row);
  const columns = first !== undefined && "values" in first ? Object.keys(first.values) : [];
  const labels = exportFormats.map(({ label }) => label).join(", ");
  const got = columns.length === 0 ? "no row with columns" : `the columns ${columns.slice(0, 8).join(", ")}`;
  return nothing({ expected: `the columns of an export of ${labels}`, got });
}

function nothing({ expected, got }: Pick<ExportProblem, "expected" | "got">): ExportReading {
  const problem = { row: null, line: null, column: null, expected, got, lost: "file" } as const;
  return { format: null, books: [], podcasts: 0, rows: 0, problems: [problem] };
}
