import type { IssueRef, RepositoryRef } from "./repositories.ts";

/** What the checks of a head commit say together, required or not. `none`: there are no checks at all. */
export type CheckState = "none" | "pending" | "failing" | "passing";
/** What the reviews say together. `required`: GitHub asks for a review that nobody has given. */
export type ReviewState = "none" | "required" | "approved" | "changes_requested";

export interface PullRequest {
  readonly repositoryId: number;
  readonly number: number;
  /** GraphQL's id; marking ready asks for it. */
  readonly nodeId: string;
  readonly title: string;
  readonly url: string;
  readonly state: "open" | "closed" | "merged";
  readonly isDraft: boolean;
  /** The commit at the head: what was reviewed and checked. A merge names it. */
  readonly headSha: string;
  readonly headBranch: string;
  /** The head lies in this repository, not in a fork. */
  readonly isHeadHere: boolean;
  readonly baseBranch: string;
  readonly body: string;
  readonly author: string | null;
  readonly updatedAt: string;
  /** Login names, in the order asked. */
  readonly requestedReviewers: readonly string[];
}

/** One check run or commit status, the latest of its name. */
export interface Check {
  readonly name: string;
  readonly state: "pending" | "failing" | "passing";
  /** GitHub's own word ("timed_out", "success"). */
  readonly conclusion: string;
  readonly url: string | null;
  /** null: it could not be read which checks are required. */
  readonly isRequired: boolean | null;
}

/** What has to be known before anything is merged. */
export interface Readiness {
  readonly pullRequest: PullRequest;
  readonly checks: readonly Check[];
  /** Required checks that nothing was heard of yet. */
  readonly missingChecks: readonly string[];
  /** Over all checks that were reported. */
  readonly checkState: CheckState;
  /** Over the required ones; a missing one is pending. null: it could not be read which are required. */
  readonly requiredState: CheckState | null;
  readonly reviewState: ReviewState;
  /** GitHub's own verdict whether it can be merged now; null: it has not finished looking. */
  readonly isMergeable: boolean | null;
  /** GitHub's word for why not ("dirty", "behind", "blocked"), or "clean". */
  readonly mergeableState: string;
}

/** What became of something asked of GitHub. Refusals are values: each says in words why. */
export type Asked<T> =
  | { readonly kind: "done"; readonly value: T }
  /** It was so already; nothing was sent, or GitHub said so. */
  | { readonly kind: "already"; readonly value: T }
  | {
      readonly kind: "refused";
      readonly why: AskedRefusal;
      readonly message: string;
      readonly retryAfterMs: number | null;
    }
  /** It may or may not have happened: read before asking again. */
  | { readonly kind: "doubt"; readonly reason: string };

/**
 * - `head-moved`: the head is another commit than the one named
 * - `not-mergeable`: conflicts, missing reviews or checks, a method that is not allowed
 * - `no-commits`: the branch holds nothing that the base does not
 * - `no-branch`: there is no such branch
 * - `not-found`, `forbidden`, `limited`
 * - `unsupported`: this server has no GraphQL
 * - `invalid`: anything else that GitHub refused
 */
export type AskedRefusal =
  | "head-moved"
  | "not-mergeable"
  | "no-commits"
  | "no-branch"
  | "not-found"
  | "forbidden"
  | "limited"
  | "unsupported"
  | "invalid";

export type MergeMethod = "merge" | "squash" | "rebase";

export interface Branch {
  readonly name: string;
  readonly sha: string;
}

/** As in ApplyOptions: a request is sent once at most, and not after `sendBy`. */
export interface AskOptions {
  readonly sendBy?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Pull requests, branches and what stands between them and being merged. Writes are sent once, whatever comes of them. */
export interface PullRequests {
  get(ref: IssueRef, signal?: AbortSignal): Promise<PullRequest | null>;
  /** Those whose head is this branch, newest first; all states. */
  listByBranch(
    repository: RepositoryRef,
    branch: string,
    signal?: AbortSignal,
  ): Promise<readonly PullRequest[]>;
  /** Open ones, last updated first. */
  listOpen(repository: RepositoryRef, signal?: AbortSignal): Promise<readonly PullRequest[]>;
  /**
   * Checks, reviews and mergeability of several at once, by record id ("<repository id>/<number>"); those that cannot be read are
   * absent. One GraphQL call for each twenty, else five REST calls for each.
   */
  readiness(refs: readonly IssueRef[], signal?: AbortSignal): Promise<ReadonlyMap<string, Readiness>>;
  /** `already`: an open one for this branch and base is there. */
  openDraft(
    input: {
      readonly repository: RepositoryRef;
      readonly branch: string;
      /** null: the repository's default branch. */
      readonly base: string | null;
      readonly title: string;
      readonly body: string;
      /** False where the plan has no drafts. */
      readonly isDraft: boolean;
    },
    options: AskOptions,
  ): Promise<Asked<PullRequest>>;
  markReady(pullRequest: PullRequest, options: AskOptions): Promise<Asked<PullRequest>>;
  /** Only while the head is `sha`; GitHub compares it itself. */
  merge(
    pullRequest: PullRequest,
    input: {
      readonly sha: string;
      readonly method: MergeMethod;
      readonly title?: string;
      readonly message?: string;
    },
    options: AskOptions,
  ): Promise<Asked<{ readonly mergeSha: string | null }>>;
  /** `already`: closed for that reason. */
  closeIssue(
    issue: IssueRef,
    reason: "completed" | "not_planned" | "duplicate",
    options: AskOptions,
  ): Promise<Asked<null>>;
  branch(repository: RepositoryRef, name: string, signal?: AbortSignal): Promise<Branch | null>;
  /** Branches whose name begins with `prefix`. */
  branchesWithPrefix(
    repository: RepositoryRef,
    prefix: string,
    signal?: AbortSignal,
  ): Promise<readonly Branch[]>;
  /** Names of the branches that people linked to the issue ("Development"); empty where GraphQL is absent. */
  linkedBranches(ref: IssueRef, signal?: AbortSignal): Promise<readonly string[]>;
}
