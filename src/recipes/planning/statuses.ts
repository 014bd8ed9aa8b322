/** What a status of the board means on GitHub. Several may mean the same; the finer one is left alone. */
export interface StatusMeaning {
  readonly name: string;
  readonly state: "open" | "closed";
  /** Why a closed issue is closed; null for an open one. */
  readonly reason: "completed" | "not_planned" | "duplicate" | null;
  /** A label that the issue carries while it means this; null: none. */
  readonly label: string | null;
  /** A merge is asked for: the issue stays open until its pull request is merged. */
  readonly isShipped: boolean;
}

/** An issue's state, reason and status label as one word, as history and conflicts show it. */
export type StatusWord = string;

export interface IssueState {
  readonly state: "open" | "closed";
  readonly reason: string | null;
  /** The status label on it; null: none. */
  readonly label: string | null;
}

const reasons: readonly string[] = ["completed", "not_planned", "duplicate"];

/** "open", "open, doing", "closed as completed". A label on a closed issue says nothing more. */
export function wordOf({ state, reason, label }: IssueState): StatusWord {
  if (state === "open") return label === null ? "open" : `open, ${label}`;
  return `closed as ${reason !== null && reasons.includes(reason) ? reason : "completed"}`;
}

/** null: no such word. */
export function stateIn(word: StatusWord): IssueState | null {
  const [, label] = /^open, (.+)$/.exec(word) ?? [];
  if (label !== undefined) return { state: "open", reason: null, label };
  if (word === "open") return { state: "open", reason: null, label: null };
  const [, reason] = /^closed as (.+)$/.exec(word) ?? [];
  return reason !== undefined && reasons.includes(reason) ? { state: "closed", reason, label: null } : null;
}

/** What the status is called on GitHub; a shipped one stands open, marked, until it may be closed. */
export function statusToWord(meaning: StatusMeaning, shippingLabel: string): StatusWord {
  if (meaning.isShipped) return wordOf({ state: "open", reason: null, label: shippingLabel });
  return wordOf(meaning);
}

/** The status that a word becomes: the first that means exactly that, or else the nearest that is as open or closed. */
export function wordToStatus(
  meanings: readonly StatusMeaning[],
  word: StatusWord,
  shippingLabel: string,
): string | null {
  const state = stateIn(word);
  if (state === null) return null;
  const exact =
    meanings.find((meaning) => statusToWord(meaning, shippingLabel) === word) ??
    meanings.find((meaning) => wordOf(meaning) === word);
  const alike = meanings.filter((meaning) => meaning.state === state.state);
  // A duplicate is nothing that was done.
  const isDone = state.reason === "completed";
  const near =
    state.state === "open"
      ? alike.find(({ label }) => label === null)
      : alike.find(({ reason }) => (reason === "completed") === isDone);
  return (exact ?? near ?? alike[0])?.name ?? null;
}

/** Every label that says a status; none of them belongs to people. */
export function statusLabels(meanings: readonly StatusMeaning[], shippingLabel: string): readonly string[] {
  const named = meanings.flatMap(({ label }) => label ?? []);
  return meanings.some(({ isShipped }) => isShipped) ? [...named, shippingLabel] : named;
}
