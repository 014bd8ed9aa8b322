import type { Clock } from "../../core/clock.ts";
import { LockstepError } from "../../core/errors.ts";

/** As the global one: it has to heed `init.signal`. */
export type Fetch = (url: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** One request as it goes over the wire, repeats included: what octokit is given in place of `fetch`. */
export interface Exchange {
  readonly fetch: Fetch;
  /** It may have been received. */
  readonly isSent: boolean;
  /** How long the last one took so far (ms). */
  readonly elapsedMs: () => number;
  readonly timeoutMs: number | null;
}

/** Counts what is sent, and holds back what must not be sent any more: the last look before the wire. */
export function createExchange(options: {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly fetch: Fetch;
}): {
  readonly begin: (how: { readonly sendBy: number; readonly signal: AbortSignal | undefined }) => Exchange;
  readonly stats: () => { readonly calls: number; readonly repeats: number };
} {
  const { clock, timeoutMs, fetch: send } = options;
  let calls = 0;
  let repeats = 0;
  return {
    stats: () => ({ calls, repeats }),
    begin({ sendBy, signal }) {
      let startedAt = 0;
      let sends = 0;
      let timeout: AbortSignal | null = null;
      return {
        get isSent() {
          return sends > 0;
        },
        get timeoutMs() {
          return timeout?.aborted === true ? timeoutMs : null;
        },
        elapsedMs: () => clock.monotonic() - startedAt,
        fetch: async (url, init) => {
          if (signal?.aborted) throw new DOMException("cancelled before it was sent", "AbortError");
          if (clock.monotonic() > sendBy) throw tooLate();
          startedAt = clock.monotonic();
          calls += 1;
          if (sends > 0) repeats += 1;
          sends += 1;
          timeout = AbortSignal.timeout(timeoutMs);
          const signals = signal === undefined ? [timeout] : [timeout, signal];
          return send(url, { ...init, redirect: "manual", signal: AbortSignal.any(signals) });
        },
      };
    },
  };
}

function tooLate(): LockstepError {
  return new LockstepError(
    "SENT_TOO_LATE",
    "The write's turn came after what it was planned on had grown too old. It was not sent, and is planned anew.",
    { retry: "safe" },
  );
}
