import { isJsonObject, type Json } from "../../core/json.ts";
import type { GitHubClient } from "./client.ts";
import { memberOf } from "./identity.ts";
import { textOf } from "./issue.ts";
import type { Check, PullRequest, Readiness, ReviewState } from "./pull-requests.ts";
import { checkStateOf, readinessOf, reviewStateOf, statusStateOf } from "./readiness.ts";
import { type IssueRef, recordIdOf } from "./repositories.ts";

/** Pull requests asked about in one query: each costs up to a hundred nodes of GitHub's budget. */
const AT_ONCE = 20;

export const pullRequestMembers = `id number title url state isDraft headRefOid headRefName isCrossRepository baseRefName body
  updatedAt author { login } reviewRequests(first: 20) { nodes { requestedReviewer { ... on User { login } } } }`;

/** By record id; what GitHub does not show is absent. null: this server has no GraphQL. */
export async function queryReadiness(
  client: GitHubClient,
  asked: readonly (IssueRef & { readonly fullName: string })[],
  signal: AbortSignal | undefined,
): Promise<{ readonly found: ReadonlyMap<string, Readiness>; readonly isCut: ReadonlySet<string> } | null> {
  const found = new Map<string, Readiness>();
  const isCut = new Set<string>();
  for (let start = 0; start < asked.length; start += AT_ONCE) {
    const refs = asked.slice(start, start + AT_ONCE);
    const { document, variables } = documentFor(refs);
    const { status, body } = await client.query(document, variables, signal);
    const data = memberOf(body, "data");
    if (status !== 200 || !isJsonObject(data)) return null;
    for (const [index, ref] of refs.entries()) {
      const repository = data[`r${index}`];
      // A name may have been given to another repository meanwhile.
      const isThatOne = memberOf(repository, "databaseId") === ref.repositoryId;
      const node = isThatOne ? memberOf(repository, "pullRequest") : undefined;
      const readiness = node === undefined ? null : readinessIn(node, ref);
      if (readiness !== null) found.set(recordIdOf(ref), readiness);
      if (node !== undefined && memberOf(memberOf(contextsOf(node), "pageInfo"), "hasNextPage") === true)
        isCut.add(recordIdOf(ref));
    }
  }
  return { found, isCut };
}

function documentFor(refs: readonly (IssueRef & { readonly fullName: string })[]): {
  readonly document: string;
  readonly variables: { readonly [key: string]: Json };
} {
  const variables: Record<string, Json> = {};
  const declared: string[] = [];
  const parts = refs.map(({ fullName, number }, index) => {
    const [owner = "", name = ""] = fullName.split("/");
    Object.assign(variables, { [`o${index}`]: owner, [`n${index}`]: name, [`p${index}`]: number });
    declared.push(`$o${index}: String!`, `$n${index}: String!`, `$p${index}: Int!`);
    const required = `isRequired(pullRequestNumber: $p${index})`;
    return `r${index}: repository(owner: $o${index}, name: $n${index}) { databaseId pullRequest(number: $p${index}) {
      ${pullRequestMembers} reviewDecision mergeable mergeStateStatus
      latestOpinionatedReviews(first: 50) { nodes { state author { login } } }
      baseRef { refUpdateRule { requiredStatusCheckContexts } }
      commits(last: 1) { nodes { commit { oid statusCheckRollup { contexts(first: 100) { pageInfo { hasNextPage } nodes {
        __typename
        ... on CheckRun { name status conclusion detailsUrl startedAt ${required}
          checkSuite { app { databaseId } workflowRun { event workflow { name } } } }
        ... on StatusContext { context state targetUrl ${required} }
      } } } } } }
    } }`;
  });
  return { document: `query(${declared.join(", ")}) { ${parts.join("\n")} }`, variables };
}

function readinessIn(node: Json, ref: IssueRef): Readiness | null {
  const pullRequest = pullRequestOf(node, ref.repositoryId);
  if (pullRequest === null) return null;
  const checks = latestOf(nodesIn(contextsOf(node))).flatMap((each) => checkIn(each) ?? []);
  const rule = memberOf(memberOf(node, "baseRef"), "refUpdateRule");
  const listed = memberOf(rule, "requiredStatusCheckContexts");
  const named = Array.isArray(listed) ? listed.flatMap((each: Json) => textOf(each) ?? []) : [];
  const required = new Set([
    ...named,
    ...checks.filter(({ isRequired }) => isRequired).map(({ name }) => name),
  ]);
  return readinessOf(pullRequest, {
    checks: checks.map((check) => ({ ...check, isRequired: required.has(check.name) })),
    required: [...required],
    reviewState: reviewStateIn(node, pullRequest),
    isMergeable: { MERGEABLE: true, CONFLICTING: false }[textOf(memberOf(node, "mergeable")) ?? ""] ?? null,
    mergeableState: (textOf(memberOf(node, "mergeStateStatus")) ?? "unknown").toLowerCase(),
  });
}

