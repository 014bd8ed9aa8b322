import { ApiError } from "./errors.ts";

const windowMs = 60_000;

interface Window {
  startedAt: number;
  used: number;
}

export interface Rates {
  /** Counts one request, or throws a 429 that counts nothing. */
  take(token: string): void;
}

/** Fixed windows of a minute, one for each token and one for the workspace; a window starts with its first request. */
export function createRates(limits: {
  readonly perToken: number | null;
  readonly perWorkspace: number | null;
  readonly now: () => number;
}): Rates {
  const byToken = new Map<string, Window>();
  const workspace: Window = { startedAt: Number.NEGATIVE_INFINITY, used: 0 };

  function current(window: Window): Window {
    const now = limits.now();
    if (now - window.startedAt >= windowMs) {
      window.startedAt = now;
      window.used = 0;
    }
    return window;
  }

  function refuse(window: Window, reason: string): never {
    throw rateLimited(Math.ceil((window.startedAt + windowMs - limits.now()) / 1000), reason);
  }

  return {
    take(token) {
      const own = current(byToken.get(token) ?? { startedAt: Number.NEGATIVE_INFINITY, used: 0 });
      byToken.set(token, own);
      const shared = current(workspace);
      if (limits.perToken !== null && own.used >= limits.perToken)
        refuse(own, "public_api_request_rate_limit");
      if (limits.perWorkspace !== null && shared.used >= limits.perWorkspace) {
        refuse(shared, "public_api_space_request_rate_limit");
      }
      own.used++;
      shared.used++;
    },
  };
}

/** A 429 with how long to wait, in the header (see the server) and in the body as text. */
export function rateLimited(retryAfterSeconds: number, reason: string): ApiError {
  return new ApiError(429, "rate_limited", "You have been rate limited. Please try again in a few minutes.", {
    retry_after: String(retryAfterSeconds),
    rate_limit_reason: reason,
  });
}
