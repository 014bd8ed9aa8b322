import type { Json } from "../../../src/core/json.ts";
import { confirmWrite } from "../../../src/core/two-way/base.ts";
import { type FieldRule, otherSide, type Side } from "../../../src/core/two-way/mapping.ts";
import type {
  OpenConflict,
  PairInput,
  PairPlan,
  SideView,
  SideWrite,
  Superseded,
  Values,
} from "../../../src/core/two-way/pair.ts";
import { planPair } from "../../../src/core/two-way/plan.ts";

/** A side's form that is what it is. */
const asIs = { read: (value: Json) => value, write: (value: Json) => value };

/** A field that is spelled the same on both sides, but for what is said. */
export function ruleOf(rule: Partial<FieldRule> = {}): FieldRule {
  return {
    name: "field",
    left: "l",
    right: "r",
    owner: "both",
    policy: "newest",
    isWriteOnce: false,
    elements: null,
    forms: { left: asIs, right: asIs },
    toRight: (value) => ({ value }),
    toLeft: (value) => ({ value }),
    ...rule,
  };
}

export function viewOf(view: Partial<SideView> = {}): SideView {
  return { presence: "live", values: {}, doubts: [], changedIn: {}, ...view };
}

/** Both live, agreed on nothing but that. */
export function inputOf(input: Partial<PairInput> = {}): PairInput {
  return {
    base: { status: "live", fields: {} },
    left: viewOf(),
    right: viewOf(),
    rules: [ruleOf()],
    policy: {
      creates: { left: true, right: true },
      onDelete: "propagate",
      onDeleteEdit: "edit",
      tieBreak: "left",
    },
    openConflicts: [],
    settlements: [],
    suspended: [],
    ...input,
  };
}

/** A plan's effect on the two sides, as an engine would have it: what was written is there and was confirmed. */
export function applyPlan(
  input: PairInput,
  plan: PairPlan,
  only: readonly Side[] = ["left", "right"],
): PairInput {
  let { base } = plan;
  const views = { left: input.left, right: input.right };
  for (const side of only) {
    const write = plan.writes[side];
    if (write === null) continue;
    views[side] = written(views[side], write, input.rules);
    base = confirmWrite(base, input.rules, { side, write });
  }
  const isOpen = (field: string) => plan.conflicts.some((conflict) => conflict.field === field);
  return {
    ...input,
    ...views,
    base,
    openConflicts: plan.conflicts,
    settlements: input.settlements.filter(({ field }) => isOpen(field)),
  };
}

function written(view: SideView, { kind, fields }: SideWrite, rules: readonly FieldRule[]): SideView {
  if (kind === "trash") return { ...view, presence: "trashed" };
  const values: Record<string, Json> = kind === "create" ? emptyValues(rules) : { ...view.values };
  for (const [name, { value }] of Object.entries(fields)) values[name] = value;
  return { ...view, presence: "live", values };
}

function emptyValues(rules: readonly FieldRule[]): Record<string, Json> {
  return Object.fromEntries(rules.map(({ name, elements }) => [name, elements === null ? null : []]));
}

/** Nothing is left to do: no write, no reading, no change of what is known. */
export function isQuiet(plan: PairPlan): boolean {
  return plan.writes.left === null && plan.writes.right === null && plan.fetch.length === 0;
}

/** Where plans lead when nobody else touches anything. */
export interface Rest {
  readonly input: PairInput;
  readonly last: PairPlan;
  /** Plans with a write in them. */
  readonly rounds: number;
  readonly superseded: readonly Superseded[];
}

export function settleDown(start: PairInput, roundsMax = 5): Rest {
  let input = start;
  let plan = planPair(input);
  const superseded = [...plan.superseded];
  let rounds = 0;
  while (!isQuiet(plan) && plan.fetch.length === 0 && rounds < roundsMax) {
    rounds += 1;
    input = applyPlan(input, plan);
    plan = planPair(input);
    superseded.push(...plan.superseded);
  }
  return { input: applyPlan(input, plan, []), last: plan, rounds, superseded };
}

/** The same pair seen from the other side. */
export function mirrorInput(input: PairInput): PairInput {
  const { base, policy } = input;
  return {
    ...input,
    base: { ...base, fields: mapValues(base.fields, ({ left, right }) => ({ left: right, right: left })) },
    left: input.right,
    right: input.left,
    rules: input.rules.map(mirrorRule),
    policy: {
      ...policy,
      creates: { left: policy.creates.right, right: policy.creates.left },
      tieBreak: otherSide(policy.tieBreak),
      ...(policy.savedByEditsOn === undefined ? {} : { savedByEditsOn: otherSide(policy.savedByEditsOn) }),
    },
    openConflicts: input.openConflicts.map(mirrorConflict),
    settlements: input.settlements.map(({ field, winner }) => ({ field, winner: otherSide(winner) })),
  };
}

function mirrorRule(rule: FieldRule): FieldRule {
  const { owner, policy, elements, forms } = rule;
  return {
    ...rule,
    left: rule.right,
    right: rule.left,
    owner: owner === "both" ? owner : otherSide(owner),
    policy: policy === "left" || policy === "right" ? otherSide(policy) : policy,
    elements: elements === null ? null : { toRight: elements.toLeft, toLeft: elements.toRight },
    forms: { left: forms.right, right: forms.left },
    toRight: rule.toLeft,
    toLeft: rule.toRight,
  };
}

export function mirrorPlan(plan: PairPlan): PairPlan {
  const { base, writes } = plan;
  return {
    ...plan,
    rows: mapValues(plan.rows, (row) => (row === "F2" ? "F3" : row === "F3" ? "F2" : row)),
    base: { ...base, fields: mapValues(base.fields, ({ left, right }) => ({ left: right, right: left })) },
    writes: { left: writes.right, right: writes.left },
    fetch: plan.fetch.map(otherSide),
    superseded: plan.superseded.map((one) => ({ ...one, side: otherSide(one.side) })),
    conflicts: plan.conflicts.map(mirrorConflict),
    unmappable: plan.unmappable.map((one) => ({ ...one, side: otherSide(one.side) })),
  };
}

/** Which half of the base a conflict shows is the left one's by convention, so a mirror shows neither. */
export function withoutConflictBase(plan: PairPlan): PairPlan {
  return plan.conflicts.length === 0
    ? plan
    : { ...plan, conflicts: plan.conflicts.map((conflict) => ({ ...conflict, base: null })) };
}

function mirrorConflict({ field, base, left, right }: OpenConflict): OpenConflict {
  return { field, base, left: right, right: left };
}

function mapValues<T>(record: Readonly<Record<string, T>>, change: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

/** Values as a reading gives them: UNOBSERVED ones are not there at all. */
export function valuesOf(values: Readonly<Record<string, Json | undefined>>): Values {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Values;
}
