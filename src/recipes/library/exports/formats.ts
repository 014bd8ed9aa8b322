/** What a column of an export can tell. */
export type ExportField =
  | "asin"
  | "title"
  | "subtitle"
  | "authors"
  | "narrators"
  | "series"
  | "seriesNames"
  | "seriesPositions"
  | "seriesUrl"
  | "lengthMinutes"
  | "lengthSeconds"
  | "duration"
  | "released"
  | "purchased"
  | "language"
  | "coverUrl"
  | "coverId"
  | "isFinished"
  | "percentComplete"
  | "status"
  | "genres"
  | "kind"
  | "source";

export type ExportFormatName = "lockstep" | "audible-cli" | "libation" | "openaudible";

export interface ExportFormat {
  readonly name: ExportFormatName;
  /** As people know it. */
  readonly label: string;
  /**
   * The columns of each field, by the names that the program gives them in its files; case, spaces and punctuation do not
   * count. The first that a row fills is taken.
   */
  readonly columns: Readonly<Partial<Record<ExportField, readonly string[]>>>;
  /** Columns that no other program has. */
  readonly signature: readonly string[];
}

/** Read in the source of each program; the columns that say nothing about books and series are left out. */
export const exportFormats: readonly ExportFormat[] = [
  {
    name: "lockstep",
    label: "Lockstep",
    columns: {
      asin: ["asin"],
      title: ["title"],
      subtitle: ["subtitle"],
      authors: ["authors"],
      narrators: ["narrators"],
      series: ["series"],
      lengthMinutes: ["length_minutes"],
      released: ["released"],
      purchased: ["purchased"],
      language: ["language"],
      coverUrl: ["cover_url"],
      status: ["status"],
      kind: ["kind"],
      source: ["source"],
    },
    signature: ["length_minutes", "released", "purchased", "series"],
  },
  {
    name: "audible-cli",
    label: "audible-cli",
    columns: {
      asin: ["asin"],
      title: ["title"],
      subtitle: ["subtitle"],
      authors: ["authors"],
      narrators: ["narrators"],
      seriesNames: ["series_title"],
      seriesPositions: ["series_sequence"],
      lengthMinutes: ["runtime_length_min"],
      released: ["release_date"],
      // Rows that were never bought have the day on which they came into the library.
      purchased: ["purchase_date", "date_added"],
      coverUrl: ["cover_url"],
      isFinished: ["is_finished"],
      percentComplete: ["percent_complete"],
      genres: ["genres"],
    },
    signature: ["runtime_length_min", "series_sequence", "extended_product_description", "is_finished"],
  },
  {
    name: "libation",
    label: "Libation",
    columns: {
      asin: ["Audible Product Id"],
      title: ["Title"],
      subtitle: ["Subtitle"],
      authors: ["Authors", "AuthorNames"],
      narrators: ["Narrators", "NarratorNames"],
      seriesNames: ["Series Names"],
      seriesPositions: ["Series Order"],
      lengthMinutes: ["Length In Minutes"],
      released: ["Date Published"],
      purchased: ["Date Added to library", "DateAdded"],
      language: ["Language"],
      coverId: ["Cover Id", "PictureId", "Cover Id Large", "PictureLarge"],
      isFinished: ["Is Finished?"],
      genres: ["Categories", "CategoriesNames"],
      kind: ["Content Type"],
    },
    signature: ["Audible Product Id", "Series Order", "Length In Minutes"],
  },
  {
    name: "openaudible",
    label: "OpenAudible",
    columns: {
      asin: ["ASIN", "Product ID"],
      title: ["Title", "title_short", "Short Title"],
      subtitle: ["Subtitle"],
      authors: ["Author"],
      narrators: ["Narrated By"],
      seriesNames: ["Series Name"],
      seriesPositions: ["Series Sequence"],
      seriesUrl: ["Series URL", "series_link"],
      duration: ["Duration"],
      lengthSeconds: ["seconds"],
      released: ["Release Date"],
      purchased: ["Purchase Date"],
      language: ["Language"],
      coverUrl: ["Image URL"],
      status: ["Read Status"],
      genres: ["Genre"],
      kind: ["content_type"],
    },
    signature: ["Narrated By", "Series Name", "Read Status", "AYCE", "title_short"],
  },
];

/** How a column's name is compared: "Is Finished?", "IsFinished" and "is_finished" are one. */
export function columnKey(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

/** A format, and which column of a file holds which field, best first. */
export interface RecognisedFormat {
  readonly format: ExportFormat;
  readonly columnsByField: Readonly<Partial<Record<ExportField, readonly string[]>>>;
}

/**
 * The program that writes these columns; null when none does. It has to have an id, a title and something of its own; of
 * several, the one that knows most of the columns.
 */
export function recogniseFormat(columns: readonly string[]): RecognisedFormat | null {
  const present = new Map(columns.map((column) => [columnKey(column), column]));
  const scored = exportFormats
    .map((format) => {
      const columnsByField = columnsOf(format, present);
      const own = format.signature.filter((column) => present.has(columnKey(column))).length;
      const isComplete = columnsByField.asin !== undefined && columnsByField.title !== undefined && own > 0;
      return {
        format,
        columnsByField,
        score: isComplete ? own * 10 + Object.keys(columnsByField).length : 0,
      };
    })
    .sort((a, b) => b.score - a.score);
  const best = scored[0];
  return best === undefined || best.score === 0
    ? null
    : { format: best.format, columnsByField: best.columnsByField };
}

function columnsOf(
  { columns }: ExportFormat,
  present: ReadonlyMap<string, string>,
): RecognisedFormat["columnsByField"] {
  return Object.fromEntries(
    Object.entries(columns).flatMap(([field, names]) => {
      const found = names.flatMap((name) => present.get(columnKey(name)) ?? []);
      return found.length === 0 ? [] : [[field, found]];
    }),
  );
}
