import { isBranchOf } from "./branch.ts";

/** What tells whose pull request it is. */
export interface PullSign {
  readonly number: number;
  readonly headBranch: string;
  readonly body: string;
  /** Its branch lies in the repository itself: whoever made it may write there. */
  readonly isHeadHere: boolean;
}

/** What is known of an issue whose pull request is looked for. */
export interface PullWish {
  readonly issueNumber: number;
  /** The branch that a person named; null: none. */
  readonly branch: string | null;
  /** The one it was last; it stays as long as it is there. */
  readonly pullNumber: number | null;
  readonly pattern: string;
}

/**
 * The issue's pull request: the one it had, or else by the branch that was named, by the pattern, by "Closes #12"; of several,
 * the newest. One from a fork is never taken: anybody can name a branch, and what is taken may be merged.
 */
export function matchPull<P extends PullSign>(pulls: readonly P[], wish: PullWish): P | null {
  const ours = pulls.filter(({ isHeadHere }) => isHeadHere).toSorted((a, b) => b.number - a.number);
  const { branch, pullNumber, pattern, issueNumber } = wish;
  return (
    ours.find(({ number }) => number === pullNumber) ??
    ours.find(({ headBranch }) => headBranch === branch) ??
    ours.find(({ headBranch }) => isBranchOf(pattern, headBranch, issueNumber)) ??
    ours.find(({ body }) => closes(body, issueNumber)) ??
    null
  );
}

const closing = /\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d+)\b/gi;

function closes(body: string, issueNumber: number): boolean {
  return [...body.matchAll(closing)].some(([, number]) => Number(number) === issueNumber);
}
