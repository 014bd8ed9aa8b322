import type { Json } from "../json.ts";

export type Side = "left" | "right";

/** A value in the words of the other side, or why it has none there ("Blocked" is not in the status map). */
export type Translated = { readonly value: Json } | { readonly unmappable: string };

/** What a side's field values look like to the planner, and how they are spelled for the side's connector. */
export interface FieldForm {
  /** From the connector's canonical value to the own form: what is compared. undefined: cannot be understood. */
  readonly read: (canonical: Json) => Json | undefined;
  /** From the own form to what the connector writes. */
  readonly write: (own: Json) => Json;
}

/** Elements of a set-valued field across sides; null: not managed here, left alone on both sides. */
export interface ElementMap {
  readonly toRight: (element: string) => string | null;
  readonly toLeft: (element: string) => string | null;
}

/**
 * One field of a pair. Values are kept per side in that side's own form; two forms agree when one translates to the
 * other. So several left values may mean the same right value, and the finer one is left alone.
 */
export interface FieldRule {
  /** Names the field in bases, plans and history; unique in the mapping. */
  readonly name: string;
  /** Field ids on the two sides. */
  readonly left: string;
  readonly right: string;
  /**
   * Who decides. `left`: a change on the right is taken back (and kept in history); `right`: the mirror; `both`: the
   * side that changed, and when both did, `policy`. A field that its side computes is owned by that side.
   */
  readonly owner: Side | "both";
  /** When both sides changed it: a side, the later change, or nobody until a person settles it. */
  readonly policy: Side | "newest" | "ask";
  /** Written to the other side only while it is empty there; later changes stay where they are made. */
  readonly isWriteOnce: boolean;
  /**
   * Domain law: whether a change that somebody made may be taken over, given what else the record holds. A reason: it may
   * not, and is set back like a change to a field that the other side owns. Absent: every change may.
   */
  readonly accepts?: (change: FieldChange) => string | null;
  /**
   * Domain law: why a value may not be carried over as long as the other record is as it is. It waits where it stands, and
   * nothing is set back. Absent: nothing waits.
   */
  readonly waits?: (change: FieldChange) => string | null;
  /**
   * Whether a change on `side` that nobody has seen yet could win, when `agreed` is what both last agreed on there (null:
   * nothing). False: whatever stands there gives way, and need not be read before it is overwritten. Absent: owner and
   * policy tell.
   */
  readonly canWin?: (side: Side, agreed: Json) => boolean;
  /**
   * Whether several values of a side may say the same on the other one. Absent: no. What stands there may then be the finer
   * one that is left alone, so where both may write it is read before it is overwritten, whoever wins.
   */
  readonly isFiner?: Readonly<Record<Side, boolean>>;
  /**
   * What the field is a part of on a side that takes that as one: rules with the same word are written together, those that are
   * not meant as they stand. Absent: it is written by itself.
   */
  readonly whole?: Readonly<Partial<Record<Side, string>>>;
  /** Own forms are sorted arrays of strings, merged element by element. null: one value. */
  readonly elements: ElementMap | null;
  readonly forms: Readonly<Record<Side, FieldForm>>;
  readonly toRight: (left: Json) => Translated;
  readonly toLeft: (right: Json) => Translated;
}

/** A change that somebody made to a field. Values in the side's own form; `from` null: it was never agreed on. */
export interface FieldChange {
  readonly side: Side;
  readonly from: Json;
  readonly to: Json;
  /** Everything that the record holds on that side now, by rule name; what was not observed is absent. */
  readonly values: Readonly<Record<string, Json>>;
  /** The same of the other side; empty while it has no record. */
  readonly others: Readonly<Record<string, Json>>;
}

/** What to do with whole records. */
export interface PairPolicy {
  /** Which sides new records may be created on. */
  readonly creates: Readonly<Record<Side, boolean>>;
  /** A certified deletion of a record whose other side is unchanged. */
  readonly onDelete: "propagate" | "unlink" | "restore";
  /** A certified deletion of a record whose other side was edited since. */
  readonly onDeleteEdit: "edit" | "delete" | "ask";
  /** Only edits on this side speak against a deletion; those on the other one give way. Absent: on both. */
  readonly savedByEditsOn?: Side;
  /** Who wins under policy `newest` when the two changes cannot be told apart in time. */
  readonly tieBreak: Side;
}

export function otherSide(side: Side): Side {
  return side === "left" ? "right" : "left";
}
