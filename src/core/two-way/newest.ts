import { otherSide, type Side } from "./mapping.ts";
import type { Interval } from "./pair.ts";

/**
 * The side that changed later, by the providers' clocks. A stamp is an interval (a whole minute in Notion, or the time
 * between two readings), so one change is later only when it cannot have been earlier. Everything else is a tie, and
 * the configuration breaks it: never our own clock, which saw neither change happen.
 */
export function laterSide(changedIn: Readonly<Record<Side, Interval | undefined>>, tieBreak: Side): Side {
  const first = changedIn[tieBreak];
  const second = changedIn[otherSide(tieBreak)];
  if (first === undefined || second === undefined) return tieBreak;
  return second.from > first.to ? otherSide(tieBreak) : tieBreak;
}
