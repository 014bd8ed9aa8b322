import type { Clock } from "../core/clock.ts";
import { LockstepError } from "../core/errors.ts";

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

/**
 * Who goes first while requests wait: 0 what is lost by waiting (a write that was planned on a fresh read) or waited for
 * by a person, 1 single reads and polls, 2 reading everything.
 */
export type Priority = 0 | 1 | 2;

/**
 * A request counts as having come this much later for each step down. So an urgent one overtakes what came shortly
 * before it, and whatever has waited longer than that is overtaken no more: nothing starves.
 */
const STEP_MS = 60_000;

/** The request budget of one token, shared by everything in the process that uses the token. */
export interface Pacer {
  /**
   * Resolves when a request may be sent now; equals in the order they came. Rejects with the signal's reason, and with
   * SENT_TOO_LATE when its turn comes after `sendBy`; neither costs anything of the budget.
   */
  admit(turn?: Turn): Promise<Admission>;
  /** How long requests are being held back right now; 0 when none is. */
  waitingMs(): number;
}

export interface Turn {
  /** 1 when nothing is said. */
  readonly priority?: Priority;
  /** Monotonic time (ms) after which the request is not to be sent any more. */
  readonly sendBy?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Waiter {
  /** When it came, as far as its turn is concerned. */
  readonly rank: number;
  readonly sendBy: number;
  readonly admit: (admission: Admission) => void;
  readonly reject: (reason: unknown) => void;
}

/** "auto" starts small and, the first time work waits, sends one request more than the small plan allows. */
export function createPacer(options: { clock: Clock; ratePerMinute: number | "auto" }): Pacer {
  const { clock } = options;
  const budget = createBudget(options.ratePerMinute);
  /** By rank; among equals, by when they came. */
  const waiters: Waiter[] = [];
  let isServing = false;
  /** Ends the pause between two turns: the budget learned something, or somebody left. */
  let changed = new AbortController();

  function wake(): void {
    changed.abort();
    changed = new AbortController();
  }

  function settle(isProbe: boolean, outcome: PacedOutcome): void {
    budget.learn(clock.monotonic(), isProbe, outcome);
    wake();
  }

  async function serve(): Promise<void> {
    if (isServing) return;
    isServing = true;
    for (let first = waiters[0]; first !== undefined; first = waiters[0]) {
      const now = clock.monotonic();
      if (now > first.sendBy) {
        waiters.shift();
        first.reject(tooLate(now - first.sendBy));
        continue;
      }
      const grant = budget.take(now);
      if (grant.kind === "send") {
        waiters.shift();
        first.admit({ settle: (outcome) => settle(grant.isProbe, outcome) });
        continue;
      }
      // Only `wake` aborts it.
      await clock.sleep(grant.waitMs, changed.signal).catch(() => {});
    }
    isServing = false;
  }

  function leave(waiter: Waiter): void {
    const at = waiters.indexOf(waiter);
    if (at === -1) return;
    waiters.splice(at, 1);
    wake();
  }

  return {
    admit({ priority = 1, sendBy = Number.POSITIVE_INFINITY, signal } = {}) {
      if (signal?.aborted) return Promise.reject(signal.reason);
      const { promise, resolve, reject } = Promise.withResolvers<Admission>();
      const waiter = { rank: clock.monotonic() + priority * STEP_MS, sendBy, admit: resolve, reject };
      waiters.splice(waiters.findLastIndex((each) => each.rank <= waiter.rank) + 1, 0, waiter);
      const abort = () => {
        leave(waiter);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", abort, { once: true });
      void serve();
      return promise.finally(() => signal?.removeEventListener("abort", abort));
    },
    waitingMs: () => budget.waitMs(clock.monotonic(), waiters.length > 0),
  };
}

function tooLate(lateMs: number): LockstepError {
  return new LockstepError(
    "SENT_TOO_LATE",
    `The request's turn came ${Math.ceil(lateMs)} ms after it was to be sent at the latest, so it was not sent.`,
    { retry: "safe" },
  );
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
