import { otherSide } from "../../core/two-way/mapping.ts";
import { duplicateProblem } from "./extras.ts";
import { type Pair, withRecordId, withSeen } from "./link.ts";
import { openOn, viewOf } from "./reads.ts";

/**
 * Two records that were matched, of which one died or left before they ever agreed: nothing ties them, and the other one
 * is on its own again. Otherwise it would wait for ever.
 */
export function withoutDead(pair: Pair): Pair | null {
  if (pair.link.status !== "none" || duplicateProblem(pair.doc) !== null) return null;
  const lost = (["left", "right"] as const).find(
    (side) =>
      ["trashed", "gone", "out"].includes(viewOf(pair, side).presence) &&
      viewOf(pair, otherSide(side)).presence === "live" &&
      // One that we made is known by its marker, and would be taken for the next create's.
      pair.doc.seen[side]?.isOurs !== true &&
      openOn(pair, side).length === 0,
  );
  return lost === undefined ? null : withSeen(withRecordId(pair, lost, null), lost, null);
}
