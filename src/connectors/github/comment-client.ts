import type { Json } from "../../core/json.ts";
import { askedOf } from "./asked.ts";
import type { GitHubClient } from "./client.ts";
import type { Comments, IssueComment } from "./comments.ts";
import { accessLost, refusal } from "./errors.ts";
import { type Identity, memberOf } from "./identity.ts";
import { textOf } from "./issue.ts";
import { bodyWith, contentOf, findSeal, sealText } from "./marker.ts";
import { type IssueRef, recordIdOf, repositoryPath } from "./repositories.ts";

export interface CommentOptions {
  readonly client: GitHubClient;
  /** As for the connector. */
  readonly markerKeys: readonly [string, ...string[]];
  readonly identity: (signal?: AbortSignal) => Promise<Identity>;
  /** Seconds since the epoch. */
  readonly nowSeconds: () => number;
}

export function createComments(options: CommentOptions): Comments {
  const { client, markerKeys, nowSeconds } = options;
  const list = (issue: IssueRef, signal?: AbortSignal) =>
    listPages(
      options,
      { ...issue, path: repositoryPath(issue, `/issues/${issue.number}/comments?per_page=100`) },
      signal,
    );
  return {
    list,
    listSince: (repository, since, signal) => listSince(options, { ...repository, since }, signal),
    async create(issue, { marker, body }, sending) {
      const there = (await list(issue, sending.signal)).find((comment) => comment.marker === marker);
      if (there !== undefined) return { kind: "already", value: there };
      const sealed = sealText(
        { marker, scope: scopeOf(issue), at: nowSeconds(), trashedFrom: null },
        markerKeys[0],
      );
      const sent = await client.send({
        method: "POST",
        path: repositoryPath(issue, `/issues/${issue.number}/comments`),
        body: { body: bodyWith(body, sealed) },
        ...sending,
      });
      const what = `a comment on issue ${recordIdOf(issue)}`;
      const asked = askedOf({ what, right: { name: "Issues", access: "write" } }, sent);
      if (!("answer" in asked)) return asked;
      const { login } = await options.identity(sending.signal);
      const value = commentIn(asked.answer, { repositoryId: issue.repositoryId, markerKeys, login });
      return value === null
        ? { kind: "doubt", reason: `GitHub answered ${what} with something else.` }
        : { kind: "done", value };
    },
  };
}

function scopeOf(issue: IssueRef): string {
  return `comment:${recordIdOf(issue)}`;
}

const PAGE_SIZE_MAX = 100;

/**
 * As issues are walked: always the first page of what changed since the last one shown, so that an edit between two pages moves
 * nothing past us. More comments than a page holds with one second are listed over page links.
 */
async function listSince(
  options: CommentOptions,
  { repositoryId, since }: { readonly repositoryId: number; readonly since: string },
  signal: AbortSignal | undefined,
): Promise<readonly IssueComment[]> {
  const all = new Map<number, IssueComment>();
  let from = since;
  for (;;) {
    const query = new URLSearchParams({
      sort: "updated",
      direction: "asc",
      since: from,
      per_page: String(PAGE_SIZE_MAX),
    });
    const path = repositoryPath({ repositoryId }, `/issues/comments?${query}`);
    const { comments, next } = await readPage(options, { path, repositoryId }, signal);
    for (const comment of comments) all.set(comment.id, comment);
    const last = comments.at(-1);
    if (next === null || last === undefined) break;
    const later = new Date(Date.parse(last.updatedAt) - 1_000).toISOString();
    if (later <= from) {
      for (const comment of await listPages(options, { path: next, repositoryId }, signal))
        all.set(comment.id, comment);
      break;
    }
    from = later;
  }
  return [...all.values()];
}

interface CommentList {
  readonly path: string;
  readonly repositoryId: number;
}

/** Over page links. A comment that is edited during the walk may be listed twice. */
async function listPages(
  options: CommentOptions,
  { path, repositoryId }: CommentList,
  signal: AbortSignal | undefined,
): Promise<readonly IssueComment[]> {
  const all = new Map<number, IssueComment>();
  let next: string | null = path;
  while (next !== null) {
    const page: CommentPage = await readPage(options, { path: next, repositoryId }, signal);
    for (const comment of page.comments) all.set(comment.id, comment);
    next = page.next;
  }
  return [...all.values()];
}

interface CommentPage {
  readonly comments: readonly IssueComment[];
  readonly next: string | null;
}

async function readPage(
  { client, markerKeys, identity }: CommentOptions,
  { path, repositoryId }: CommentList,
  signal: AbortSignal | undefined,
): Promise<CommentPage> {
  const answer = await client.get(path, { signal });
  if (answer.status !== 200 || !Array.isArray(answer.body)) throw accessLost(refusal("the comments", answer));
  const next = answer.next === null ? null : client.pathOf(answer.next);
  if (answer.body.length === 0) return { comments: [], next };
  const { login } = await identity(signal);
  const view = { repositoryId, markerKeys, login };
  return { comments: answer.body.flatMap((each: Json) => commentIn(each, view) ?? []), next };
}

function commentIn(
  value: Json,
  view: { readonly repositoryId: number; readonly markerKeys: readonly string[]; readonly login: string },
): IssueComment | null {
  const id = memberOf(value, "id");
  const number = Number(/\/issues\/(\d+)$/.exec(textOf(memberOf(value, "issue_url")) ?? "")?.[1]);
  const createdAt = textOf(memberOf(value, "created_at"));
  if (typeof id !== "number" || Number.isNaN(number) || createdAt === null) return null;
  const { repositoryId, markerKeys, login } = view;
  const issue = { repositoryId, number };
  const author = textOf(memberOf(memberOf(value, "user"), "login"));
  const body = textOf(memberOf(value, "body")) ?? "";
  const isOwn = author?.toLowerCase() === login.toLowerCase();
  const seal = isOwn ? findSeal(body, markerKeys, [scopeOf(issue)]) : null;
  return {
    id,
    issue,
    body: contentOf(body),
    author,
    url: textOf(memberOf(value, "html_url")) ?? "",
    createdAt,
    updatedAt: textOf(memberOf(value, "updated_at")) ?? createdAt,
    marker: seal?.marker ?? null,
  };
}
