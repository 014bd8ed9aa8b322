import { spentMarker } from "../../core/record.ts";
import { otherSide, type Side } from "../../core/two-way/mapping.ts";
import type { PairPlan, SideWrite } from "../../core/two-way/pair.ts";
import { isToMark } from "./act.ts";
import { type Pair, recordId } from "./link.ts";
import type { PairChange, Session } from "./session.ts";

/** A write that says nothing but whose counterpart the record is. */
export const onlyMarker: SideWrite = { kind: "update", fields: {} };
/** A side on which the counterpart's id does not stay is left in peace after so many tries. */
const marksMax = 3;

/**
 * The side whose record still lacks the id of its counterpart. A pair that comes to be one by this plan is marked at once:
 * nothing may bring it up again for a long time. So is one whose mark says what is no longer so.
 */
export function sideToMark(session: Session, pair: Pair, { base }: PairPlan): Side | undefined {
  if (base.status !== "live") return undefined;
  return (["left", "right"] as const).find((side) => {
    const { marksOthers = false } = session.pair.sides[side];
    const isSpent = pair.doc.seen[side]?.marker === spentMarker;
    const isNow = isSpent || marksOthers === true || (marksOthers === "unnamed" && !isNamed(pair, side));
    return isNow && isToMark(session, pair, side) && (pair.doc.marks[side] ?? 0) < marksMax;
  });
}

/** A record that we made on the other side names it, and will do so when all else is forgotten. */
function isNamed({ link, doc }: Pair, side: Side): boolean {
  const other = doc.seen[otherSide(side)];
  return other?.isOurs === true && other.marker !== null && other.marker === recordId(link, side);
}

/** One more try at it is counted. */
export function marking(change: PairChange, side: Side): PairChange {
  const { link, doc } = change.pair;
  const marks = { ...doc.marks, [side]: (doc.marks[side] ?? 0) + 1 };
  return { ...change, pair: { link, doc: { ...doc, marks } } };
}
