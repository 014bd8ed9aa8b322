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
  const list = async (issue: IssueRef, signal?: AbortSignal) =>
    listComments(
      options,
      {
        path: repositoryPath(issue, `/issues/${issue.number}/comments?per_page=100`),
        repositoryId: issue.repositoryId,
      },
      signal,
    );
  return {
    list,
    listSince: (repository, since, signal) => {
      const query = new URLSearchParams({ sort: "updated", direction: "asc", since, per_page: "100" });
      return listComments(
        options,
        { path: repositoryPath(repository, `/issues/comments?${query}`), ...repository },
        signal,
      );
    },
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

async function listComments(
  { client, markerKeys, identity }: CommentOptions,
  { path, repositoryId }: { readonly path: string; readonly repositoryId: number },
  signal: AbortSignal | undefined,
): Promise<readonly IssueComment[]> {
  const raw: Json[] = [];
  let next: string | null = path;
  while (next !== null) {
    const answer: Awaited<ReturnType<GitHubClient["get"]>> = await client.get(next, { signal });
    if (answer.status !== 200 || !Array.isArray(answer.body))
      throw accessLost(refusal("the comments", answer));
    raw.push(...answer.body);
    next = answer.next === null ? null : client.pathOf(answer.next);
  }
  if (raw.length === 0) return [];
  const { login } = await identity(signal);
  const view = { repositoryId, markerKeys, login };
  // A comment that is edited during the walk may be listed twice.
  return [
    ...new Map(
      raw.flatMap((each) => commentIn(each, view) ?? []).map((comment) => [comment.id, comment]),
    ).values(),
  ];
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
