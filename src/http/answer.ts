import { type ErrorCode, LockstepError, type Retry } from "../core/errors.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import { type Failure, type FailureKind, RETRY_AFTER_MAX_MS, type Tried } from "./retry.ts";

/** An answer in JSON: 2xx, or a refusal (4xx) that asking again would not change. */
export interface HttpResponse {
  readonly status: number;
  readonly body: Json;
  readonly headers: Headers;
  /** The server's own time (Date header), ms since the epoch, null when it sent none. */
  readonly date: number | null;
  /** From just before sending to the end of the body. */
  readonly elapsedMs: number;
  readonly requestId: string | null;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

interface Answered {
  readonly service: string;
  /** "POST /v1/…", for messages. */
  readonly what: string;
  readonly answer: RawAnswer;
  readonly elapsedMs: number;
}

/** A token that was blocked; waiting does not help: https://developers.notion.com/reference/request-limits */
const REASON_BLOCKED = "public_api_request_blocked";

/** Sorts an answer into a response the caller can judge, or a failure with its error ready to throw. */
export function classifyAnswer(input: Answered): Tried<HttpResponse> {
  const { answer, elapsedMs } = input;
  const body = parseJson(answer.text);
  const response: HttpResponse = {
    status: answer.status,
    body: body ?? null,
    headers: answer.headers,
    date: parseDate(answer.headers.get("date")),
    elapsedMs,
    requestId: requestIdOf(answer),
  };
  const kind = failureKind(answer.status, body);
  if (kind === null) return { ok: true, value: response };
  return { ok: false, failure: toFailure(input, kind, response) };
}

/** null: a JSON answer that says what is the case, a refusal included. */
function failureKind(status: number, body: Json | undefined): FailureKind | null {
  if (status === 429) return limitReason(body) === REASON_BLOCKED ? "refused" : "limited";
  if (status === 529) return "overloaded";
  if (status >= 500) return "server";
  if (status >= 300 && status < 400) return "refused";
  if (status === 409) return "conflict";
  // A page from the edge in place of the service's own answer: nobody's refusal to go by.
  if (body === undefined) return status < 300 ? "malformed" : "refused";
  return null;
}

function toFailure(input: Answered, kind: FailureKind, response: HttpResponse): Failure {
  const { answer, service, what } = input;
  const { body } = response;
  const retryAfterMs = readRetryAfter(answer, body);
  const reason = limitReason(body);
  const details = { status: answer.status, requestId: requestIdOf(answer), reason };
  const trace = traceOf(answer);
  const head = `${service} answered ${what} with ${answer.status}${codeOf(body)}${trace}`;
  const make = (code: ErrorCode, advice: string, retry: Retry): Failure => ({
    kind,
    retryAfterMs,
    response,
    error: new LockstepError(code, `${head}. ${advice}`, { retry, details }),
  });
  if (answer.status === 429)
    return make("RATE_LIMITED", limitAdvice(input, reason, retryAfterMs), limitRetry(reason, retryAfterMs));
  if (answer.status >= 300 && answer.status < 400) {
    return make(
      "UPSTREAM_FAILED",
      "Redirects are not followed, because the token would go along: check the base URL.",
      "never",
    );
  }
  if (kind === "malformed")
    return make("UPSTREAM_FAILED", "Expected JSON, but the body was cut short or is not JSON.", "safe");
  if (kind === "refused")
    return make(
      "UPSTREAM_FAILED",
      `Expected JSON, got ${typeOf(answer)}: a proxy or firewall on the way refused it.`,
      "never",
    );
  if (kind === "conflict")
    return make(
      "UPSTREAM_FAILED",
      "Somebody else was saving at the same time: read again, then decide.",
      "safe",
    );
  return make(
    "UPSTREAM_FAILED",
    "The service has trouble: run again later; nothing read so far is lost.",
    "safe",
  );
}

function limitAdvice(input: Answered, reason: string | null, retryAfterMs: number | null): string {
  if (reason === REASON_BLOCKED)
    return "The token is blocked, and waiting does not help: ask Notion's support.";
  if (retryAfterMs === null) return "Too many requests: run again in a minute.";
  const now = parseDate(input.answer.headers.get("date"));
  const at =
    now === null
      ? `in ${Math.ceil(retryAfterMs / 1000)} s`
      : `after ${new Date(now + retryAfterMs).toISOString()}`;
  const tooLong = retryAfterMs > RETRY_AFTER_MAX_MS ? " That is longer than a run waits." : "";
  return `Too many requests (${reason ?? "no reason given"}): run again ${at}.${tooLong}`;
}

function limitRetry(reason: string | null, retryAfterMs: number | null): Retry {
  if (reason === REASON_BLOCKED) return "never";
  return retryAfterMs === null ? "safe" : { afterMs: retryAfterMs };
}

/** An exchange that never ended in an answer. `timeoutMs` is null when it was not our timeout. */
export function classifyThrown(input: {
  readonly service: string;
  readonly what: string;
  readonly error: unknown;
  readonly timeoutMs: number | null;
}): Failure {
  const { service, what, error, timeoutMs } = input;
  if (error instanceof LockstepError) return { kind: "refused", retryAfterMs: null, response: null, error };
  const kind = timeoutMs !== null ? "timeout" : isUnreachable(error) ? "unreachable" : "network";
  const message =
    timeoutMs === null
      ? `${service} could not be reached for ${what} (${reasonOf(error)}). Check the network and the base URL.`
      : `${service} did not answer ${what} within ${timeoutMs} ms. The request was given up.`;
  const code = timeoutMs === null ? "UPSTREAM_FAILED" : "UPSTREAM_TIMEOUT";
  return {
    kind,
    retryAfterMs: null,
    response: null,
    error: new LockstepError(code, message, { cause: error, retry: "safe" }),
  };
}

/** No connection came about, so nothing can have been received. Any other code may come after the request had left. */
const unreachableCodes: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
]);

