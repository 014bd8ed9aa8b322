import { type Answer, answerIn, limitOf, thrownError } from "../../../src/connectors/github/answer.ts";
import type { GitHubClient, Sent, WriteRequest } from "../../../src/connectors/github/client.ts";
import { createExchanges, type Exchange, type Fetch } from "../../../src/connectors/github/exchange.ts";
import type { Clock } from "../../../src/core/clock.ts";
import { LockstepError } from "../../../src/core/errors.ts";
import type { Json } from "../../../src/core/json.ts";

export interface HubClientOptions {
  readonly clock: Clock;
  readonly token: string;
  readonly baseUrl: string;
  readonly fetch: Fetch;
  readonly timeoutAfter: (ms: number) => AbortSignal;
  /** As GitHub asks of everybody who writes; none: an emulator has no such wish. */
  readonly pace: "github" | "none";
}

const TIMEOUT_MS = 30_000;
const SECOND = 1_000;
/** Waits before a read is repeated (s), and those for a limit: as octokit's plugins do it. */
const RETRY_WAITS_S = [1, 4, 9];
const LIMIT_WAIT_MAX_S = 60;
const LIMIT_RETRIES_MAX = 2;
const SECONDARY_WAIT_S = 60;
/** Apart from each other at least: writes, and those of which people are told. */
const WRITE_GAP_MS = 1_000;
const TOLD_GAP_MS = 3_000;
const toldOf = /\/(?:issues|pulls|comments)$/;

interface Plain {
  readonly method: string;
  readonly path: string;
  readonly body?: { readonly [key: string]: Json } | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

type Heard = { readonly answer: Answer } | { readonly thrown: unknown };

/**
 * GitHub's client on a virtual clock. Octokit's limiters run on timers of their own, so what they do (repeats, pauses for
 * limits, gaps between writes) is done here; what becomes of an exchange is told by the product's own parts. The contract
 * suite holds it to the real client.
 */
export function createHubClient(options: HubClientOptions): GitHubClient {
  const { clock, token, baseUrl, fetch, timeoutAfter, pace } = options;
  const exchanges = createExchanges({ clock, timeoutMs: TIMEOUT_MS, fetch, timeoutAfter });
  let writableAt = 0;
  const turn = async ({ method, path }: Plain, signal: AbortSignal | undefined) => {
    if (method === "GET" || pace === "none") return;
    const now = clock.monotonic();
    const at = Math.max(now, writableAt);
    writableAt = at + (method === "POST" && toldOf.test(path) ? TOLD_GAP_MS : WRITE_GAP_MS);
    if (at > now) await clock.sleep(at - now, signal).catch(() => undefined);
  };
  const exchange = async (attempt: Exchange, { method, path, body, headers }: Plain): Promise<Answer> => {
    const response = await attempt.fetch(new URL(`${baseUrl}${path}`), {
      method,
      headers: { authorization: `token ${token}`, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const data = dataIn(response.headers.get("content-type"), text);
    return answerIn({ status: response.status, headers: headersIn(response.headers), data }, attempt);
  };
  const hear = (attempt: Exchange, request: Plain): Promise<Heard> =>
    exchange(attempt, request).then(
      (answer) => ({ answer }),
      (thrown: unknown) => ({ thrown }),
    );
  const read = async (request: Plain, signal?: AbortSignal): Promise<Answer> => {
    const what = `${request.method} ${request.path.split("?")[0]}`;
    const attempt = exchanges.begin({ sendBy: Number.POSITIVE_INFINITY, signal });
    await turn(request, signal);
    for (let [repeats, limits] = [0, 0]; ; ) {
      const heard = await hear(attempt, request);
      const limitS = "answer" in heard ? limitWaitS(heard.answer) : null;
      if (limitS !== null && limitS <= LIMIT_WAIT_MAX_S && limits < LIMIT_RETRIES_MAX) {
        limits += 1;
        await clock.sleep(limitS * SECOND, signal);
        continue;
      }
      const waitS = RETRY_WAITS_S[repeats];
      if (isTrouble(heard) && waitS !== undefined) {
        repeats += 1;
        await clock.sleep(waitS * SECOND, signal);
        continue;
      }
      if ("thrown" in heard) throw thrownError(what, heard.thrown, attempt).error;
      return answerOrThrow(what, heard.answer);
    }
  };
  const write = async (
    request: Plain,
    { sendBy, signal }: Pick<WriteRequest, "sendBy" | "signal">,
  ): Promise<Sent> => {
    const attempt = exchanges.begin({ sendBy: sendBy ?? Number.POSITIVE_INFINITY, signal });
    await turn(request, signal);
    const heard = await hear(attempt, request);
    if ("answer" in heard) return { kind: "answered", answer: heard.answer };
    const { error, wasSent } = thrownError(`${request.method} ${request.path}`, heard.thrown, attempt);
    return { kind: wasSent ? "unclear" : "unsent", error };
  };
  const graphql = (document: string, variables: { readonly [key: string]: Json }) => ({
    method: "POST",
    path: "/graphql",
    body: { query: document, variables },
  });
  return {
    auth: "token",
    get: (path, { query = {}, etag = null, signal } = {}) =>
      read(
        {
          method: "GET",
          path: withQuery(path, query),
          headers: etag === null ? {} : { "if-none-match": etag },
        },
        signal,
      ),
    send: ({ method, path, body = {}, ...sending }) => write({ method, path, body }, sending),
    query: (document, variables, signal) => read(graphql(document, variables), signal),
    mutate: (document, variables, sending) => write(graphql(document, variables), sending),
    pathOf: (link) => (link.startsWith(`${baseUrl}/`) ? link.slice(baseUrl.length) : null),
    stats: exchanges.stats,
  };
}

function withQuery(path: string, query: Readonly<Record<string, string | number>>): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) asked.set(name, String(value));
  return asked.size === 0 ? path : `${path}${path.includes("?") ? "&" : "?"}${asked}`;
}

function dataIn(type: string | null, text: string): Json {
  if (text === "" || type?.includes("application/json") !== true) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function headersIn(headers: Headers): Readonly<Record<string, string>> {
  return Object.fromEntries(headers);
}

/** How long a limit asks to wait, where octokit waits (s); null: it was none. */
function limitWaitS({ status, body, retryAfterMs }: Answer): number | null {
  if (status !== 403 && status !== 429) return null;
  const isSecondary = /\bsecondary rate\b/i.test(JSON.stringify(body ?? ""));
  if (!isSecondary) return null;
  return retryAfterMs === null ? SECONDARY_WAIT_S : retryAfterMs / SECOND;
}

/** What a repeat may mend: trouble of GitHub's, or on the way. */
function isTrouble(heard: Heard): boolean {
  if ("answer" in heard) return heard.answer.status >= 500 || [408, 409].includes(heard.answer.status);
  return !(heard.thrown instanceof Error && heard.thrown.name === "AbortError");
}

function answerOrThrow(what: string, answer: Answer): Answer {
  const limit = limitOf(what, answer);
  if (limit !== null) throw limit;
  if (answer.status >= 500)
    throw new LockstepError(
      "UPSTREAM_FAILED",
      `GitHub answered ${what} with ${answer.status}${answer.trace}.`,
      {
        retry: "safe",
        details: { status: answer.status, requestId: answer.requestId },
      },
    );
  return answer;
}
