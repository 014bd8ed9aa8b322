import type { Clock } from "../core/clock.ts";
import { LockstepError } from "../core/errors.ts";
import type { HttpResponse } from "./answer.ts";

/** The first try included. */
const TRIES_MAX = 3;
const BACKOFF_FIRST_MS = 1_000;
/** Ours to choose; a Retry-After may ask for more. */
const BACKOFF_MAX_MS = 60_000;
/** A workspace limit can ask for minutes. Longer than this, a run had better end and say when to come back. */
export const RETRY_AFTER_MAX_MS = 15 * 60_000;

/**
 * Why an exchange gave no usable answer.
 * - `limited`, `overloaded`: 429, 529: nothing was done, whatever the method
 * - `unreachable`: no connection came about: nothing was done
 * - `server`, `timeout`, `network`, `malformed`: it may have been done
 * - `conflict`: 409; `refused`: an answer that stays the same however often one asks
 */
export type FailureKind =
  | "limited"
  | "overloaded"
  | "unreachable"
  | "server"
  | "timeout"
  | "network"
  | "malformed"
  | "conflict"
  | "refused";

export interface Failure {
  readonly kind: FailureKind;
  readonly retryAfterMs: number | null;
  /** The answer, null when none came. */
  readonly response: HttpResponse | null;
  /** What to throw when it is not tried again. */
  readonly error: LockstepError;
}

export interface RetryRules {
  /** Repeating it changes nothing: GETs, and POSTs that only ask (query, search). */
  readonly isSafeRead: boolean;
  /** The caller knows that a 409 of this request was not applied. */
  readonly canRepeatConflict: boolean;
}

export type RetryDecision = { readonly kind: "retry"; readonly delayMs: number } | { readonly kind: "fail" };

/** https://developers.notion.com/reference/request-limits and /status-codes, as a function. */
export function decideRetry(input: {
  attempt: number;
  failure: Pick<Failure, "kind" | "retryAfterMs">;
  rules: RetryRules;
  random: number;
}): RetryDecision {
  const { attempt, failure, rules } = input;
  if (attempt >= TRIES_MAX || !canRepeat(failure.kind, rules)) return { kind: "fail" };
  const asked = failure.retryAfterMs ?? 0;
  if (asked > RETRY_AFTER_MAX_MS) return { kind: "fail" };
  const backoff = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** (attempt - 1));
  return { kind: "retry", delayMs: Math.max(asked, input.random * backoff) };
}

function canRepeat(kind: FailureKind, rules: RetryRules): boolean {
  switch (kind) {
    case "limited":
    case "overloaded":
    case "unreachable":
      return true;
    case "server":
    case "timeout":
    case "network":
    case "malformed":
      return rules.isSafeRead;
    case "conflict":
      return rules.canRepeatConflict;
    case "refused":
      return false;
  }
}

export type Tried<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

/** Tries until it works or the rules say no. Throws the last failure's error. */
export async function withRetry<T>(
  options: {
    readonly clock: Clock;
    readonly random: () => number;
    readonly rules: RetryRules;
    readonly signal: AbortSignal | undefined;
    readonly onRetry: () => void;
  },
  tryOnce: () => Promise<Tried<T>>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const tried = await tryOnce();
    if (tried.ok) return tried.value;
    const { failure } = tried;
    const decision = decideRetry({ attempt, failure, rules: options.rules, random: options.random() });
    if (decision.kind === "fail") throw withTries(failure, attempt);
    options.onRetry();
    await options.clock.sleep(decision.delayMs, options.signal);
  }
}

function withTries({ error }: Failure, attempt: number): LockstepError {
  if (attempt === 1) return error;
  const { code, message, cause, retry, details } = error;
  return new LockstepError(code, `${message} Tried ${attempt} times.`, { cause, retry, details });
}
