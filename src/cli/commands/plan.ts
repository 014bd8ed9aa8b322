import type { BackupPlanReport, PlannedAction, PlanReport } from "../../app/lockstep.ts";
import { nextStepOf } from "../../app/next-step.ts";
import { type CommandContext, type CommandResult, type ExitCode, withReadOnlyLockstep } from "../command.ts";
import { type Painter, painterFor } from "../paint.ts";
import { pairPlanText } from "../pair-plan-text.ts";
import { createProgressPrinter } from "../progress.ts";
import { oneLine } from "../table.ts";
import { valueText } from "../value-text.ts";
import { readingOptions, type SyncFlags } from "./sync.ts";

const marks: Record<
  PlannedAction["kind"],
  { readonly mark: string; readonly color: "red" | "green" | "yellow" }
> = {
  create: { mark: "+", color: "green" },
  update: { mark: "~", color: "yellow" },
  delete: { mark: "-", color: "red" },
  revive: { mark: "^", color: "green" },
  missing: { mark: "?", color: "yellow" },
  leave: { mark: ">", color: "yellow" },
};

/** What a run would do, as a diff a person can read. */
export function plan(
  context: CommandContext,
  names: readonly string[],
  flags: SyncFlags,
): Promise<CommandResult> {
  const options = readingOptions(flags);
  return withReadOnlyLockstep(context, async ({ lockstep }) => {
    const { onProgress, finish } = createProgressPrinter(context.io, context.deps.now);
    const signal = context.io.signal;
    const reports = await lockstep.plan(names, { ...options, onProgress, signal }).finally(finish);
    const exitCode = exitCodeOf(reports);
    const paint = painterFor(context.io);
    const text = reports.map((report) => planText(report, paint)).join("\n\n");
    return {
      exitCode,
      document: { ok: exitCode === 0, plans: reports },
      text: text === "" ? "Nothing to plan: every sync has syncEnabled set to false." : text,
    };
  });
}

/** As the run itself would end. */
function exitCodeOf(reports: readonly PlanReport[]): ExitCode {
  if (reports.some(({ error }) => error !== null)) return 1;
  return reports.some(({ refusal }) => refusal !== null) ? 3 : 0;
}

function planText(report: PlanReport, paint: Painter): string {
  const lines = report.type === "two-way" ? pairPlanText(report, paint) : backupPlanText(report, paint);
  return [
    ...lines,
    ...report.warnings.map((warning) => `  warning: ${oneLine(warning, 400)}`),
    ...(report.refusal === null ? [] : [`  refused: ${report.refusal}`]),
    ...errorLines(report),
  ].join("\n");
}

function backupPlanText(report: BackupPlanReport, paint: Painter): readonly string[] {
  const total = Object.values(report.counts).reduce((sum, each) => sum + each, 0);
  const hidden = total - report.actions.length;
  return [
    `${oneLine(report.sync)}: ${countsText(report)} (${report.calls} calls)`,
    ...report.actions.flatMap((action) => actionLines(action, paint)),
    ...(hidden > 0 ? [`  … and ${hidden} more`] : []),
  ];
}

function countsText({ counts, unchanged }: BackupPlanReport): string {
  const parts = (Object.keys(marks) as PlannedAction["kind"][])
    .filter((kind) => counts[kind] > 0)
    .map((kind) => `${counts[kind]} to ${kind === "missing" ? "mark missing" : kind}`);
  return `${parts.length === 0 ? "nothing to do" : parts.join(", ")}, ${unchanged} unchanged`;
}

function actionLines({ kind, title, fields, isConflict }: PlannedAction, paint: Painter): readonly string[] {
  const { mark, color } = marks[kind];
  const conflict = isConflict ? "  (conflict: Notion's value wins, the other stays in history)" : "";
  const head = `  ${paint(color, `${mark} ${oneLine(title, 80) || "(no title)"}`)}${conflict}`;
  if (kind !== "update" && kind !== "revive") return [head];
  return [
    head,
    ...fields.map(({ field, from, to }) => `      ${oneLine(field)}: ${valueText(from)} → ${valueText(to)}`),
  ];
}

function errorLines({ error }: PlanReport): readonly string[] {
  if (error === null) return [];
  const step = nextStepOf(error.code);
  return [`  ${error.code}: ${error.message}`, ...(step === null ? [] : [`  → ${step}`])];
}
