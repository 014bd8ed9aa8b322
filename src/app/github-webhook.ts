import { isJsonObject, type Json } from "../core/json.ts";
import type { Side } from "../core/two-way/mapping.ts";
import type { InboxEvent } from "../store/pair-store.ts";

/** What a delivery says happened. A hint where to look, never a value. */
export interface GitHubEvent {
  /** `X-GitHub-Delivery`: the same when GitHub delivers it again. */
  readonly id: string;
  /** Event and action ("issues.edited"). */
  readonly type: string;
  readonly kind: InboxEvent["kind"];
  /** null: it is about an installation, not about one repository. */
  readonly repositoryId: number | null;
  /** "owner/name", as it is called now. */
  readonly repository: string | null;
  /** The issue it is about, as the connector calls it; null: look at the whole collection, or at pull requests. */
  readonly recordId: string | null;
  /** The pull requests it is about, as far as told. */
  readonly pullRequests: readonly number[];
  /** The commit that was checked, reviewed or pushed. */
  readonly headSha: string | null;
  /** Branches, for statuses and pushes. */
  readonly branches: readonly string[];
  /** Field ids of the connector. */
  readonly changed: readonly string[];
  /** What changed fields held before, as far as told. */
  readonly prior: Readonly<Record<string, Json>>;
  /** ISO 8601; null: not told. */
  readonly occurredAt: string | null;
  readonly sender: { readonly login: string; readonly isBot: boolean } | null;
}

export type GitHubDelivery =
  | { readonly kind: "ping" }
  | { readonly kind: "event"; readonly event: GitHubEvent }
  /** About nothing that a sync reads: acknowledged all the same. */
  | { readonly kind: "other" };

type Members = { readonly [key: string]: Json };

/** What a delivery says, by its headers `X-GitHub-Event` and `X-GitHub-Delivery` and its body. */
export function readGitHubDelivery(
  headers: { readonly event: string | null; readonly id: string | null },
  body: Json,
): GitHubDelivery {
  const { event, id } = headers;
  if (event === null || id === null || !isJsonObject(body)) return { kind: "other" };
  if (event === "ping") return { kind: "ping" };
  const read = readers[event];
  if (read === undefined) return { kind: "other" };
  const action = textOf(body.action);
  const repository = membersOf(body.repository);
  const sender = membersOf(body.sender);
  const login = textOf(sender.login);
  return {
    kind: "event",
    event: {
      ...blank,
      id,
      type: action === null ? event : `${event}.${action}`,
      repositoryId: typeof repository.id === "number" ? repository.id : null,
      repository: textOf(repository.full_name),
      sender: login === null ? null : { login, isBot: sender.type === "Bot" },
      ...read(body, { action: action ?? "", repositoryId: repository.id }),
    },
  };
}

/** True for what an App of this name did itself. A person's token cannot be told from the person. */
export function isOwnEcho(
  { sender, kind }: GitHubEvent,
  self: { readonly login: string; readonly isBot: boolean },
): boolean {
  return kind === "updated" && self.isBot && sender?.isBot === true && sender.login === self.login;
}

export function githubInboxEvent(
  { id, type, kind, recordId, changed, prior, occurredAt }: GitHubEvent,
  to: { readonly syncId: string; readonly side: Side; readonly receivedAt: string },
): InboxEvent {
  return {
    ...to,
    source: "github",
    eventId: id,
    recordId,
    kind,
    changed,
    prior,
    occurredAt,
    detectedBy: "webhook",
    type,
  };
}

const blank = {
  kind: "unknown",
  recordId: null,
  pullRequests: [],
  headSha: null,
  branches: [],
  changed: [],
  prior: {},
  occurredAt: null,
} as const;

type Told = Partial<GitHubEvent>;
interface Where {
  readonly action: string;
  readonly repositoryId: Json | undefined;
}

