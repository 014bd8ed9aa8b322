import type { JsonObject } from "../json.ts";
import {
  type CheckRun,
  type Comment,
  fullName,
  type GitHubState,
  type Issue,
  type Label,
  type Milestone,
  type Repository,
  type Review,
  type Status,
  userNamed,
} from "./state.ts";

/** Answers as GitHub shapes them, with the addresses of this emulator. */
export interface Renderer {
  readonly state: GitHubState;
  /** Without a trailing slash. */
  readonly url: string;
}

export function userJson({ state, url }: Renderer, login: string): JsonObject {
  const user = userNamed(state, login);
  return {
    login: user.login,
    id: user.id,
    node_id: nodeId("U", user.id),
    avatar_url: `${url}/avatars/${user.id}`,
    gravatar_id: "",
    url: `${url}/users/${user.login}`,
    html_url: `https://github.com/${user.login}`,
    type: user.type,
    site_admin: false,
  };
}

export function repositoryJson(
  renderer: Renderer,
  repository: Repository,
  rights: JsonObject | null,
): JsonObject {
  const { url } = renderer;
  const name = fullName(repository);
  const open = [...repository.issues.values()].filter(({ state }) => state === "open").length;
  return {
    id: repository.id,
    node_id: nodeId("R", repository.id),
    name: repository.name,
    full_name: name,
    private: repository.isPrivate,
    owner: userJson(renderer, repository.owner),
    html_url: `https://github.com/${name}`,
    description: null,
    fork: false,
    url: `${url}/repos/${name}`,
    created_at: repository.createdAt,
    updated_at: repository.createdAt,
    pushed_at: repository.createdAt,
    has_issues: repository.hasIssues,
    has_projects: true,
    archived: repository.isArchived,
    disabled: false,
    open_issues_count: open,
    visibility: repository.isPrivate ? "private" : "public",
    default_branch: repository.defaultBranch,
    ...(rights === null ? {} : { permissions: rights }),
  };
}

export function issueJson(renderer: Renderer, repository: Repository, issue: Issue): JsonObject {
  const { url } = renderer;
  const name = fullName(repository);
  const self = `${url}/repos/${name}/issues/${issue.number}`;
  const kind = issue.pull === null ? "issues" : "pull";
  const comments = repository.comments.filter((comment) => comment.issue === issue.number).length;
  const milestone = repository.milestones.find(({ number }) => number === issue.milestone);
  const assignees = issue.assignees.map((login) => userJson(renderer, login));
  const whole: JsonObject = {
    url: self,
    repository_url: `${url}/repos/${name}`,
    labels_url: `${self}/labels{/name}`,
    comments_url: `${self}/comments`,
    events_url: `${self}/events`,
    html_url: `https://github.com/${name}/${kind}/${issue.number}`,
    id: issue.id,
    node_id: nodeId(issue.pull === null ? "I" : "PR", issue.id),
    number: issue.number,
    title: issue.title,
    user: userJson(renderer, issue.author),
    labels: labelsOf(repository, issue).map((label) => labelJson(renderer, repository, label)),
    state: issue.state,
    locked: issue.isLocked,
    assignee: assignees[0] ?? null,
    assignees,
    milestone: milestone === undefined ? null : milestoneJson(renderer, repository, milestone),
    comments,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
    author_association: "MEMBER",
    active_lock_reason: null,
    body: issue.body,
    reactions: { url: `${self}/reactions`, total_count: 0 },
    timeline_url: `${self}/timeline`,
    performed_via_github_app: null,
    state_reason: issue.reason,
    ...(issue.pull === null ? {} : { pull_request: pullLinks(renderer, repository, issue) }),
  };
  for (const member of issue.hidden) delete whole[member];
  return whole;
}

function pullLinks({ url }: Renderer, repository: Repository, { number, pull }: Issue): JsonObject {
  const name = fullName(repository);
  const html = `https://github.com/${name}/pull/${number}`;
  return {
    url: `${url}/repos/${name}/pulls/${number}`,
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    merged_at: pull?.mergedAt ?? null,
  };
}

