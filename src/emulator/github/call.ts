import type { Json, JsonObject } from "../json.ts";
import type { At } from "./operations.ts";
import type { Renderer } from "./render.ts";
import type { GitHubState, Issue, Level, Repository, RightName, Token } from "./state.ts";

/** One request, its token known. */
export interface Call {
  readonly state: GitHubState;
  readonly renderer: Renderer;
  readonly token: Token;
  readonly method: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: JsonObject;
  /** The request's own path, for page links. */
  readonly path: string;
}

/** A call below a repository that the token sees. */
export interface RepositoryCall extends Call {
  readonly repository: Repository;
}

export interface Reply {
  readonly status: number;
  readonly body: Json;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route {
  readonly method: string;
  /** Below the repository: "/issues/{number}". */
  readonly template: string;
  readonly right: { readonly name: RightName; readonly level: Level } | null;
  readonly handle: (call: RepositoryCall) => Reply;
}

/** A refusal, as GitHub words it. */
export class Refusal extends Error {
  readonly status: number;
  readonly errors: readonly Json[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    { errors, headers = {} }: { errors?: readonly Json[]; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.status = status;
    this.errors = errors;
    this.headers = headers;
  }
}

export const ok = (body: Json): Reply => ({ status: 200, body });
export const created = (body: Json): Reply => ({ status: 201, body });
export const noContent: Reply = { status: 204, body: null };

export function invalid(resource: string, field: string, code = "invalid", message?: string): Refusal {
  const error = { resource, code, field, ...(message === undefined ? {} : { message }) };
  return new Refusal(422, "Validation Failed", { errors: [error] });
}

/** The issue (or pull request) of the path, wherever it went. */
export function issueIn({ repository, params, renderer, method }: RepositoryCall): Issue {
  const number = Number(params.number);
  const issue = repository.issues.get(number);
  if (issue !== undefined) return issue;
  const moved = repository.transferred.get(number);
  if (moved !== undefined) {
    const location = `${renderer.url}/repositories/${moved.repositoryId}/issues/${moved.number}`;
    throw new Refusal(method === "GET" ? 301 : 307, "Moved Permanently", { headers: { location } });
  }
  if (repository.deleted.has(number)) throw new Refusal(410, "This issue was deleted");
  throw new Refusal(404, "Not Found");
}

export function atOf({ state, repository, token }: RepositoryCall): At {
  return { state, repository, by: token.login };
}

const pageSizeDefault = 30;
const pageSizeMax = 100;

/** One page of a list, with links to the next and the last as GitHub gives them: by the repository's id. */
export function page(call: Call, items: readonly Json[], repository?: Repository): Reply {
  const { query, renderer } = call;
  const size = Math.min(Number(query.get("per_page") ?? pageSizeDefault) || pageSizeDefault, pageSizeMax);
  const at = Math.max(1, Number(query.get("page") ?? 1) || 1);
  const last = Math.max(1, Math.ceil(items.length / size));
  const shown = items.slice((at - 1) * size, at * size);
  const path =
    repository === undefined
      ? call.path
      : call.path.replace(/^\/repos\/[^/]+\/[^/]+/, `/repositories/${repository.id}`);
  const link = (number: number, rel: string): string => {
    const asked = new URLSearchParams(query);
    asked.set("page", String(number));
    return `<${renderer.url}${path}?${asked}>; rel="${rel}"`;
  };
  const links = [
    ...(at > 1 ? [link(at - 1, "prev")] : []),
    ...(at < last ? [link(at + 1, "next"), link(last, "last")] : []),
    ...(at > 1 ? [link(1, "first")] : []),
  ];
  const headers = links.length === 0 ? {} : { link: links.join(", ") };
  return { status: 200, body: [...shown], headers };
}

export function stringIn(body: JsonObject, name: string): string | undefined {
  const value = body[name];
  return typeof value === "string" ? value : undefined;
}

/** Names in a list of strings or of objects with a name. */
export function namesIn(value: Json | undefined): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((each) => {
    if (typeof each === "string") return [each];
    const name = typeof each === "object" && each !== null && !Array.isArray(each) ? each.name : undefined;
    return typeof name === "string" ? [name] : [];
  });
}
