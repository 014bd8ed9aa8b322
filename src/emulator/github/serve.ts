import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { CallEntry } from "../http/calls.ts";
import { type Answer, readBody, send } from "../http/exchange.ts";
import type { FaultEffect, FaultSource } from "../http/faults.ts";
import type { JsonObject } from "../json.ts";
import { appReply, userReply } from "./account-routes.ts";
import { type Call, ok, Refusal, type Reply, type Route } from "./call.ts";
import { graphqlReply } from "./graphql.ts";
import { issueRoutes } from "./issue-routes.ts";
import { pullRoutes } from "./pull-routes.ts";
import { type Renderer, repositoryJson } from "./render.ts";
import { canSee } from "./sight.ts";
import type { GitHubState, Repository, Token } from "./state.ts";

/** What answering needs. */
export interface GitHubService {
  readonly state: GitHubState;
  readonly renderer: Renderer;
  readonly faults: FaultSource;
  readonly hasGraphql: boolean;
  /** Requests an hour for each token. */
  readonly limit: number;
  /** Requests that counted, by token. */
  readonly used: Map<string, number>;
  record(entry: CallEntry): void;
}

const bodyBytesMax = 1_000_000;
const routes: readonly Route[] = [
  { method: "GET", template: "", right: null, handle: getRepository },
  {
    method: "PATCH",
    template: "",
    right: { name: "administration", level: "write" },
    handle: patchRepository,
  },
  ...issueRoutes,
  ...pullRoutes,
];

/** Answers one request: a fault first, then token, route and handler; a 304 when the client has the answer already. */
export async function answerGitHub(
  service: GitHubService,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://localhost");
  const path = url.pathname + url.search;
  const fault = service.faults.next(request.method ?? "GET", path);
  const record = (status: number): void => {
    service.record({
      at: service.state.now(),
      method: request.method ?? "GET",
      path,
      route: `${request.method} ${templateOf(url.pathname)}`,
      status,
      connection: tokenOf(service.state, request)?.login ?? null,
    });
  };
  const run = async (): Promise<Answer> => handle(service, request, url);
  if (fault === null) {
    const answer = await run();
    record(answer.status);
    send(response, answer);
    return;
  }
  await answerFault(fault, { service, request, response, run, record });
}

interface Faulty {
  readonly service: GitHubService;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly run: () => Promise<Answer>;
  readonly record: (status: number) => void;
}

async function answerFault(
  fault: FaultEffect,
  { service, request, response, run, record }: Faulty,
): Promise<void> {
  switch (fault.kind) {
    case "drop":
    case "hang": {
      if (fault.when === "after") await run();
      record(0);
      if (fault.kind === "drop") request.socket.destroy();
      else request.resume();
      return;
    }
    case "status": {
      if (fault.isApplied === true) await run();
      else for await (const _ of request);
      record(fault.status);
      const { message = "Server Error", retryAfter } = fault;
      const headers = {
        ...headersOf(service, null),
        ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
      };
      const text = fault.isHtml === true ? "<html><body>Unicorn!</body></html>" : JSON.stringify({ message });
      const type = fault.isHtml === true ? { "content-type": "text/html" } : {};
      send(response, { status: fault.status, headers: { ...headers, ...type }, text });
      return;
    }
    case "invalid_json": {
      await run();
      record(200);
      send(response, { status: 200, headers: headersOf(service, null), text: '[{"number":1,"title":"cut' });
      return;
    }
    case "empty_list": {
      const answer = await run();
      record(answer.status);
      send(
        response,
        answer.status === 200 && answer.text.startsWith("[") ? { ...answer, text: "[]" } : answer,
      );
      return;
    }
    default:
      throw new TypeError(`the GitHub emulator has no fault "${fault.kind}"`);
  }
}

async function handle(service: GitHubService, request: IncomingMessage, url: URL): Promise<Answer> {
  const { method, headers } = request;
  const body = method === "GET" ? {} : await readBody(request, bodyBytesMax).catch(() => null);
  return answerTo(service, { method, headers }, { url, body });
}

