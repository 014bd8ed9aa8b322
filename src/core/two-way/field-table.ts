import type { FieldRule, Side } from "./mapping.ts";
import type { FieldRow } from "./pair.ts";

/** A side against its half of the base … */
type Change = "same" | "changed";
/** … or, without a base, whether it holds anything. */
type Filling = "empty" | "filled";

/** Whose value the other side takes; `policy`: the rule's policy says; `nobody`: it stays as it is. */
export interface FieldCell {
  readonly row: FieldRow;
  readonly winner: Side | "policy" | "nobody";
}

type Table<Word extends string> = Readonly<
  Record<FieldRule["owner"], Readonly<Record<Word, Readonly<Record<Word, FieldCell>>>>>
>;

/**
 * What to do about two values that do not mean the same: owner, then left, then right. F0 (unobserved), F1 (same
 * meaning), F7 (doubt) and F8 (suspended) are judged before; nothing here ever takes an unknown value for a value.
 *
 * An owned field is never written on its owner: the winner's column shows nobody but the owner. And no cell lets a
 * changed value go unless the other side's is newer, owns the field, or was preferred by the policy; whatever had
 * changed and gives way is superseded, which is history's word for kept.
 */
const basedTable = {
  both: {
    same: { same: { row: "same", winner: "nobody" }, changed: { row: "F3", winner: "right" } },
    changed: { same: { row: "F2", winner: "left" }, changed: { row: "F4", winner: "policy" } },
  },
  left: {
    same: { same: { row: "same", winner: "nobody" }, changed: { row: "F3", winner: "left" } },
    changed: { same: { row: "F2", winner: "left" }, changed: { row: "F4", winner: "left" } },
  },
  right: {
    same: { same: { row: "same", winner: "nobody" }, changed: { row: "F3", winner: "right" } },
    changed: { same: { row: "F2", winner: "right" }, changed: { row: "F4", winner: "right" } },
  },
} as const satisfies Table<Change>;

/** The same for values that were never agreed on: a new pair, a new field, a record made anew. */
const baselessTable = {
  both: {
    empty: { empty: { row: "same", winner: "nobody" }, filled: { row: "F5", winner: "right" } },
    filled: { empty: { row: "F5", winner: "left" }, filled: { row: "F6", winner: "policy" } },
  },
  left: {
    empty: { empty: { row: "same", winner: "nobody" }, filled: { row: "F5", winner: "left" } },
    filled: { empty: { row: "F5", winner: "left" }, filled: { row: "F6", winner: "left" } },
  },
  right: {
    empty: { empty: { row: "same", winner: "nobody" }, filled: { row: "F5", winner: "right" } },
    filled: { empty: { row: "F5", winner: "right" }, filled: { row: "F6", winner: "right" } },
  },
} as const satisfies Table<Filling>;

/** `isNew`: what each side holds is new since the base; without a base: it holds something. */
export function fieldCell(
  owner: FieldRule["owner"],
  isNew: Readonly<Record<Side, boolean>>,
  hasBase: boolean,
): FieldCell {
  const fillingOf = (side: Side): Filling => (isNew[side] ? "filled" : "empty");
  const changeOf = (side: Side): Change => (isNew[side] ? "changed" : "same");
  return hasBase
    ? basedTable[owner][changeOf("left")][changeOf("right")]
    : baselessTable[owner][fillingOf("left")][fillingOf("right")];
}
