import { isSameValue } from "./equal.ts";
import { type FieldCell, fieldCell } from "./field-table.ts";
import { type ElementMap, type FieldChange, type FieldRule, otherSide, type Side } from "./mapping.ts";
import {
  agree,
  type FieldState,
  hasSameMeaning,
  isChanged,
  isEmpty,
  mergedNames,
  translated,
} from "./meaning.ts";
import { laterSide } from "./newest.ts";
import type {
  FieldRow,
  FieldWrite,
  OpenConflict,
  PairInput,
  Refused,
  Superseded,
  Unmappable,
  ValuePair,
} from "./pair.ts";
import { withNames } from "./sets.ts";

/** What one field asks for. */
export interface FieldStep {
  readonly row: FieldRow;
  readonly base?: ValuePair;
  readonly writes?: Readonly<Partial<Record<Side, FieldWrite>>>;
  readonly superseded?: Superseded;
  readonly conflict?: OpenConflict;
  readonly unmappable?: Unmappable;
  readonly refused?: Refused;
}

const leaveAlone = { row: "same" } as const satisfies FieldStep;

/** Judges one field, row by row, in the order of docs/spec/sync.md. */
export function planField(input: PairInput, rule: FieldRule, base: ValuePair | undefined): FieldStep {
  if (input.suspended.includes(rule.name)) return { row: "F8" };
  const open = input.openConflicts.find(({ field }) => field === rule.name);
  const left = input.left.values[rule.name];
  const right = input.right.values[rule.name];
  if (left === undefined || right === undefined) {
    if (open === undefined) return { row: "F0" };
    return { row: "F0", conflict: { ...open, left: left ?? open.left, right: right ?? open.right } };
  }
  const isAsAgreed = base !== undefined && isSameValue(left, base.left) && isSameValue(right, base.right);
  // The common case, decided without translating anything. Not for sets: what is managed may have changed meanwhile.
  if (isAsAgreed && rule.elements === null) return leaveAlone;
  const field: FieldState = { rule, values: { left, right }, base };
  if (hasSameMeaning(rule, field.values)) return isAsAgreed ? leaveAlone : agreedStep(field);
  if (open !== undefined) return openStep(field, input);
  return rule.isWriteOnce ? writeOnceStep(field, input) : changedStep(field, input);
}

/** F1: both say the same, and from now on that is what they agreed on. */
function agreedStep(field: FieldState): FieldStep {
  const pair = agree(field);
  const isKnown =
    field.base !== undefined &&
    isSameValue(pair.left, field.base.left) &&
    isSameValue(pair.right, field.base.right);
  return isKnown ? leaveAlone : { row: "F1", base: pair };
}

/**
 * Frozen while a person is asked: nothing is written, the values on show are kept up to date. What was answered is
 * carried out, and the question stays until both sides say the same: a write that fails must not lose the answer.
 */
function openStep(field: FieldState, input: PairInput): FieldStep {
  const { row } = cellOf(field);
  const conflict = conflictOf(field);
  const settled = input.settlements.find((settlement) => settlement.field === field.rule.name);
  if (settled === undefined) return { row, conflict };
  // Since it was opened, the field may have been given to one side; nobody may overrule an owner.
  const winner = field.rule.owner === "both" ? settled.winner : field.rule.owner;
  return { ...overwrite(field, winner, { input, row, reason: "settled" }), conflict };
}

/**
 * Fills the empty side of a field that was never handed over, once. After that each side goes its own way, and the base
 * only notes what was seen, so that later changes are known as such when the record dies.
 */
function writeOnceStep(field: FieldState, input: PairInput): FieldStep {
  const { rule, values, base } = field;
  const isEmptyOn = (side: Side, pair: ValuePair) => isEmpty(rule, side, pair[side]);
  const isHandedOver = base !== undefined && !(isEmptyOn("left", base) && isEmptyOn("right", base));
  const empty = isEmptyOn("left", values) ? "left" : isEmptyOn("right", values) ? "right" : null;
  if (isHandedOver || empty === null || rule.owner === empty) return agreedStep(field);
  return overwrite(field, otherSide(empty), { input, row: "F5", reason: "policy" });
}