/** https://docs.github.com/en/webhooks/webhook-events-and-payloads */
const readers: Readonly<Record<string, (body: Members, where: Where) => Told>> = {
  issues: readIssueEvent,
  issue_comment: readCommentEvent,
  sub_issues: () => ({}),
  pull_request: readPullRequestEvent,
  pull_request_review: readPullRequestEvent,
  pull_request_review_comment: readPullRequestEvent,
  pull_request_review_thread: readPullRequestEvent,
  check_run: (body) => readCheckEvent(membersOf(body.check_run)),
  check_suite: (body) => readCheckEvent(membersOf(body.check_suite)),
  workflow_run: (body) => readCheckEvent(membersOf(body.workflow_run)),
  merge_group: (body) => ({ headSha: textOf(membersOf(body.merge_group).head_sha) }),
  status: readStatusEvent,
  push: readPushEvent,
  // Renaming one leaves no stamp on the issues that carry it.
  label: () => ({ kind: "schema", changed: ["labels"] }),
  milestone: () => ({ kind: "schema", changed: ["milestone"] }),
  repository: () => ({ kind: "schema", changed: ["repository"] }),
  installation: () => ({ kind: "unknown" }),
  installation_repositories: () => ({ kind: "unknown" }),
};

const issueKinds: Readonly<Record<string, InboxEvent["kind"]>> = {
  opened: "created",
  deleted: "deleted",
  transferred: "moved",
};

const changedBy: Readonly<Record<string, readonly string[]>> = {
  labeled: ["labels"],
  unlabeled: ["labels"],
  assigned: ["assignees"],
  unassigned: ["assignees"],
  milestoned: ["milestone"],
  demilestoned: ["milestone"],
  closed: ["state"],
  reopened: ["state"],
  locked: ["locked"],
  unlocked: ["locked"],
};

function readIssueEvent(body: Members, { action, repositoryId }: Where): Told {
  const issue = membersOf(body.issue);
  const changes = Object.entries(membersOf(body.changes)).filter(
    ([name]) => name === "title" || name === "body",
  );
  const prior = changes.flatMap(([name, change]): [string, Json][] => {
    const { from } = membersOf(change);
    return from === undefined ? [] : [[name, from]];
  });
  return {
    kind: issueKinds[action] ?? "updated",
    recordId: recordIdOf(repositoryId, issue),
    changed: changedBy[action] ?? changes.map(([name]) => name),
    prior: Object.fromEntries(prior),
    occurredAt: textOf(issue.updated_at),
  };
}

/** GitHub tells comments on pull requests as comments on issues. */
function readCommentEvent(body: Members, { repositoryId }: Where): Told {
  const issue = membersOf(body.issue);
  const occurredAt = textOf(membersOf(body.comment).updated_at);
  if (isJsonObject(issue.pull_request))
    return { kind: "updated", pullRequests: numbersIn([issue]), occurredAt };
  return { kind: "updated", recordId: recordIdOf(repositoryId, issue), changed: ["comments"], occurredAt };
}

function readPullRequestEvent(body: Members): Told {
  const pullRequest = membersOf(body.pull_request);
  const head = membersOf(pullRequest.head);
  const branch = textOf(head.ref);
  return {
    kind: "updated",
    pullRequests: numbersIn([pullRequest]),
    headSha: textOf(head.sha),
    branches: branch === null ? [] : [branch],
    occurredAt: textOf(pullRequest.updated_at),
  };
}

function readCheckEvent(check: Members): Told {
  const suite = membersOf(check.check_suite);
  const branch = textOf(check.head_branch) ?? textOf(suite.head_branch);
  return {
    kind: "updated",
    // Empty for heads in forks: then the commit tells.
    pullRequests: numbersIn(check.pull_requests),
    headSha: textOf(check.head_sha),
    branches: branch === null ? [] : [branch],
    occurredAt: textOf(check.completed_at) ?? textOf(check.updated_at) ?? textOf(check.started_at),
  };
}

function readStatusEvent(body: Members): Told {
  const branches = Array.isArray(body.branches) ? body.branches : [];
  return {
    kind: "updated",
    headSha: textOf(body.sha),
    branches: branches.flatMap((branch: Json) => textOf(membersOf(branch).name) ?? []),
    occurredAt: textOf(body.updated_at),
  };
}

function readPushEvent(body: Members): Told {
  const branch = /^refs\/heads\/(.+)$/.exec(textOf(body.ref) ?? "")?.[1];
  return { kind: "updated", headSha: textOf(body.after), branches: branch === undefined ? [] : [branch] };
}

function recordIdOf(repositoryId: Json | undefined, { number }: Members): string | null {
  return typeof repositoryId === "number" && typeof number === "number" ? `${repositoryId}/${number}` : null;
}

function numbersIn(value: Json | undefined): readonly number[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((each: Json) => {
    const { number } = membersOf(each);
    return typeof number === "number" ? [number] : [];
  });
}

function membersOf(value: Json | undefined): Members {
  return isJsonObject(value) ? value : {};
}

function textOf(value: Json | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
