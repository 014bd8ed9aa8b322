import type { JsonObject } from "../json.ts";
import { createRandom, type Random } from "../state/random.ts";

/** Everything that the emulated GitHub knows. Times are ISO 8601 in whole seconds, as GitHub gives them. */
export interface GitHubState {
  readonly now: () => number;
  readonly random: Random;
  readonly users: Map<string, User>;
  /** What a token may see and do. */
  readonly tokens: Map<string, Token>;
  readonly apps: Map<string, App>;
  readonly repositories: Map<number, Repository>;
  /** Former and present names ("owner/name", lower case). */
  readonly ids: Map<string, number>;
  readonly listeners: ((event: HookEvent) => void)[];
  nextId: number;
  /** GitHub does not say whether "since" includes its own second. */
  isSinceExclusive: boolean;
}

export interface User {
  readonly id: number;
  login: string;
  readonly type: "User" | "Bot" | "Organization";
}

export type RightName = "issues" | "pull_requests" | "contents" | "checks" | "statuses" | "administration";
export type Level = "read" | "write";

export interface Token {
  readonly login: string;
  /** null: everything. */
  readonly repositories: Set<number> | null;
  readonly rights: Map<RightName, Level>;
  /** An App's: may make check runs, may not ask for its user. */
  readonly isInstallation: boolean;
}

export interface App {
  readonly id: string;
  readonly slug: string;
  readonly installationId: number;
  readonly repositories: Set<number> | null;
  readonly rights: Map<RightName, Level>;
}

export interface Repository {
  readonly id: number;
  owner: string;
  name: string;
  isPrivate: boolean;
  isArchived: boolean;
  hasIssues: boolean;
  isGone: boolean;
  readonly defaultBranch: string;
  readonly createdAt: string;
  readonly labels: Label[];
  readonly milestones: Milestone[];
  /** Issues and pull requests, by number. */
  readonly issues: Map<number, Issue>;
  /** Numbers of deleted ones. */
  readonly deleted: Set<number>;
  /** Where transferred ones went. */
  readonly transferred: Map<number, { readonly repositoryId: number; readonly number: number }>;
  readonly comments: Comment[];
  readonly branches: Map<string, string>;
  /** Parents of commits, by sha. */
  readonly commits: Map<string, readonly string[]>;
  readonly statuses: Status[];
  readonly checks: CheckRun[];
  readonly protections: Map<string, Protection>;
  lastNumber: number;
}

export interface Label {
  readonly id: number;
  name: string;
  color: string;
  description: string | null;
}

export interface Milestone {
  readonly id: number;
  readonly number: number;
  title: string;
  state: "open" | "closed";
  dueOn: string | null;
}

export interface Issue {
  readonly id: number;
  readonly number: number;
  title: string;
  body: string | null;
  state: "open" | "closed";
  reason: string | null;
  /** Ids. */
  labels: number[];
  /** Number. */
  milestone: number | null;
  assignees: string[];
  readonly author: string;
  isLocked: boolean;
  readonly createdAt: string;
  updatedAt: string;
  closedAt: string | null;
  readonly pull: Pull | null;
  readonly linkedBranches: string[];
  /** Members that answers leave out, as if something in between had cut them. */
  readonly hidden: Set<string>;
  /** Lists show it only from then on, as a copy that lags behind would (ms). */
  listedFrom: number;
}

export interface Pull {
  readonly head: string;
  headSha: string;
  readonly base: string;
  isDraft: boolean;
  mergedAt: string | null;
  mergeSha: string | null;
  /** A conflict with the base. */
  isDirty: boolean;
  readonly requestedReviewers: string[];
  readonly reviews: Review[];
}

export interface Review {
  readonly id: number;
  readonly author: string;
  state: "APPROVED" | "CHANGES_REQUESTED" | "COMMENTED" | "DISMISSED";
  readonly body: string;
  readonly sha: string;
  readonly submittedAt: string;
}

export interface Comment {
  readonly id: number;
  readonly issue: number;
  body: string;
  readonly author: string;
  readonly createdAt: string;
  updatedAt: string;
}

export interface Status {
  readonly id: number;
  readonly sha: string;
  readonly context: string;
  readonly state: "error" | "failure" | "pending" | "success";
  readonly description: string | null;
  readonly targetUrl: string | null;
  readonly createdAt: string;
}

export interface CheckRun {
  readonly id: number;
  readonly sha: string;
  readonly name: string;
  status: "queued" | "in_progress" | "completed";
  conclusion: string | null;
  readonly startedAt: string;
}

export interface Protection {
  readonly requiredChecks: readonly string[];
  readonly requiredReviews: number;
}

export interface HookSubject {
  readonly issue?: Issue;
  readonly comment?: Comment;
  readonly review?: Review;
  readonly label?: Label;
  readonly milestone?: Milestone;
  readonly check?: CheckRun;
  readonly status?: Status;
  /** Where a transferred issue is now. */
  readonly moved?: { readonly issue: Issue; readonly repository: Repository };
}

/** Something that webhooks are told. */
export interface HookEvent {
  readonly event: string;
  readonly action: string | null;
  readonly repository: Repository;
  readonly sender: string;
  /** Members beside action, repository and sender. */
  readonly about: HookSubject;
  /** What GitHub tells beside it, as it is sent. */
  readonly extra: JsonObject;
}

export function createGitHubState(now: () => number, seed: number): GitHubState {
  return {
    now,
    random: createRandom(seed),
    users: new Map(),
    tokens: new Map(),
    apps: new Map(),
    repositories: new Map(),
    ids: new Map(),
    listeners: [],
    nextId: 1000,
    isSinceExclusive: false,
  };
}

export function stamp(state: GitHubState): string {
  return new Date(state.now()).toISOString().replace(/\.\d{3}Z$/, "Z");
}

export function newId(state: GitHubState): number {
  state.nextId += 1;
  return state.nextId;
}

export function newSha(state: GitHubState): string {
  return `${state.random.uuid()}${state.random.uuid()}`.replaceAll("-", "").slice(0, 40);
}

/** The user of that login, made when nobody has it yet. */
export function userNamed(state: GitHubState, login: string): User {
  const known = state.users.get(login.toLowerCase());
  if (known !== undefined) return known;
  const type = login.endsWith("[bot]") ? "Bot" : "User";
  const user: User = { id: newId(state), login, type };
  state.users.set(login.toLowerCase(), user);
  return user;
}

export function fullName({ owner, name }: Repository): string {
  return `${owner}/${name}`;
}

export function emit(state: GitHubState, event: HookEvent): void {
  for (const listener of state.listeners) listener(event);
}

/** Whether something that changed then is asked for with `since`. */
export function isSince(state: GitHubState, changedAt: string, since: string | null): boolean {
  if (since === null) return true;
  const [at, from] = [Date.parse(changedAt), Date.parse(since)];
  return state.isSinceExclusive ? at > from : at >= from;
}
