import type { Json } from "../json.ts";
import type { FieldRule, PairPolicy, Side } from "./mapping.ts";

/** One field on both sides, each value in its side's own form. */
export type ValuePair = Readonly<Record<Side, Json>>;

/** Own-form values by rule name. A name that is absent was not observed: never a source, never a target. */
export type Values = Readonly<Record<string, Json>>;

/**
 * What is known of one side of a pair.
 * - `absent`: never linked there
 * - `live`, `trashed` (readable and marked deleted), `gone` (certified: it will never come back)
 * - `out`: alive, but no longer part of the collection (moved, archived): never a death
 * - `unknown`: the read proves nothing: inert
 */
export type SidePresence = "absent" | "live" | "trashed" | "gone" | "out" | "unknown";

/** The field name under which presence is written and doubted. */
export const presenceField = "$presence";

/**
 * A write of ours whose fate is unknown. When its value shows up, it is our own write and becomes the base; it is
 * never taken for somebody's edit. Presence: value "live" or "trashed".
 */
export interface Doubt {
  readonly field: string;
  readonly value: Json;
  /** The other side's value that it was made from. */
  readonly source: Json;
}

/** When a change can have happened, by the provider's clock, in ms; both ends inclusive. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

export interface SideView {
  readonly presence: SidePresence;
  readonly values: Values;
  readonly doubts: readonly Doubt[];
  /** Per field that may have changed since the base; for policy `newest`. Unknown ones are absent. */
  readonly changedIn: Readonly<Record<string, Interval>>;
}

/** What both sides last agreed on, each in its own form. `unlinked`: a person or a policy parted them. */
export interface Base {
  readonly status: "none" | "live" | "dead" | "unlinked";
  readonly fields: Readonly<Record<string, ValuePair>>;
}

/**
 * Both sides changed one field. Values in own forms, `base` in the left one's; null: there was none. For `$presence`
 * (deleted here, edited there) the values are presences.
 */
export interface OpenConflict {
  readonly field: string;
  readonly base: Json;
  readonly left: Json;
  readonly right: Json;
}

/** How a person settled an open conflict, until it has been carried out. Without that conflict it means nothing. */
export interface Settlement {
  readonly field: string;
  readonly winner: Side;
}

export interface PairInput {
  readonly base: Base;
  readonly left: SideView;
  readonly right: SideView;
  readonly rules: readonly FieldRule[];
  readonly policy: PairPolicy;
  /** Frozen for writing until settled. */
  readonly openConflicts: readonly OpenConflict[];
  readonly settlements: readonly Settlement[];
  /** Rule names that are out of use for now: their column drifted, or a person holds them. */
  readonly suspended: readonly string[];
}

/** One field of a write: `value` in the written side's form, made from `source` in the other side's. */
export interface FieldWrite {
  readonly value: Json;
  readonly source: Json;
  /** What the side was seen to hold before; undefined: not observed or not there yet. */
  readonly expected: Json | undefined;
}

/**
 * `create` also makes a new record for one that is gone for good: what was agreed about the old one ends with it
 * (`confirmWrite`). `restore` brings back a trashed one, with fields.
 */
export interface SideWrite {
  readonly kind: "create" | "update" | "trash" | "restore";
  readonly fields: Readonly<Record<string, FieldWrite>>;
}

/** A value that gives way: it goes to history before it is overwritten. */
export interface Superseded {
  readonly side: Side;
  readonly field: string;
  readonly value: Json;
  readonly reason: "drift" | "policy" | "deleted" | "settled" | "refused";
}

/** A value the other side has no word for; the field waits, the rest of the record goes on. */
export interface Unmappable {
  readonly field: string;
  readonly side: Side;
  readonly message: string;
}

/** A change that the domain does not allow; it is set back, or not taken over. */
export interface Refused {
  readonly field: string;
  readonly side: Side;
  /** What was wanted. */
  readonly value: Json;
  readonly message: string;
}

/** The row of the record table that applied. */
export type RecordOutcome =
  | "nothing"
  | "fields"
  | "create"
  | "adopt"
  | "propagate-delete"
  | "unlink"
  | "restore"
  | "settle"
  | "revive"
  | "ask"
  | "fetch";

/** The row of the field table that applied; `same`: nothing to do, nothing to note. */
export type FieldRow = "F0" | "F1" | "F2" | "F3" | "F4" | "F5" | "F6" | "F8" | "same";

/** What makes the two sides agree. Equal inputs give equal plans; planning again after applying yields nothing. */
export interface PairPlan {
  readonly outcome: RecordOutcome;
  readonly rows: Readonly<Record<string, FieldRow>>;
  /** Fields whose doubt was found to be our own write (F7). */
  readonly adopted: readonly string[];
  /** The base as this reading alone shows it (doubts adopted, equal fields agreed, status), before any write. */
  readonly base: Base;
  readonly writes: Readonly<Record<Side, SideWrite | null>>;
  /** The base's status once the writes are confirmed. */
  readonly statusAfter: Base["status"];
  /** Sides that must be read whole before anything can be decided. */
  readonly fetch: readonly Side[];
  readonly superseded: readonly Superseded[];
  /**
   * Conflicts as they are now: the stored triple is replaced. Those no longer named here are closed; one that a person
   * settled stays until it has been carried out.
   */
  readonly conflicts: readonly OpenConflict[];
  readonly unmappable: readonly Unmappable[];
  readonly refused: readonly Refused[];
}
