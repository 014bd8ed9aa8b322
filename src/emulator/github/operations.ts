import type { JsonObject } from "../json.ts";
import {
  type Comment,
  emit,
  type GitHubState,
  type HookEvent,
  type HookSubject,
  type Issue,
  type Label,
  type Milestone,
  newId,
  newSha,
  type Pull,
  type Repository,
  stamp,
  userNamed,
} from "./state.ts";

/** Who does something, and where. */
export interface At {
  readonly state: GitHubState;
  readonly repository: Repository;
  readonly by: string;
}

export interface NewIssue {
  readonly title: string;
  readonly body?: string | null;
  readonly labels?: readonly string[];
  readonly milestone?: number | null;
  readonly assignees?: readonly string[];
  readonly pull?: Pull;
}

export interface IssueChange {
  readonly title?: string;
  readonly body?: string | null;
  readonly state?: "open" | "closed";
  readonly reason?: string | null;
  readonly labels?: readonly string[];
  readonly milestone?: number | null;
  readonly assignees?: readonly string[];
}

export function createIssue(at: At, input: NewIssue): Issue {
  const { state, repository, by } = at;
  const now = stamp(state);
  repository.lastNumber += 1;
  const issue: Issue = {
    id: newId(state),
    number: repository.lastNumber,
    title: input.title,
    body: emptyAsNull(input.body),
    state: "open",
    reason: null,
    labels: labelIds(at, input.labels ?? []),
    milestone: input.milestone ?? null,
    assignees: assignable(at, input.assignees ?? []),
    author: userNamed(state, by).login,
    isLocked: false,
    createdAt: now,
    updatedAt: now,
    closedAt: null,
    pull: input.pull ?? null,
    linkedBranches: [],
    hidden: new Set(),
    listedFrom: 0,
  };
  repository.issues.set(issue.number, issue);
  tell(at, issue.pull === null ? "issues" : "pull_request", "opened", { issue });
  return issue;
}

interface Told {
  readonly action: string;
  readonly about?: HookSubject;
  readonly extra?: JsonObject;
}

/** Changes members and tells webhooks one event for each kind of change, as GitHub does. */
export function changeIssue(at: At, issue: Issue, change: IssueChange): void {
  const actions: Told[] = [];
  const from: JsonObject = {};
  if (change.title !== undefined && change.title !== issue.title) {
    from.title = { from: issue.title };
    issue.title = change.title;
  }
  if (change.body !== undefined && emptyAsNull(change.body) !== issue.body) {
    from.body = { from: issue.body };
    issue.body = emptyAsNull(change.body);
  }
  if (Object.keys(from).length > 0) actions.push({ action: "edited", extra: { changes: from } });
  actions.push(...changeLists(at, issue, change), ...changeState(at, issue, change));
  // GitHub moves the stamp for every accepted edit, also for one that changes nothing.
  issue.updatedAt = stamp(at.state);
  for (const { action, about, extra } of actions)
    tell(at, issue.pull === null ? "issues" : "pull_request", action, { issue, ...about }, extra);
}

function changeLists(at: At, issue: Issue, change: IssueChange): Told[] {
  const actions: Told[] = [];
  if (change.labels !== undefined) {
    const wanted = labelIds(at, change.labels);
    const labelOf = (id: number): HookSubject => {
      const label = at.repository.labels.find((each) => each.id === id);
      return label === undefined ? {} : { label };
    };
    for (const id of wanted.filter((each) => !issue.labels.includes(each)))
      actions.push({ action: "labeled", about: labelOf(id) });
    for (const id of issue.labels.filter((each) => !wanted.includes(each)))
      actions.push({ action: "unlabeled", about: labelOf(id) });
    issue.labels = wanted;
  }
  if (change.assignees !== undefined) {
    const wanted = assignable(at, change.assignees);
    if (wanted.some((login) => !issue.assignees.includes(login))) actions.push({ action: "assigned" });
    if (issue.assignees.some((login) => !wanted.includes(login))) actions.push({ action: "unassigned" });
    issue.assignees = wanted;
  }
  if (change.milestone !== undefined && change.milestone !== issue.milestone) {
    actions.push({ action: change.milestone === null ? "demilestoned" : "milestoned" });
    issue.milestone = change.milestone;
  }
  return actions;
}

function changeState(at: At, issue: Issue, { state, reason }: IssueChange): { action: string }[] {
  if (state === undefined) return [];
  if (state === "open") {
    if (issue.state === "open") return [];
    Object.assign(issue, { state: "open", reason: "reopened", closedAt: null });
    return [{ action: "reopened" }];
  }
  const isNew = issue.state === "open";
  issue.reason = reason ?? (isNew ? "completed" : issue.reason);
  issue.state = "closed";
  if (!isNew) return [];
  issue.closedAt = stamp(at.state);
  return [{ action: "closed" }];
}

