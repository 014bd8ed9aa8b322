import type { Clock } from "../../src/core/clock.ts";
import type { Scheduler } from "./scheduler.ts";

/**
 * A process of the program: it can crash (nothing it waits for ever comes back), and it can be stopped for a while
 * (everything it waits for comes late, as after a long garbage collection or a closed lid). A restart is a new machine.
 */
export class Machine {
  readonly name: string;
  readonly clock: Clock;
  isDead = false;
  /** When the pass began that it is at. */
  passBeganAt = 0;
  /** What its wall clock is off by (ms). */
  skewMs: number;
  readonly #scheduler: Scheduler;
  #pausedUntil = 0;

  constructor(scheduler: Scheduler, name: string, skewMs: number) {
    this.#scheduler = scheduler;
    this.name = name;
    this.skewMs = skewMs;
    const bootedAt = scheduler.now;
    this.clock = {
      now: () => scheduler.now + this.skewMs,
      monotonic: () => scheduler.now - bootedAt,
      sleep: (ms, signal) => this.sleep(ms, signal),
    };
  }

  crash(): void {
    this.isDead = true;
  }

  pause(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#scheduler.now + ms);
  }

  /** Runs inside this process, unless it has crashed by then; later, while it is stopped. */
  after(ms: number, run: () => void): void {
    const deliver = () => {
      if (this.isDead) return;
      if (this.#pausedUntil > this.#scheduler.now) this.#scheduler.at(this.#pausedUntil, deliver);
      else run();
    };
    this.#scheduler.after(ms, deliver);
  }

  private sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const abort = () => reject(signal?.reason);
      signal?.addEventListener("abort", abort, { once: true });
      // Real clocks show whole milliseconds.
      this.after(Math.max(0, Math.ceil(ms)), () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      });
    });
  }
}
