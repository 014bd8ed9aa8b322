import type { Clock } from "../core/clock.ts";

/**
 * Wakes one loop. What is rung while the loop is at work is kept until it looks: nothing is missed, and many rings are
 * one.
 */
export class Bell<Reason> {
  private readonly clock: Clock;
  private readonly reasons = new Set<Reason>();
  private waiting = new AbortController();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  ring(reason: Reason): void {
    this.reasons.add(reason);
    // To abort once more would cost an exception each time.
    if (!this.waiting.signal.aborted) this.waiting.abort();
  }

  /** What was rung since the last time. */
  take(): ReadonlySet<Reason> {
    const taken = new Set(this.reasons);
    this.reasons.clear();
    return taken;
  }

  /** Resolves after `ms`, or when it is rung, or when the signal aborts. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (this.reasons.size > 0 || signal.aborted) return;
    this.waiting = new AbortController();
    await this.clock.sleep(ms, AbortSignal.any([signal, this.waiting.signal])).catch(() => {});
  }
}
