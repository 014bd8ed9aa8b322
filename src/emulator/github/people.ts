import {
  type At,
  addComment,
  addMilestone,
  changeIssue,
  createIssue,
  deleteIssue,
  type IssueChange,
  isOnBranch,
  labelNamed,
  moveBranch,
  type NewIssue,
  pushCommit,
  tell,
  transferIssue,
} from "./operations.ts";
import {
  type CheckRun,
  type GitHubState,
  type Issue,
  type Level,
  newId,
  newSha,
  type Protection,
  type Repository,
  type Review,
  type RightName,
  type Status,
  stamp,
  userNamed,
} from "./state.ts";

/** What people and other programs do in the emulated GitHub. Issues go by "owner/name" and number. */
export interface GitHubPeople {
  addUser(login: string): number;
  /** A token of this user's; by default with every right but administration, for every repository. */
  addToken(token: string, options?: TokenOptions): void;
  revokeToken(token: string): void;
  addApp(options: {
    readonly id: string;
    readonly slug: string;
    readonly installationId: number;
    readonly rights?: Rights;
  }): void;
  /** Returns its id. */
  addRepository(name: string, options?: { readonly isPrivate?: boolean }): number;
  renameRepository(name: string, to: string): void;
  changeRepository(
    name: string,
    change: Partial<Pick<Repository, "isArchived" | "hasIssues" | "isGone" | "isPrivate">>,
  ): void;
  protect(name: string, branch: string, protection: Protection): void;
  /** Returns its number. */
  addIssue(name: string, input: NewIssue, by?: string): number;
  addIssues(name: string, count: number, input: (index: number) => NewIssue): readonly number[];
  issue(name: string, number: number): Readonly<Issue> | null;
  issues(name: string): readonly Readonly<Issue>[];
  labelsOf(name: string, number: number): readonly string[];
  editIssue(name: string, number: number, change: IssueChange, by?: string): void;
  lockIssue(name: string, number: number, isLocked: boolean): void;
  deleteIssue(name: string, number: number): void;
  /** As if it had never been, for this is how a spammer's issue goes: 404. */
  vanishIssue(name: string, number: number): void;
  /** Returns the number there. */
  transferIssue(name: string, number: number, to: string): number;
  /** From now on answers leave this member out. */
  hideMember(name: string, number: number, member: string): void;
  /** Lists leave it out for so long, as a copy that lags behind does. */
  delayInLists(name: string, number: number, ms: number): void;
  comment(name: string, number: number, body: string, by?: string): number;
  comments(name: string, number: number): readonly { readonly author: string; readonly body: string }[];
  addLabel(name: string, label: string): void;
  renameLabel(name: string, label: string, to: string): void;
  addMilestone(name: string, title: string, dueOn?: string | null): number;
  /** A new commit on the branch, which is made when it is not there. Returns the sha. */
  push(name: string, branch: string, by?: string): string;
  /** Another commit in place of the last: what was there is no longer on the branch. */
  forcePush(name: string, branch: string): string;
  deleteBranch(name: string, branch: string): void;
  linkBranch(name: string, number: number, branch: string): void;
  review(name: string, number: number, state: Review["state"], by: string): void;
  check(name: string, sha: string, run: { readonly name: string; readonly conclusion: string | null }): void;
  status(
    name: string,
    sha: string,
    status: { readonly context: string; readonly state: Status["state"] },
  ): void;
  setDirty(name: string, number: number, isDirty: boolean): void;
  isMerged(name: string, sha: string): boolean;
}

export type Rights = Partial<Readonly<Record<RightName, Level>>>;

export interface TokenOptions {
  readonly login?: string;
  readonly rights?: Rights;
  /** Names; by default all. */
  readonly repositories?: readonly string[];
}

const usualRights: Rights = {
  issues: "write",
  pull_requests: "write",
  contents: "write",
  checks: "read",
  statuses: "read",
};
const somebody = "octocat";

