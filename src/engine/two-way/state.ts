import type { Checkpoint, Description } from "../../connector/connector.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { Side } from "../../core/two-way/mapping.ts";

/** What a two-way sync knows about reading one of its sides. */
export interface SideState {
  readonly checkpoint: Checkpoint;
  /** Number of the sweep that is under way or was finished last. */
  readonly sweep: number;
  /** ISO 8601; null: never swept to the end. */
  readonly lastSweepAt: string | null;
  readonly description: Description | null;
}

/** The sync's own document in the store. */
export interface SyncState {
  readonly sides: Readonly<Record<Side, SideState>>;
  /** The mapping that a person has accepted; null: nothing may be written yet. */
  readonly acceptedPrint: string | null;
  readonly binding: Json;
  /** Fields that were out of use in the last pass: what waited for one of them is looked at when it is back. */
  readonly suspended: readonly string[];
  /** Deletions carried out lately, for the guard: when (ms) and how many. */
  readonly deletions: readonly { readonly at: number; readonly count: number }[];
}

const emptySide: SideState = { checkpoint: null, sweep: 0, lastSweepAt: null, description: null };
const emptyState: SyncState = {
  sides: { left: emptySide, right: emptySide },
  acceptedPrint: null,
  binding: null,
  suspended: [],
  deletions: [],
};

/** The engine's own document: only this file writes it, so its shape is known. */
export function readState(stored: Json): SyncState {
  return isJsonObject(stored) ? { ...emptyState, ...(stored as unknown as SyncState) } : emptyState;
}

export function stateJson(state: SyncState): Json {
  return state as unknown as Json;
}

export function withSide(state: SyncState, side: Side, change: Partial<SideState>): SyncState {
  return { ...state, sides: { ...state.sides, [side]: { ...state.sides[side], ...change } } };
}
