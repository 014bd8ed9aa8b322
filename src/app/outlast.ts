import type { Clock } from "../core/clock.ts";
import { LockstepError } from "../core/errors.ts";
import { backOffMs } from "../engine/back-off.ts";
import type { Herald } from "./herald.ts";

/** What has gone well for so long fails for the first time again. */
const calmMs = 60_000;

export interface Outlasting {
  /** What is kept up, for the log. */
  readonly name: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly herald: Herald;
  readonly signal: AbortSignal;
}

/**
 * Keeps up work that is to go on until the signal aborts. A failure that it could not deal with itself (the store cannot be
 * reached, so that there is no evidence either) is told to the log, counted, and the work begun anew after a wait. Throws
 * SECRET_MISSING, and what nobody foresaw.
 */
export async function outlast(
  work: () => Promise<void>,
  { name, clock, random, herald, signal }: Outlasting,
): Promise<void> {
  for (let failures = 0; !signal.aborted; ) {
    const beganAt = clock.now();
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof LockstepError) || error.code === "SECRET_MISSING") throw error;
      if (signal.aborted) return;
      failures = clock.now() - beganAt > calmMs ? 1 : failures + 1;
      const waitMs = backOffMs(failures, random());
      const { code, message: problem } = error;
      herald.tell("error", "sync.interrupted", { sync: name, code, problem, failures, wait_ms: waitMs });
      await clock.sleep(waitMs, signal).catch(() => {});
    }
  }
}