function isUnreachable(error: unknown): boolean {
  return unreachableCodes.has(reasonOf(error));
}

/** "ECONNREFUSED" and the like, from the cause that fetch hides it in. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return "unknown reason";
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.name;
}

function parseJson(text: string): Json | undefined {
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

/** ms, from the header (seconds or an HTTP date) or, failing that, from the body. */
function readRetryAfter(answer: RawAnswer, body: Json): number | null {
  const text = answer.headers.get("retry-after") ?? stringAt(body, "retry_after");
  if (text === null || text.trim() === "") return null;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const at = Date.parse(text);
  const now = parseDate(answer.headers.get("date"));
  return Number.isNaN(at) || now === null ? null : Math.max(0, at - now);
}

function limitReason(body: Json | undefined): string | null {
  return stringAt(body, "rate_limit_reason");
}

function stringAt(body: Json | undefined, key: string): string | null {
  if (!isJsonObject(body) || !isJsonObject(body.additional_data)) return null;
  const value = body.additional_data[key];
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}

function codeOf(body: Json): string {
  return isJsonObject(body) && typeof body.code === "string" ? ` ${body.code}` : "";
}

function typeOf(answer: RawAnswer): string {
  return answer.headers.get("content-type")?.split(";")[0] ?? "an unnamed type";
}

function requestIdOf(answer: RawAnswer): string | null {
  return answer.headers.get("x-notion-request-id") ?? answer.headers.get("cf-ray");
}

/** " (request 5f…, cf-ray 8c…)": what a vendor's support asks for. */
function traceOf({ headers }: RawAnswer): string {
  const parts = [
    ["request", headers.get("x-notion-request-id")],
    ["cf-ray", headers.get("cf-ray")],
  ].filter(([, value]) => value !== null);
  return parts.length === 0 ? "" : ` (${parts.map(([name, value]) => `${name} ${value}`).join(", ")})`;
}

function parseDate(text: string | null): number | null {
  const at = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(at) ? null : at;
}
