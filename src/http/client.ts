import type { Clock } from "../core/clock.ts";
import { LockstepError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import { classifyAnswer, classifyThrown, type HttpResponse, type RawAnswer } from "./answer.ts";
import type { Breaker } from "./breaker.ts";
import type { PacedOutcome, Pacer } from "./pacer.ts";
import { type Failure, type Tried, withRetry } from "./retry.ts";

/** Notion gives a request 60 s: https://developers.notion.com/reference/request-limits */
const TIMEOUT_DEFAULT_MS = 60_000;
/** A hundred rows of the largest size that was ever seen stay well below. */
const RESPONSE_BYTES_MAX = 256 * 1024 * 1024;

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Begins with "/"; already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Beside the client's own. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Json;
  /** True for GETs and for POSTs that only ask: may be sent again after an unclear failure. */
  readonly isSafeRead: boolean;
  readonly canRepeatConflict?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpStats {
  /** Requests sent, repeats included. */
  readonly calls: number;
  readonly retries: number;
  readonly waitingMs: number;
}

export interface HttpClient {
  /** Throws RATE_LIMITED, UPSTREAM_FAILED, UPSTREAM_TIMEOUT, CIRCUIT_OPEN or CANCELLED. */
  request(request: HttpRequest): Promise<HttpResponse>;
  stats(): HttpStats;
}

export interface HttpClientOptions {
  /** Named in messages: "Notion". */
  readonly service: string;
  /** Without a trailing slash; nothing is ever sent anywhere else. */
  readonly baseUrl: string;
  /** Sent with every request, the secret one too: never shown anywhere. */
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly random: () => number;
  /** One per token. */
  readonly pacer: Pacer;
  /** One per service. */
  readonly breaker: Breaker;
  readonly timeoutMs?: number;
  readonly responseBytesMax?: number;
}

/** One caller's client: its own counts, over the shared budget and breaker. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { clock, random, pacer } = options;
  let calls = 0;
  let retries = 0;
  return {
    request: (request) =>
      withRetry(
        {
          clock,
          random,
          rules: { isSafeRead: request.isSafeRead, canRepeatConflict: request.canRepeatConflict ?? false },
          signal: request.signal,
          onRetry: () => {
            retries += 1;
          },
        },
        () =>
          tryOnce(options, request, () => {
            calls += 1;
          }),
      ).catch((error: unknown) => {
        throw cancelledOr(error, request);
      }),
    stats: () => ({ calls, retries, waitingMs: pacer.waitingMs() }),
  };
}

/** One paced exchange, from admission to a classified answer. */
async function tryOnce(
  options: HttpClientOptions,
  request: HttpRequest,
  onSend: () => void,
): Promise<Tried<HttpResponse>> {
  const { breaker, pacer } = options;
  const admission = await pacer.admit(request.signal);
  try {
    breaker.check();
  } catch (error) {
    admission.settle({ kind: "failed" });
    throw error;
  }
  onSend();
  const tried = await exchange(options, request);
  if (request.signal?.aborted) {
    admission.settle({ kind: "failed" });
    breaker.record("unknown");
    throw request.signal.reason;
  }
  admission.settle(tried.ok ? { kind: "accepted" } : pacedOutcome(tried.failure));
  breaker.record(tried.ok || !isOutage(tried.failure) ? "answered" : "failed");
  return tried;
}

async function exchange(options: HttpClientOptions, request: HttpRequest): Promise<Tried<HttpResponse>> {
  const { clock, service } = options;
  const timeoutMs = options.timeoutMs ?? TIMEOUT_DEFAULT_MS;
  const timeout = AbortSignal.timeout(timeoutMs);
  const what = `${request.method} ${request.path}`;
  const startedAt = clock.monotonic();
  try {
    const signals = request.signal === undefined ? [timeout] : [timeout, request.signal];
    const answer = await send(options, request, AbortSignal.any(signals));
    return classifyAnswer({ service, what, answer, elapsedMs: clock.monotonic() - startedAt });
  } catch (error) {
    return {
      ok: false,
      failure: classifyThrown({ service, what, error, timeoutMs: timeout.aborted ? timeoutMs : null }),
    };
  }
}

async function send(
  options: HttpClientOptions,
  request: HttpRequest,
  signal: AbortSignal,
): Promise<RawAnswer> {
  const url = new URL(options.baseUrl + request.path);
  for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value);
  const hasBody = request.body !== undefined;
  const response = await fetch(url, {
    method: request.method,
    headers: {
      ...options.headers,
      ...request.headers,
      ...(hasBody ? { "content-type": "application/json" } : {}),
    },
    ...(hasBody ? { body: JSON.stringify(request.body) } : {}),
    // A redirect would carry the token to wherever it points.
    redirect: "manual",
    signal,
  });
  const text = await readText(response, options.responseBytesMax ?? RESPONSE_BYTES_MAX);
  return { status: response.status, headers: response.headers, text };
}

/** The body as text; throws LockstepError when it is larger than we are ready to hold. */
async function readText(response: Response, bytesMax: number): Promise<string> {
  if (response.body === null) return "";
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) {
      throw new LockstepError(
        "UPSTREAM_FAILED",
        `The answer is larger than ${bytesMax} bytes, which no answer should be.`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function pacedOutcome(failure: Failure): PacedOutcome {
  const { retryAfterMs, error } = failure;
  if (failure.kind === "overloaded") return { kind: "overloaded", retryAfterMs };
  if (failure.kind !== "limited") return { kind: "failed" };
  const scope = isConnectionLimit(error) ? "connection" : "other";
  return { kind: "limited", scope, retryAfterMs };
}

/** An answer without a reason is the connection's own limit, the one that everybody has. */
function isConnectionLimit(error: LockstepError): boolean {
  const { reason } = error.details;
  return reason === null || reason === "public_api_request_rate_limit";
}

function isOutage(failure: Failure): boolean {
  return ["server", "overloaded", "timeout", "network"].includes(failure.kind);
}

function cancelledOr(error: unknown, request: HttpRequest): unknown {
  if (error instanceof LockstepError || !request.signal?.aborted) return error;
  return new LockstepError("CANCELLED", `Cancelled during ${request.method} ${request.path}.`, {
    cause: error,
  });
}
