import { hash } from "node:crypto";
import { createAppAuth } from "@octokit/auth-app";
import { Octokit } from "@octokit/core";
import { retry } from "@octokit/plugin-retry";
import { throttling } from "@octokit/plugin-throttling";
import type { Clock } from "../../core/clock.ts";
import { LockstepError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import { type Answer, answerIn, answerOf, limitOf, thrownError } from "./answer.ts";
import { createExchanges, type Exchange, type Fetch } from "./exchange.ts";

/** https://docs.github.com/en/rest/about-the-rest-api/api-versions */
const API_VERSION = "2022-11-28";
/** GitHub itself ends a request after 10 s: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
const TIMEOUT_DEFAULT_MS = 30_000;
/** A read waits this long for a limit to pass; longer ones are told, so that a run can say when to come back. */
const LIMIT_WAIT_MAX_S = 60;
const LIMIT_RETRIES_MAX = 2;

/** Who Lockstep is at GitHub. */
export type GitHubAuth =
  | { readonly kind: "token"; readonly token: string }
  | {
      readonly kind: "app";
      readonly appId: string;
      readonly privateKey: string;
      readonly installationId: number;
    };

export interface GitHubClientOptions {
  readonly auth: GitHubAuth;
  /** Without a trailing slash. https://api.github.com, or https://HOST/api/v3. */
  readonly baseUrl?: string;
  readonly clock: Clock;
  /**
   * `github`: writes at least a second apart, as GitHub asks of everybody who writes. `none`: for an emulator, which
   * has no such wish.
   */
  readonly pace?: "github" | "none";
  /** A second, as far as waiting before a repeated read is concerned; tests make it short. */
  readonly retrySecondMs?: number;
  readonly timeoutMs?: number;
  readonly fetch?: Fetch;
}

export interface ReadOptions {
  readonly query?: Readonly<Record<string, string | number>>;
  /** Of an earlier answer to the same read: if nothing changed the answer is a 304, which costs nothing of the rate limit. */
  readonly etag?: string | null;
  readonly signal?: AbortSignal | undefined;
}

export interface WriteRequest {
  readonly method: "POST" | "PATCH" | "PUT" | "DELETE";
  readonly path: string;
  readonly body?: { readonly [key: string]: Json };
  /** Monotonic time (ms) after which it is not sent any more (SENT_TOO_LATE). */
  readonly sendBy?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What became of a request that is sent at most once.
 * - `answered`: whatever the status
 * - `unsent`: it never left: certainly without effect
 * - `unclear`: it left, and no usable answer came
 */
export type Sent =
  | { readonly kind: "answered"; readonly answer: Answer }
  | { readonly kind: "unsent" | "unclear"; readonly error: LockstepError };

export interface GitHubClient {
  readonly auth: GitHubAuth["kind"];
  /**
   * A read, repeated after trouble. Answers are 2xx, 304, redirects (never followed by themselves: the token would go along) and refusals
   * (4xx). Throws RATE_LIMITED, UPSTREAM_FAILED, UPSTREAM_TIMEOUT or CANCELLED.
   */
  get(path: string, options?: ReadOptions): Promise<Answer>;
  /** One exchange at most. Never throws what the exchange brings. */
  send(request: WriteRequest): Promise<Sent>;
  /** A GraphQL query: repeated like a read. */
  query(document: string, variables: { readonly [key: string]: Json }, signal?: AbortSignal): Promise<Answer>;
  /** A GraphQL mutation: sent like a write. */
  mutate(
    document: string,
    variables: { readonly [key: string]: Json },
    options: Pick<WriteRequest, "sendBy" | "signal">,
  ): Promise<Sent>;
  /** The path of a link that GitHub gave, when it leads to this very API; null: elsewhere, where the token must not go. */
  pathOf(link: string): string | null;
  stats(): { readonly calls: number; readonly repeats: number };
}

type OctokitOptions = NonNullable<ConstructorParameters<typeof Octokit>[0]>;

const SmallOctokit = Octokit.plugin(throttling, retry);

export function createGitHubClient(options: GitHubClientOptions): GitHubClient {
  const { clock, auth, baseUrl = "https://api.github.com" } = options;
  const exchanges = createExchanges({
    clock,
    timeoutMs: options.timeoutMs ?? TIMEOUT_DEFAULT_MS,
    fetch: options.fetch ?? globalThis.fetch,
  });
  // What octokit asks by itself (an installation's token) is counted and never redirected, too.
  const byItself = exchanges.begin({ sendBy: Number.POSITIVE_INFINITY, signal: undefined });
  const octokit = new SmallOctokit(octokitOptions(options, baseUrl, byItself.fetch));
  const read = async (
    what: string,
    parameters: Parameters<typeof octokit.request>[1],
    route: string,
    signal?: AbortSignal,
  ) => {
    const attempt = exchanges.begin({ sendBy: Number.POSITIVE_INFINITY, signal });
    const request = {
      fetch: attempt.fetch,
      redirect: "manual" as const,
      ...(signal === undefined ? {} : { signal }),
    };
    try {
      return answerIn(await octokit.request(route, { ...parameters, request }), attempt);
    } catch (error) {
      return answerOrThrow(what, error, attempt);
    }
  };
  const write = async (route: string, request: Omit<WriteRequest, "method" | "path">): Promise<Sent> => {
    const { sendBy = Number.POSITIVE_INFINITY, signal, body = {} } = request;
    const attempt = exchanges.begin({ sendBy, signal });
    // Retries off: what may have taken effect is not sent again, and neither is what met a limit.
    const once = {
      fetch: attempt.fetch,
      redirect: "manual" as const,
      retries: 0,
      isOnce: true,
      ...(signal === undefined ? {} : { signal }),
    };
    try {
      return {
        kind: "answered",
        answer: answerIn(await octokit.request(route, { data: body, request: once }), attempt),
      };
    } catch (error) {
      const answer = answerOf(error, attempt);
      if (answer !== null) return { kind: "answered", answer };
      const thrown = thrownError(route, error, attempt);
      return { kind: thrown.wasSent ? "unclear" : "unsent", error: thrown.error };
    }
  };
  return {
    auth: auth.kind,
    get: (path, { query = {}, etag = null, signal } = {}) =>
      read(
        `GET ${path}`,
        { ...query, headers: etag === null ? {} : { "if-none-match": etag } },
        `GET ${path}`,
        signal,
      ),
    send: ({ method, path, ...request }) => write(`${method} ${path}`, request),
    query: (document, variables, signal) =>
      read("POST /graphql", { data: { query: document, variables } }, graphqlRoute(baseUrl), signal),
    mutate: (document, variables, sending) =>
      write(graphqlRoute(baseUrl), { ...sending, body: { query: document, variables } }),
    pathOf: (link) => pathBelow(baseUrl, link),
    stats: exchanges.stats,
  };
}

/** Refusals are answers; limits and outages are thrown once repeating did not help. */
function answerOrThrow(what: string, error: unknown, attempt: Exchange): Answer {
  const answer = answerOf(error, attempt);
  if (answer === null) throw thrownError(what, error, attempt).error;
  const limit = limitOf(what, answer);
  if (limit !== null) throw limit;
  if (answer.status >= 500) {
    throw new LockstepError(
      "UPSTREAM_FAILED",
      `GitHub answered ${what} with ${answer.status}${answer.trace}. GitHub has trouble: run again later; nothing read so far is lost.`,
      { retry: "safe", details: { status: answer.status, requestId: answer.requestId } },
    );
  }
  return answer;
}

function octokitOptions(options: GitHubClientOptions, baseUrl: string, fetch: Fetch): OctokitOptions {
  const { auth, pace = "github", retrySecondMs = 1_000 } = options;
  const identity = auth.kind === "token" ? auth.token : `${auth.appId} ${auth.installationId}`;
  const waits = (seconds: number, asked: { readonly request: object }, _: unknown, repeats: number) =>
    !("isOnce" in asked.request) && seconds <= LIMIT_WAIT_MAX_S && repeats < LIMIT_RETRIES_MAX;
  // Of a bottleneck group the plugin calls nothing but this, and its type asks for all of it.
  const unpaced: OctokitOptions[string] = { key: () => ({ schedule: runNow }) };
  return {
    ...(auth.kind === "token" ? { auth: auth.token } : { authStrategy: createAppAuth, auth: { ...auth } }),
    baseUrl,
    userAgent: "lockstep",
    log: { debug() {}, info() {}, warn() {}, error() {} },
    request: { headers: { "x-github-api-version": API_VERSION }, fetch },
    // A limit says itself when to come back.
    retry: { retryAfterBaseValue: retrySecondMs, doNotRetry: [400, 401, 403, 404, 410, 422, 429, 451] },
    throttle: {
      id: hash("sha256", `${baseUrl} ${identity}`),
      retryAfterBaseValue: retrySecondMs,
      onRateLimit: waits,
      onSecondaryRateLimit: waits,
      ...(pace === "none" ? { write: unpaced, notifications: unpaced, search: unpaced } : {}),
    },
  };
}

function runNow<T>(_: object, task: (...args: readonly unknown[]) => T, ...args: readonly unknown[]): T {
  return task(...args);
}

/** Beside the REST API on an Enterprise server: https://docs.github.com/en/enterprise-server@latest/graphql/guides/forming-calls-with-graphql */
function graphqlRoute(baseUrl: string): string {
  return baseUrl.endsWith("/api/v3") ? `POST ${baseUrl.slice(0, -"/v3".length)}/graphql` : "POST /graphql";
}

function pathBelow(baseUrl: string, link: string): string | null {
  const url = URL.parse(link, baseUrl);
  const base = new URL(baseUrl);
  if (url === null || url.origin !== base.origin) return null;
  const prefix = base.pathname.replace(/\/$/, "");
  return url.pathname.startsWith(`${prefix}/`) ? url.pathname.slice(prefix.length) + url.search : null;
}