/** A request as it is answered: without its socket. */
type Asked = Pick<IncomingMessage, "method" | "headers">;

/** Answers at once, without faults. `body` null: it was no JSON. */
export function answerTo(
  service: GitHubService,
  request: Asked,
  { url, body }: { readonly url: URL; readonly body: JsonObject | null },
): Answer {
  const token = tokenOf(service.state, request);
  try {
    if (body === null) throw new Refusal(400, "Problems parsing JSON");
    return answerOf(service, request, { reply: respond(service, { request, url, token, body }), token });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { status, message, errors, headers } = error;
    const body = {
      message,
      ...(errors === undefined ? {} : { errors: [...errors] }),
      ...(headers.location === undefined ? {} : { url: headers.location }),
      documentation_url: "https://docs.github.com/rest",
    };
    return answerOf(service, request, { reply: { status, body, headers }, token });
  }
}

function answerOf(
  service: GitHubService,
  request: Asked,
  { reply, token }: { readonly reply: Reply; readonly token: Token | null },
): Answer {
  const text = reply.status === 204 ? "" : JSON.stringify(reply.body);
  const isTagged = request.method === "GET" && reply.status === 200;
  const etag = `W/"${createHash("sha256").update(text).digest("hex")}"`;
  if (isTagged && request.headers["if-none-match"] === etag)
    return { status: 304, headers: { ...headersOf(service, token), etag }, text: "" };
  const key = token?.login ?? "";
  service.used.set(key, (service.used.get(key) ?? 0) + 1);
  const headers = { ...headersOf(service, token), ...reply.headers, ...(isTagged ? { etag } : {}) };
  return { status: reply.status, headers, text };
}

function headersOf({ state, limit, used }: GitHubService, token: Token | null): { [name: string]: string } {
  const spent = used.get(token?.login ?? "") ?? 0;
  return {
    "content-type": "application/json; charset=utf-8",
    date: new Date(state.now()).toUTCString(),
    "x-github-media-type": "github.v3; format=json",
    "x-github-request-id": state.random.uuid().slice(0, 18).toUpperCase(),
    "x-ratelimit-limit": String(limit),
    "x-ratelimit-remaining": String(Math.max(0, limit - spent)),
    "x-ratelimit-reset": String(Math.floor(state.now() / 1000) + 3600),
    "x-ratelimit-resource": "core",
    "x-ratelimit-used": String(spent),
  };
}

function tokenOf({ tokens }: GitHubState, { headers }: Asked): Token | null {
  const [, token] = /^(?:Bearer|token) (.+)$/i.exec(headers.authorization ?? "") ?? [];
  return token === undefined ? null : (tokens.get(token) ?? null);
}

interface Incoming {
  readonly request: Asked;
  readonly url: URL;
  readonly token: Token | null;
  readonly body: JsonObject;
}

function respond(service: GitHubService, { request, url, token, body }: Incoming): Reply {
  const { state, renderer, limit, used } = service;
  const method = request.method ?? "GET";
  const account = appReply(service.state, {
    method,
    path: url.pathname,
    authorization: request.headers.authorization,
    renderer,
  });
  if (account !== null) return account;
  if (token === null) throw new Refusal(401, "Bad credentials");
  if ((used.get(token.login) ?? 0) >= limit) throw new Refusal(403, "API rate limit exceeded for user.");
  const call: Call = {
    state,
    renderer,
    token,
    method,
    params: {},
    query: url.searchParams,
    body,
    path: url.pathname,
  };
  if (url.pathname === "/user") return userReply(call);
  if (url.pathname === "/graphql" && service.hasGraphql) return graphqlReply(call);
  const found = repositoryAt(call, url.pathname);
  if (found === null) throw new Refusal(404, "Not Found");
  const { repository, rest } = found;
  const matched = routes.flatMap((route) => {
    const params = route.method === method ? match(route.template, rest) : null;
    return params === null ? [] : [{ route, params }];
  })[0];
  if (matched === undefined) throw new Refusal(404, "Not Found");
  demandRight(call, repository, matched.route);
  return matched.route.handle({ ...call, repository, params: matched.params });
}

