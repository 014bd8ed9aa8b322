/** What is shown on a row beside its issue. Words as people read them; null: nothing to show. */
export interface IssueFacts {
  /** "owner/name#45". */
  readonly pull: string | null;
  readonly pullUrl: string | null;
  readonly pullState: "Draft" | "Open" | "Merged" | "Closed" | null;
  readonly reviews: "Waiting" | "Approved" | "Changes requested" | null;
  readonly checks: "Pending" | "Passing" | "Failing" | null;
  /** What is missing, in words. */
  readonly note: string | null;
}

export const noFacts: IssueFacts = {
  pull: null,
  pullUrl: null,
  pullState: null,
  reviews: null,
  checks: null,
  note: null,
};

/** An open one holds its issue open until it is merged. */
export function hasOpenPull({ pullState }: IssueFacts): boolean {
  return pullState === "Open" || pullState === "Draft";
}
