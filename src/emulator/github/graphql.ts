import type { Json, JsonObject } from "../json.ts";
import { type Call, ok, type Reply } from "./call.ts";
import { parseDocument, type Selection } from "./graphql-parse.ts";
import { changeIssue, tell } from "./operations.ts";
import {
  checksOf,
  mergeableState,
  type PullIssue,
  reviewDecision,
  statusesOf,
  verdictsOf,
} from "./pull-state.ts";
import { idOfNode, labelsOf, nodeId } from "./render.ts";
import { canSee } from "./sight.ts";
import { fullName, type Issue, type Repository, stamp } from "./state.ts";

/** What a field of the schema gives: a value, another object, or a list of either. */
type Field = Json | Node | readonly Node[] | ((args: Readonly<Record<string, Json>>) => Field);
interface Node {
  readonly [field: string]: Field;
}

/** A refusal inside an answer with status 200. */
class GraphError extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

/** The part of GitHub's schema that issues and pull requests take. A field that is not here is refused, as GitHub does. */
export function graphqlReply(call: Call): Reply {
  const document = typeof call.body.query === "string" ? call.body.query : "";
  const variables = call.body.variables;
  const given =
    typeof variables === "object" && variables !== null && !Array.isArray(variables) ? variables : {};
  const errors: Json[] = [];
  try {
    const selections = parseDocument(document, given);
    const root = /^\s*mutation\b/.test(document) ? mutations(call) : queries(call);
    return ok({ data: resolve(root, selections, errors), ...(errors.length === 0 ? {} : { errors }) });
  } catch (error) {
    if (!(error instanceof GraphError || error instanceof SyntaxError)) throw error;
    return ok({
      errors: [{ message: error.message, type: error instanceof GraphError ? error.type : "SYNTAX" }],
    });
  }
}

function resolve(node: Node, selections: readonly Selection[], errors: Json[]): JsonObject {
  const answer: JsonObject = {};
  for (const selection of selections) {
    if ("on" in selection) {
      if (node.__typename === selection.on)
        Object.assign(answer, resolve(node, selection.selections, errors));
      continue;
    }
    const { name, alias, selections: below } = selection;
    if (!Object.hasOwn(node, name))
      throw new GraphError(
        "undefinedField",
        `Field '${name}' doesn't exist on type '${String(node.__typename)}'`,
      );
    try {
      answer[alias] = shownValue(node[name] ?? null, selection.arguments, { below, errors });
    } catch (error) {
      if (!(error instanceof GraphError) || error.type === "undefinedField") throw error;
      answer[alias] = null;
      errors.push({ type: error.type, path: [alias], message: error.message });
    }
  }
  return answer;
}

function shownValue(
  field: Field,
  args: Readonly<Record<string, Json>>,
  at: { readonly below: readonly Selection[]; readonly errors: Json[] },
): Json {
  const value = typeof field === "function" ? field(args) : field;
  if (Array.isArray(value))
    return value.map((each) => (isNode(each) ? resolve(each, at.below, at.errors) : each));
  return isNode(value) ? resolve(value, at.below, at.errors) : (value as Json);
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "__typename" in value;
}

const list = (nodes: readonly Node[]): Node => ({
  __typename: "Connection",
  nodes,
  totalCount: nodes.length,
  pageInfo: { __typename: "PageInfo", hasNextPage: false, endCursor: null },
});

function queries(call: Call): Node {
  const { state, token } = call;
  return {
    __typename: "Query",
    viewer: {
      __typename: "User",
      login: token.login,
      databaseId: state.users.get(token.login.toLowerCase())?.id ?? 0,
    },
    repository: ({ owner, name }) => {
      const id = state.ids.get(`${String(owner)}/${String(name)}`.toLowerCase());
      const repository = state.repositories.get(id ?? 0);
      if (repository === undefined || repository.isGone || !canSee(token, repository))
        throw new GraphError(
          "NOT_FOUND",
          `Could not resolve to a Repository with the name '${owner}/${name}'.`,
        );
      return repositoryNode(repository);
    },
  };
}

function repositoryNode(repository: Repository): Node {
  return {
    __typename: "Repository",
    id: nodeId("R", repository.id),
    databaseId: repository.id,
    nameWithOwner: `${repository.owner}/${repository.name}`,
    pullRequest: ({ number }) => {
      const issue = repository.issues.get(Number(number));
      if (issue === undefined || !isPull(issue))
        throw new GraphError("NOT_FOUND", `Could not resolve to a PullRequest with the number of ${number}.`);
      return pullNode(repository, issue);
    },
    issue: ({ number }) => {
      const issue = repository.issues.get(Number(number));
      if (issue === undefined || isPull(issue))
        throw new GraphError("NOT_FOUND", `Could not resolve to an Issue with the number of ${number}.`);
      return issueNode(repository, issue);
    },
  };
}