export function labelsOf({ labels }: Repository, issue: Issue): readonly Label[] {
  return issue.labels.flatMap((id) => labels.find((label) => label.id === id) ?? []);
}

export function labelJson({ url }: Renderer, repository: Repository, label: Label): JsonObject {
  return {
    id: label.id,
    node_id: nodeId("LA", label.id),
    url: `${url}/repos/${fullName(repository)}/labels/${encodeURIComponent(label.name)}`,
    name: label.name,
    color: label.color,
    default: false,
    description: label.description,
  };
}

export function milestoneJson(renderer: Renderer, repository: Repository, milestone: Milestone): JsonObject {
  const of = [...repository.issues.values()].filter((issue) => issue.milestone === milestone.number);
  return {
    url: `${renderer.url}/repos/${fullName(repository)}/milestones/${milestone.number}`,
    html_url: `https://github.com/${fullName(repository)}/milestone/${milestone.number}`,
    id: milestone.id,
    node_id: nodeId("MI", milestone.id),
    number: milestone.number,
    title: milestone.title,
    description: null,
    creator: userJson(renderer, repository.owner),
    open_issues: of.filter(({ state }) => state === "open").length,
    closed_issues: of.filter(({ state }) => state === "closed").length,
    state: milestone.state,
    created_at: repository.createdAt,
    updated_at: repository.createdAt,
    due_on: milestone.dueOn,
    closed_at: null,
  };
}

export function commentJson(renderer: Renderer, repository: Repository, comment: Comment): JsonObject {
  const { url } = renderer;
  const name = fullName(repository);
  const isPull = repository.issues.get(comment.issue)?.pull !== null;
  return {
    url: `${url}/repos/${name}/issues/comments/${comment.id}`,
    html_url: `https://github.com/${name}/${isPull ? "pull" : "issues"}/${comment.issue}#issuecomment-${comment.id}`,
    issue_url: `${url}/repos/${name}/issues/${comment.issue}`,
    id: comment.id,
    node_id: nodeId("IC", comment.id),
    user: userJson(renderer, comment.author),
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    author_association: "MEMBER",
    body: comment.body,
    performed_via_github_app: null,
  };
}

export function reviewJson(
  renderer: Renderer,
  repository: Repository,
  issue: Issue,
  review: Review,
): JsonObject {
  return {
    id: review.id,
    node_id: nodeId("PRR", review.id),
    user: userJson(renderer, review.author),
    body: review.body,
    state: review.state,
    html_url: `https://github.com/${fullName(repository)}/pull/${issue.number}#pullrequestreview-${review.id}`,
    submitted_at: review.submittedAt,
    commit_id: review.sha,
  };
}

export function statusJson({ url }: Renderer, repository: Repository, status: Status): JsonObject {
  return {
    url: `${url}/repos/${fullName(repository)}/statuses/${status.sha}`,
    id: status.id,
    node_id: nodeId("SC", status.id),
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: status.createdAt,
    updated_at: status.createdAt,
  };
}

export function checkRunJson({ url }: Renderer, repository: Repository, run: CheckRun): JsonObject {
  const name = fullName(repository);
  return {
    id: run.id,
    node_id: nodeId("CR", run.id),
    head_sha: run.sha,
    name: run.name,
    status: run.status,
    conclusion: run.conclusion,
    started_at: run.startedAt,
    completed_at: run.status === "completed" ? run.startedAt : null,
    url: `${url}/repos/${name}/check-runs/${run.id}`,
    html_url: `https://github.com/${name}/runs/${run.id}`,
    details_url: `https://github.com/${name}/runs/${run.id}`,
  };
}

/** Opaque to clients; the kind in front, as GitHub's newer ids have it. */
export function nodeId(kind: string, id: number): string {
  return `${kind}_${Buffer.from(String(id)).toString("base64url")}`;
}

export function idOfNode(node: string): number {
  return Number(Buffer.from(node.slice(node.indexOf("_") + 1), "base64url").toString());
}
