import type { HistoryReport, Lockstep } from "../../app/lockstep.ts";
import type { PairHistoryReport } from "../../app/two-way.ts";
import { LockstepError } from "../../core/errors.ts";
import type { PairVersion } from "../../store/pair-store.ts";
import type { TaskVersion } from "../../store/store.ts";
import { type CommandContext, type CommandResult, wholeNumber, withReadOnlyLockstep } from "../command.ts";
import { type Column, oneLine, table } from "../table.ts";
import { minuteOf } from "../time.ts";
import { valueText } from "../value-text.ts";

const columns: readonly Column<TaskVersion>[] = [
  { title: "VERSION", value: ({ versionNum }) => versionNum },
  { title: "WHEN", value: ({ createdAt }) => minuteOf(createdAt) },
  { title: "BY", value: ({ createdBy }) => oneLine(createdBy, 24) },
  { title: "FLAGS", value: flagsOf },
  { title: "STATUS", value: ({ status }) => oneLine(status ?? "", 20) },
  { title: "TITLE", value: ({ title }) => oneLine(title, 40) },
  { title: "REASON", value: ({ changeReason }) => oneLine(changeReason, 80) },
];

/** The newest versions of a task, newest first, or of a record that is synced both ways; of both when it is both. */
export function history(
  context: CommandContext,
  reference: string,
  flags: { readonly limit: string; readonly at?: string },
): Promise<CommandResult> {
  const limit = wholeNumber("--limit", flags.limit, { min: 1, max: 1000 });
  return withReadOnlyLockstep(context, async ({ lockstep }) => {
    if (flags.at !== undefined) {
      const report = await lockstep.historyAt(reference, flags.at);
      return { exitCode: 0, document: { ok: true, ...report }, text: historyText(report) };
    }
    const task = await orNotFound(newestVersions(lockstep, reference, limit));
    const pair = await orNotFound(lockstep.twoWay.history(reference, limit));
    if (task instanceof LockstepError && pair instanceof LockstepError) throw task;
    const found = {
      ...(task instanceof LockstepError ? {} : task),
      ...(pair instanceof LockstepError ? {} : { pair }),
    };
    const texts = [
      ...(task instanceof LockstepError ? [] : [historyText(task)]),
      ...(pair instanceof LockstepError ? [] : [pairHistoryText(pair)]),
    ];
    return { exitCode: 0, document: { ok: true, ...found }, text: texts.join("\n\n") };
  });
}

/** What was looked up, or that it is not there; other failures are thrown. */
async function orNotFound<T>(looking: Promise<T>): Promise<T | LockstepError> {
  return looking.catch((error: unknown) => {
    if (error instanceof LockstepError && error.code === "RECORD_NOT_FOUND") return error;
    throw error;
  });
}

async function newestVersions(lockstep: Lockstep, reference: string, limit: number): Promise<HistoryReport> {
  const { task } = await lockstep.history(reference, { fromVersion: 1, limit: 1 });
  const fromVersion = Math.max(1, task.current.versionNum - limit + 1);
  return lockstep.history(task.id, { fromVersion, limit });
}

export function historyText({ task, versions }: HistoryReport): string {
  const { source } = task;
  const origin = source === null ? "made here" : `Notion page ${source.recordId} (${source.state})`;
  const heading = `Task ${task.id} in ${oneLine(task.projectScopeId)}, ${origin}, ${task.current.versionNum} versions`;
  if (versions.length === 0) return `${heading}\n\nIt did not exist yet.`;
  return `${heading}\n\n${table(columns, versions.toReversed())}`;
}

function pairHistoryText(report: PairHistoryReport): string {
  const { sync, sides, title, status, problem, versions, flaw } = report;
  const side = ({ side: at }: PairVersion) => oneLine(sides[at], 24);
  const list = table<PairVersion>(
    [
      { title: "VERSION", value: ({ seq }) => seq },
      { title: "WHEN", value: ({ at }) => minuteOf(at) },
      { title: "WHERE", value: side },
      { title: "BY", value: byOf },
      { title: "CHANGED", value: ({ fields, prior }) => changesText(fields, prior) },
      { title: "REASON", value: ({ reason }) => oneLine(reason, 40) },
    ],
    versions.toReversed(),
  );
  const place = `${sides.left} ${report.leftId ?? "(no page)"}, ${oneLine(sides.right)} ${oneLine(report.rightId ?? "(no row)")}`;
  return [
    `"${oneLine(title)}" in ${oneLine(sync)}, ${status}: ${place}`,
    ...(problem === null ? [] : [`waits: ${oneLine(problem, 400)}`]),
    flaw === null ? "The history is exactly what was written." : `THE HISTORY WAS CHANGED: ${flaw}`,
    "",
    list,
  ].join("\n");
}

function byOf({ origin, actor }: PairVersion): string {
  if (origin === "engine") return "lockstep";
  return origin === "superseded" ? "(gave way)" : oneLine(actor ?? "unknown", 24);
}

function changesText(fields: PairVersion["fields"], prior: PairVersion["prior"]): string {
  const changes = Object.entries(fields).map(([field, value]) => {
    const before = prior[field];
    const from = before === undefined ? "" : `${valueText(before, 30)} → `;
    return `${field === "$presence" ? "record" : oneLine(field)}: ${from}${valueText(value, 30)}`;
  });
  return changes.join("; ");
}

function flagsOf({ conflictFlag, isDeleted }: TaskVersion): string {
  return [...(conflictFlag ? ["conflict"] : []), ...(isDeleted ? ["deleted"] : [])].join(" ");
}
