import type { JsonObject } from "../json.ts";
import { issueJson, nodeId, type Renderer, userJson } from "./render.ts";
import { type CheckRun, fullName, type Issue, type Repository, type Status } from "./state.ts";

export type PullIssue = Issue & { pull: NonNullable<Issue["pull"]> };

/** The latest of each name at a commit. */
export function statusesOf({ statuses }: Repository, sha: string): readonly Status[] {
  return [
    ...new Map(statuses.filter((each) => each.sha === sha).map((each) => [each.context, each])).values(),
  ];
}

export function checksOf({ checks }: Repository, sha: string): readonly CheckRun[] {
  return [...new Map(checks.filter((each) => each.sha === sha).map((each) => [each.name, each])).values()];
}

/** The latest verdict of each reviewer. */
export function verdictsOf({ pull }: PullIssue): ReadonlyMap<string, string> {
  const verdicts = new Map<string, string>();
  for (const { author, state } of pull.reviews) {
    if (state !== "COMMENTED") verdicts.set(author, state);
  }
  return verdicts;
}

/** GitHub's word: null when nobody has to review. */
export function reviewDecision(repository: Repository, issue: PullIssue): string | null {
  const verdicts = [...verdictsOf(issue).values()];
  if (verdicts.includes("CHANGES_REQUESTED")) return "CHANGES_REQUESTED";
  const required = repository.protections.get(issue.pull.base)?.requiredReviews ?? 0;
  if (required === 0) return null;
  return verdicts.filter((verdict) => verdict === "APPROVED").length >= required
    ? "APPROVED"
    : "REVIEW_REQUIRED";
}

const passing = new Set(["success", "neutral", "skipped"]);

export function isCheckPassed(repository: Repository, sha: string, name: string): boolean {
  const run = checksOf(repository, sha).find((each) => each.name === name);
  if (run !== undefined) return run.status === "completed" && passing.has(run.conclusion ?? "");
  return statusesOf(repository, sha).some((each) => each.context === name && each.state === "success");
}

/** Why it cannot be merged now, in GitHub's words. */
export function mergeableState(repository: Repository, issue: PullIssue): string {
  const { pull } = issue;
  if (pull.isDraft) return "draft";
  if (pull.isDirty) return "dirty";
  const protection = repository.protections.get(pull.base);
  const isMissing =
    protection?.requiredChecks.some((name) => !isCheckPassed(repository, pull.headSha, name)) ?? false;
  const decision = reviewDecision(repository, issue);
  if (isMissing || decision === "REVIEW_REQUIRED") return "blocked";
  if (decision === "CHANGES_REQUESTED" && (protection?.requiredReviews ?? 0) > 0) return "blocked";
  const names = [
    ...checksOf(repository, pull.headSha).map(({ name }) => name),
    ...statusesOf(repository, pull.headSha).map(({ context }) => context),
  ];
  return names.every((name) => isCheckPassed(repository, pull.headSha, name)) ? "clean" : "unstable";
}

export function pullJson(renderer: Renderer, repository: Repository, issue: PullIssue): JsonObject {
  const { pull } = issue;
  const name = fullName(repository);
  const side = (ref: string, sha: string): JsonObject => ({
    label: `${repository.owner}:${ref}`,
    ref,
    sha,
    user: userJson(renderer, repository.owner),
    repo: { id: repository.id, node_id: nodeId("R", repository.id), name: repository.name, full_name: name },
  });
  const {
    pull_request: _,
    state_reason: __,
    repository_url: ___,
    ...shared
  } = issueJson(renderer, repository, issue);
  return {
    ...shared,
    url: `${renderer.url}/repos/${name}/pulls/${issue.number}`,
    html_url: `https://github.com/${name}/pull/${issue.number}`,
    merged_at: pull.mergedAt,
    merge_commit_sha: pull.mergeSha,
    requested_reviewers: pull.requestedReviewers.map((login) => userJson(renderer, login)),
    requested_teams: [],
    head: side(pull.head, pull.headSha),
    base: side(pull.base, repository.branches.get(pull.base) ?? ""),
    draft: pull.isDraft,
    merged: pull.mergedAt !== null,
    mergeable: issue.state === "open" ? !pull.isDirty : null,
    mergeable_state: issue.state === "open" ? mergeableState(repository, issue) : "unknown",
    merged_by: null,
    maintainer_can_modify: false,
  };
}