/** Gone for good; only its number is remembered. */
export function deleteIssue(at: At, issue: Issue): void {
  at.repository.issues.delete(issue.number);
  at.repository.deleted.add(issue.number);
  tell(at, "issues", "deleted", { issue });
}

/** A new issue in the other repository, under another id and number; the old address leads there. */
export function transferIssue(at: At, issue: Issue, target: Repository): Issue {
  const { state, repository, by } = at;
  const there: At = { state, repository: target, by };
  target.lastNumber += 1;
  const labels = repository.labels.filter(({ id }) => issue.labels.includes(id)).map(({ name }) => name);
  const kept = labels.filter((name) => target.labels.some((label) => label.name === name));
  const moved: Issue = {
    ...issue,
    id: newId(state),
    number: target.lastNumber,
    labels: labelIds(there, kept),
    milestone: null,
    updatedAt: stamp(state),
  };
  target.issues.set(moved.number, moved);
  repository.issues.delete(issue.number);
  repository.transferred.set(issue.number, { repositoryId: target.id, number: moved.number });
  tell(at, "issues", "transferred", { issue, moved: { issue: moved, repository: target } });
  tell(there, "issues", "opened", { issue: moved });
  return moved;
}

export function addComment(at: At, issue: Issue, body: string): Comment {
  const { state, repository, by } = at;
  const now = stamp(state);
  const author = userNamed(state, by).login;
  const comment: Comment = {
    id: newId(state),
    issue: issue.number,
    body,
    author,
    createdAt: now,
    updatedAt: now,
  };
  repository.comments.push(comment);
  issue.updatedAt = now;
  tell(at, "issue_comment", "created", { issue, comment });
  return comment;
}

/** The label of that name, made when there is none: that is what naming one on an issue does. */
export function labelNamed({ state, repository, by }: At, name: string): Label {
  const known = repository.labels.find((label) => label.name.toLowerCase() === name.toLowerCase());
  if (known !== undefined) return known;
  const label: Label = { id: newId(state), name, color: "ededed", description: null };
  repository.labels.push(label);
  tell({ state, repository, by }, "label", "created", { label });
  return label;
}

export function addMilestone(at: At, title: string, dueOn: string | null = null): Milestone {
  const number = Math.max(0, ...at.repository.milestones.map((each) => each.number)) + 1;
  const milestone: Milestone = { id: newId(at.state), number, title, state: "open", dueOn };
  at.repository.milestones.push(milestone);
  tell(at, "milestone", "created", { milestone });
  return milestone;
}

/** A commit on top of a branch, which is made from the default one when it is new. */
export function pushCommit(at: At, branch: string): string {
  const { state, repository } = at;
  const from = repository.branches.get(branch) ?? repository.branches.get(repository.defaultBranch);
  return moveBranch(at, branch, { sha: newSha(state), parents: from === undefined ? [] : [from] });
}

/** Points a branch at another commit, and open pull requests of it with it. */
export function moveBranch(
  at: At,
  branch: string,
  { sha, parents }: { readonly sha: string; readonly parents: readonly string[] },
): string {
  const { repository } = at;
  repository.commits.set(sha, parents);
  repository.branches.set(branch, sha);
  tell(at, "push", null, {}, { ref: `refs/heads/${branch}`, after: sha });
  for (const issue of repository.issues.values()) {
    if (issue.pull === null || issue.state !== "open" || issue.pull.head !== branch) continue;
    issue.pull.headSha = sha;
    issue.updatedAt = stamp(at.state);
    tell(at, "pull_request", "synchronize", { issue });
  }
  return sha;
}

/** True when `sha` is on `branch` already. */
export function isOnBranch({ branches, commits }: Repository, sha: string, branch: string): boolean {
  const waiting = [branches.get(branch)];
  const seen = new Set<string>();
  while (waiting.length > 0) {
    const at = waiting.pop();
    if (at === undefined || seen.has(at)) continue;
    if (at === sha) return true;
    seen.add(at);
    waiting.push(...(commits.get(at) ?? []));
  }
  return false;
}

export function tell(
  { state, repository, by }: At,
  event: string,
  action: string | null,
  about: HookEvent["about"],
  extra: JsonObject = {},
): void {
  emit(state, { event, action, repository, sender: userNamed(state, by).login, about, extra });
}

function labelIds(at: At, names: readonly string[]): number[] {
  return [...new Set(names.map((name) => labelNamed(at, name).id))];
}

/** Who may not be assigned is left out without a word. */
function assignable({ state }: At, logins: readonly string[]): string[] {
  return [...new Set(logins.flatMap((login) => state.users.get(login.toLowerCase())?.login ?? []))];
}

function emptyAsNull(body: string | null | undefined): string | null {
  return body === undefined || body === "" ? null : body;
}
