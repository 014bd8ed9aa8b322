/** Wall time of the emulated workspace. */
export interface EmulatorClock {
  /** Milliseconds since the epoch. */
  now(): number;
}

/** The real time moved by as much as was asked for, or a time that stands still until it is moved. */
export interface SettableClock extends EmulatorClock {
  readonly isFixed: boolean;
  advance(ms: number): void;
  /** Goes on from there, or stands still there when it is fixed. */
  set(now: number): void;
  /** Stands still, by default where it is. */
  fix(now?: number): void;
  /** Goes on from where it is. */
  run(): void;
}

export function createSettableClock(realNow: () => number, fixedAt: number | null): SettableClock {
  let offset = 0;
  let fixed = fixedAt;
  const now = (): number => fixed ?? realNow() + offset;
  const set = (to: number): void => {
    if (fixed === null) offset = to - realNow();
    else fixed = to;
  };
  return {
    now,
    set,
    get isFixed() {
      return fixed !== null;
    },
    advance: (ms) => set(now() + ms),
    fix(at = now()) {
      fixed = at;
    },
    run() {
      const at = now();
      fixed = null;
      set(at);
    },
  };
}
