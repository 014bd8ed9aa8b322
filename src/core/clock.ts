/** Time, passed in everywhere outside `app/`, so that tests own it. */
export interface Clock {
  /** Wall time in milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that only ever grow; for deadlines and windows. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Ids and randomness, passed in for the same reason. */
export interface Ids {
  /** A new time-ordered id (UUID version 7 text). */
  next(): string;
  /** A number in [0, 1): jitter. */
  random(): number;
}
