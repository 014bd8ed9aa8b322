import type { Json } from "../../core/json.ts";
import type { Answer } from "./answer.ts";
import { type AskedOutcome, askedOf, refusedAs } from "./asked.ts";
import type { GitHubClient } from "./client.ts";
import { accessLost, refusal, saidIn } from "./errors.ts";
import { memberOf } from "./identity.ts";
import { textOf } from "./issue.ts";
import { pullRequestIn } from "./pull-request-json.ts";
import type {
  Asked,
  AskedRefusal,
  AskOptions,
  Branch,
  PullRequest,
  PullRequests,
  Readiness,
} from "./pull-requests.ts";
import { nodesIn, pullRequestMembers, pullRequestOf, queryReadiness } from "./readiness-graphql.ts";
import { readReadiness } from "./readiness-rest.ts";
import {
  type IssueRef,
  type Repository,
  type RepositoryRef,
  readRepository,
  recordIdOf,
  repositoryPath,
} from "./repositories.ts";

const PAGES_MAX = 20;
const reading = { name: "Pull requests", access: "read" } as const;
const writing = { name: "Pull requests", access: "write" } as const;
const merging = { name: "Contents", access: "write" } as const;

/** Repositories are read once each, for their names and default branches, which GraphQL and new pull requests take. */
export function createPullRequests(client: GitHubClient): PullRequests {
  const repositories = new Map<number, Repository>();
  const repositoryOf = async ({ repositoryId }: RepositoryRef, signal?: AbortSignal) => {
    const what = `repository ${repositoryId}`;
    const known =
      repositories.get(repositoryId) ??
      (await readRepository(client, repositoryPath({ repositoryId }), { what, signal }));
    repositories.set(repositoryId, known);
    return known;
  };
  const list = (ref: RepositoryRef, query: Readonly<Record<string, string>>, signal?: AbortSignal) =>
    listPullRequests(client, { ref, query }, signal);
  const listByBranch: PullRequests["listByBranch"] = async (ref, branch, signal) => {
    const { fullName } = await repositoryOf(ref, signal);
    const [owner = ""] = fullName.split("/");
    return list(
      ref,
      { state: "all", head: `${owner}:${branch}`, sort: "created", direction: "desc" },
      signal,
    );
  };
  return {
    get: (ref, signal) => getPullRequest(client, ref, signal),
    listByBranch,
    listOpen: (ref, signal) => list(ref, { state: "open", sort: "updated", direction: "desc" }, signal),
    async readiness(refs, signal) {
      const all = await readAll(client, { refs, repositoryOf }, signal);
      // Its repository may have another name by now.
      for (const ref of refs) if (!all.has(recordIdOf(ref))) repositories.delete(ref.repositoryId);
      return all;
    },
    async openDraft(input, options) {
      const { repository, branch } = input;
      const base = input.base ?? (await repositoryOf(repository, options.signal)).defaultBranch;
      const outcome = await open(client, { ...input, base }, options);
      if (outcome.kind !== "refused" || outcome.why !== "invalid") return outcome;
      const there = (await listByBranch(repository, branch, options.signal)).find(
        ({ state, baseBranch }) => state === "open" && baseBranch === base,
      );
      return there === undefined ? outcome : { kind: "already", value: there };
    },
    markReady: (pullRequest, options) => markReady(client, pullRequest, options),
    merge: (pullRequest, input, options) => merge(client, { pullRequest, ...input }, options),
    closeIssue: (issue, reason, options) => closeIssue(client, { issue, reason }, options),
    branch: (ref, name, signal) => getBranch(client, ref, name, signal),
    branchesWithPrefix: (ref, prefix, signal) => matchBranches(client, ref, prefix, signal),
    async linkedBranches(ref, signal) {
      const { fullName } = await repositoryOf(ref, signal);
      return queryLinkedBranches(client, { ref, fullName }, signal);
    },
  };
}

async function getPullRequest(
  client: GitHubClient,
  ref: IssueRef,
  signal?: AbortSignal,
): Promise<PullRequest | null> {
  const answer = await client.get(repositoryPath(ref, `/pulls/${ref.number}`), { signal });
  if (answer.status === 401 || answer.status === 403)
    throw accessLost(refusal(`pull request ${recordIdOf(ref)}`, answer, reading));
  return answer.status === 200 ? pullRequestIn(answer.body, ref.repositoryId) : null;
}

