import type { Json } from "../../../src/core/json.ts";
import { otherSide, type Side } from "../../../src/core/two-way/mapping.ts";
import { hasSameMeaning, isChanged } from "../../../src/core/two-way/meaning.ts";
import { type PairInput, type PairPlan, presenceField } from "../../../src/core/two-way/pair.ts";
import { planPair } from "../../../src/core/two-way/plan.ts";
import {
  applyPlan,
  isQuiet,
  mirrorInput,
  mirrorPlan,
  type Rest,
  settleDown,
  withoutConflictBase,
} from "./world.ts";

const sides: readonly Side[] = ["left", "right"];

/** What must hold of every plan; each says what is wrong, or null. */
export const planProperties: Readonly<
  Record<string, (input: PairInput, plan: PairPlan, rest: () => Rest) => string | null>
> = {
  "P1 equal inputs give equal bytes": (input, plan) =>
    JSON.stringify(planPair(input)) === JSON.stringify(plan) ? null : "another plan",

  "P2 nothing follows from a side that cannot be read": (input, plan) =>
    sides.some((side) => input[side].presence === "unknown") && !isQuiet(plan) ? "acts" : null,

  "P3 deletes only beside a certified death, and only what was alive at the last agreement": (
    input,
    plan,
  ) => {
    const wrong = sides.some((side) => {
      const { presence } = input[otherSide(side)];
      const isDeath = presence === "trashed" || presence === "gone";
      return plan.writes[side]?.kind === "trash" && !(isDeath && plan.base.status === "live");
    });
    return wrong ? "deletes" : null;
  },

  "P4 comes to rest within two rounds": (_, __, rest) => {
    const { last, rounds } = rest();
    return rounds <= 2 && (isQuiet(last) || last.fetch.length > 0) ? null : `${rounds} rounds`;
  },

  "P5 at rest, what was read whole and is not in question says the same on both sides": (_, __, rest) => {
    const { input, last } = rest();
    if (last.base.status !== "live" || input.left.presence !== "live" || input.right.presence !== "live")
      return null;
    const isSettled = (name: string) => input.settlements.some(({ field }) => field === name);
    const isWaiting = (name: string) =>
      input.suspended.includes(name) ||
      last.unmappable.some(({ field }) => field === name) ||
      last.conflicts.some(({ field }) => field === name && !isSettled(field));
    const apart = input.rules.find((rule) => {
      const left = input.left.values[rule.name];
      const right = input.right.values[rule.name];
      if (left === undefined || right === undefined || rule.isWriteOnce || isWaiting(rule.name)) return false;
      return !hasSameMeaning(rule, { left, right });
    });
    return apart === undefined ? null : `${apart.name} differs`;
  },

  "P6 no changed value of a live record goes without a trace": (input, _, rest) => {
    for (const side of sides) {
      if (input[side].presence !== "live") continue;
      for (const rule of input.rules) {
        if (rule.elements !== null) continue;
        const value = input[side].values[rule.name];
        const base = input.base.fields[rule.name];
        if (value === undefined || value === null || !isChanged({ rule, base }, side, value)) continue;
        if (!isTraced(rest(), side, rule.name, value)) return `${side} ${rule.name} ${JSON.stringify(value)}`;
      }
    }
    return null;
  },

  "P7 what was not observed is neither written nor a source": (input, plan) => {
    for (const side of sides) {
      const write = plan.writes[side];
      for (const [name, { value, source }] of Object.entries(write?.fields ?? {})) {
        if (value === undefined || source === undefined) return `${name} from nothing`;
        if (input[otherSide(side)].values[name] === undefined) return `${name} from an unobserved source`;
        if (write?.kind !== "create" && input[side].values[name] === undefined)
          return `${name} over an unknown`;
      }
    }
    return null;
  },

  "P8 the mirrored pair gives the mirrored plan": (input, plan) => {
    const mirrored = withoutConflictBase(mirrorPlan(planPair(mirrorInput(input))));
    return isSameJson(mirrored, withoutConflictBase(plan)) ? null : JSON.stringify(mirrored);
  },

  "P9 no record that was read in part is deleted, revived or copied": (input, plan) => {
    for (const side of sides) {
      const kind = plan.writes[side]?.kind;
      if (kind === undefined || kind === "update") continue;
      const source = kind === "trash" ? side : otherSide(side);
      const isPartial = input.rules.some(
        ({ name }) => input[source].values[name] === undefined && !input.suspended.includes(name),
      );
      if (isPartial) return kind;
    }
    return null;
  },

  "P10 an owned field is never written on its owner": (input, plan) =>
    input.rules.some(({ name, owner }) => owner !== "both" && plan.writes[owner]?.fields[name] !== undefined)
      ? "written"
      : null,

  "P11 nothing happens to what a person is being asked about": (input, plan) => {
    const isOpen = (name: string) =>
      input.openConflicts.some(({ field }) => field === name) &&
      !input.settlements.some(({ field }) => field === name);
    const touched = input.rules.find(
      ({ name }) => isOpen(name) && sides.some((side) => plan.writes[side]?.fields[name] !== undefined),
    );
    if (touched !== undefined) return touched.name;
    const kinds = sides.map((side) => plan.writes[side]?.kind);
    const isAsked = isOpen(presenceField) && plan.base.status === "live";
    return isAsked && kinds.some((kind) => kind !== undefined && kind !== "update") ? presenceField : null;
  },

  "P12 a plan of which only one half was carried out leads to the same rest": (input, plan, rest) => {
    if (plan.writes.left === null || plan.writes.right === null) return null;
    for (const side of sides) {
      const half = settleDown(applyPlan(input, plan, [side]));
      for (const of of sides) {
        if (!isSameJson(half.input[of].values, rest().input[of].values)) return `${side} first`;
      }
    }
    return null;
  },
};

function isTraced({ input, last, superseded }: Rest, side: Side, name: string, value: Json): boolean {
  const text = JSON.stringify(value);
  const isKept = input[side].presence === "live" && JSON.stringify(input[side].values[name]) === text;
  const isHistory = superseded.some(
    (one) => one.side === side && one.field === name && JSON.stringify(one.value) === text,
  );
  return (
    isKept ||
    isHistory ||
    last.conflicts.some((one) => one.field === name && JSON.stringify(one[side]) === text)
  );
}

/** The order of keys is no difference. */
function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => isSameJson(a[key as keyof typeof a], b[key as keyof typeof b]));
}