export function createPeople(state: GitHubState): GitHubPeople {
  const at = (name: string, by = somebody): At => {
    const repository = state.repositories.get(state.ids.get(name.toLowerCase()) ?? 0);
    if (repository === undefined) throw new TypeError(`the emulated GitHub has no repository ${name}`);
    return { state, repository, by };
  };
  const issueAt = (name: string, number: number): Issue => {
    const issue = at(name).repository.issues.get(number);
    if (issue === undefined) throw new TypeError(`the emulated GitHub has no issue ${name}#${number}`);
    return issue;
  };
  return {
    ...accounts(state),
    ...repositories(state, at),
    ...issues(at, issueAt),
    ...code(at, issueAt),
  };
}

type PlaceOf = (name: string, by?: string) => At;
type IssueOf = (name: string, number: number) => Issue;

function accounts(state: GitHubState): Pick<GitHubPeople, "addUser" | "addToken" | "revokeToken" | "addApp"> {
  return {
    addUser: (login) => userNamed(state, login).id,
    addToken(token, { login = somebody, rights = usualRights, repositories } = {}) {
      const ids = repositories?.flatMap((name) => state.ids.get(name.toLowerCase()) ?? []);
      state.tokens.set(token, {
        login: userNamed(state, login).login,
        rights: rightsMap(rights),
        repositories: ids === undefined ? null : new Set(ids),
        isInstallation: login.endsWith("[bot]"),
      });
    },
    revokeToken: (token) => void state.tokens.delete(token),
    addApp({ rights = { ...usualRights, checks: "write" }, ...app }) {
      state.apps.set(app.id, { ...app, repositories: null, rights: rightsMap(rights) });
    },
  };
}

function rightsMap(rights: Rights): Map<RightName, Level> {
  const names: readonly RightName[] = [
    "issues",
    "pull_requests",
    "contents",
    "checks",
    "statuses",
    "administration",
  ];
  return new Map(
    names.flatMap((name) => (rights[name] === undefined ? [] : [[name, rights[name]] as const])),
  );
}

function repositories(
  state: GitHubState,
  at: PlaceOf,
): Pick<
  GitHubPeople,
  | "addRepository"
  | "renameRepository"
  | "changeRepository"
  | "protect"
  | "addLabel"
  | "renameLabel"
  | "addMilestone"
> {
  return {
    addRepository(fullName, { isPrivate = true } = {}) {
      const [owner = "", name = ""] = fullName.split("/");
      const sha = newSha(state);
      const id = newId(state);
      userNamed(state, owner);
      state.repositories.set(id, {
        id,
        owner,
        name,
        isPrivate,
        isArchived: false,
        hasIssues: true,
        isGone: false,
        defaultBranch: "main",
        createdAt: stamp(state),
        labels: [],
        milestones: [],
        issues: new Map(),
        deleted: new Set(),
        transferred: new Map(),
        comments: [],
        branches: new Map([["main", sha]]),
        commits: new Map([[sha, []]]),
        statuses: [],
        checks: [],
        protections: new Map(),
        lastNumber: 0,
      });
      state.ids.set(fullName.toLowerCase(), id);
      return id;
    },
    renameRepository(name, to) {
      const place = at(name);
      const { repository } = place;
      const from = repository.name;
      const [owner = "", newName = ""] = to.split("/");
      Object.assign(repository, { owner, name: newName });
      state.ids.set(to.toLowerCase(), repository.id);
      tell(place, "repository", "renamed", {}, { changes: { repository: { name: { from } } } });
    },
    changeRepository(name, change) {
      Object.assign(at(name).repository, change);
    },
    protect(name, branch, protection) {
      at(name).repository.protections.set(branch, protection);
    },
    addLabel: (name, label) => void labelNamed(at(name), label),
    renameLabel(name, label, to) {
      const place = at(name);
      const found = labelNamed(place, label);
      found.name = to;
      tell(place, "label", "edited", { label: found });
    },
    addMilestone: (name, title, dueOn = null) => addMilestone(at(name), title, dueOn).number,
  };
}

function issues(
  at: PlaceOf,
  issueAt: IssueOf,
): Pick<
  GitHubPeople,
  | "addIssue"
  | "addIssues"
  | "issue"
  | "issues"
  | "labelsOf"
  | "editIssue"
  | "lockIssue"
  | "deleteIssue"
  | "vanishIssue"
  | "transferIssue"
  | "hideMember"
  | "delayInLists"
  | "comment"
  | "comments"
