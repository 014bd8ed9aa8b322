import type { Clock } from "../../src/core/clock.ts";

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/**
 * A clock that jumps to the next sleeper as soon as the event loop has nothing nearer to do: waits cost no real
 * time, and their order is the order of real time.
 */
export function virtualClock(startAt = Date.parse("2026-11-21T10:00:20.000Z")): Clock & {
  advance(ms: number): void;
  /** Every wait that was asked for, in ms. */
  readonly sleeps: number[];
} {
  let elapsed = 0;
  let isScheduled = false;
  const sleepers = new Set<Sleeper>();
  const sleeps: number[] = [];

  function step(): void {
    isScheduled = false;
    const next = [...sleepers].sort((a, b) => a.at - b.at)[0];
    if (next === undefined) return;
    elapsed = Math.max(elapsed, next.at);
    sleepers.delete(next);
    next.wake();
    schedule();
  }
  function schedule(): void {
    if (isScheduled || sleepers.size === 0) return;
    isScheduled = true;
    setImmediate(step);
  }

  return {
    sleeps,
    now: () => startAt + elapsed,
    monotonic: () => elapsed,
    advance(ms) {
      elapsed += ms;
    },
    sleep(ms, signal) {
      sleeps.push(ms);
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const sleeper: Sleeper = { at: elapsed + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener(
          "abort",
          () => {
            sleepers.delete(sleeper);
            reject(signal.reason);
          },
          { once: true },
        );
        schedule();
      });
    },
  };
}
