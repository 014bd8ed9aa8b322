import type { Json } from "../json.ts";
import type { ElementMap, Side } from "./mapping.ts";

/** One side's value of a set-valued field. */
export interface SideSet {
  readonly map: ElementMap;
  readonly side: Side;
  readonly value: Json;
}

/** The managed elements, under the name that both sides share: the spelling that the right side settles on. */
export function sharedNames({ map, side, value }: SideSet): ReadonlySet<string> {
  const names = new Set<string>();
  for (const element of elementsOf(value)) {
    const name = sharedName(map, side, element);
    if (name !== null) names.add(name);
  }
  return names;
}

/**
 * The side's value once exactly these managed elements are in it. What is there already keeps its own spelling, and
 * what is not managed here stays: nobody asked for it to go.
 */
export function withNames({ map, side, value }: SideSet, names: ReadonlySet<string>): readonly string[] {
  const kept = new Set<string>();
  const missing = new Set(names);
  for (const element of elementsOf(value)) {
    const name = sharedName(map, side, element);
    if (name !== null && !names.has(name)) continue;
    kept.add(element);
    if (name !== null) missing.delete(name);
  }
  for (const name of missing) {
    const element = side === "right" ? name : map.toLeft(name);
    if (element !== null) kept.add(element);
  }
  return [...kept].sort();
}

/**
 * Element by element: what both sides have is in; what neither has is out; where they differ, `isIn` says, given whether
 * the base has it.
 */
export function mergeNames(
  sides: Readonly<Record<Side, ReadonlySet<string>>>,
  base: ReadonlySet<string>,
  isIn: (isInBase: boolean) => boolean,
): ReadonlySet<string> {
  const merged = new Set<string>();
  for (const name of [...sides.left, ...sides.right]) {
    const isOnBoth = sides.left.has(name) && sides.right.has(name);
    if (isOnBoth || isIn(base.has(name))) merged.add(name);
  }
  return merged;
}

export function isSameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  if (a.size !== b.size) return false;
  for (const name of a) if (!b.has(name)) return false;
  return true;
}

export function elementsOf(value: Json): readonly string[] {
  return Array.isArray(value) ? value.filter((element) => typeof element === "string") : [];
}

/** There and back again, so that several spellings of one element get one name. null: not managed. */
function sharedName(map: ElementMap, side: Side, element: string): string | null {
  const right = side === "left" ? map.toRight(element) : element;
  const left = right === null ? null : map.toLeft(right);
  return left === null ? null : map.toRight(left);
}
