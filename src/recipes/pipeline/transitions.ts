import { LockstepError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import { isStatus, type State, type Status, statusByState, statuses } from "./statuses.ts";

/** Which statuses people may move an entry to, by the status it comes from. What is not listed is the machine's. */
export type HumanMoves = Readonly<Partial<Record<Status, readonly Status[]>>>;

/**
 * While a task shows no stage, moves within its state mean nothing to the table and nobody asks here. Those that are
 * listed all the same take off a stage that a worker left.
 */
export const defaultMoves: HumanMoves = {
  Draft: ["Ready for Planning", "Queued", "Archived"],
  "Ready for Planning": ["Draft", "Queued", "Archived"],
  Queued: ["Draft", "Ready for Planning"],
  "Ready for Review": ["Under Review", "Review Approved", "Review Rejected"],
  "Under Review": ["Ready for Review", "Review Approved", "Review Rejected"],
  "Review Approved": ["Under Review"],
  "Review Rejected": ["Draft", "Ready for Planning", "Queued", "Under Review", "Archived"],
  "Upload Complete": ["Archived"],
  Archived: ["Upload Complete"],
  "Error: Invalid Input": ["Draft", "Ready for Planning", "Error: Manual Review", "Archived"],
  "Error: API Failure": ["Draft", "Ready for Planning", "Error: Manual Review", "Archived"],
  "Error: Retriable": ["Queued", "Draft", "Ready for Planning", "Archived"],
  "Error: Manual Review": ["Queued", "Draft", "Ready for Planning", "Archived"],
};

/**
 * Why people may not move an entry so; null: they may. `from`: the board's status when both sides last agreed, null for
 * an entry that is new, which is a draft.
 */
export function moveProblem(
  moves: HumanMoves,
  { from, to }: { readonly from: string | null; readonly to: string | null },
): string | null {
  const start = from ?? statusByState.draft;
  if (to === null) return "an entry cannot be without a status";
  if (!isStatus(to)) return `"${to}" is no status of the pipeline`;
  const isNewDraft = from === null && to === start;
  const isAllowed = isNewDraft || (isStatus(start) && moves[start]?.includes(to) === true);
  return isAllowed ? null : `people may not move an entry from "${start}" to "${to}"`;
}

/** Whether people may move an entry in this state anywhere, from whichever of its statuses. */
export function canPeopleMove(moves: HumanMoves, state: State): boolean {
  return statuses.some((status) => status.state === state && (moves[status.name]?.length ?? 0) > 0);
}

/** The moves of a configuration: `{"Queued": ["Draft"]}` replaces what is allowed from Queued. Throws CONFIG_INVALID. */
export function humanMoves(configured: Json | undefined, source: string): HumanMoves {
  if (configured === undefined) return defaultMoves;
  const problems: string[] = [];
  const moves: Partial<Record<Status, readonly Status[]>> = { ...defaultMoves };
  if (!isJsonObject(configured)) problems.push("expected an object of lists by status");
  else {
    for (const [from, targets] of Object.entries(configured)) {
      const known = Array.isArray(targets)
        ? targets.filter((to) => typeof to === "string" && isStatus(to))
        : [];
      if (!isStatus(from)) problems.push(`"${from}" is no status of the pipeline`);
      else if (!Array.isArray(targets) || known.length !== targets.length)
        problems.push(`expected a list of the pipeline's statuses at "${from}"`);
      else moves[from] = targets.filter((to) => typeof to === "string").filter(isStatus);
    }
  }
  if (problems.length === 0) return moves;
  throw new LockstepError("CONFIG_INVALID", `${source} names moves that cannot be: ${problems.join("; ")}.`);
}
