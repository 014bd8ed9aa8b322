import { LockstepError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import { classifyThrown } from "../../http/answer.ts";
import type { Exchange } from "./exchange.ts";

/** When a limit does not say how long: what GitHub asks for. https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
const RETRY_AFTER_DEFAULT_MS = 60_000;

/** What GitHub answered. Times in ms since the epoch, by GitHub's clock, to the second. */
export interface Answer {
  readonly status: number;
  readonly body: Json;
  readonly etag: string | null;
  /** Where a redirect points. */
  readonly location: string | null;
  /** The next page of a list. */
  readonly next: string | null;
  /** When GitHub began to answer, at the latest. */
  readonly askedAt: number;
  /** null: no limit was met. */
  readonly retryAfterMs: number | null;
  /** Classic scopes of the token; null: the kind of token that has none. */
  readonly scopes: string | null;
  /** What the endpoint asks for ("issues=write"), as GitHub says it of fine-grained rights. */
  readonly acceptedPermissions: string | null;
  readonly requestId: string | null;
  /** " (request 0683:…)": what GitHub's support asks for. */
  readonly trace: string;
}

type Headers = Readonly<Record<string, unknown>>;

/** A response as octokit gives it. */
export function answerIn(
  response: { readonly status: number; readonly headers: Headers; readonly data: Json },
  exchange: Exchange,
): Answer {
  const { status, headers, data } = response;
  const header = (name: string): string | null => {
    const value = headers[name];
    return typeof value === "string" || typeof value === "number" ? String(value) : null;
  };
  const answeredAt = Date.parse(header("date") ?? "");
  const requestId = header("x-github-request-id");
  return {
    status,
    body: data === "" ? null : data,
    etag: header("etag"),
    location: header("location"),
    next: /<([^<>]+)>;\s*rel="next"/.exec(header("link") ?? "")?.[1] ?? null,
    askedAt: answeredAt - exchange.elapsedMs(),
    retryAfterMs: isLimit(status, header, data) ? retryAfter(header, answeredAt) : null,
    scopes: header("x-oauth-scopes"),
    acceptedPermissions: header("x-accepted-github-permissions"),
    requestId,
    trace: requestId === null ? "" : ` (request ${requestId})`,
  };
}

/** The answer inside what octokit threw; null: there was none. */
export function answerOf(error: unknown, exchange: Exchange): Answer | null {
  if (!(error instanceof Error) || !("response" in error)) return null;
  const { response } = error;
  if (typeof response !== "object" || response === null) return null;
  const { status, headers, data } = response as { status?: unknown; headers?: unknown; data?: Json };
  if (typeof status !== "number" || typeof headers !== "object" || headers === null) return null;
  return answerIn({ status, headers: { ...headers }, data: data ?? null }, exchange);
}

/** RATE_LIMITED for an answer that says so; null: it says something else. */
export function limitOf(
  what: string,
  { status, retryAfterMs, trace, askedAt }: Answer,
): LockstepError | null {
  if (retryAfterMs === null) return null;
  const at = Number.isNaN(askedAt)
    ? `in ${Math.ceil(retryAfterMs / 1000)} s`
    : `after ${new Date(askedAt + retryAfterMs).toISOString()}`;
  return new LockstepError(
    "RATE_LIMITED",
    `GitHub answered ${what} with ${status}${trace}. Too many requests: run again ${at}.`,
    { retry: { afterMs: retryAfterMs }, details: { status, reason: null } },
  );
}

/** What kept an exchange from ending in an answer, without octokit's own error, which holds the whole request. */
export function thrownError(
  what: string,
  error: unknown,
  exchange: Exchange,
): { readonly error: LockstepError; readonly wasSent: boolean } {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const wasSent = exchange.isSent;
  if (cause instanceof LockstepError) return { error: cause, wasSent };
  const { timeoutMs } = exchange;
  if (timeoutMs === null && isAbort(error, cause))
    return { error: new LockstepError("CANCELLED", `Cancelled during ${what}.`), wasSent };
  const failure = classifyThrown({ service: "GitHub", what, error: cause, timeoutMs });
  return { error: failure.error, wasSent: wasSent && failure.kind !== "unreachable" };
}

function isAbort(error: unknown, cause: unknown): boolean {
  return [error, cause].some((each) => each instanceof Error && each.name === "AbortError");
}

type Header = (name: string) => string | null;

/** A primary limit says that nothing remains; a secondary one says so in words, or names a wait. */
function isLimit(status: number, header: Header, data: Json): boolean {
  if (status === 429) return true;
  if (status !== 403) return status === 200 && isGraphLimit(data);
  const message = isJsonObject(data) && typeof data.message === "string" ? data.message : "";
  const isSaid = /\b(secondary )?rate limit\b|\babuse detection\b/i.test(message);
  return isSaid || header("retry-after") !== null || header("x-ratelimit-remaining") === "0";
}

function isGraphLimit(data: Json): boolean {
  if (!isJsonObject(data) || !Array.isArray(data.errors)) return false;
  return data.errors.some((error: Json) => isJsonObject(error) && error.type === "RATE_LIMITED");
}

function retryAfter(header: Header, answeredAt: number): number {
  const seconds = Number(header("retry-after") ?? Number.NaN);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const reset = Number(header("x-ratelimit-reset") ?? Number.NaN) * 1000;
  const isSpent = header("x-ratelimit-remaining") === "0";
  if (isSpent && Number.isFinite(reset) && !Number.isNaN(answeredAt))
    return Math.max(1_000, reset - answeredAt + 1_000);
  return RETRY_AFTER_DEFAULT_MS;
}
