import type { LibraryConfig } from "../config/config.ts";
import type { Json } from "../core/json.ts";
import type { EngineDeps } from "../engine/sync.ts";
import { type CompanionProblem, readCompanion, type SeriesList } from "../recipes/library/companion.ts";
import { dayAt } from "../recipes/library/day.ts";
import type { Draft } from "../recipes/library/draft.ts";
import { enrich } from "../recipes/library/enrich.ts";
import type { ExportProblem } from "../recipes/library/exports/problem.ts";
import { type ExportReading, readExport } from "../recipes/library/exports/read-export.ts";
import { type Incoming, importBooks } from "../recipes/library/import-books.ts";
import { type Judgement, judgeShelf } from "../recipes/library/judge.ts";
import type { OpenLibrary } from "../recipes/library/open-library.ts";
import type { ImportFile, ImportOptions } from "./library-report.ts";
import type { Progress } from "./lockstep.ts";

/** A file as it was read, ready to be taken into the library as often as it takes. */
export interface ReadImport {
  readonly reading: ExportReading;
  readonly problems: readonly ExportProblem[];
  readonly incoming: Incoming;
}

/** Reads a file and finds out what can be known of its books. Changes nothing, and throws for nothing that is in it. */
export async function readImport(
  { clock, openLibrary }: Pick<EngineDeps, "clock"> & { readonly openLibrary: OpenLibrary | null },
  { timeZone, name }: LibraryConfig,
  { file, options }: { readonly file: ImportFile; readonly options: ImportOptions },
): Promise<ReadImport> {
  const { dateOrder, withPodcasts, isSynthesizing } = options;
  const reading = await readExport(file.chunks(), {
    withPodcasts,
    ...(dateOrder === null ? {} : { dateOrder }),
  });
  const { lists, problems } = listsIn(file.companion);
  const { books } = await enrich(
    reading.books,
    { companion: lists, openLibrary },
    { signal: options.signal, onProgress: (done, all) => options.onProgress?.(lookUp(name, done, all)) },
  );
  const today = dayAt(clock.now(), timeZone);
  return {
    reading,
    problems: [...reading.problems, ...problems],
    incoming: { books, lists, today, isSynthesizing },
  };
}

function lookUp(sync: string, rows: number, rowsExpected: number): Progress {
  return { sync, phase: "asking Open Library", rows, rowsExpected, calls: rows, waitingMs: 0 };
}

/** An import, and what follows from it, as one plan. */
export function takeIn(
  draft: Draft,
  { incoming }: Pick<ReadImport, "incoming">,
  { cascadeMax }: Pick<LibraryConfig, "cascadeMax">,
): Judgement {
  importBooks(draft, incoming);
  return judgeShelf(draft, { today: incoming.today, cascadeMax });
}

function listsIn(companion: Json): {
  readonly lists: readonly SeriesList[];
  readonly problems: readonly ExportProblem[];
} {
  if (companion === null) return { lists: [], problems: [] };
  const { series, problems } = readCompanion(companion);
  return { lists: series, problems: problems.map(fromCompanion) };
}

function fromCompanion({ path, expected, got }: CompanionProblem): ExportProblem {
  return { row: null, line: null, column: `${path} of the series file`, expected, got, lost: "value" };
}
