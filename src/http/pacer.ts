import type { Clock } from "../core/clock.ts";

/** https://developers.notion.com/reference/request-limits: a fixed window of a minute, of unknown phase. */
const WINDOW_MS = 60_000;
/**
 * Sends are counted over a little more than the window: what we send now is counted when it arrives. Costs 1.6 % of
 * the budget, and keeps a server whose window starts anywhere from ever seeing one request too many.
 */
const GUARD_MS = 1_000;
/** What every plan allows, and what the larger plans allow. */
const RATE_SMALL = 180;
const RATE_LARGE = 600;
/** Used when a limited answer does not say how long to wait: one whole window. */
const RETRY_AFTER_DEFAULT_MS = WINDOW_MS;
/** After a limit below the configured one was met: keep this share of what was sent, but never under half. */
const LOWERED_SHARE = 0.95;
const LOWERED_SHARE_MIN = 0.5;
/** Share of the ceiling won back per clean minute. */
const RECOVERY_SHARE = 0.01;

/** What became of an admitted request, as far as the budget is concerned. */
export type PacedOutcome =
  | { readonly kind: "accepted" }
  | { readonly kind: "limited"; readonly scope: "connection" | "other"; readonly retryAfterMs: number | null }
  | { readonly kind: "overloaded"; readonly retryAfterMs: number | null }
  | { readonly kind: "failed" };

export interface Admission {
  /** To be called once for every admission, whatever happened: the budget learns from it. */
  settle(outcome: PacedOutcome): void;
}

/** The request budget of one token, shared by everything in the process that uses the token. */
export interface Pacer {
  /** Resolves when a request may be sent now; first come, first served. Rejects with the signal's reason. */
  admit(signal?: AbortSignal): Promise<Admission>;
  /** How long requests are being held back right now; 0 when none is. */
  waitingMs(): number;
}

/** "auto" starts small and, the first time work waits, sends one request more than the small plan allows. */
export function createPacer(options: { clock: Clock; ratePerMinute: number | "auto" }): Pacer {
  const { clock } = options;
  const budget = createBudget(options.ratePerMinute);
  let queue: Promise<void> = Promise.resolve();
  let waiting = 0;
  let changed = Promise.withResolvers<void>();

  function settle(isProbe: boolean, outcome: PacedOutcome): void {
    budget.learn(clock.monotonic(), isProbe, outcome);
    changed.resolve();
    changed = Promise.withResolvers<void>();
  }

  async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const stop = new AbortController();
    const signals = signal === undefined ? [stop.signal] : [stop.signal, signal];
    try {
      await Promise.race([clock.sleep(ms, AbortSignal.any(signals)), changed.promise]);
    } finally {
      stop.abort();
    }
  }

  async function takeTurn(signal: AbortSignal | undefined): Promise<Admission> {
    for (;;) {
      signal?.throwIfAborted();
      const grant = budget.take(clock.monotonic());
      if (grant.kind === "send") return { settle: (outcome) => settle(grant.isProbe, outcome) };
      await pause(grant.waitMs, signal);
    }
  }

  return {
    async admit(signal) {
      const before = queue;
      const turn = Promise.withResolvers<void>();
      queue = turn.promise;
      waiting += 1;
      try {
        await abortable(before, signal);
        return await takeTurn(signal);
      } finally {
        waiting -= 1;
        // An aborted waiter must not let the next one overtake those before it.
        void before.then(turn.resolve);
      }
    },
    waitingMs: () => budget.waitMs(clock.monotonic(), waiting > 0),
  };
}

type Grant =
  | { readonly kind: "send"; readonly isProbe: boolean }
  | { readonly kind: "wait"; readonly waitMs: number };

/** What "auto" knows: nothing yet, a probe is out, or it is settled. */
type Learning = "unknown" | "probing" | "settled";

function createBudget(ratePerMinute: number | "auto") {
  const isAuto = ratePerMinute === "auto";
  let ceiling = isAuto ? RATE_SMALL : ratePerMinute;
  let learning: Learning = isAuto ? "unknown" : "settled";
  let lowered: { readonly limit: number; readonly at: number } | null = null;
  let blockedUntil = 0;
  /** Times of the sends that still count, oldest first. */
  const sends: number[] = [];

  function limitAt(now: number): number {
    if (lowered === null) return ceiling;
    const cleanMinutes = Math.floor((now - lowered.at) / WINDOW_MS);
    const recovered = lowered.limit + cleanMinutes * Math.max(1, Math.ceil(ceiling * RECOVERY_SHARE));
    return Math.min(ceiling, recovered);
  }

  function windowWaitMs(now: number): number {
    while (sends[0] !== undefined && sends[0] + WINDOW_MS + GUARD_MS <= now) sends.shift();
    const oldestThatCounts = sends[sends.length - limitAt(now)];
    return oldestThatCounts === undefined ? 0 : oldestThatCounts + WINDOW_MS + GUARD_MS - now;
  }

  function lower(now: number): void {
    const sentLately = sends.filter((at) => at > now - WINDOW_MS).length;
    const limit = Math.floor(Math.min(sentLately, limitAt(now)) * LOWERED_SHARE);
    lowered = { limit: Math.max(1, limit, Math.floor(ceiling * LOWERED_SHARE_MIN)), at: now };
  }

  function learnConnectionLimit(now: number, isProbe: boolean): void {
    // The small plan after all: a raised ceiling was a window boundary that let the probe through.
    if (isProbe || (isAuto && ceiling === RATE_LARGE && sends.length < RATE_LARGE / 2)) {
      ceiling = RATE_SMALL;
      learning = "settled";
      lowered = null;
      return;
    }
    lower(now);
  }

  return {
    take(now: number): Grant {
      const blockedMs = Math.max(0, blockedUntil - now);
      const waitMs = Math.max(blockedMs, windowWaitMs(now));
      const isProbe = waitMs > 0 && blockedMs === 0 && learning === "unknown";
      if (waitMs > 0 && !isProbe) return { kind: "wait", waitMs };
      if (isProbe) learning = "probing";
      sends.push(now);
      return { kind: "send", isProbe };
    },
    learn(now: number, isProbe: boolean, outcome: PacedOutcome): void {
      if (outcome.kind === "limited") {
        blockedUntil = Math.max(blockedUntil, now + (outcome.retryAfterMs ?? RETRY_AFTER_DEFAULT_MS));
        if (outcome.scope === "connection") learnConnectionLimit(now, isProbe);
      }
      if (outcome.kind === "overloaded")
        blockedUntil = Math.max(blockedUntil, now + (outcome.retryAfterMs ?? 0));
      if (isProbe && learning === "probing") {
        learning = outcome.kind === "accepted" ? "settled" : "unknown";
        if (outcome.kind === "accepted") ceiling = RATE_LARGE;
      }
    },
    waitMs(now: number, hasWork: boolean): number {
      return Math.max(0, blockedUntil - now, hasWork ? windowWaitMs(now) : 0);
    },
  };
}

function abortable(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return promise;
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    void promise.then(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    });
  });
}
