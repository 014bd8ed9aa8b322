import type { Lockstep } from "../app/lockstep.ts";
import type { Secrets } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { LockstepError } from "../core/errors.ts";
import type { CliDeps } from "./deps.ts";
import type { CliIo } from "./io.ts";

/** Flags every command has. */
export interface CommonFlags {
  readonly config?: string;
  readonly json?: boolean;
}

export interface CommandContext {
  readonly io: CliIo;
  readonly deps: CliDeps;
  readonly flags: CommonFlags;
}

/** 0 done, 1 failed, 2 usage, 3 refused by a guard, 4 conflicts left open. */
export type ExitCode = 0 | 1 | 2 | 3 | 4;

/** What a command found, in both forms; the caller prints the one that was asked for. */
export interface CommandResult {
  readonly exitCode: ExitCode;
  /** Printed with `--json`: a value JSON can hold. null: a command that stayed up has printed what it had to say. */
  readonly document: object | null;
  /** Printed otherwise; lines, without a line break at the end. "" prints nothing. */
  readonly text: string;
}

/** Opens Lockstep as configured, and closes it whatever happens. */
export function withLockstep<T>(context: CommandContext, work: (opened: Opened) => Promise<T>): Promise<T> {
  return withOpened(context, { isReadOnly: false, isServing: false, work });
}

/** The same for a command that answers others while syncs run. */
export function withServingLockstep<T>(
  context: CommandContext,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  return withOpened(context, { isReadOnly: false, isServing: true, work });
}

/** The same for commands that only look. */
export function withReadOnlyLockstep<T>(
  context: CommandContext,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  return withOpened(context, { isReadOnly: true, isServing: false, work });
}

async function withOpened<T>(
  { io, deps, flags }: CommandContext,
  { work, ...how }: { isReadOnly: boolean; isServing: boolean; work: (opened: Opened) => Promise<T> },
): Promise<T> {
  const { config, environment } = await loadConfig({ cwd: io.cwd, file: flags.config ?? null, env: io.env });
  const { secrets, notionBaseUrl, githubBaseUrl, openLibraryBaseUrl } = environment;
  const elsewhere = {
    ...(notionBaseUrl === null ? {} : { baseUrl: notionBaseUrl }),
    ...(githubBaseUrl === null ? {} : { githubUrl: githubBaseUrl }),
    ...(openLibraryBaseUrl === null ? {} : { openLibraryBaseUrl }),
  };
  const lockstep = await deps.openLockstep({ config, secrets, ...how, ...elsewhere });
  try {
    return await work({ lockstep, secrets });
  } finally {
    await lockstep.close();
  }
}

interface Opened {
  readonly lockstep: Lockstep;
  readonly secrets: Secrets;
}

/** A flag's or argument's whole number; USAGE naming it otherwise. */
export function wholeNumber(name: string, text: string, range: { min: number; max: number }): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= range.min && value <= range.max) return value;
  throw new LockstepError(
    "USAGE",
    `${name}: expected a whole number from ${range.min} to ${range.max}, got "${text}".`,
  );
}

/** Resolves when the signal aborts. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