> {
  return {
    addIssue: (name, input, by) => createIssue(at(name, by), input).number,
    addIssues: (name, count, input) =>
      Array.from({ length: count }, (_, index) => createIssue(at(name), input(index)).number),
    issue: (name, number) => at(name).repository.issues.get(number) ?? null,
    issues: (name) => [...at(name).repository.issues.values()].filter(({ pull }) => pull === null),
    labelsOf(name, number) {
      const { labels } = at(name).repository;
      const ids = issueAt(name, number).labels;
      return labels.filter(({ id }) => ids.includes(id)).map((label) => label.name);
    },
    editIssue: (name, number, change, by) => changeIssue(at(name, by), issueAt(name, number), change),
    lockIssue(name, number, isLocked) {
      const issue = issueAt(name, number);
      const place = at(name);
      Object.assign(issue, { isLocked, updatedAt: stamp(place.state) });
      tell(place, "issues", isLocked ? "locked" : "unlocked", { issue });
    },
    deleteIssue: (name, number) => deleteIssue(at(name), issueAt(name, number)),
    vanishIssue: (name, number) => void at(name).repository.issues.delete(number),
    transferIssue: (name, number, to) =>
      transferIssue(at(name), issueAt(name, number), at(to).repository).number,
    hideMember: (name, number, member) => void issueAt(name, number).hidden.add(member),
    delayInLists(name, number, ms) {
      issueAt(name, number).listedFrom = at(name).state.now() + ms;
    },
    comment: (name, number, body, by) => addComment(at(name, by), issueAt(name, number), body).id,
    comments: (name, number) => at(name).repository.comments.filter(({ issue }) => issue === number),
  };
}

function code(
  at: PlaceOf,
  issueAt: IssueOf,
): Pick<
  GitHubPeople,
  | "push"
  | "forcePush"
  | "deleteBranch"
  | "linkBranch"
  | "review"
  | "check"
  | "status"
  | "setDirty"
  | "isMerged"
> {
  return {
    push: (name, branch, by) => pushCommit(at(name, by), branch),
    forcePush(name, branch) {
      const place = at(name);
      const { commits, branches, defaultBranch } = place.repository;
      const parents = commits.get(branches.get(branch) ?? "") ?? [branches.get(defaultBranch) ?? ""];
      return moveBranch(place, branch, { sha: newSha(place.state), parents });
    },
    deleteBranch: (name, branch) => void at(name).repository.branches.delete(branch),
    linkBranch: (name, number, branch) => void issueAt(name, number).linkedBranches.push(branch),
    review(name, number, reviewState, by) {
      const place = at(name, by);
      const { state } = place;
      const issue = issueAt(name, number);
      if (issue.pull === null) throw new TypeError(`${name}#${number} is no pull request`);
      const now = stamp(state);
      const review = {
        id: newId(state),
        author: userNamed(state, by).login,
        state: reviewState,
        body: "",
        sha: issue.pull.headSha,
        submittedAt: now,
      };
      issue.pull.reviews.push(review);
      issue.updatedAt = now;
      tell(place, "pull_request_review", "submitted", { issue, review });
    },
    check(name, sha, { name: check, conclusion }) {
      const place = at(name);
      const status = conclusion === null ? "in_progress" : "completed";
      const run: CheckRun = {
        id: newId(place.state),
        sha,
        name: check,
        status,
        conclusion,
        startedAt: stamp(place.state),
      };
      place.repository.checks.push(run);
      tell(place, "check_run", conclusion === null ? "created" : "completed", { check: run });
    },
    status(name, sha, { context, state: word }) {
      const place = at(name);
      const status: Status = {
        id: newId(place.state),
        sha,
        context,
        state: word,
        description: null,
        targetUrl: null,
        createdAt: stamp(place.state),
      };
      place.repository.statuses.push(status);
      tell(place, "status", null, { status });
    },
    setDirty(name, number, isDirty) {
      const { pull } = issueAt(name, number);
      if (pull !== null) pull.isDirty = isDirty;
    },
    isMerged: (name, sha) => isOnBranch(at(name).repository, sha, at(name).repository.defaultBranch),
  };
}
