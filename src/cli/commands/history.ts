import type { HistoryReport, Lockstep } from "../../app/lockstep.ts";
import type { TaskVersion } from "../../store/store.ts";
import { type CommandContext, type CommandResult, wholeNumber, withReadOnlyLockstep } from "../command.ts";
import { type Column, oneLine, table } from "../table.ts";
import { minuteOf } from "../time.ts";

const columns: readonly Column<TaskVersion>[] = [
  { title: "VERSION", value: ({ versionNum }) => versionNum },
  { title: "WHEN", value: ({ createdAt }) => minuteOf(createdAt) },
  { title: "BY", value: ({ createdBy }) => oneLine(createdBy, 24) },
  { title: "FLAGS", value: flagsOf },
  { title: "STATUS", value: ({ status }) => oneLine(status ?? "", 20) },
  { title: "TITLE", value: ({ title }) => oneLine(title, 40) },
  { title: "REASON", value: ({ changeReason }) => oneLine(changeReason, 80) },
];

/** The newest versions of a task, newest first. */
export function history(
  context: CommandContext,
  reference: string,
  flags: { readonly limit: string; readonly at?: string },
): Promise<CommandResult> {
  const limit = wholeNumber("--limit", flags.limit, { min: 1, max: 1000 });
  return withReadOnlyLockstep(context, async ({ lockstep }) => {
    const report =
      flags.at === undefined
        ? await newestVersions(lockstep, reference, limit)
        : await lockstep.historyAt(reference, flags.at);
    return { exitCode: 0, document: { ok: true, ...report }, text: historyText(report) };
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

function flagsOf({ conflictFlag, isDeleted }: TaskVersion): string {
  return [...(conflictFlag ? ["conflict"] : []), ...(isDeleted ? ["deleted"] : [])].join(" ");
}
