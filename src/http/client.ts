import type { Clock } from "../core/clock.ts";
import { LockstepError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import { classifyAnswer, classifyThrown, type HttpResponse, type RawAnswer } from "./answer.ts";
import type { Breaker } from "./breaker.ts";
import type { PacedOutcome, Pacer, Priority } from "./pacer.ts";
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
  /** In place of `body`: sent as a form (application/x-www-form-urlencoded). */
  readonly form?: Readonly<Record<string, string>>;
  /** True for GETs and for POSTs that only ask: may be sent again after an unclear failure. */
  readonly isSafeRead: boolean;
  readonly canRepeatConflict?: boolean;
  /** Who goes first while requests wait for the budget; 1 when nothing is said. */
  readonly priority?: Priority;
  /** Monotonic time (ms) after which it is not sent any more (SENT_TOO_LATE). */
  readonly sendBy?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** `failure`: what is wrong with an answer that `request` would have thrown. */
export interface Answered {
  readonly kind: "answered";
  readonly response: HttpResponse;
  readonly failure: Failure | null;
}

/**
 * What became of a request that is sent at most once.
 * - `answered`: whatever the status
 * - `unsent`: it never left (no connection, circuit open, cancelled while waiting): certainly without effect
 * - `unclear`: it left, and no usable answer came (timeout, reset, cancelled, a 2xx that is not JSON)
 */
export type Sent = Answered | { readonly kind: "unsent" | "unclear"; readonly error: LockstepError };

export interface HttpStats {
  /** Requests sent, repeats included. */
  readonly calls: number;
  readonly retries: number;
  readonly waitingMs: number;
}

export interface HttpClient {
  /** Throws RATE_LIMITED, UPSTREAM_FAILED, UPSTREAM_TIMEOUT, CIRCUIT_OPEN or CANCELLED. */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** One exchange at most, whatever comes of it. Never throws what the exchange brings. */
  sendOnce(request: HttpRequest): Promise<Sent>;
  stats(): HttpStats;
}

/** One exchange as it is about to be sent: what a signature covers. */
export interface Outgoing {
  readonly method: string;
  readonly url: URL;
  /** "" without one. */
  readonly body: string;
}

/** As the global `fetch`: it has to heed `init.signal`. */
export type Fetch = (url: URL, init: RequestInit) => Promise<Response>;

export interface HttpClientOptions {
  /** Named in messages: "Notion". */
  readonly service: string;
  /** Without a trailing slash; nothing is ever sent anywhere else. */
  readonly baseUrl: string;
  /** Sent with every request, the secret one too: never shown anywhere. */
  readonly headers: Readonly<Record<string, string>>;
  /** Headers made anew for each exchange, repeats included: a signature that covers its time. */
  readonly sign?: (outgoing: Outgoing) => Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly random: () => number;
  /** One per token. */
  readonly pacer: Pacer;
  /** One per service. */
  readonly breaker: Breaker;
  readonly timeoutMs?: number;
  readonly responseBytesMax?: number;
  /**
   * In place of sockets. The timeout then runs on `clock`, because such an exchange takes the clock's time; one over
   * sockets takes real time, whatever the clock says.
   */
  readonly fetch?: Fetch;
}

/** One caller's client: its own counts, over the shared budget and breaker. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const { clock, random, pacer } = options;
  let calls = 0;
  let retries = 0;
  const tryHere = (request: HttpRequest) =>
    tryOnce(options, request, () => {
      calls += 1;
    });
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
        () => tryHere(request),
      ).catch((error: unknown) => {
        throw cancelledOr(error, request);
      }),
    sendOnce: (request) => sendOnce(request, tryHere),
    stats: () => ({ calls, retries, waitingMs: pacer.waitingMs() }),
  };
}

async function sendOnce(
  request: HttpRequest,
  tryHere: (request: HttpRequest) => Promise<Tried<HttpResponse>>,
): Promise<Sent> {
  try {
    const tried = await tryHere(request);
    if (tried.ok) return { kind: "answered", response: tried.value, failure: null };
    const { failure } = tried;
    if (failure.kind === "unreachable") return { kind: "unsent", error: failure.error };
    if (failure.response === null || failure.kind === "malformed")
      return { kind: "unclear", error: failure.error };
    return { kind: "answered", response: failure.response, failure };
  } catch (error) {
    const known = cancelledOr(error, request);
    if (!(known instanceof LockstepError)) throw known;
    return { kind: error instanceof CancelledExchange ? "unclear" : "unsent", error: known };
  }
}

/** Cancelled when the request was under way: it may have been received. */
class CancelledExchange extends Error {}

/** One paced exchange, from admission to a classified answer. */
async function tryOnce(
  options: HttpClientOptions,
  request: HttpRequest,
  onSend: () => void,
): Promise<Tried<HttpResponse>> {
  const { breaker, pacer } = options;
  const { signal } = request;
  const admission = await pacer.admit(request);
  try {
    signal?.throwIfAborted();
    breaker.check();
  } catch (error) {
    admission.settle({ kind: "failed" });
    throw error;
  }
  onSend();
  const tried = await exchange(options, request);
  if (signal?.aborted) {
    admission.settle({ kind: "failed" });
    breaker.record("unknown");
    throw new CancelledExchange("cancelled while under way", { cause: signal.reason });
  }
  admission.settle(tried.ok ? { kind: "accepted" } : pacedOutcome(tried.failure));
  breaker.record(tried.ok || !isOutage(tried.failure) ? "answered" : "failed");
  return tried;
}

async function exchange(options: HttpClientOptions, request: HttpRequest): Promise<Tried<HttpResponse>> {
  const { clock, service } = options;
  const timeoutMs = options.timeoutMs ?? TIMEOUT_DEFAULT_MS;
  const timeout = startTimeout(options, timeoutMs);
  const what = `${request.method} ${request.path}`;
  const startedAt = clock.monotonic();
  try {
    const signals = request.signal === undefined ? [timeout.signal] : [timeout.signal, request.signal];
    const answer = await send(options, request, AbortSignal.any(signals));
    return classifyAnswer({ service, what, answer, elapsedMs: clock.monotonic() - startedAt });
  } catch (error) {
    return {
      ok: false,
      failure: classifyThrown({ service, what, error, timeoutMs: timeout.signal.aborted ? timeoutMs : null }),
    };
  } finally {
    timeout.clear();
  }
}

/** A signal that is aborted when the time is over, unless it is cleared before. */
function startTimeout(
  { clock, fetch }: HttpClientOptions,
  timeoutMs: number,
): { readonly signal: AbortSignal; readonly clear: () => void } {
  if (fetch === undefined) return { signal: AbortSignal.timeout(timeoutMs), clear: () => {} };
  const timeout = new AbortController();
  const cleared = new AbortController();
  clock.sleep(timeoutMs, cleared.signal).then(
    () => timeout.abort(),
    () => {},
  );
  return { signal: timeout.signal, clear: () => cleared.abort() };
}

async function send(
  options: HttpClientOptions,
  request: HttpRequest,
  signal: AbortSignal,
): Promise<RawAnswer> {
  const url = new URL(options.baseUrl + request.path);
  for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value);
  const content = contentOf(request);
  const response = await (options.fetch ?? fetch)(url, {
    method: request.method,
    headers: {
      ...options.headers,
      ...request.headers,
      ...(content === null ? {} : { "content-type": content.type }),
      ...options.sign?.({ method: request.method, url, body: content?.text ?? "" }),
    },
    ...(content === null ? {} : { body: content.text }),
    // A redirect would carry the token to wherever it points.
    redirect: "manual",
    signal,
  });
  const text = await readText(response, options.responseBytesMax ?? RESPONSE_BYTES_MAX);
  return { status: response.status, headers: response.headers, text };
}

function contentOf({ body, form }: HttpRequest): { readonly type: string; readonly text: string } | null {
  if (form !== undefined) {
    return { type: "application/x-www-form-urlencoded", text: new URLSearchParams(form).toString() };
  }
  return body === undefined ? null : { type: "application/json", text: JSON.stringify(body) };
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
  return ["server", "overloaded", "timeout", "network", "unreachable"].includes(failure.kind);
}

function cancelledOr(thrown: unknown, request: HttpRequest): unknown {
  const error = thrown instanceof CancelledExchange ? thrown.cause : thrown;
  if (error instanceof LockstepError || !request.signal?.aborted) return error;
  return new LockstepError("CANCELLED", `Cancelled during ${request.method} ${request.path}.`, {
    cause: error,
  });
}
