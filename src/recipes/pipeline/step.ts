import type { Json } from "../../core/json.ts";
import type { Translated } from "../../core/two-way/mapping.ts";
import { isState, isStatus, type State, type Status, stateOf, statusByState } from "./statuses.ts";

/**
 * Where a task stands, as the table says it: its state, and the exact status when a worker chose to show one. As text,
 * "processing" or "processing:Audio Generating".
 */
export interface Step {
  readonly state: State;
  /** One of the statuses that mean the state. */
  readonly stage: Status | null;
}

export function stepText({ state, stage }: Step): string {
  return stage === null ? state : `${state}:${stage}`;
}

/** null: no state of that name, or a stage that means another one. */
export function parseStep(text: string): Step | null {
  const colon = text.indexOf(":");
  const [state, stage] = colon === -1 ? [text, null] : [text.slice(0, colon), text.slice(colon + 1)];
  return toStep(state, stage);
}

/** The two columns as a step; null when they do not fit together. */
export function toStep(state: string, stage: string | null): Step | null {
  if (!isState(state)) return null;
  if (stage === null) return { state, stage };
  return isStatus(stage) && stateOf(stage) === state ? { state, stage } : null;
}

/** The board's status for a step. */
export function statusOfStep({ state, stage }: Step): Status {
  return stage ?? statusByState[state];
}

/**
 * From the board's status to the step, as a field rule wants it. Never a stage: stages belong to the workers, and so each
 * of several statuses agrees with the one state that they mean. An entry without a status is a draft, and does not say so yet.
 */
export function statusToStep(status: Json): Translated {
  const state = typeof status === "string" ? stateOf(status) : undefined;
  return state === undefined
    ? { unmappable: `${JSON.stringify(status)} is no status of the pipeline` }
    : { value: state };
}

export function stepToStatus(step: Json): Translated {
  const parsed = typeof step === "string" ? parseStep(step) : null;
  return parsed === null
    ? { unmappable: `${JSON.stringify(step)} is no state of the pipeline` }
    : { value: statusOfStep(parsed) };
}
