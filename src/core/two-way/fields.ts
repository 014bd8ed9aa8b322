import { planField } from "./field-step.ts";
import { otherSide, type Side } from "./mapping.ts";
import { isEmpty, translated } from "./meaning.ts";
import type {
  Base,
  FieldRow,
  FieldWrite,
  OpenConflict,
  PairInput,
  Refused,
  Superseded,
  Unmappable,
  ValuePair,
} from "./pair.ts";

type FieldWrites = Readonly<Record<string, FieldWrite>>;

/** What the fields of a record ask for, all together. */
export interface FieldsPlan {
  readonly rows: Readonly<Record<string, FieldRow>>;
  readonly base: Base;
  readonly writes: Readonly<Record<Side, FieldWrites>>;
  readonly superseded: readonly Superseded[];
  readonly conflicts: readonly OpenConflict[];
  readonly unmappable: readonly Unmappable[];
  readonly refused: readonly Refused[];
}

/** Merges two records field by field: both live, or one of them a corpse that can still be read. */
export function planFields(input: PairInput, base: Base): FieldsPlan {
  const rows: Record<string, FieldRow> = {};
  const agreed: Record<string, ValuePair> = {};
  const writes: Record<Side, Record<string, FieldWrite>> = { left: {}, right: {} };
  const superseded: Superseded[] = [];
  const conflicts = input.openConflicts.filter(({ field }) => input.suspended.includes(field));
  const unmappable: Unmappable[] = [];
  const refused: Refused[] = [];
  for (const rule of input.rules) {
    const { name } = rule;
    const step = planField(input, rule, base.fields[name]);
    rows[name] = step.row;
    if (step.base !== undefined) agreed[name] = step.base;
    if (step.writes?.left !== undefined) writes.left[name] = step.writes.left;
    if (step.writes?.right !== undefined) writes.right[name] = step.writes.right;
    if (step.superseded !== undefined) superseded.push(step.superseded);
    if (step.conflict !== undefined) conflicts.push(step.conflict);
    if (step.unmappable !== undefined) unmappable.push(step.unmappable);
    if (step.refused !== undefined) refused.push(step.refused);
  }
  const isMoved = Object.keys(agreed).length > 0;
  const fields = isMoved ? { ...base.fields, ...agreed } : base.fields;
  return { rows, base: { ...base, fields }, writes, superseded, conflicts, unmappable, refused };
}

/**
 * The content of a record that is made on `side`. Empty values are left to that side's defaults, fields that it owns to
 * itself, and fields that people are being asked about to these.
 */
export function createFields(
  input: PairInput,
  side: Side,
): {
  readonly fields: FieldWrites;
  readonly unmappable: readonly Unmappable[];
  readonly refused: readonly Refused[];
} {
  const fields: Record<string, FieldWrite> = {};
  const unmappable: Unmappable[] = [];
  const refused: Refused[] = [];
  const from = otherSide(side);
  for (const rule of input.rules) {
    const { name } = rule;
    const source = input[from].values[name];
    const isFrozen =
      input.suspended.includes(name) || input.openConflicts.some(({ field }) => field === name);
    if (source === undefined || isFrozen || rule.owner === side || isEmpty(rule, from, source)) continue;
    const message =
      rule.accepts?.({ side: from, from: null, to: source, values: input[from].values, others: {} }) ?? null;
    if (message !== null) {
      refused.push({ field: name, side: from, value: source, message });
      continue;
    }
    const made = translated(rule, side, { source, current: null });
    if ("unmappable" in made) unmappable.push({ field: name, side: from, message: made.unmappable });
    else fields[name] = { value: made.value, source, expected: undefined };
  }
  return { fields, unmappable, refused };
}
