/** Wall time of the emulated workspace. */
export interface EmulatorClock {
  /** Milliseconds since the epoch. */
  now(): number;
}

/** The real time, moved by as much as was asked for. */
export interface SettableClock extends EmulatorClock {
  advance(ms: number): void;
  set(now: number): void;
}

export function createSettableClock(realNow: () => number): SettableClock {
  let offset = 0;
  return {
    now: () => realNow() + offset,
    advance(ms) {
      offset += ms;
    },
    set(now) {
      offset = now - realNow();
    },
  };
}
