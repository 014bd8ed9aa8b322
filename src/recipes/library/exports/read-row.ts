import type { Json } from "../../../core/json.ts";
import type { BookStatus, ExportedBook, SeriesPlace } from "../model.ts";
import { tidy } from "../text.ts";
import { parseDuration } from "./durations.ts";
import type { ExportField, RecognisedFormat } from "./formats.ts";
import { readPeople } from "./people.ts";
import { type ExportProblem, quote, type RowPlace } from "./problem.ts";
import { readJoinedSeries, readOwnSeries, readSingleSeries } from "./series-columns.ts";

/** One row of an export: a value for each of its columns, absent where it has none. */
export interface ExportRow extends RowPlace {
  readonly values: Readonly<Record<string, Json>>;
}

/** The book of a row, its dates still to be read with their columns; null when it has no id or no title. */
export interface RowReading {
  readonly book: ExportedBook | null;
  readonly problems: readonly ExportProblem[];
}

/** The longest that Audible sells have some three hundred. What is longer is another column, or an attack on the parser. */
const TITLE_CHARS_MAX = 1_000;

/** Reads everything of a row but its dates. */
export function readRow(row: ExportRow, recognised: RecognisedFormat): RowReading {
  const cells = new Cells(row, recognised);
  const asin = cells.text("asin").toUpperCase();
  const title = tidy(cells.text("title"));
  if (!/^[0-9A-Z]{10}$/.test(asin)) {
    const hint = /^\d{9}$/.test(asin) ? " (a spreadsheet drops leading zeros: store the column as text)" : "";
    return { book: null, problems: [cells.problem("asin", `ten letters and digits${hint}`, "row")] };
  }
  if (title === "" || title.length > TITLE_CHARS_MAX)
    return {
      book: null,
      problems: [cells.problem("title", `a title (at most ${TITLE_CHARS_MAX} characters)`, "row")],
    };
  const lengthMinutes = readLength(cells);
  const book: ExportedBook = {
    asin,
    title,
    subtitle: readSubtitle(cells),
    authors: readPeople(cells.value("authors")),
    narrators: readPeople(cells.value("narrators")),
    series: readSeries(cells, recognised.format.name),
    lengthMinutes,
    released: null,
    purchased: null,
    language: tidy(cells.text("language")).toLowerCase() || null,
    coverUrl: readCover(cells),
    status: readStatus(cells),
    kind: readKind(cells),
    source: cells.text("source") || recognised.format.name,
  };
  return { book, problems: cells.problems };
}

/** The values of one row by field. */
class Cells {
  readonly problems: ExportProblem[] = [];
  private readonly row: ExportRow;
  private readonly columns: RecognisedFormat["columnsByField"];

  constructor(row: ExportRow, { columnsByField }: RecognisedFormat) {
    this.row = row;
    this.columns = columnsByField;
  }

  value(field: ExportField): Json {
    const column = this.columnOf(field);
    return column === undefined ? null : (this.row.values[column] ?? null);
  }

  text(field: ExportField): string {
    const value = this.value(field);
    if (value === null || typeof value === "object") return "";
    return String(value).trim();
  }

  /** The first column of the field that this row fills. */
  private columnOf(field: ExportField): string | undefined {
    const columns = this.columns[field] ?? [];
    const isFilled = (column: string) => !["", null, undefined].includes(asScalar(this.row.values[column]));
    return columns.find(isFilled) ?? columns[0];
  }

  problem(field: ExportField, expected: string, lost: ExportProblem["lost"]): ExportProblem {
    const value = this.value(field);
    const got =
      typeof value === "string" ? quote(value) : value === null ? "nothing" : quote(JSON.stringify(value));
    const { row, line } = this.row;
    return { row, line, column: this.columnOf(field) ?? null, expected, got, lost };
  }

  /** Leaves the value out, and says so. */
  reject(field: ExportField, expected: string): null {
    this.problems.push(this.problem(field, expected, "value"));
    return null;
  }
}

function asScalar(value: Json | undefined): string | null | undefined {
  return typeof value === "string" ? value.trim() : value === null || value === undefined ? value : "filled";
}

function readSubtitle(cells: Cells): string | null {
  const subtitle = tidy(cells.text("subtitle"));
  if (subtitle.length <= TITLE_CHARS_MAX) return subtitle || null;
  return cells.reject("subtitle", `at most ${TITLE_CHARS_MAX} characters`);
}

function readLength(cells: Cells): number | null {
  const seconds = cells.text("lengthSeconds");
  if (/^\d+(?:\.\d+)?$/.test(seconds) && Number(seconds) > 0) return Math.round(Number(seconds) / 60);
  const field = cells.text("lengthMinutes") === "" ? "duration" : "lengthMinutes";
  const text = cells.text(field);
  if (text === "") return null;
  return (
    parseDuration(text) ??
    cells.reject(field, 'a length, such as "723" (minutes), "12:03:00" or "12 hrs and 3 mins"')
  );
}

function readSeries(cells: Cells, format: RecognisedFormat["format"]["name"]): readonly SeriesPlace[] {
  const names = cells.text("seriesNames");
  const positions = cells.text("seriesPositions");
  if (format === "libation") return readJoinedSeries(names, positions);
  if (format !== "lockstep") return readSingleSeries(names, positions, cells.text("seriesUrl"));
  const own = readOwnSeries(cells.value("series") ?? []);
  return own ?? cells.reject("series", 'a list such as [{"title":"Dune","position":"1","asin":null}]') ?? [];
}

/** Audible's pictures are known by an id; Libation keeps that alone. */
function readCover(cells: Cells): string | null {
  const id = cells.text("coverId");
  return (
    cells.text("coverUrl") || (id === "" ? null : `https://m.media-amazon.com/images/I/${id}._SL500_.jpg`)
  );
}

const statusWords: Readonly<Record<string, BookStatus>> = {
  notstarted: "notStarted",
  unread: "notStarted",
  inprogress: "inProgress",
  reading: "inProgress",
  finished: "finished",
  read: "finished",
  poubelle: "poubelle",
};

function readStatus(cells: Cells): BookStatus | null {
  const word = cells
    .text("status")
    .toLowerCase()
    .replace(/[^a-z]/g, "");
  if (word !== "") {
    return statusWords[word] ?? cells.reject("status", `one of ${Object.keys(statusWords).join(", ")}`);
  }
  return readProgress(cells);
}

const yes: ReadonlySet<string> = new Set(["true", "1", "yes", "y"]);
const no: ReadonlySet<string> = new Set(["false", "0", "no", "n"]);

function readProgress(cells: Cells): BookStatus | null {
  const word = cells.text("isFinished").toLowerCase();
  if (yes.has(word)) return "finished";
  const percent = cells.text("percentComplete");
  const done = Number(percent.replace(/\s*%$/, "").replace(",", "."));
  if (done > 0) return "inProgress";
  if (Number.isNaN(done)) cells.reject("percentComplete", 'a number from 0 to 100, such as "45.5"');
  if (word !== "" && !no.has(word)) return cells.reject("isFinished", '"true" or "false"');
  return word === "" ? null : "notStarted";
}

/** Podcasts and their episodes, by the type where there is one, else by genre. */
function readKind(cells: Cells): ExportedBook["kind"] {
  const kind = cells.text("kind").toLowerCase();
  const isPodcast = kind === "" ? /\bpodcasts?\b/i.test(cells.text("genres")) : /podcast|episode/.test(kind);
  return isPodcast ? "podcast" : "book";
}