function changedStep(field: FieldState, input: PairInput): FieldStep {
  const { rule } = field;
  const { row, winner } = cellOf(field);
  if (winner === "nobody") return leaveAlone;
  const refused = refusedOf(field, input);
  if (refused !== null) {
    return { ...overwrite(field, otherSide(refused.side), { input, row, reason: "refused" }), refused };
  }
  if (rule.elements !== null && rule.owner === "both") return mergeStep(field, rule.elements, row);
  // Where both may change it, the other side is as agreed or empty: only an owner overrules a change here.
  if (winner !== "policy") return overwrite(field, winner, { input, row, reason: "drift" });
  const preferred = preferredSide(rule, input);
  if (preferred === null) return { row, conflict: conflictOf(field) };
  return overwrite(field, preferred, { input, row, reason: "policy" });
}

/** The change that the domain does not allow. Of two, one decides: the other side's value then stands. */
function refusedOf({ rule, values, base }: FieldState, input: PairInput): Refused | null {
  if (rule.accepts === undefined) return null;
  for (const side of ["left", "right"] as const) {
    const isNew = isChanged({ rule, base }, side, values[side]);
    if (!isNew || rule.owner === side) continue;
    const message = rule.accepts(changeOn(side, { rule, values, base }, input));
    if (message !== null) return { field: rule.name, side, value: values[side], message };
  }
  return null;
}

function changeOn(side: Side, { values, base }: FieldState, input: PairInput): FieldChange {
  const others = input[otherSide(side)].values;
  return { side, from: base?.[side] ?? null, to: values[side], values: input[side].values, others };
}

/** A set that both sides may change: each gets what the other added and loses what the other removed. */
function mergeStep(field: FieldState, map: ElementMap, row: FieldRow): FieldStep {
  const { values } = field;
  const names = mergedNames(map, field);
  const writes: Partial<Record<Side, FieldWrite>> = {};
  for (const side of ["left", "right"] as const) {
    const value = withNames({ map, side, value: values[side] }, names);
    if (isSameValue(value, values[side])) continue;
    writes[side] = { value, source: values[otherSide(side)], expected: values[side] };
  }
  return { row, writes };
}

/**
 * The winner's value on the other side. What it overwrites goes to history unless it is what both last agreed on,
 * which is there already.
 */
function overwrite(
  field: FieldState,
  winner: Side,
  {
    input,
    row,
    reason,
  }: { readonly input: PairInput; readonly row: FieldRow; readonly reason: Superseded["reason"] },
): FieldStep {
  const { rule, values } = field;
  const side = otherSide(winner);
  const source = values[winner];
  const waits = rule.waits?.(changeOn(winner, field, input)) ?? null;
  if (waits !== null) return { row, unmappable: { field: rule.name, side: winner, message: waits } };
  const made = translated(rule, side, { source, current: values[side] });
  if ("unmappable" in made) {
    return { row, unmappable: { field: rule.name, side: winner, message: made.unmappable } };
  }
  const writes = { [side]: { value: made.value, source, expected: values[side] } };
  if (!isChanged(field, side, values[side])) return { row, writes };
  return { row, writes, superseded: { side, field: rule.name, value: values[side], reason } };
}

function preferredSide(
  { name, policy }: FieldRule,
  { left, right, policy: { tieBreak } }: PairInput,
): Side | null {
  if (policy === "ask") return null;
  if (policy !== "newest") return policy;
  return laterSide({ left: left.changedIn[name], right: right.changedIn[name] }, tieBreak);
}

function cellOf(field: FieldState): FieldCell {
  const { rule, values, base } = field;
  const isNew = {
    left: isChanged(field, "left", values.left),
    right: isChanged(field, "right", values.right),
  };
  return fieldCell(rule.owner, isNew, base !== undefined);
}

function conflictOf({ rule, values, base }: FieldState): OpenConflict {
  return { field: rule.name, base: base?.left ?? null, left: values.left, right: values.right };
}
