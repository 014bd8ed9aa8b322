import type { Clock } from "../core/clock.ts";
import { type ErrorCode, LockstepError } from "../core/errors.ts";

/** What becomes a value: the outside world, never a mistake of ours, and no refusal to let us in. */
const outages: ReadonlySet<ErrorCode> = new Set([
  "RATE_LIMITED",
  "UPSTREAM_FAILED",
  "UPSTREAM_TIMEOUT",
  "CIRCUIT_OPEN",
]);

/** So often in a row a service that was given a rest is waited for, before what is left is given up. */
const RESTS_MAX = 5;

/**
 * Makes one thing after the other be asked for, and an outage of it a value. A few that fail do not take the others along:
 * the rest that the service is then given is waited for, once for each thing. A limit that outlasts the client's patience
 * ends the asking.
 */
export function patientAttempts(clock: Clock, signal: AbortSignal | undefined) {
  let rests = 0;
  let end: LockstepError | null = null;
  const attemptOnce = async <T>(work: () => Promise<T>): Promise<T | LockstepError> => {
    try {
      const result = await work();
      rests = 0;
      return result;
    } catch (error) {
      if (error instanceof LockstepError && outages.has(error.code)) return error;
      throw error;
    }
  };
  return async function attempt<T>(work: () => Promise<T>): Promise<T | LockstepError> {
    if (end !== null) return end;
    const first = await attemptOnce(work);
    if (!(first instanceof LockstepError)) return first;
    if (first.code === "RATE_LIMITED" || (first.code === "CIRCUIT_OPEN" && rests === RESTS_MAX)) end = first;
    if (first.code !== "CIRCUIT_OPEN" || end !== null) return first;
    rests += 1;
    await clock.sleep(restOf(first), signal);
    return attemptOnce(work);
  };
}

function restOf({ retry }: LockstepError): number {
  return typeof retry === "object" ? retry.afterMs : 0;
}
