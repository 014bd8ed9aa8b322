import type { WriteOutcome } from "../../connector/connector.ts";
import type { ErrorCode, LockstepError } from "../../core/errors.ts";

/** Why a write is not sent, or had no effect. */
export interface Refused {
  readonly refused: { readonly code: ErrorCode; readonly message: string };
}

export function refused(code: ErrorCode, message: string): Refused {
  return { refused: { code, message } };
}

/** A refusal that trying again does not change. */
export function outcomeOfRefused({
  refused: { code, message },
}: Refused): WriteOutcome & { kind: "refused" } {
  return { kind: "refused", code, message, retryAfterMs: null };
}

/** Something that kept the write from being sent, or had it refused. */
export function outcomeOfError({ code, message, retry }: LockstepError): WriteOutcome & { kind: "refused" } {
  const isAgain = retry === "safe" || code === "CANCELLED";
  return {
    kind: "refused",
    code,
    message,
    retryAfterMs: isAgain ? 0 : retry === "never" ? null : retry.afterMs,
  };
}
