import type { Clock } from "../../src/core/clock.ts";

export interface ManualClock extends Clock {
  advance(ms: number): void;
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it: heartbeats and schedules beat when the test says so. */
export function manualClock(startAt = Date.parse("2026-11-21T10:00:20.000Z")): ManualClock {
  let elapsed = 0;
  const sleepers = new Set<Sleeper>();
  return {
    now: () => startAt + elapsed,
    monotonic: () => elapsed,
    advance(ms) {
      elapsed += ms;
      for (const sleeper of [...sleepers].sort((a, b) => a.at - b.at)) {
        if (sleeper.at > elapsed) continue;
        sleepers.delete(sleeper);
        sleeper.wake();
      }
    },
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const sleeper: Sleeper = { at: elapsed + ms, wake: resolve };
        sleepers.add(sleeper);
        const stop = () => {
          if (sleepers.delete(sleeper)) reject(signal?.reason);
        };
        signal?.addEventListener("abort", stop, { once: true });
      });
    },
  };
}

/** Lets everything that is ready run, without any time passing on a manual clock. */
export async function settle(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
