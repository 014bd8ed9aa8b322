import type { Json } from "../json.ts";
import { isSameValue } from "./equal.ts";
import { type ElementMap, type FieldRule, otherSide, type Side, type Translated } from "./mapping.ts";
import type { ValuePair } from "./pair.ts";
import { isSameSet, mergeNames, sharedNames, withNames } from "./sets.ts";

/** One field of a pair, observed on both sides. `base` undefined: the two have never agreed on it. */
export interface FieldState {
  readonly rule: FieldRule;
  readonly values: ValuePair;
  readonly base: ValuePair | undefined;
}

/** One translates to the other. Either direction will do: a finer value that still means the same is left alone. */
export function hasSameMeaning(rule: FieldRule, values: ValuePair): boolean {
  if (rule.elements !== null) {
    const { left, right } = namesOnBoth(rule.elements, values);
    return isSameSet(left, right);
  }
  const there = rule.toRight(values.left);
  if ("value" in there && isSameValue(there.value, values.right)) return true;
  const back = rule.toLeft(values.right);
  return "value" in back && isSameValue(back.value, values.left);
}

/** Has this side moved away from its own half of the base? Without a base, everything that is not empty is new. */
export function isChanged({ rule, base }: Omit<FieldState, "values">, side: Side, value: Json): boolean {
  const { elements: map } = rule;
  if (base === undefined) return !isEmpty(rule, side, value);
  if (map !== null) return !isSameSet(sharedNames({ map, side, value }), agreedNames(map, base));
  return !isSameValue(value, base[side]);
}

/** Nothing of this rule's is there. */
export function isEmpty({ elements: map }: FieldRule, side: Side, value: Json): boolean {
  return map === null ? value === null : sharedNames({ map, side, value }).size === 0;
}

/** What `side` would hold if it said what the other side's `source` says; `current`: what it holds now. */
export function translated(
  { elements: map, toLeft, toRight }: FieldRule,
  side: Side,
  { source, current }: { readonly source: Json; readonly current: Json },
): Translated {
  if (map === null) return side === "right" ? toRight(source) : toLeft(source);
  const names = sharedNames({ map, side: otherSide(side), value: source });
  return { value: withNames({ map, side, value: current }, names) };
}

/**
 * The base of a field once its two values are known to belong together. In a set, only what both sides have, or both
 * lack, is agreed: an element on which they differ keeps its old standing, so that a change that the other side has
 * yet to follow is not taken for its opposite; and so does one that is not managed now.
 */
export function agree({ rule, values, base }: FieldState): ValuePair {
  const { elements: map } = rule;
  if (map === null) return values;
  const old = base ?? { left: [], right: [] };
  const names = mergeNames(namesOnBoth(map, values), agreedNames(map, base), (isInBase) => isInBase);
  return {
    left: withNames({ map, side: "left", value: old.left }, names),
    right: withNames({ map, side: "right", value: old.right }, names),
  };
}

/** What both sides of a set come to: where they differ, one of them has added or removed the element since the base. */
export function mergedNames(map: ElementMap, { values, base }: FieldState): ReadonlySet<string> {
  return mergeNames(namesOnBoth(map, values), agreedNames(map, base), (isInBase) => !isInBase);
}

/** The elements that the base holds on both sides: those it was agreed that both have. */
function agreedNames(map: ElementMap, base: ValuePair | undefined): ReadonlySet<string> {
  if (base === undefined) return new Set();
  const { left, right } = namesOnBoth(map, base);
  return new Set([...left].filter((name) => right.has(name)));
}

function namesOnBoth(map: ElementMap, pair: ValuePair): Readonly<Record<Side, ReadonlySet<string>>> {
  return {
    left: sharedNames({ map, side: "left", value: pair.left }),
    right: sharedNames({ map, side: "right", value: pair.right }),
  };
}
