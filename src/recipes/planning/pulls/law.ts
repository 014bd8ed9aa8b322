/**
 * What a row's status asks for: nothing, a pull request to be reviewed, or one to be merged.
 * - `old`: it says so since before a person accepted the sync, so that it asks for nothing
 * - `relayed`: it came from GitHub, where more people may label or close an issue than may merge
 */
export type Phase = "other" | "review" | "ship" | "old" | "relayed";

/**
 * The row's pull request.
 * - `none`: there is none, and no branch to make one of; `branch`: there is a branch
 * - `opened`: a draft that was opened because of the status as it stands; `draft`: any other
 */
export type PullState = "none" | "branch" | "opened" | "draft" | "open" | "merged" | "closed";

/** Of those that are required. */
export type CheckState = "passing" | "pending" | "failing" | "unknown";
export type ReviewState = "approved" | "waiting" | "changes" | "unknown";
/** `moved`: it is another commit than when the status was set; `conflicting`: it cannot be merged as it is. */
export type HeadState = "judged" | "moved" | "conflicting" | "unknown";

export type Act = "nothing" | "open-draft" | "mark-ready" | "merge" | "close-issue" | "say";

/** Everything the law looks at. Checks, reviews and head count only where a merge is asked for. */
export interface PullCase {
  readonly phase: Phase;
  readonly pull: PullState;
  readonly checks: CheckState;
  readonly reviews: ReviewState;
  readonly head: HeadState;
}

type Merge = Readonly<Record<CheckState, Readonly<Record<ReviewState, Readonly<Record<HeadState, Act>>>>>>;

const say = { judged: "say", moved: "say", conflicting: "say", unknown: "say" } as const;
const unmerged = { approved: say, waiting: say, changes: say, unknown: say } as const;

/** One of sixty-four ends in a merge. */
const mergeTable = {
  passing: {
    approved: { judged: "merge", moved: "say", conflicting: "say", unknown: "say" },
    waiting: say,
    changes: say,
    unknown: say,
  },
  pending: unmerged,
  failing: unmerged,
  unknown: unmerged,
} as const satisfies Merge;

type Table = Readonly<Record<Phase, Readonly<Record<PullState, Act | "merge?">>>>;

/** `merge?`: the other table says. A missing cell does not compile. */
const table = {
  other: {
    none: "nothing",
    branch: "nothing",
    opened: "nothing",
    draft: "nothing",
    open: "nothing",
    merged: "nothing",
    closed: "nothing",
  },
  old: {
    none: "nothing",
    branch: "nothing",
    opened: "nothing",
    draft: "say",
    open: "say",
    merged: "nothing",
    closed: "nothing",
  },
  relayed: {
    none: "nothing",
    branch: "nothing",
    opened: "nothing",
    draft: "nothing",
    open: "say",
    merged: "nothing",
    closed: "nothing",
  },
  review: {
    none: "say",
    branch: "open-draft",
    opened: "nothing",
    draft: "mark-ready",
    open: "nothing",
    merged: "nothing",
    closed: "say",
  },
  // Work may be done without a pull request, or in another one: only an open one holds the issue back.
  ship: {
    none: "close-issue",
    branch: "close-issue",
    opened: "say",
    draft: "say",
    open: "merge?",
    merged: "close-issue",
    closed: "close-issue",
  },
} as const satisfies Table;

/** What to do now. Each act is done once: what it brings about is another case. */
export function decide({ phase, pull, checks, reviews, head }: PullCase): Act {
  const cell = table[phase][pull];
  return cell === "merge?" ? mergeTable[checks][reviews][head] : cell;
}
