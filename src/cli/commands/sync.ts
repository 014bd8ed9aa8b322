import type { Lockstep, RunReport } from "../../app/lockstep.ts";
import { nextStepOf } from "../../app/next-step.ts";
import { evidenceSentence } from "../certificate-text.ts";
import {
  type CommandContext,
  type CommandResult,
  type ExitCode,
  wholeNumber,
  withLockstep,
} from "../command.ts";
import { createProgressPrinter } from "../progress.ts";
import { type Column, oneLine, table } from "../table.ts";
import { secondsOf } from "../time.ts";

export interface SyncFlags {
  readonly full?: boolean;
  readonly allowDeletes?: string;
  readonly yes?: boolean;
}

const columns: readonly Column<RunReport>[] = [
  { title: "SYNC", value: ({ sync }) => oneLine(sync) },
  { title: "STATUS", value: ({ run }) => run.status },
  { title: "READ", value: ({ run }) => run.counts.read },
  { title: "CREATED", value: ({ run }) => run.counts.created },
  { title: "UPDATED", value: ({ run }) => run.counts.updated },
  { title: "UNCHANGED", value: ({ run }) => run.counts.unchanged },
  { title: "DELETED", value: ({ run }) => run.counts.deleted },
  { title: "REVIVED", value: ({ run }) => run.counts.revived },
  { title: "CONFLICTS", value: ({ run }) => run.counts.conflicts },
  { title: "MISSING", value: ({ run }) => run.counts.missing },
  { title: "CALLS", value: ({ run }) => run.calls },
  { title: "RETRIES", value: ({ run }) => run.retries },
  { title: "SECONDS", value: ({ run }) => secondsOf(run) },
];

/** Runs syncs now and reports what each one did. */
export function sync(
  context: CommandContext,
  names: readonly string[],
  flags: SyncFlags,
): Promise<CommandResult> {
  const options = readingOptions(flags);
  return withLockstep(context, async ({ lockstep }) => {
    const reports = await runSyncs(context, lockstep, { names, options });
    const exitCode = worstExitCode(reports);
    return { exitCode, document: { ok: exitCode === 0, runs: reports }, text: syncText(reports) };
  });
}

/** Flags of `sync` and `plan` as options of the facade. */
export function readingOptions(flags: SyncFlags): {
  readonly isFull?: boolean;
  readonly allowDeletes?: number;
  readonly isAccepted?: boolean;
} {
  const { full, allowDeletes, yes } = flags;
  return {
    ...(yes === true ? { isAccepted: true } : {}),
    ...(full === true ? { isFull: true } : {}),
    ...(allowDeletes === undefined
      ? {}
      : { allowDeletes: wholeNumber("--allow-deletes", allowDeletes, { min: 0, max: 1_000_000_000 }) }),
  };
}

async function runSyncs(
  { io, deps }: CommandContext,
  lockstep: Lockstep,
  request: { names: readonly string[]; options: ReturnType<typeof readingOptions> },
): Promise<readonly RunReport[]> {
  const { onProgress, finish } = createProgressPrinter(io, deps.now);
  try {
    return await lockstep.sync(request.names, {
      ...request.options,
      trigger: "cli",
      onProgress,
      signal: io.signal,
    });
  } finally {
    finish();
  }
}

/** A failure outweighs a guard's refusal, which outweighs an open conflict, which outweighs success. */
function worstExitCode(reports: readonly RunReport[]): ExitCode {
  const unfinished = reports.filter(({ run }) => run.status !== "succeeded");
  if (unfinished.length === 0) return reports.some(({ open }) => (open?.conflicts ?? 0) > 0) ? 4 : 0;
  return unfinished.every(({ run }) => run.errors.some(({ code }) => code === "GUARD_REFUSED")) ? 3 : 1;
}

export function syncText(reports: readonly RunReport[]): string {
  if (reports.length === 0) return "Nothing to sync: every sync has syncEnabled set to false.";
  return [table(columns, reports), reports.map(notesOf).join("\n")].join("\n\n");
}

/** What a row of numbers cannot say: the proof, the warnings, the errors with their mend. */
function notesOf({ sync: name, run, open }: RunReport): string {
  const errors = run.errors.flatMap(({ code, message }) => {
    const step = nextStepOf(code);
    return [`  ${code}: ${message.replaceAll("\n", "\n    ")}`, ...(step === null ? [] : [`  → ${step}`])];
  });
  const warnings = run.warnings.map((warning) => `  warning: ${oneLine(warning, 400)}`);
  const sentence = evidenceSentence(run);
  return [`${oneLine(name)}: ${sentence}`, ...warnings, ...errors, ...openLines(open)].join("\n");
}

function openLines(open: RunReport["open"]): readonly string[] {
  const { conflicts = 0, holds = 0, problems = 0 } = open ?? {};
  const parts = [
    ...(conflicts > 0 ? [`${conflicts} open conflict${conflicts === 1 ? "" : "s"}`] : []),
    ...(holds > 0 ? [`${holds} held back`] : []),
    ...(problems > 0 ? [`${problems} record${problems === 1 ? "" : "s"} with a problem`] : []),
  ];
  return parts.length === 0 ? [] : [`  ${parts.join(", ")}: \`lockstep conflicts\` shows them`];
}
