import type { Check, CheckState, PullRequest, Readiness, ReviewState } from "./pull-requests.ts";

/** A check as it was reported, before it is known which are required. */
export type Reported = Omit<Check, "isRequired">;

/** What GitHub's words for checks and statuses mean for a merge. https://docs.github.com/en/rest/checks/runs */
export function checkStateOf(status: string, conclusion: string | null): Check["state"] {
  if (status.toLowerCase() !== "completed") return "pending";
  return ["success", "neutral", "skipped"].includes((conclusion ?? "").toLowerCase()) ? "passing" : "failing";
}

export function statusStateOf(state: string): Check["state"] {
  const word = state.toLowerCase();
  return word === "success" ? "passing" : word === "pending" || word === "expected" ? "pending" : "failing";
}

export function stateOver(states: readonly Check["state"][]): CheckState {
  if (states.includes("failing")) return "failing";
  if (states.includes("pending")) return "pending";
  return states.length === 0 ? "none" : "passing";
}

/** Puts together what was read. `required` null: it could not be read. */
export function readinessOf(
  pullRequest: PullRequest,
  of: {
    readonly checks: readonly Check[];
    readonly required: readonly string[] | null;
    readonly reviewState: ReviewState;
    readonly isMergeable: boolean | null;
    readonly mergeableState: string;
  },
): Readiness {
  const { checks, required, reviewState, isMergeable, mergeableState } = of;
  const reported = new Set(checks.map(({ name }) => name));
  const missingChecks = (required ?? []).filter((name) => !reported.has(name));
  const demanded = checks.filter(({ isRequired }) => isRequired === true).map(({ state }) => state);
  const missing = missingChecks.map(() => "pending" as const);
  return {
    pullRequest,
    checks,
    missingChecks,
    checkState: stateOver(checks.map(({ state }) => state)),
    requiredState: required === null ? null : stateOver([...demanded, ...missing]),
    reviewState,
    isMergeable,
    mergeableState,
  };
}

/** The latest verdict of each reviewer counts; comments are none. */
export function reviewStateOf(
  verdicts: Iterable<string>,
  { required, isAsked }: { readonly required: number; readonly isAsked: boolean },
): ReviewState {
  const all = [...verdicts];
  if (all.includes("CHANGES_REQUESTED")) return "changes_requested";
  const approvals = all.filter((verdict) => verdict === "APPROVED").length;
  if (approvals < required) return "required";
  return approvals > 0 ? "approved" : isAsked ? "required" : "none";
}
