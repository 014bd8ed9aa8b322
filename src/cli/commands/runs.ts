import type { RunReport, Verification } from "../../app/lockstep.ts";
import { LockstepError } from "../../core/errors.ts";
import { evidenceSentence } from "../certificate-text.ts";
import { type CommandContext, type CommandResult, wholeNumber, withReadOnlyLockstep } from "../command.ts";
import { createProgressPrinter } from "../progress.ts";
import { type Column, oneLine, table } from "../table.ts";
import { minuteOf, secondsOf } from "../time.ts";

export interface RunsFlags {
  readonly sync?: string;
  readonly limit: string;
  readonly id?: string;
  readonly verify?: string;
}

const columns: readonly Column<RunReport>[] = [
  { title: "RUN", value: ({ run }) => run.id },
  { title: "SYNC", value: syncText },
  { title: "STATUS", value: ({ run }) => run.status },
  { title: "TRIGGER", value: ({ run }) => oneLine(run.trigger) },
  { title: "STARTED", value: ({ run }) => minuteOf(run.startedAt) },
  { title: "SECONDS", value: ({ run }) => secondsOf(run) },
  { title: "READ", value: ({ run }) => run.counts.read },
  { title: "CREATED", value: ({ run }) => run.counts.created },
  { title: "UPDATED", value: ({ run }) => run.counts.updated },
  { title: "DELETED", value: ({ run }) => run.counts.deleted },
  { title: "CALLS", value: ({ run }) => run.calls },
];

/** What a library's own run did is what people look for: "library: import". */
function syncText({ sync, run }: RunReport): string {
  return oneLine(run.type === "library" ? `${sync}: ${run.source}` : sync);
}

/** Runs and their evidence: a list, one in full, or one verified. */
export function runs(context: CommandContext, flags: RunsFlags): Promise<CommandResult> {
  const { sync, id, verify } = flags;
  if ([sync, id, verify].filter((flag) => flag !== undefined).length > 1) {
    throw new LockstepError("USAGE", "--sync, --id and --verify ask for different things; give one of them.");
  }
  if (verify !== undefined) return verifyOne(context, verify);
  return id === undefined ? list(context, flags) : showOne(context, id);
}

function list(context: CommandContext, { sync, limit }: RunsFlags): Promise<CommandResult> {
  const filter = { sync, limit: wholeNumber("--limit", limit, { min: 1, max: 1000 }) };
  return withReadOnlyLockstep(context, async ({ lockstep }) => {
    const reports = await lockstep.runs(filter);
    const text = reports.length === 0 ? "No runs yet; `lockstep sync` makes one." : table(columns, reports);
    return { exitCode: 0, document: { ok: true, runs: reports }, text };
  });
}

function showOne(context: CommandContext, id: string): Promise<CommandResult> {
  return withReadOnlyLockstep(context, async ({ lockstep }) => {
    const report = await lockstep.run(id);
    return { exitCode: 0, document: { ok: true, ...report }, text: runText(report) };
  });
}

function runText(report: RunReport): string {
  const { run } = report;
  const counts = Object.entries(run.counts).map(([name, number]) => `${name} ${number}`);
  return [
    table(columns, [report]),
    counts.join("  "),
    evidenceSentence(run),
    ...run.warnings.map((warning) => `warning: ${oneLine(warning, 400)}`),
    ...run.errors.map(({ code, message }) => `${code}: ${message}`),
    `certificate ${JSON.stringify(run.certificate, null, 2)}`,
  ].join("\n");
}

function verifyOne(context: CommandContext, id: string): Promise<CommandResult> {
  return withReadOnlyLockstep(context, async ({ lockstep }) => {
    const { onProgress, finish } = createProgressPrinter(context.io, context.deps.now);
    const verification = await lockstep
      .verifyRun(id, { onProgress, signal: context.io.signal })
      .finally(finish);
    return {
      exitCode: verification.ok ? 0 : 1,
      document: verification,
      text: verificationText(verification),
    };
  });
}

function verificationText({ ok, runId, sync, checks }: Verification): string {
  const rows = checks.map((check) => ({ ...check, mark: check.ok ? "ok" : "FAILED" }));
  const checksTable = table<(typeof rows)[number]>(
    [
      { title: "CHECK", value: ({ name }) => name },
      { title: "RESULT", value: ({ mark }) => mark },
      { title: "DETAIL", value: ({ detail }) => oneLine(detail, 400) },
    ],
    rows,
  );
  return `Run ${runId} of ${oneLine(sync)}: ${ok ? "verified" : "NOT verified"}\n\n${checksTable}`;
}
