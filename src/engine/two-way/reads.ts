import type { Side } from "../../core/two-way/mapping.ts";
import type { SideView } from "../../core/two-way/pair.ts";
import type { VersionDraft } from "../../core/two-way/version-chain.ts";
import { type Intent, type Pair, recordId, type Seen } from "./link.ts";
import { observe, seenByRead } from "./observe.ts";
import type { Session } from "./session.ts";

const sides: readonly Side[] = ["left", "right"];

/** Sides whose record must be read by id before anything can be decided about the pair. */
export function sidesToRead(session: Session, pair: Pair): readonly Side[] {
  const now = session.deps.clock.now();
  return sides.filter((side) => {
    if (recordId(pair.link, side) === null) return false;
    const seen = pair.doc.seen[side];
    if (seen === null || seen.mustRead || seen.print !== session.mapping.print) return true;
    return openOn(pair, side).some((intent) => {
      const isLooked = seen.isStrong && seen.readAt > intent.armedAt;
      const isOver = now > intent.horizon && seen.readAt <= intent.horizon;
      return !isLooked || isOver;
    });
  });
}

export function openOn(pair: Pair, side: Side): readonly Intent[] {
  return pair.doc.intents.filter((intent) => intent.side === side);
}

/** Intents that can no longer take effect, and that a read begun after that has judged. */
export function isRetired({ mapping }: Session, pair: Pair, intent: Intent): boolean {
  const seen = pair.doc.seen[intent.side];
  // A create is looked up by its marker, unless its pair has found another record meanwhile: then it is like any write.
  const isOpenCreate = intent.kind === "create" && recordId(pair.link, intent.side) === null;
  // A read that showed nothing has judged nothing: our write may be there, unseen.
  const isShown =
    seen?.isStrong === true && seen.presence !== "unknown" && !isCut(mapping.rules, seen, intent);
  const isJudged = isShown && seen.readAt > intent.horizon;
  return !isOpenCreate && isJudged;
}

/** What the write was to put there could not be read. */
function isCut(rules: Session["mapping"]["rules"], { values }: Seen, { fields }: Intent): boolean {
  return rules.some(({ name }) => name in fields && values[name] === undefined);
}

/** Reads one side by id. Nothing is durable yet: what was seen goes into the next commit of the pair. */
export async function readSide(
  session: Session,
  pair: Pair,
  side: Side,
): Promise<{ readonly pair: Pair; readonly versions: readonly VersionDraft[] }> {
  const { deps, mapping, runId } = session;
  const id = recordId(pair.link, side);
  if (id === null) return { pair, versions: [] };
  const { observation, readAt } = await session.ahead.read(session, side, id);
  const previous = pair.doc.seen[side];
  const seen = seenByRead(mapping, side, observation, { previous, readAt });
  const at = new Date(deps.clock.now()).toISOString();
  return observe(pair, side, seen, { detectedBy: "read", runId, origin: "person", reason: "read by id", at });
}

/** One side as the planner sees it. */
export function viewOf(pair: Pair, side: Side): SideView {
  const seen = pair.doc.seen[side];
  const isThere = recordId(pair.link, side) !== null && seen !== null;
  return {
    presence: isThere ? seen.presence : "absent",
    values: isThere ? seen.values : {},
    changedIn: seen?.changedIn ?? {},
    doubts: openOn(pair, side).flatMap(doubtsOf),
  };
}

function doubtsOf(intent: Intent): SideView["doubts"] {
  const fields = Object.entries({ ...intent.along, ...intent.fields }).map(([field, { value, source }]) => ({
    field,
    value,
    source,
  }));
  if (intent.kind === "trash") return [{ field: "$presence", value: "trashed", source: "trashed" }];
  if (intent.kind === "restore") return [...fields, { field: "$presence", value: "live", source: "live" }];
  return fields;
}
