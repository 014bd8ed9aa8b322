import type { CopiedTable, StoreCopyProgress, StoreCopyReport } from "../../app/store-copy.ts";
import { loadConfig } from "../../config/load.ts";
import { absoluteStoreUrl, storeUrlProblem } from "../../config/store-url.ts";
import { LockstepError } from "../../core/errors.ts";
import type { CommandContext, CommandResult } from "../command.ts";
import type { CliIo } from "../io.ts";
import { lineEveryMs } from "../progress.ts";
import { type Column, table } from "../table.ts";

/** Brings the configured store up to date. Every command does; this one does nothing else, and says what it did. */
export async function storeMigrate({ io, deps, flags }: CommandContext): Promise<CommandResult> {
  const { config } = await loadConfig({ cwd: io.cwd, file: flags.config ?? null, env: io.env });
  const migration = await deps.migrateStore(config.store);
  const { store, from, to } = migration;
  const text = from === to ? `${store}: schema ${to}, up to date` : `${store}: schema ${from} → ${to}`;
  return { exitCode: 0, document: { ok: true, ...migration }, text };
}

export interface StoreCopyFlags {
  readonly from: string;
  readonly to: string;
}

/** Copies one store into an empty other one, and proves it. */
export async function storeCopy(context: CommandContext, flags: StoreCopyFlags): Promise<CommandResult> {
  const { io, deps } = context;
  const report = await deps.copyStore({
    from: urlOf("--from", flags.from, io.cwd),
    to: urlOf("--to", flags.to, io.cwd),
    onProgress: progressPrinter(io, deps.now),
    signal: io.signal,
  });
  return {
    exitCode: report.isEqual ? 0 : 1,
    document: { ok: report.isEqual, ...report },
    text: reportText(report),
  };
}

function urlOf(flag: string, url: string, cwd: string): string {
  const problem = storeUrlProblem(url);
  if (problem !== null) throw new LockstepError("USAGE", `${flag}: ${problem}.`);
  return absoluteStoreUrl(url, cwd);
}

/** A line every few seconds, also for a person: a copy is rare, and its progress worth keeping on the screen. */
function progressPrinter(io: CliIo, now: () => number): (progress: StoreCopyProgress) => void {
  let printedAt = now();
  return ({ phase, table, rows, rowsExpected }) => {
    if (now() - printedAt < lineEveryMs) return;
    printedAt = now();
    const count = phase === "copying" ? `${rows} of ${rowsExpected} rows` : `${rowsExpected} rows`;
    io.stderr.write(`${phase} ${table}: ${count}\n`);
  };
}

const columns: readonly Column<CopiedTable>[] = [
  { title: "TABLE", value: ({ table }) => table },
  { title: "ROWS", value: ({ from }) => from.rows },
  { title: "COPIED", value: ({ to }) => to.rows },
  { title: "SHA-256", value: ({ from }) => from.sha256.slice(0, 16) },
  { title: "OF THE COPY", value: ({ to }) => to.sha256.slice(0, 16) },
  { title: "", value: ({ isEqual }) => (isEqual ? "equal" : "DIFFERENT") },
];

function reportText({ from, to, isEqual, tables }: StoreCopyReport): string {
  const end = isEqual
    ? `The copy is complete: every value in it is what the source holds. Set "store" in the configuration to use it.`
    : "The copy is NOT like its source, and stays marked as unfinished. Copy again into another place.";
  return [`from  ${from}\nto    ${to}`, table(columns, tables), end].join("\n\n");
}
