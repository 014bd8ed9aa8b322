import type { PlanningConfig } from "../../../config/planning.ts";
import type { IssueFacts } from "../facts.ts";
import type { CheckState, HeadState, Phase, PullCase, PullState, ReviewState } from "./law.ts";

/** A pull request's readiness in GitHub's words, as far as it was read. */
export interface Readings {
  readonly checkState: "none" | "pending" | "failing" | "passing";
  /** Required checks that nothing was heard of yet. */
  readonly missingChecks: readonly string[];
  readonly reviewState: "none" | "required" | "approved" | "changes_requested";
  readonly isMergeable: boolean | null;
  readonly mergeableState: string;
  readonly headSha: string;
}

export interface Judged {
  readonly status: string | null;
  /** It was set after a person had accepted the sync. */
  readonly isArmed: boolean;
  /** The sync itself set it, because of something on GitHub. */
  readonly isRelayed: boolean;
  /** What is closed asks for nothing more. */
  readonly isIssueOpen: boolean;
  readonly pull: PullState;
  /** null: not read, because nothing depends on it. */
  readonly readings: Readings | null;
  readonly shippedSha: string | null;
}

/** The case that the law decides. */
export function judge(config: PlanningConfig, judged: Judged): PullCase {
  const { pull, readings, shippedSha } = judged;
  const isReviewNeeded = config.pulls?.isReviewNeeded ?? false;
  return {
    phase: phaseOf(config, judged),
    pull,
    checks: readings === null ? "unknown" : checksOf(readings),
    reviews: readings === null ? "unknown" : reviewsOf(readings, isReviewNeeded),
    head: readings === null ? "unknown" : headOf(readings, shippedSha),
  };
}

function phaseOf(
  { pulls, statuses }: PlanningConfig,
  { status, isArmed, isRelayed, isIssueOpen }: Judged,
): Phase {
  if (pulls === null || status === null || !isIssueOpen) return "other";
  const isShipped = statuses.some((meaning) => meaning.isShipped && meaning.name === status);
  if (!isShipped && !pulls.review.includes(status)) return "other";
  if (!isArmed) return "old";
  if (isRelayed) return "relayed";
  return isShipped ? "ship" : "review";
}

function checksOf({ checkState, missingChecks }: Readings): CheckState {
  if (checkState === "failing") return "failing";
  if (checkState === "pending" || missingChecks.length > 0) return "pending";
  return "passing";
}

function reviewsOf({ reviewState }: Readings, isReviewNeeded: boolean): ReviewState {
  switch (reviewState) {
    case "approved":
      return "approved";
    case "changes_requested":
      return "changes";
    case "required":
      return "waiting";
    case "none":
      return isReviewNeeded ? "waiting" : "approved";
  }
}

function headOf({ isMergeable, mergeableState, headSha }: Readings, shippedSha: string | null): HeadState {
  if (shippedSha !== headSha) return "moved";
  if (isMergeable === null) return "unknown";
  return isMergeable && mergeableState !== "dirty" ? "judged" : "conflicting";
}

/** The pull request as it is shown on the row. */
export function factsOf(
  pull: {
    readonly number: number;
    readonly url: string;
    readonly state: "open" | "closed" | "merged";
    readonly isDraft: boolean;
  },
  repository: string,
  readings: Readings | null,
): Omit<IssueFacts, "note"> {
  const open = pull.isDraft ? "Draft" : "Open";
  const reviews = {
    none: null,
    required: "Waiting",
    approved: "Approved",
    changes_requested: "Changes requested",
  } as const;
  const checks = { none: null, pending: "Pending", failing: "Failing", passing: "Passing" } as const;
  return {
    pull: `${repository}#${pull.number}`,
    pullUrl: pull.url,
    pullState: pull.state === "open" ? open : pull.state === "merged" ? "Merged" : "Closed",
    reviews: readings === null ? null : reviews[readings.reviewState],
    checks: readings === null ? null : checks[readings.checkState],
  };
}
