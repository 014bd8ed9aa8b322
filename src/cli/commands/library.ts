import type { ChangeOptions, LibraryDesk, ShelfReport } from "../../app/library-report.ts";
import type { CommandContext, CommandResult, ExitCode } from "../command.ts";
import { wholeNumber, withLockstep } from "../command.ts";
import { painterFor } from "../paint.ts";
import { createProgressPrinter } from "../progress.ts";
import { shelfText, syncLines } from "../shelf-text.ts";
import { libraryOf } from "./import.ts";

const notWritten = "Nothing was written.";

type Work = (library: LibraryDesk, options: ChangeOptions) => Promise<ShelfReport>;

/** Computes Final Status, gaps and next releases anew, and carries through what waits. */
export function recompute(
  context: CommandContext,
  { dryRun, allowCascade }: { readonly dryRun?: boolean; readonly allowCascade?: string },
): Promise<CommandResult> {
  const allowed =
    allowCascade === undefined
      ? null
      : wholeNumber("--allow-cascade", allowCascade, { min: 0, max: 1_000_000 });
  return change(context, dryRun !== true, (library, options) =>
    library.recompute({ ...options, allowCascade: allowed }),
  );
}

/** Shows which made-up volumes would go, and removes them with `--yes`. */
export function cleanup(
  context: CommandContext,
  { yes }: { readonly yes?: boolean },
): Promise<CommandResult> {
  return withHint(
    change(context, yes === true, (library, options) => library.cleanup(options)),
    "With --yes it is.",
  );
}

/** Shows how many records would go, and removes them when that number is given. */
export async function reset(
  context: CommandContext,
  { yes }: { readonly yes?: string },
): Promise<CommandResult> {
  const { io } = context;
  const given = yes ?? (await typedCount(context));
  const count = given === undefined ? null : wholeNumber("--yes", given, { min: 0, max: 10_000_000 });
  let live = 0;
  const result = await change(context, count !== null, async (library, options) => {
    const report = await library.reset({ ...options, count });
    live = report.counts.series.trash + report.counts.books.trash;
    return report;
  });
  const hint = `To do it: lockstep library reset --yes ${live}`;
  return count === null && !io.isInteractive ? withHint(Promise.resolve(result), hint) : result;
}

async function typedCount(context: CommandContext): Promise<string | undefined> {
  const { io } = context;
  if (io.ask === undefined || context.flags.json === true) return undefined;
  const plan = await withLockstep(context, ({ lockstep }) =>
    libraryOf(lockstep).reset({ isCommitted: false, trigger: "cli", count: null }),
  );
  const { series, books } = plan.counts;
  const live = series.trash + books.trash;
  io.stdout.write(
    `${series.trash} series and ${books.trash} books would go to the trash, with their pages.\n`,
  );
  const typed = await io.ask(`Type the number of records (${live}) to do it, or nothing: `);
  return typed.trim() === "" ? undefined : typed.trim();
}

function change(context: CommandContext, isCommitted: boolean, work: Work): Promise<CommandResult> {
  const { io, deps } = context;
  const { onProgress, finish } = createProgressPrinter(io, deps.now);
  const options: ChangeOptions = { isCommitted, trigger: "cli", onProgress, signal: io.signal };
  return withLockstep(context, async ({ lockstep }) => {
    const report = await work(libraryOf(lockstep), options).finally(finish);
    return shelfResult(context, report, isCommitted);
  });
}

/** What was only shown says how it is done. */
export async function withHint(shown: Promise<CommandResult>, hint: string): Promise<CommandResult> {
  const result = await shown;
  return result.text.endsWith(notWritten) ? { ...result, text: `${result.text} ${hint}` } : result;
}

/** A report of a library as a command's result. */
export function shelfResult(
  context: CommandContext,
  report: ShelfReport,
  isCommitted: boolean,
): CommandResult {
  const exitCode = exitCodeOf(report);
  const { run } = report;
  const end = !isCommitted
    ? notWritten
    : run === null
      ? "Nothing had changed."
      : `Done. To take it back: lockstep undo ${run.id}`;
  return {
    exitCode,
    document: { ok: exitCode === 0, isCommitted, ...report },
    text: [shelfText(report, painterFor(context.io)), "", ...syncLines(report), end].join("\n"),
  };
}

function exitCodeOf({ syncs, refusal }: ShelfReport): ExitCode {
  if (syncs.some(({ run }) => run.status === "failed" || run.status === "cancelled")) return 1;
  return refusal !== null || syncs.some(({ run }) => run.status === "refused") ? 3 : 0;
}
