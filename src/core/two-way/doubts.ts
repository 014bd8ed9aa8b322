import type { Json } from "../json.ts";
import { pairOf } from "./base.ts";
import { isSameValue } from "./equal.ts";
import type { FieldRule, Side } from "./mapping.ts";
import { agree, type FieldState, hasSameMeaning, isChanged } from "./meaning.ts";
import {
  type Base,
  type Doubt,
  type PairInput,
  presenceField,
  type SidePresence,
  type ValuePair,
} from "./pair.ts";

/** The base with every doubt in it that has turned out to be our own write, and the fields these were about. */
export interface AdoptedBase {
  readonly base: Base;
  readonly adopted: readonly string[];
}

/**
 * Row F7. A value that stands on a side, that differs from the base, and that a write of ours was to put there, is that
 * write: it becomes the base together with what it was made from. Taking it for somebody's edit would send an old
 * value back over a newer one, or a deletion back to where it was undone.
 */
export function adoptDoubts(input: PairInput): AdoptedBase {
  const { base } = input;
  if (input.left.doubts.length === 0 && input.right.doubts.length === 0) return { base, adopted: [] };
  const status = statusOf(input);
  const fields: Record<string, ValuePair> = { ...base.fields };
  const adopted = status === base.status ? [] : [presenceField];
  for (const rule of input.rules) {
    if (input.suspended.includes(rule.name)) continue;
    const field = { rule, base: base.fields[rule.name] };
    const left = landed(input, "left", field);
    const right = landed(input, "right", field);
    if (left === null && right === null) continue;
    adopted.push(rule.name);
    const pair = left === null || right === null ? (left ?? right) : bothLanded(rule, left.left, right.right);
    if (pair === null) delete fields[rule.name];
    else fields[rule.name] = pair;
  }
  return { base: { status, fields }, adopted };
}

/** What the two sides have agreed on if our write of this field is what stands there; null: nothing shows that. */
function landed(input: PairInput, side: Side, field: Omit<FieldState, "values">): ValuePair | null {
  const { rule, base } = field;
  const value = input[side].values[rule.name];
  if (value === undefined || !isChanged(field, side, value)) return null;
  // The last one: when two writes carried one value, the later of them knows best what it was made from.
  const doubt = input[side].doubts.findLast((of) => of.field === rule.name && isSameValue(of.value, value));
  return doubt === undefined
    ? null
    : agree({ rule, base, values: pairOf(side, { value, source: doubt.source }) });
}

/**
 * Writes of ours have landed on both sides. When they disagree, nobody can tell which of them came later, and taking
 * either half for the base would let the two stand apart for ever: it is as if the sides had never agreed.
 */
function bothLanded(rule: FieldRule, left: Json, right: Json): ValuePair | null {
  const values = { left, right };
  return hasSameMeaning(rule, values) ? agree({ rule, base: undefined, values }) : null;
}

/** Presence is in doubt like a field: our late deletion is no new death, and our revival no new life. */
function statusOf({ base, left, right }: PairInput): Base["status"] {
  for (const { presence, doubts } of [left, right]) {
    const status = statusShownBy[presence];
    if (status === null || status === base.status || !wasAsked(doubts, status)) continue;
    if (base.status === "live" || base.status === "dead") return status;
  }
  return base.status;
}

const statusShownBy: Readonly<Record<SidePresence, "live" | "dead" | null>> = {
  absent: null,
  live: "live",
  trashed: "dead",
  gone: "dead",
  out: null,
  unknown: null,
};

function wasAsked(doubts: readonly Doubt[], status: "live" | "dead"): boolean {
  const value = status === "live" ? "live" : "trashed";
  return doubts.some((doubt) => doubt.field === presenceField && doubt.value === value);
}