function issueNode(repository: Repository, issue: Issue): Node {
  const branches = issue.linkedBranches.map(
    (name): Node => ({ __typename: "LinkedBranch", ref: { __typename: "Ref", name } }),
  );
  const milestone = repository.milestones.find(({ number }) => number === issue.milestone);
  const isBot = issue.author.endsWith("[bot]");
  return {
    __typename: "Issue",
    id: nodeId("I", issue.id),
    fullDatabaseId: String(issue.id),
    number: issue.number,
    title: issue.title,
    body: issue.body ?? "",
    state: issue.state.toUpperCase(),
    stateReason: issue.reason?.toUpperCase() ?? null,
    locked: issue.isLocked,
    createdAt: issue.createdAt,
    updatedAt: issue.updatedAt,
    closedAt: issue.closedAt,
    url: `https://github.com/${fullName(repository)}/issues/${issue.number}`,
    repository: {
      __typename: "Repository",
      databaseId: repository.id,
      nameWithOwner: fullName(repository),
    },
    author: { __typename: isBot ? "Bot" : "User", login: issue.author.replace(/\[bot\]$/, "") },
    comments: list(
      repository.comments
        .filter((comment) => comment.issue === issue.number)
        .map(({ id }): Node => ({ __typename: "IssueComment", id: nodeId("IC", id) })),
    ),
    milestone:
      milestone === undefined
        ? null
        : {
            __typename: "Milestone",
            id: nodeId("MI", milestone.id),
            number: milestone.number,
            title: milestone.title,
            dueOn: milestone.dueOn,
          },
    labels: list(
      labelsOf(repository, issue).map(
        ({ id, name }): Node => ({ __typename: "Label", id: nodeId("LA", id), name }),
      ),
    ),
    assignees: list(
      issue.assignees.map((login): Node => ({ __typename: "User", id: nodeId("U", 0), login })),
    ),
    linkedBranches: list(branches),
  };
}

function isPull(issue: Issue): issue is PullIssue {
  return issue.pull !== null;
}

function pullNode(repository: Repository, issue: PullIssue): Node {
  const { pull } = issue;
  const protection = repository.protections.get(pull.base);
  const required = protection?.requiredChecks ?? [];
  const rule: Field =
    protection === undefined
      ? null
      : { __typename: "RefUpdateRule", requiredStatusCheckContexts: [...required] };
  return {
    __typename: "PullRequest",
    id: nodeId("PR", issue.id),
    number: issue.number,
    title: issue.title,
    url: `https://github.com/${repository.owner}/${repository.name}/pull/${issue.number}`,
    state: pull.mergedAt !== null ? "MERGED" : issue.state === "open" ? "OPEN" : "CLOSED",
    isDraft: pull.isDraft,
    headRefOid: pull.headSha,
    headRefName: pull.head,
    isCrossRepository: false,
    baseRefName: pull.base,
    body: issue.body ?? "",
    updatedAt: issue.updatedAt,
    author: { __typename: "User", login: issue.author },
    reviewRequests: list(
      pull.requestedReviewers.map((login) => ({
        __typename: "ReviewRequest",
        requestedReviewer: { __typename: "User", login },
      })),
    ),
    reviewDecision: reviewDecision(repository, issue),
    mergeable: pull.isDirty ? "CONFLICTING" : "MERGEABLE",
    mergeStateStatus: mergeableState(repository, issue).toUpperCase(),
    latestOpinionatedReviews: list(
      [...verdictsOf(issue)].map(([login, word]) => ({
        __typename: "PullRequestReview",
        state: word,
        author: { __typename: "User", login },
      })),
    ),
    baseRef: { __typename: "Ref", name: pull.base, refUpdateRule: rule },
    commits: list([
      { __typename: "PullRequestCommit", commit: commitNode(repository, pull.headSha, required) },
    ]),
  };
}

function commitNode(repository: Repository, sha: string, required: readonly string[]): Node {
  const checks = checksOf(repository, sha).map(
    (run): Node => ({
      __typename: "CheckRun",
      name: run.name,
      status: run.status.toUpperCase(),
      conclusion: run.conclusion?.toUpperCase() ?? null,
      detailsUrl: null,
      startedAt: run.startedAt,
      checkSuite: { __typename: "CheckSuite", app: { __typename: "App", databaseId: 1 }, workflowRun: null },
      isRequired: () => required.includes(run.name),
    }),
  );
  const statuses = statusesOf(repository, sha).map(
    (status): Node => ({
      __typename: "StatusContext",
      context: status.context,
      state: status.state.toUpperCase(),
      targetUrl: status.targetUrl,
      isRequired: () => required.includes(status.context),
    }),
  );
  const all = [...checks, ...statuses];
  const rollup: Field = all.length === 0 ? null : { __typename: "StatusCheckRollup", contexts: list(all) };
  return { __typename: "Commit", oid: sha, statusCheckRollup: rollup };
}

function mutations(call: Call): Node {
  const { state, token } = call;
  return {
    __typename: "Mutation",
    markPullRequestReadyForReview: ({ input }) => {
      const wanted =
        typeof input === "object" && input !== null && !Array.isArray(input) ? input.pullRequestId : null;
      const { repository, issue } = pullOfNode(call, String(wanted));
      if (token.rights.get("pull_requests") !== "write")
        throw new GraphError("FORBIDDEN", "Resource not accessible by personal access token");
      issue.pull.isDraft = false;
      changeIssue({ state, repository, by: token.login }, issue, {});
      issue.updatedAt = stamp(state);
      tell({ state, repository, by: token.login }, "pull_request", "ready_for_review", { issue });
      return { __typename: "MarkPullRequestReadyForReviewPayload", pullRequest: pullNode(repository, issue) };
    },
  };
}

function pullOfNode(
  { state, token }: Call,
  node: string,
): { readonly repository: Repository; readonly issue: PullIssue } {
  const id = idOfNode(node);
  for (const repository of state.repositories.values()) {
    if (repository.isGone || !canSee(token, repository)) continue;
    for (const issue of repository.issues.values())
      if (issue.id === id && isPull(issue)) return { repository, issue };
  }
  throw new GraphError("NOT_FOUND", `Could not resolve to a node with the global id of '${node}'`);
}
