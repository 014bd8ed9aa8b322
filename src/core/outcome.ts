import type { Presence } from "./record.ts";

/** What a strong read says of the left record: its presence, or `gone` with a certificate. */
export type LeftState = Presence | "gone";

/** What the right side holds of a linked record. */
export type RightState = "live" | "deleted";

/** What the two sides last agreed on: nothing yet, a live record, or a dead one. */
export type BaseState = "none" | "live" | "dead";

/**
 * What has to happen to a record.
 * - `create`: a new pair
 * - `fields`: both live: compare field by field
 * - `delete`: certified dead on the left: a tombstone on the right
 * - `settle`: both dead: only the link is told
 * - `revive`: live again on the left
 * - `edit-wins`: deleted on the right only: stays so until the left changes, then it comes back
 * - `exit`: left the collection alive: unlinked, never deleted
 * - `missing`: cannot be read: marked and shown, nothing else
 * - `nothing`
 */
export type Outcome =
  | "create"
  | "fields"
  | "delete"
  | "settle"
  | "revive"
  | "edit-wins"
  | "exit"
  | "missing"
  | "nothing";

/** Before a pair exists only a live record may open one: never adopt the dead, never create from the unknown. */
const unlinked: Record<LeftState, Outcome> = {
  live: "create",
  trashed: "nothing",
  gone: "nothing",
  archived: "nothing",
  moved: "nothing",
  unknown: "nothing",
};

/**
 * The outcome table of a one-way sync: the left side is read only, the right side keeps history. Deletion appears
 * only in the columns that carry a certificate (`trashed`, `gone`); `unknown` never changes the right side.
 */
const linked: Record<Exclude<BaseState, "none">, Record<LeftState, Record<RightState, Outcome>>> = {
  live: {
    live: { live: "fields", deleted: "edit-wins" },
    trashed: { live: "delete", deleted: "settle" },
    gone: { live: "delete", deleted: "settle" },
    archived: { live: "exit", deleted: "exit" },
    moved: { live: "exit", deleted: "exit" },
    unknown: { live: "missing", deleted: "missing" },
  },
  dead: {
    live: { live: "fields", deleted: "revive" },
    trashed: { live: "nothing", deleted: "nothing" },
    gone: { live: "nothing", deleted: "nothing" },
    archived: { live: "nothing", deleted: "nothing" },
    moved: { live: "nothing", deleted: "nothing" },
    unknown: { live: "nothing", deleted: "nothing" },
  },
};

export function outcomeOf(base: BaseState, left: LeftState, right: RightState): Outcome {
  return base === "none" ? unlinked[left] : linked[base][left][right];
}
