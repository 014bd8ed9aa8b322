import type { PairPlan } from "../../core/two-way/pair.ts";
import { type Pair, type Seen, withSeen } from "./link.ts";

const sides = ["left", "right"] as const;

/** A field that one side has and that could not be read there: it may say anything, and nothing else would wake it. */
export function waitsUnread({ doc }: Pair, plan: PairPlan): boolean {
  return Object.entries(plan.rows).some(
    ([name, row]) => row === "F0" && sides.some((side) => isCut(doc.seen[side], name)),
  );
}

function isCut(seen: Seen | null, name: string): boolean {
  return seen !== null && seen.values[name] === undefined;
}

/** What cannot be seen now is looked for again when the pair is due, not believed for ever. */
export function rereadLater(pair: Pair, plan: PairPlan): Pair {
  let next = pair;
  for (const side of sides) {
    const seen = next.doc.seen[side];
    if (seen === null) continue;
    const isPart = Object.entries(plan.rows).some(([name, row]) => row === "F0" && isCut(seen, name));
    if (seen.presence === "unknown" || isPart) next = withSeen(next, side, { ...seen, mustRead: true });
  }
  return next;
}
