import type { OptionColor } from "../../connector/database-spec.ts";
import { LockstepError } from "../../core/errors.ts";

/** What a program needs to know about a task; the `status` column of the table holds one of these. */
export const states = [
  "draft",
  "pending",
  "processing",
  "awaiting_review",
  "approved",
  "rejected",
  "completed",
  "failed",
  "retry",
] as const;

export type State = (typeof states)[number];

interface StatusRow {
  readonly name: string;
  readonly state: State;
  readonly color: OptionColor;
  /** The group of a status property; a select has none. */
  readonly group: "To-do" | "In progress" | "Complete";
}

/** What people see on the board, in the order of its columns, and the state that each status means. */
export const statuses = [
  { name: "Draft", state: "draft", color: "gray", group: "To-do" },
  { name: "Ready for Planning", state: "draft", color: "brown", group: "To-do" },
  { name: "Queued", state: "pending", color: "yellow", group: "To-do" },
  { name: "Processing", state: "processing", color: "blue", group: "In progress" },
  { name: "Assets Generating", state: "processing", color: "blue", group: "In progress" },
  { name: "Assets Ready", state: "processing", color: "blue", group: "In progress" },
  { name: "Composites Creating", state: "processing", color: "blue", group: "In progress" },
  { name: "Composites Ready", state: "processing", color: "blue", group: "In progress" },
  { name: "Videos Generating", state: "processing", color: "blue", group: "In progress" },
  { name: "Videos Ready", state: "processing", color: "blue", group: "In progress" },
  { name: "Audio Generating", state: "processing", color: "purple", group: "In progress" },
  { name: "Audio Ready", state: "processing", color: "purple", group: "In progress" },
  { name: "SFX Generating", state: "processing", color: "purple", group: "In progress" },
  { name: "SFX Ready", state: "processing", color: "purple", group: "In progress" },
  { name: "Assembling Video", state: "processing", color: "blue", group: "In progress" },
  { name: "Ready for Review", state: "awaiting_review", color: "orange", group: "In progress" },
  { name: "Under Review", state: "awaiting_review", color: "orange", group: "In progress" },
  { name: "Review Approved", state: "approved", color: "green", group: "In progress" },
  { name: "Review Rejected", state: "rejected", color: "pink", group: "In progress" },
  { name: "Uploading", state: "processing", color: "blue", group: "In progress" },
  { name: "Upload Complete", state: "completed", color: "green", group: "Complete" },
  { name: "Error: Invalid Input", state: "failed", color: "red", group: "In progress" },
  { name: "Error: API Failure", state: "failed", color: "red", group: "In progress" },
  { name: "Error: Retriable", state: "retry", color: "red", group: "In progress" },
  { name: "Error: Manual Review", state: "failed", color: "red", group: "In progress" },
  { name: "Archived", state: "completed", color: "default", group: "Complete" },
] as const satisfies readonly StatusRow[];

type Row = (typeof statuses)[number];
export type Status = Row["name"];
/** The statuses that mean a state. A state without one does not compile below. */
export type StatusOf<S extends State> = Extract<Row, { readonly state: S }>["name"];

/** The status that stands for a state when nothing finer is known. */
export const statusByState: { readonly [S in State]: StatusOf<S> } = {
  draft: "Draft",
  pending: "Queued",
  processing: "Processing",
  awaiting_review: "Ready for Review",
  approved: "Review Approved",
  rejected: "Review Rejected",
  completed: "Upload Complete",
  failed: "Error: Manual Review",
  retry: "Error: Retriable",
};

export const errorStatuses = [
  "Error: Invalid Input",
  "Error: API Failure",
  "Error: Retriable",
  "Error: Manual Review",
] as const satisfies readonly Status[];

const stateByStatus: ReadonlyMap<string, State> = new Map(statuses.map(({ name, state }) => [name, state]));

/** undefined: not one of the 26. */
export function stateOf(status: string): State | undefined {
  return stateByStatus.get(status);
}

export function isStatus(text: string): text is Status {
  return stateByStatus.has(text);
}

export function isState(text: string): text is State {
  return states.some((state) => state === text);
}

/**
 * Called when the recipe is loaded: types are gone by then, and a list that was patched or built wrongly would move
 * tasks where nobody sent them. Throws CONFIG_INVALID.
 */
export function demandStatuses(
  rows: readonly StatusRow[] = statuses,
  back: Readonly<Record<string, string>> = statusByState,
): void {
  const problems = statusProblems(rows, back);
  if (problems.length === 0) return;
  throw new LockstepError(
    "CONFIG_INVALID",
    `The pipeline's statuses and states do not fit together: ${problems.join("; ")}. Nothing was read or written.`,
  );
}

function statusProblems(
  rows: readonly StatusRow[],
  back: Readonly<Record<string, string>>,
): readonly string[] {
  const byName = new Map(rows.map((row) => [row.name.toLowerCase(), row]));
  const problems: string[] = [];
  // Notion compares the names of options ignoring case, and refuses commas.
  if (byName.size !== rows.length) problems.push("two statuses have the same name");
  for (const { name, state } of rows) {
    if (name.includes(",") || name.trim() !== name || name === "")
      problems.push(`"${name}" cannot be an option's name`);
    if (!isState(state)) problems.push(`"${name}" means "${String(state)}", which is no state`);
  }
  for (const state of states) {
    const status = back[state];
    if (status === undefined) problems.push(`no status stands for ${state}`);
    else if (byName.get(status.toLowerCase())?.state !== state)
      problems.push(`"${status}" stands for ${state}, and does not mean it`);
  }
  return problems;
}
