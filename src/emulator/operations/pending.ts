import type { Pending } from "../state/resources.ts";
import type { State } from "../state/state.ts";

/** Puts work off; equal times keep their order. */
export function addPending(state: State, pending: Pending): void {
  const after = state.pending.findIndex((other) => other.dueAt > pending.dueAt);
  state.pending.splice(after === -1 ? state.pending.length : after, 0, pending);
}

/** The next work whose time has come, taken off the list. */
export function takeDue(state: State): Pending | undefined {
  const [first] = state.pending;
  return first !== undefined && first.dueAt <= state.now() ? state.pending.shift() : undefined;
}
