import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { EmulatorRequest } from "../../app/emulator.ts";
import { findJsonFlaw } from "../../config/json-syntax.ts";
import { LockstepError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import { type CommandContext, type CommandResult, untilAborted, wholeNumber } from "../command.ts";

export interface EmulatorFlags {
  readonly port?: string;
  readonly host?: string;
  readonly allowRemote?: boolean;
  readonly seed?: string;
  readonly recorded?: string;
  readonly restore?: string;
  readonly snapshot?: string;
  readonly clock?: string;
  readonly faults?: string;
  readonly rate?: string;
}

/** Serves an emulated Notion until stopped. Prints where it is as soon as it is up. */
export async function emulator(context: CommandContext, flags: EmulatorFlags): Promise<CommandResult> {
  const { io, deps } = context;
  const running = await deps.startEmulator(await requestOf(context, flags));
  try {
    const { url, token } = running;
    const lines = [
      `export NOTION_BASE_URL=${url}`,
      `export NOTION_TOKEN=${token}`,
      "# Notion is emulated until you press Ctrl-C.",
    ];
    io.stdout.write(
      context.flags.json === true ? `${JSON.stringify({ ok: true, url, token })}\n` : `${lines.join("\n")}\n`,
    );
    await untilAborted(io.signal);
    if (flags.snapshot !== undefined)
      await writeSnapshot(resolve(io.cwd, flags.snapshot), running.snapshot());
  } finally {
    await running.close();
  }
  return { exitCode: 0, document: null, text: "" };
}

async function requestOf({ io }: CommandContext, flags: EmulatorFlags): Promise<EmulatorRequest> {
  const { port, rate, host, allowRemote, clock } = flags;
  const documents = [
    ["seed", flags.seed],
    ["recorded", flags.recorded],
    ["restore", flags.restore],
    ["faults", flags.faults],
  ] as const;
  const read: { [name in "seed" | "recorded" | "restore" | "faults"]?: Json } = {};
  for (const [name, file] of documents)
    if (file !== undefined) read[name] = await readDocument(`--${name}`, resolve(io.cwd, file));
  const { restore, ...others } = read;
  return {
    ...(port === undefined ? {} : { port: wholeNumber("--port", port, { min: 0, max: 65_535 }) }),
    ...(rate === undefined ? {} : { ratePerMinute: wholeNumber("--rate", rate, { min: 1, max: 1_000_000 }) }),
    ...(host === undefined ? {} : { host }),
    ...(allowRemote === undefined ? {} : { allowRemote }),
    ...(clock === undefined ? {} : { fixedAt: timeOf(clock) }),
    ...others,
    ...(restore === undefined ? {} : { snapshot: restore }),
  };
}

function timeOf(text: string): number {
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw new LockstepError("USAGE", `--clock: expected an ISO 8601 time, got "${text}".`);
}

async function writeSnapshot(file: string, snapshot: object): Promise<void> {
  await writeFile(file, JSON.stringify(snapshot)).catch((cause: unknown) => {
    throw new LockstepError("USAGE", `--snapshot: cannot write ${file}.`, { cause });
  });
}

/** JSON, or YAML by the file's ending. */
async function readDocument(flag: string, file: string): Promise<Json> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new LockstepError("USAGE", `${flag}: cannot read ${file}.`, { cause });
  });
  const refuse = (line: number, column: number, problem: string): LockstepError =>
    new LockstepError("USAGE", `${flag}: ${file}, line ${line}, column ${column}: ${problem}.`);
  if (/\.ya?ml$/.test(file)) {
    const { LineCounter, parseDocument } = await import("yaml");
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    const [error] = document.errors;
    if (error === undefined) return document.toJS();
    const { line, col } = lines.linePos(error.pos[0]);
    throw refuse(line, col, error.message);
  }
  const flaw = findJsonFlaw(text);
  if (flaw === null) return JSON.parse(text);
  throw refuse(flaw.line, flaw.column, flaw.problem);
}
