import { createReadStream, existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { ImportReport, LibraryDesk } from "../../app/library-report.ts";
import type { Lockstep } from "../../app/lockstep.ts";
import { LockstepError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import {
  type CommandContext,
  type CommandResult,
  type ExitCode,
  withLockstep,
  withReadOnlyLockstep,
} from "../command.ts";
import { painterFor } from "../paint.ts";
import { createProgressPrinter } from "../progress.ts";
import { shelfText, syncLines } from "../shelf-text.ts";
import { oneLine } from "../table.ts";
import { importAt } from "./import-remote.ts";

export interface ImportFlags {
  readonly commit?: boolean;
  readonly apiUrl?: string;
  readonly companion?: string;
  readonly synthesizeMissing?: boolean;
  readonly withPodcasts?: boolean;
  readonly dates?: string;
}

const dateOrders = ["month-first", "day-first"] as const;

/** Shows what an exported library would change, and changes it with `--commit`. */
export async function importLibrary(
  context: CommandContext,
  file: string,
  flags: ImportFlags,
): Promise<CommandResult> {
  const { io, deps } = context;
  const path = resolve(io.cwd, file);
  if (!existsSync(path)) throw new LockstepError("USAGE", `There is no file ${path}.`);
  const companion = await companionOf(
    path,
    flags.companion === undefined ? null : resolve(io.cwd, flags.companion),
  );
  const { onProgress, finish } = createProgressPrinter(io, deps.now);
  const options = {
    isCommitted: flags.commit === true,
    isSynthesizing: flags.synthesizeMissing === true,
    withPodcasts: flags.withPodcasts === true,
    dateOrder: dateOrderOf(flags.dates),
    trigger: "cli",
    onProgress,
    signal: io.signal,
  };
  const work = (library: LibraryDesk) =>
    library.import({ name: basename(path), chunks: () => createReadStream(path), companion }, options);
  const report = await (flags.apiUrl !== undefined
    ? importAt(context, flags.apiUrl, { path, companion, options })
    : options.isCommitted
      ? withLockstep(context, ({ lockstep }) => work(libraryOf(lockstep)))
      : withReadOnlyLockstep(context, ({ lockstep }) => work(libraryOf(lockstep)))
  ).finally(finish);
  const exitCode = exitCodeOf(report);
  return {
    exitCode,
    document: { ok: exitCode === 0, isCommitted: options.isCommitted, ...report },
    text: importText(context, report, options.isCommitted),
  };
}

/** USAGE when no library is configured. */
export function libraryOf({ library }: Lockstep): LibraryDesk {
  if (library !== null) return library;
  throw new LockstepError(
    "USAGE",
    'The configuration has no "library". `lockstep init --recipe library --page LINK` makes one.',
  );
}

function dateOrderOf(text: string | undefined): (typeof dateOrders)[number] | null {
  if (text === undefined) return null;
  const found = dateOrders.find((order) => order === text.toLowerCase());
  if (found !== undefined) return found;
  throw new LockstepError("USAGE", `--dates: expected ${dateOrders.join(", ")}, got "${text}".`);
}

/** The series file that was written beside an export has its time in its name. */
async function companionOf(path: string, given: string | null): Promise<Json> {
  const found = given ?? besides(path);
  if (found === null) return null;
  try {
    return JSON.parse(await readFile(found, "utf8")) as Json;
  } catch (cause) {
    throw new LockstepError(
      "USAGE",
      `${found} cannot be read as JSON: expected the series file of an export.`,
      { cause },
    );
  }
}

function besides(path: string): string | null {
  const stamp = /^audible-library-(.+)\.(?:csv|tsv|json)$/i.exec(basename(path))?.[1];
  if (stamp === undefined) return null;
  const name = `audible-series-metadata-${stamp}.json`;
  return readdirSync(dirname(path)).includes(name) ? join(dirname(path), name) : null;
}

function exitCodeOf({ format, syncs, refusal }: ImportReport): ExitCode {
  if (format === null || syncs.some(({ run }) => run.status === "failed" || run.status === "cancelled"))
    return 1;
  return refusal !== null || syncs.some(({ run }) => run.status === "refused") ? 3 : 0;
}

function importText(context: CommandContext, report: ImportReport, isCommitted: boolean): string {
  const { file, format, rows, podcasts, problems, expected } = report;
  const left = podcasts === 0 ? "" : `, ${counted(podcasts, "podcast")} left out`;
  const { books, series } = report.counts;
  const isNothing = books.create + books.change + books.restore + series.create + series.change === 0;
  const minutes =
    expected.seconds === null ? "" : `, about ${Math.max(1, Math.ceil(expected.seconds / 60))} min`;
  const next =
    isCommitted || format === null
      ? []
      : isNothing
        ? ["", "Nothing to do."]
        : ["", `Nothing was written. With --commit: about ${expected.calls} calls to Notion${minutes}.`];
  return [
    format === null
      ? `${oneLine(file)}: not read`
      : `${oneLine(file)}: ${format}, ${counted(rows, "row")}${left}${problems.length === 0 ? "" : `, ${counted(problems.length, "problem")}`}`,
    ...problems.slice(0, 50).map(problemLine),
    ...(problems.length > 50 ? [`  … and ${problems.length - 50} more; --json lists them`] : []),
    ...(format === null ? [] : ["", shelfText(report, painterFor(context.io))]),
    ...(isCommitted ? ["", ...syncLines(report), ...unsentLines(report), runLine(report)] : next),
  ].join("\n");
}

function problemLine({ row, line, column, expected, got, lost }: ImportReport["problems"][number]): string {
  const where = [
    ...(row === null ? [] : [`row ${row}`]),
    ...(line === null || line === row ? [] : [`line ${line}`]),
    ...(column === null ? [] : [`column "${column}"`]),
  ];
  const left = lost === "row" ? "; the row is left out" : lost === "value" ? "; the value is left out" : "";
  return `  ${where.length === 0 ? "the file" : where.join(", ")}: expected ${expected}, got ${oneLine(got, 100)}${left}`;
}

function unsentLines({ run, syncs }: ImportReport): readonly string[] {
  const isSent = run === null || syncs.length > 0;
  return isSent
    ? []
    : ["Not sent to Notion: there are no databases yet. `lockstep init --recipe library` makes them."];
}

function runLine({ run }: ImportReport): string {
  return run === null ? "Nothing had changed." : `Done. To take it back: lockstep undo ${run.id}`;
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
