import type { WriteOutcome } from "../../connector/connector.ts";
import type { ErrorCode, LockstepError } from "../../core/errors.ts";
import type { Column } from "./schema.ts";

/** Why a write is not sent, or had no effect. */
export interface Refused {
  readonly refused: { readonly code: ErrorCode; readonly message: string };
}

export function refused(code: ErrorCode, message: string): Refused {
  return { refused: { code, message } };
}

export function invalid(column: Column, expected: string): Refused {
  return refused(
    "VALUE_INVALID",
    `Tried to write ${nameOf(column)}, which takes ${expected}. Correct the value where it comes from.`,
  );
}

export function tooLong(
  column: Column,
  { is, max, unit }: { readonly is: number; readonly max: number; readonly unit: string },
): Refused {
  return refused(
    "VALUE_TOO_LONG",
    `Tried to write ${nameOf(column)} with ${is} ${unit}, of which Notion takes ${max}. Nothing is cut off: shorten the value.`,
  );
}

export function nameOf({ name, id, type }: Column): string {
  return `property "${name}" (${id}, ${type})`;
}

/** A refusal that trying again does not change. */
export function outcomeOfRefused({ refused: { code, message } }: Refused): WriteOutcome {
  return { kind: "refused", code, message, retryAfterMs: null };
}

/** Something that kept the write from being sent, or had it refused. */
export function outcomeOfError(error: LockstepError): WriteOutcome {
  return { kind: "refused", code: error.code, message: error.message, retryAfterMs: retryAfterMs(error) };
}

function retryAfterMs({ code, retry }: LockstepError): number | null {
  if (retry === "safe" || code === "CANCELLED") return 0;
  return retry === "never" ? null : retry.afterMs;
}
