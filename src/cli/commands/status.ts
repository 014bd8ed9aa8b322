import type { StatusReport, SyncStatus } from "../../app/lockstep.ts";
import { type CommandContext, type CommandResult, withReadOnlyLockstep } from "../command.ts";
import { type Column, oneLine, table } from "../table.ts";
import { minuteOf } from "../time.ts";

const columns: readonly Column<SyncStatus>[] = [
  { title: "SYNC", value: ({ sync }) => oneLine(sync) },
  { title: "STATE", value: stateOf },
  { title: "LAST RUN", value: ({ lastRun }) => minuteOf(lastRun?.startedAt ?? null) },
  { title: "NEXT RUN", value: ({ nextRunAt }) => minuteOf(nextRunAt) },
  {
    title: "SCHEDULE",
    value: ({ schedule }) => (schedule.isEnabled ? `${schedule.cron} ${schedule.timeZone}` : "off"),
  },
  { title: "LIVE", value: ({ totals }) => totals.live },
  { title: "DELETED", value: ({ totals }) => totals.deleted },
  { title: "MISSING", value: ({ totals }) => totals.missing },
  { title: "OUT OF SCOPE", value: ({ totals }) => totals.outOfScope },
];

/** What is configured, what ran last, what runs next, and what the store holds. */
export function status(context: CommandContext): Promise<CommandResult> {
  return withReadOnlyLockstep(context, async ({ lockstep }) => {
    const report = await lockstep.status();
    return { exitCode: 0, document: { ok: true, ...report }, text: statusText(report) };
  });
}

function statusText(report: StatusReport): string {
  const heading = [
    `config  ${report.config}`,
    `store   ${report.store}`,
    `rate    ${report.ratePerMinute} requests a minute`,
  ];
  return [heading.join("\n"), table(columns, report.syncs)].join("\n\n");
}

function stateOf({ isEnabled, isRunning, lastRun }: SyncStatus): string {
  if (isRunning) return "running";
  if (!isEnabled) return "disabled";
  return lastRun?.status ?? "never run";
}