async function listPullRequests(
  client: GitHubClient,
  { ref, query }: { readonly ref: RepositoryRef; readonly query: Readonly<Record<string, string>> },
  signal: AbortSignal | undefined,
): Promise<readonly PullRequest[]> {
  const all: PullRequest[] = [];
  let next: string | null = repositoryPath(
    ref,
    `/pulls?${new URLSearchParams({ ...query, per_page: "100" })}`,
  );
  for (let page = 0; next !== null && page < PAGES_MAX; page += 1) {
    const answer: Answer = await client.get(next, { signal });
    if (answer.status !== 200 || !Array.isArray(answer.body))
      throw accessLost(refusal("the pull requests of the repository", answer, reading));
    all.push(...answer.body.flatMap((each: Json) => pullRequestIn(each, ref.repositoryId) ?? []));
    next = answer.next === null ? null : client.pathOf(answer.next);
  }
  return all;
}

async function readAll(
  client: GitHubClient,
  {
    refs,
    repositoryOf,
  }: {
    readonly refs: readonly IssueRef[];
    readonly repositoryOf: (ref: RepositoryRef, signal?: AbortSignal) => Promise<Repository>;
  },
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Readiness>> {
  if (refs.length === 0) return new Map();
  const named: (IssueRef & { readonly fullName: string })[] = [];
  for (const { repositoryId, number } of refs) {
    const { fullName } = await repositoryOf({ repositoryId }, signal);
    named.push({ repositoryId, number, fullName });
  }
  const queried = await queryReadiness(client, named, signal);
  const all = new Map(queried?.found ?? []);
  for (const ref of refs) {
    const id = recordIdOf(ref);
    if (queried !== null && !queried.isCut.has(id)) continue;
    const readiness = await readReadiness(client, ref, signal);
    if (readiness !== null) all.set(id, readiness);
  }
  return all;
}

async function open(
  client: GitHubClient,
  input: Parameters<PullRequests["openDraft"]>[0] & { readonly base: string },
  options: AskOptions,
): Promise<Asked<PullRequest>> {
  const { repository, branch, base, title, body, isDraft } = input;
  const what = `a pull request for ${branch}`;
  const sent = await client.send({
    method: "POST",
    path: repositoryPath(repository, "/pulls"),
    body: { title, head: branch, base, body, draft: isDraft },
    ...options,
  });
  const asked = askedOf({ what, right: writing }, sent, whyNotOpened);
  if (!("answer" in asked)) return asked;
  const value = pullRequestIn(asked.answer, repository.repositoryId);
  return value === null
    ? { kind: "doubt", reason: `GitHub answered ${what} with something else.` }
    : { kind: "done", value };
}

function whyNotOpened({ status, body }: Answer): AskedRefusal | null {
  if (status !== 422) return null;
  const said = saidIn(body);
  if (/no commits between/i.test(said)) return "no-commits";
  return /\bhead\b/.test(said) && !/already exists/i.test(said) ? "no-branch" : null;
}

/** REST cannot take a draft out of being one. */
async function markReady(
  client: GitHubClient,
  pullRequest: PullRequest,
  options: AskOptions,
): Promise<Asked<PullRequest>> {
  if (!pullRequest.isDraft) return { kind: "already", value: pullRequest };
  const document = `mutation($id: ID!) { markPullRequestReadyForReview(input: { pullRequestId: $id }) {
    pullRequest { ${pullRequestMembers} } } }`;
  const what = `pull request ${pullRequest.number} to be marked ready`;
  const sent = await client.mutate(document, { id: pullRequest.nodeId }, options);
  const asked = askedOf({ what, right: writing }, sent, ({ status }) =>
    status === 404 ? "unsupported" : null,
  );
  if (!("answer" in asked)) return asked;
  const node = memberOf(
    memberOf(memberOf(asked.answer, "data"), "markPullRequestReadyForReview"),
    "pullRequest",
  );
  const value = pullRequestOf(node, pullRequest.repositoryId);
  return value === null ? graphRefusal(what, asked.answer) : { kind: "done", value };
}

function graphRefusal(what: string, body: Json): AskedOutcome {
  const errors = memberOf(body, "errors");
  const [first] = Array.isArray(errors) ? errors : [];
  const said = textOf(memberOf(first, "message")) ?? "no reason given";
  const type = textOf(memberOf(first, "type"));
  const why = type === "NOT_FOUND" ? "not-found" : type === "FORBIDDEN" ? "forbidden" : "invalid";
  return refusedAs(why, `Asked GitHub for ${what}: "${said.slice(0, 300)}"`);
}

async function merge(
  client: GitHubClient,
  input: Parameters<PullRequests["merge"]>[1] & { readonly pullRequest: PullRequest },
  options: AskOptions,
): Promise<Asked<{ readonly mergeSha: string | null }>> {
  const { pullRequest, sha, method, title, message } = input;
  const what = `pull request ${pullRequest.number} to be merged at ${sha.slice(0, 12)}`;
  const sent = await client.send({
    method: "PUT",
    path: repositoryPath(pullRequest, `/pulls/${pullRequest.number}/merge`),
    body: {
      sha,
      merge_method: method,
      ...(title === undefined ? {} : { commit_title: title }),
      ...(message === undefined ? {} : { commit_message: message }),
    },
    ...options,
  });
  const asked = askedOf({ what, right: merging }, sent, whyNotMerged);
  if ("answer" in asked) return { kind: "done", value: { mergeSha: textOf(memberOf(asked.answer, "sha")) } };
  const isRefused = asked.kind === "refused" && asked.why === "not-mergeable";
  const now = isRefused ? await getPullRequest(client, pullRequest, options.signal) : null;
  return now?.state === "merged" && now.headSha === sha
    ? { kind: "already", value: { mergeSha: null } }
    : asked;
}

/** https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request: 405 cannot be merged, 409 the head is another one. */
function whyNotMerged({ status, body }: Answer): AskedRefusal | null {
  if (status === 409) return "head-moved";
  if (status === 405) return "not-mergeable";
  return status === 422 && /\bmergeable\b|\bnot allowed\b/i.test(saidIn(body)) ? "not-mergeable" : null;
}

async function closeIssue(
  client: GitHubClient,
  { issue, reason }: { readonly issue: IssueRef; readonly reason: string },
  options: AskOptions,
): Promise<Asked<null>> {
  const path = repositoryPath(issue, `/issues/${issue.number}`);
  const now = await client.get(path, { signal: options.signal });
  const isSo = memberOf(now.body, "state") === "closed" && memberOf(now.body, "state_reason") === reason;
  if (isSo) return { kind: "already", value: null };
  const sent = await client.send({
    method: "PATCH",
    path,
    body: { state: "closed", state_reason: reason },
    ...options,
  });
  const what = `issue ${recordIdOf(issue)} to be closed`;
  const asked = askedOf({ what, right: { name: "Issues", access: "write" } }, sent);
  return "answer" in asked ? { kind: "done", value: null } : asked;
}

async function getBranch(
  client: GitHubClient,
  ref: RepositoryRef,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Branch | null> {
  const answer = await client.get(repositoryPath(ref, `/branches/${encodeURIComponent(name)}`), { signal });
  if (answer.status === 401 || answer.status === 403)
    throw accessLost(refusal(`branch ${name}`, answer, { name: "Contents", access: "read" }));
  const sha = answer.status === 200 ? textOf(memberOf(memberOf(answer.body, "commit"), "sha")) : null;
  return sha === null ? null : { name: textOf(memberOf(answer.body, "name")) ?? name, sha };
}

async function matchBranches(
  client: GitHubClient,
  ref: RepositoryRef,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<readonly Branch[]> {
  const answer = await client.get(
    repositoryPath(ref, `/git/matching-refs/heads/${encodeURIComponent(prefix)}`),
    { signal },
  );
  if (answer.status !== 200 || !Array.isArray(answer.body))
    throw accessLost(
      refusal(`branches that begin with ${prefix}`, answer, { name: "Contents", access: "read" }),
    );
  return answer.body.flatMap((each: Json) => {
    const name = textOf(memberOf(each, "ref"))?.replace(/^refs\/heads\//, "");
    const sha = textOf(memberOf(memberOf(each, "object"), "sha"));
    return name === undefined || sha === null ? [] : [{ name, sha }];
  });
}

async function queryLinkedBranches(
  client: GitHubClient,
  { ref, fullName }: { readonly ref: IssueRef; readonly fullName: string },
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const [owner = "", name = ""] = fullName.split("/");
  const document = `query($owner: String!, $name: String!, $number: Int!) { repository(owner: $owner, name: $name) { databaseId
    issue(number: $number) { linkedBranches(first: 20) { nodes { ref { name } } } } } }`;
  const { body } = await client.query(document, { owner, name, number: ref.number }, signal);
  const repository = memberOf(memberOf(body, "data"), "repository");
  if (memberOf(repository, "databaseId") !== ref.repositoryId) return [];
  const linked = nodesIn(memberOf(memberOf(repository, "issue"), "linkedBranches"));
  return linked.flatMap((each) => textOf(memberOf(memberOf(each, "ref"), "name")) ?? []);
}
