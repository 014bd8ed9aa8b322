import { otherSide } from "../../core/two-way/mapping.ts";
import type { PairPlan } from "../../core/two-way/pair.ts";
import { equalJson, type Pair, withSeen } from "./link.ts";

const sides = ["left", "right"] as const;

/**
 * A field that could not be read on one side, where it may have changed since both agreed on it, or which has changed on the
 * other side: it waits, and nothing else would wake it.
 */
export function waitsUnread({ doc }: Pair, plan: PairPlan): boolean {
  return Object.entries(plan.rows).some(([name, row]) =>
    sides.some((side) => {
      const isCut = doc.seen[side]?.values[name] === undefined;
      const other = doc.seen[otherSide(side)]?.values[name];
      const base = doc.base[name];
      const isDoubtful = doc.intents.some((intent) => intent.side === side && name in intent.fields);
      const isOpen = base !== undefined || isDoubtful || (other !== undefined && !equalJson(other, null));
      return row === "F0" && isCut && isOpen;
    }),
  );
}

/** What cannot be seen now is looked for again when the pair is due, not believed for ever. */
export function rereadLater(pair: Pair, plan: PairPlan): Pair {
  let next = pair;
  for (const side of sides) {
    const seen = next.doc.seen[side];
    if (seen === null) continue;
    const isCut = Object.entries(plan.rows).some(([name, row]) => row === "F0" && !(name in seen.values));
    if (seen.presence === "unknown" || isCut) next = withSeen(next, side, { ...seen, mustRead: true });
  }
  return next;
}
