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
  /** null: it was not our timeout. */
  readonly timeoutMs: number | null;
}

export interface Exchanges {
  /** `sendBy`: monotonic time (ms) after which it is not sent any more. */
  begin(how: { readonly sendBy: number; readonly signal: AbortSignal | undefined }): Exchange;
  stats(): { readonly calls: number; readonly repeats: number };
}

/** A limit that is over sooner is waited for. */
const WAIT_MAX_MS = 60_000;

/**
 * The last look before the wire: counts what is sent, holds back what must not be sent any more, and everything while a limit
 * that GitHub named is in force. Octokit repeats the request that met the limit; the others would go on without this.
 */
export function createExchanges(options: {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly fetch: Fetch;
  /** Over sockets a timeout takes real time, whatever the clock says. */
  readonly timeoutAfter?: (ms: number) => AbortSignal;
}): Exchanges {
  const { clock, timeoutMs, fetch: send, timeoutAfter = AbortSignal.timeout } = options;
  let calls = 0;
  let repeats = 0;
  let blockedUntil = 0;
  return {
    stats: () => ({ calls, repeats }),
    begin({ sendBy, signal }) {
      let startedAt = 0;
      let sends = 0;
      let timeout: AbortSignal | null = null;
      const admit = async () => {
        const waitMs = sends > 0 ? 0 : blockedUntil - clock.monotonic();
        if (waitMs > 0) await waitFor(clock, { waitMs, sendBy, signal });
        if (signal?.aborted)
          throw new HeldBack(new LockstepError("CANCELLED", "Cancelled before it was sent."));
        if (clock.monotonic() > sendBy) throw new HeldBack(tooLate());
      };
      return {
        get isSent() {
          return sends > 0;
        },
        get timeoutMs() {
          return timeout?.aborted === true ? timeoutMs : null;
        },
        elapsedMs: () => clock.monotonic() - startedAt,
        fetch: async (url, init) => {
          await admit();
          startedAt = clock.monotonic();
          calls += 1;
          if (sends > 0) repeats += 1;
          sends += 1;
          timeout = timeoutAfter(timeoutMs);
          const signals = signal === undefined ? [timeout] : [timeout, signal];
          const response = await send(url, { ...init, redirect: "manual", signal: AbortSignal.any(signals) });
          const limitMs = limitIn(response);
          if (limitMs !== null) blockedUntil = clock.monotonic() + limitMs;
          return response;
        },
      };
    },
  };
}

/** The name makes octokit pass it on as it is, and repeat nothing. */
class HeldBack extends Error {
  constructor(cause: LockstepError) {
    super(cause.message, { cause });
    this.name = "AbortError";
  }
}

async function waitFor(
  clock: Clock,
  {
    waitMs,
    sendBy,
    signal,
  }: { readonly waitMs: number; readonly sendBy: number; readonly signal: AbortSignal | undefined },
): Promise<void> {
  if (waitMs > WAIT_MAX_MS || clock.monotonic() + waitMs > sendBy) {
    const message = `GitHub has asked to be left alone for another ${Math.ceil(waitMs / 1000)} s. Nothing was sent.`;
    throw new HeldBack(new LockstepError("RATE_LIMITED", message, { retry: { afterMs: waitMs } }));
  }
  // Aborted, it is seen right after.
  await clock.sleep(waitMs, signal).catch(() => undefined);
}

/** How long a limit is in force, as far as the headers say; null: no limit was met, or they do not say. */
function limitIn({ status, headers }: Response): number | null {
  if (status !== 403 && status !== 429) return null;
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  if (Number.isFinite(seconds)) return seconds * 1000;
  if (headers.get("x-ratelimit-remaining") !== "0") return null;
  const reset = Number(headers.get("x-ratelimit-reset") ?? Number.NaN) * 1000;
  const leftMs = reset - Date.parse(headers.get("date") ?? "");
  return Number.isNaN(leftMs) ? null : Math.max(0, leftMs);
}

function tooLate(): LockstepError {
  return new LockstepError(
    "SENT_TOO_LATE",
    "The write's turn came after what it was planned on had grown too old. It was not sent, and is planned anew.",
    { retry: "safe" },
  );
}