/** A pull request as GraphQL shows it with `pullRequestMembers`. */
export function pullRequestOf(node: Json | undefined, repositoryId: number): PullRequest | null {
  if (!isJsonObject(node) || typeof node.number !== "number") return null;
  const headSha = textOf(node.headRefOid);
  const headBranch = textOf(node.headRefName);
  if (headSha === null || headBranch === null) return null;
  const word = textOf(node.state);
  return {
    repositoryId,
    number: node.number,
    nodeId: textOf(node.id) ?? "",
    title: textOf(node.title) ?? "",
    url: textOf(node.url) ?? "",
    state: word === "MERGED" ? "merged" : word === "OPEN" ? "open" : "closed",
    isDraft: node.isDraft === true,
    headSha,
    headBranch,
    isHeadHere: node.isCrossRepository !== true,
    baseBranch: textOf(node.baseRefName) ?? "",
    body: textOf(node.body) ?? "",
    author: textOf(memberOf(node.author, "login")),
    updatedAt: textOf(node.updatedAt) ?? "",
    requestedReviewers: nodesIn(node.reviewRequests).flatMap(
      (each) => textOf(memberOf(memberOf(each, "requestedReviewer"), "login")) ?? [],
    ),
  };
}

/** GitHub decides where reviews are required; elsewhere the verdicts that were given speak. */
function reviewStateIn(node: Json, { requestedReviewers }: PullRequest): ReviewState {
  const decided = {
    APPROVED: "approved",
    CHANGES_REQUESTED: "changes_requested",
    REVIEW_REQUIRED: "required",
  } as const;
  const word = textOf(memberOf(node, "reviewDecision"));
  if (word === "APPROVED" || word === "CHANGES_REQUESTED" || word === "REVIEW_REQUIRED") return decided[word];
  const verdicts = nodesIn(memberOf(node, "latestOpinionatedReviews")).map(
    (each) => textOf(memberOf(each, "state")) ?? "",
  );
  return reviewStateOf(verdicts, { required: 0, isAsked: requestedReviewers.length > 0 });
}

function contextsOf(node: Json): Json | undefined {
  const [last] = nodesIn(memberOf(node, "commits"));
  return memberOf(memberOf(memberOf(last, "commit"), "statusCheckRollup"), "contexts");
}

/** A check that was run again is listed again: the latest run of each name, in each workflow, is the one that counts. */
function latestOf(nodes: readonly Json[]): readonly Json[] {
  const latest = new Map<string, Json>();
  for (const node of nodes) {
    const suite = memberOf(node, "checkSuite");
    const run = memberOf(suite, "workflowRun");
    const key = JSON.stringify([
      memberOf(node, "context") ?? null,
      memberOf(node, "name") ?? null,
      memberOf(memberOf(suite, "app"), "databaseId") ?? null,
      memberOf(memberOf(run, "workflow"), "name") ?? null,
      memberOf(run, "event") ?? null,
    ]);
    const known = latest.get(key);
    if (known === undefined || startOf(node) >= startOf(known)) latest.set(key, node);
  }
  return [...latest.values()];
}

/** ISO 8601; a run that has not begun yet is later than all that have. */
function startOf(node: Json): string {
  return textOf(memberOf(node, "startedAt")) ?? "9999";
}

function checkIn(node: Json): Check | null {
  const isRequired = memberOf(node, "isRequired") === true;
  if (memberOf(node, "__typename") === "StatusContext") {
    const name = textOf(memberOf(node, "context"));
    const state = textOf(memberOf(node, "state")) ?? "";
    const url = textOf(memberOf(node, "targetUrl"));
    return name === null
      ? null
      : { name, state: statusStateOf(state), conclusion: state.toLowerCase(), url, isRequired };
  }
  const name = textOf(memberOf(node, "name"));
  const status = textOf(memberOf(node, "status")) ?? "";
  const conclusion = textOf(memberOf(node, "conclusion"));
  const url = textOf(memberOf(node, "detailsUrl"));
  if (name === null) return null;
  return {
    name,
    state: checkStateOf(status, conclusion),
    conclusion: (conclusion || status).toLowerCase(),
    url,
    isRequired,
  };
}

export function nodesIn(value: Json | undefined): readonly Json[] {
  const nodes = memberOf(value, "nodes");
  return Array.isArray(nodes) ? nodes : [];
}
