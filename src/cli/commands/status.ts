import type { LibraryStatus } from "../../app/library-status.ts";
import type { StatusReport, SyncStatus } from "../../app/lockstep.ts";
import type { PipelineStatus } from "../../app/pipeline-status.ts";
import type { PairStatus } from "../../app/two-way.ts";
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

const pairColumns: readonly Column<PairStatus>[] = [
  { title: "TWO-WAY SYNC", value: ({ sync }) => oneLine(sync) },
  { title: "STATE", value: pairStateOf },
  { title: "LAST RUN", value: ({ lastRun }) => minuteOf(lastRun?.startedAt ?? null) },
  { title: "EVERY", value: ({ pollSeconds }) => (pollSeconds === null ? "off" : `${pollSeconds} s`) },
  { title: "LIVE", value: ({ totals }) => totals.live },
  { title: "WAITING", value: ({ totals }) => totals.due },
  { title: "CONFLICTS", value: ({ totals }) => totals.openConflicts },
  { title: "HELD", value: ({ totals }) => totals.openHolds },
  { title: "PROBLEMS", value: ({ totals }) => totals.problems },
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
  const tables = [
    ...(report.syncs.length === 0 ? [] : [table(columns, report.syncs)]),
    ...(report.pairs.length === 0 ? [] : [table(pairColumns, report.pairs)]),
  ];
  const pipeline = report.pipeline === undefined ? [] : [pipelineText(report.pipeline)];
  const library = report.library === undefined ? [] : [libraryText(report.library)];
  const leftOut = report.pairs.flatMap((pair) => (pair.leftOut ?? []).map((each) => leftOutText(pair, each)));
  return [
    heading.join("\n"),
    ...tables,
    ...pipeline,
    ...library,
    ...(leftOut.length === 0 ? [] : [leftOut.join("\n")]),
  ].join("\n\n");
}

/** What does not work, while the rest goes on. */
function leftOutText(
  { sync }: PairStatus,
  { what, failures, passes, since, code, message }: NonNullable<PairStatus["leftOut"]>[number],
): string {
  const often = `failures: ${failures}, passes in a row: ${passes}, since ${minuteOf(since)}`;
  return `${oneLine(sync)} leaves out ${what} (${often}): ${code}: ${oneLine(message, 300)}`;
}

/** More of them are in the JSON. */
const draftsShownMax = 10;

/** Where the tasks are, and which drafts would be put back if somebody queued them. */
function pipelineText({ sync, tasks, drafts, draftCount }: PipelineStatus): string {
  const counts = Object.entries(tasks).filter(([, count]) => count > 0);
  const shown = drafts.slice(0, draftsShownMax);
  return [
    `${oneLine(sync)}: ${counts.map(([state, count]) => `${count} ${state}`).join(", ") || "no tasks"}`,
    ...(draftCount === 0 ? [] : [`${draftCount} drafts cannot be queued yet:`]),
    ...shown.map(
      ({ pageId, title, problems }) =>
        `  ${oneLine(title ?? pageId, 60)}: ${oneLine(problems.join(" "), 200)}`,
    ),
    ...(draftCount > shown.length ? [`  and ${draftCount - shown.length} more (--json)`] : []),
  ].join("\n");
}

const statusWords = {
  notStarted: "not started",
  inProgress: "in progress",
  finished: "finished",
  poubelle: "in La Poubelle",
} as const satisfies Record<keyof LibraryStatus["books"]["byStatus"], string>;

/** What is owned and what is not, what came in last, and what waits for a person. */
function libraryText(status: LibraryStatus): string {
  const { books, series, nextRelease, lastImport, openCascade } = status;
  const counts = Object.entries(statusWords).map(
    ([key, word]) => `${books.byStatus[key as keyof typeof statusWords]} ${word}`,
  );
  const missing = books.live - books.owned;
  const running = status.isRunning ? " (at work)" : "";
  return [
    `${oneLine(status.library)}${running}: ${books.owned} books${missing === 0 ? "" : `, ${missing} more not owned`}; ${series.live} series, ${series.withGaps} with gaps`,
    `  ${counts.join(", ")}`,
    lastImport === null
      ? "  nothing imported yet"
      : `  last import ${minuteOf(lastImport.startedAt)}: ${oneLine(lastImport.sourceId, 60)}, ${lastImport.status}`,
    ...(nextRelease === null
      ? []
      : [`  next release ${nextRelease.day}: ${oneLine(nextRelease.series, 60)}`]),
    ...(openCascade.refusal === null ? [] : [`  ${oneLine(openCascade.refusal, 300)}`]),
    ...(openCascade.books === 0
      ? []
      : [`  ${openCascade.books} books follow into La Poubelle at the next run`]),
  ].join("\n");
}

function pairStateOf({ isEnabled, isRunning, isAccepted, lastRun }: PairStatus): string {
  if (isRunning) return "running";
  if (!isEnabled) return "disabled";
  return isAccepted ? (lastRun?.status ?? "never run") : "waits for --yes";
}

function stateOf({ isEnabled, isRunning, lastRun }: SyncStatus): string {
  if (isRunning) return "running";
  if (!isEnabled) return "disabled";
  return lastRun?.status ?? "never run";
}
