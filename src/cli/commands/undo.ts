import type { PairUndoReport, UndoneRecord } from "../../app/two-way.ts";
import { LockstepError } from "../../core/errors.ts";
import type { CommandContext, CommandResult } from "../command.ts";
import { wholeNumber, withLockstep } from "../command.ts";
import { type Painter, painterFor } from "../paint.ts";
import { createProgressPrinter } from "../progress.ts";
import { oneLine } from "../table.ts";
import { valueText } from "../value-text.ts";
import { libraryOf } from "./import.ts";
import { shelfResult, withHint } from "./library.ts";

export interface UndoFlags {
  readonly yes?: boolean;
  readonly allowDeletes?: string;
}

/** Shows what taking a run back would do, and does it with `--yes`. */
export function undo(context: CommandContext, runId: string, flags: UndoFlags): Promise<CommandResult> {
  const { io, deps } = context;
  const isCommitted = flags.yes === true;
  const allowDeletes =
    flags.allowDeletes === undefined
      ? null
      : wholeNumber("--allow-deletes", flags.allowDeletes, { min: 0, max: 1_000_000_000 });
  const { onProgress, finish } = createProgressPrinter(io, deps.now);
  return withLockstep(context, async ({ lockstep }) => {
    const { run } = await lockstep.run(runId);
    if (run.type === "library") {
      const options = { isCommitted, trigger: "cli", onProgress, signal: io.signal };
      const report = await libraryOf(lockstep).undo(run.id, options).finally(finish);
      return withHint(Promise.resolve(shelfResult(context, report, isCommitted)), "With --yes it is.");
    }
    if (run.type === "two-way") {
      const report = await lockstep.twoWay.undo(run.id, { isCommitted, allowDeletes, signal: io.signal });
      return pairResult(context, report, isCommitted);
    }
    throw new LockstepError(
      "USAGE",
      `Run ${run.id} only read into the backup, where every version is kept: there is nothing to take back.`,
    );
  });
}

function pairResult(context: CommandContext, report: PairUndoReport, isCommitted: boolean): CommandResult {
  const failed = report.records.filter(({ outcome }) => outcome !== null && outcome !== "applied");
  const paint = painterFor(context.io);
  const end =
    report.records.length === 0
      ? "There is nothing to take back."
      : isCommitted
        ? `Done. It counts as an edit made there: lockstep sync ${report.sync} carries it to the other side.`
        : "Nothing was written. With --yes it is.";
  return {
    exitCode: failed.length === 0 ? 0 : 1,
    document: { ok: failed.length === 0, isCommitted, ...report },
    text: [...report.records.flatMap((record) => recordLines(record, report, paint)), end].join("\n"),
  };
}

const marks = {
  update: { mark: "~", color: "yellow" },
  trash: { mark: "-", color: "red" },
  restore: { mark: "^", color: "green" },
} as const;

function recordLines(record: UndoneRecord, { sides }: PairUndoReport, paint: Painter): readonly string[] {
  const { title, side, kind, fields, left, outcome } = record;
  const { mark, color } = marks[kind];
  const became = outcome === null || outcome === "applied" ? "" : `: ${outcome}`;
  return [
    `  ${paint(color, `${mark} ${oneLine(title, 80)}`)}  (${oneLine(sides[side])})${became}`,
    ...fields.map(({ field, from, to }) => `      ${oneLine(field)}: ${valueText(from)} → ${valueText(to)}`),
    ...left.map(({ field, reason }) => `      ${oneLine(field)} stays: ${reason}`),
  ];
}