/** By name or by id. A former name leads to the id, for reads with 301 and for writes with 307. */
function repositoryAt(
  { state, token, renderer, query, method }: Call,
  path: string,
): { readonly repository: Repository; readonly rest: string } | null {
  const [, id, restById = ""] = /^\/repositories\/(\d+)(\/.*)?$/.exec(path) ?? [];
  const [, owner, name, restByName = ""] = /^\/repos\/([^/]+)\/([^/]+)(\/.*)?$/.exec(path) ?? [];
  const wanted = `${decodeURIComponent(owner ?? "")}/${decodeURIComponent(name ?? "")}`.toLowerCase();
  const repository = state.repositories.get(id === undefined ? (state.ids.get(wanted) ?? 0) : Number(id));
  if (repository === undefined || repository.isGone || !canSee(token, repository)) return null;
  if (id === undefined && wanted !== `${repository.owner}/${repository.name}`.toLowerCase()) {
    const search = query.size === 0 ? "" : `?${query}`;
    const location = `${renderer.url}/repositories/${repository.id}${restByName}${search}`;
    throw new Refusal(method === "GET" ? 301 : 307, "Moved Permanently", { headers: { location } });
  }
  return { repository, rest: id === undefined ? restByName : restById };
}

function demandRight({ token }: Call, repository: Repository, { right, method, template }: Route): void {
  if (repository.isArchived && method !== "GET")
    throw new Refusal(403, "Repository was archived so is read-only.");
  const isIssue = template.startsWith("/issues");
  if (isIssue && !repository.hasIssues)
    throw new Refusal(410, "Issues has been disabled in this repository.");
  if (right === null) return;
  const given = token.rights.get(right.name);
  if (given === "write" || (given === "read" && right.level === "read")) return;
  const kind = token.isInstallation ? "integration" : "personal access token";
  throw new Refusal(403, `Resource not accessible by ${kind}`, {
    headers: { "x-accepted-github-permissions": `${right.name}=${right.level}` },
  });
}

function getRepository({ renderer, repository, token }: Parameters<Route["handle"]>[0]): Reply {
  const canPush = token.rights.get("contents") === "write";
  const permissions = { admin: false, maintain: false, push: canPush, triage: true, pull: true };
  return ok(repositoryJson(renderer, repository, permissions));
}

function patchRepository({ state, renderer, repository, body }: Parameters<Route["handle"]>[0]): Reply {
  if (typeof body.name === "string") {
    repository.name = body.name;
    state.ids.set(`${repository.owner}/${repository.name}`.toLowerCase(), repository.id);
  }
  return ok(repositoryJson(renderer, repository, null));
}

/** Segments of the template against those of the path; the parameters, or null. */
function match(template: string, path: string): Readonly<Record<string, string>> | null {
  const wanted = template.split("/");
  const given = path.replace(/\/$/, "").split("/");
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const segment = decodeURIComponent(given[index] ?? "");
    const [, name] = /^\{(\w+)\}$/.exec(part) ?? [];
    if (name === undefined ? part !== segment : name === "number" && !/^\d+$/.test(segment)) return null;
    if (name !== undefined) params[name] = segment;
  }
  return params;
}

/** The path with its particulars taken out: what calls are counted by. */
function templateOf(path: string): string {
  const rest = path.replace(/^\/repos\/[^/]+\/[^/]+|^\/repositories\/\d+/, "/repos/{owner}/{repo}");
  for (const { template } of routes) {
    const params = match(`/repos/{owner}/{repo}${template}`, rest);
    if (params !== null) return `/repos/{owner}/{repo}${template}`;
  }
  return rest;
}
