import type { CheckState, HeadState, PullCase, ReviewState } from "./law.ts";

/** What people on the page are told beside the case. */
export interface MissingWords {
  /** Names of checks that fail, or are awaited. */
  readonly failing: readonly string[];
  readonly pending: readonly string[];
  /** The commit when the status was set, and now; null: not known. */
  readonly shippedSha: string | null;
  readonly headSha: string | null;
  /** The branch that the row names. */
  readonly branch: string | null;
  /** What one would be called. */
  readonly suggestion: string;
  readonly status: string;
}

const namesShown = 5;

/** Why nothing was done, for the row; null: there is nothing to say. */
export function missingText(pullCase: PullCase, words: MissingWords): string | null {
  const { phase, pull } = pullCase;
  if (phase === "old")
    return `"${words.status}" was set before this sync was accepted: set the status again to act on it.`;
  if (phase === "relayed")
    return `"${words.status}" came from GitHub: set it on the row itself to act on the pull request.`;
  if (phase === "review" && pull === "none")
    return words.branch === null
      ? `No branch yet: push one, such as "${words.suggestion}", or name one on the row.`
      : `No branch "${words.branch}" yet: it is looked for again when something is pushed.`;
  if (pull === "closed") return "The pull request was closed without a merge: open it again on GitHub.";
  if (pull === "draft" || pull === "opened")
    return "The pull request is a draft: mark it ready for review first.";
  const reasons = [
    checkText(pullCase.checks, words),
    reviewText(pullCase.reviews),
    headText(pullCase.head, words),
  ].filter((reason) => reason !== null);
  return reasons.length === 0 ? null : `Not merged yet: ${reasons.join("; ")}.`;
}

function checkText(checks: CheckState, { failing, pending }: MissingWords): string | null {
  switch (checks) {
    case "passing":
      return null;
    case "pending":
      return `waiting for ${named("check", pending)}`;
    case "failing":
      return `${named("check", failing)} failed`;
    case "unknown":
      return "its checks cannot be read (the right to read checks and statuses is missing)";
  }
}

function reviewText(reviews: ReviewState): string | null {
  switch (reviews) {
    case "approved":
      return null;
    case "waiting":
      return "an approving review is missing";
    case "changes":
      return "a reviewer asked for changes";
    case "unknown":
      return "its reviews cannot be read";
  }
}

function headText(head: HeadState, { shippedSha, headSha, status }: MissingWords): string | null {
  switch (head) {
    case "judged":
      return null;
    case "moved":
      return `its branch has moved since (${short(shippedSha)} → ${short(headSha)}): set "${status}" again to ship what is there now`;
    case "conflicting":
      return "it conflicts with its base branch";
    case "unknown":
      return "GitHub has not said yet whether it can be merged";
  }
}

function short(sha: string | null): string {
  return sha?.slice(0, 7) ?? "unknown";
}

function named(what: string, names: readonly string[]): string {
  if (names.length === 0) return `${what}s`;
  const shown = names.slice(0, namesShown).map((name) => `"${name}"`);
  const rest = names.length - shown.length;
  return `${what}${names.length === 1 ? "" : "s"} ${shown.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
}
