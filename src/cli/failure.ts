import { explainError } from "../app/next-step.ts";
import { maskJson, maskSecrets } from "../config/secrets.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { CommandResult, ExitCode } from "./command.ts";
import type { CliIo } from "./io.ts";

/** Errors in what the caller wrote are usage; a guard's refusal has its own code; everything else has failed. */
const exitCodes: Partial<Record<ErrorCode, ExitCode>> = {
  CONFIG_INVALID: 2,
  CONFIG_NOT_FOUND: 2,
  SECRET_MISSING: 2,
  SYNC_NOT_FOUND: 2,
  USAGE: 2,
  GUARD_REFUSED: 3,
};

/**
 * What is said about an error: a readable block on stderr, and the same as a document for `--json`. The trace is
 * shown only when LOCKSTEP_DEBUG is set; a secret never is.
 */
export function failureOf(
  thrown: unknown,
  io: CliIo,
): { readonly result: CommandResult; readonly block: string } {
  const { error, nextStep } = explainError(thrown);
  const message = maskSecrets(error.message);
  const trace = (io.env.LOCKSTEP_DEBUG ?? "") === "" ? "" : `\n${maskSecrets(traceOf(error))}`;
  return {
    result: {
      exitCode: exitCodes[error.code] ?? 1,
      document: {
        ok: false,
        error: { code: error.code, message, nextStep, details: maskJson(error.details) },
      },
      text: "",
    },
    block: `${message}\n→ ${nextStep}\n  (${error.code}, see docs/errors.md)${trace}\n`,
  };
}

function traceOf(error: Error): string {
  const own = error.stack ?? "";
  return error.cause instanceof Error ? `${own}\ncaused by ${traceOf(error.cause)}` : own;
}
