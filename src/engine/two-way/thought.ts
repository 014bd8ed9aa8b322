import type { Side } from "../../core/two-way/mapping.ts";
import type { PairPlan } from "../../core/two-way/pair.ts";
import { planPair } from "../../core/two-way/plan.ts";
import type { PairConflict } from "../../store/pair-store.ts";
import { followConflicts, settlementsOf, triplesOf } from "./conflicts.ts";
import type { Pair } from "./link.ts";
import { isRetired, viewOf } from "./reads.ts";
import { isRefused } from "./refusals.ts";
import type { PairChange, Session } from "./session.ts";

/** What would be planned on what is known now; conflicts that wait for a person are taken as undecided. */
export function foresee(session: Session, pair: Pair): PairPlan {
  return planOf(session, pair, []);
}

/** What is planned on what is known; `stored`: its open conflicts, and what people decided. */
export function planOf(session: Session, pair: Pair, stored: readonly PairConflict[]): PairPlan {
  const { link, doc } = pair;
  return planPair({
    base: { status: link.status, fields: doc.base },
    left: viewOf(pair, "left"),
    right: viewOf(pair, "right"),
    rules: session.mapping.rules,
    policy: session.pair.policy,
    openConflicts: triplesOf(stored),
    settlements: settlementsOf(stored),
    suspended: [...session.suspended, ...session.heldFields],
  });
}

/**
 * The side to write first: where a lost race is noticed, so that the other write rests on something firm. What was refused
 * for what it says is not sent again.
 */
export function nextSide(session: Session, pair: Pair, plan: PairPlan): Side | null {
  const wanted = (["left", "right"] as const).filter((side) => {
    const write = plan.writes[side];
    return write !== null && !isRefused(session, pair, side, write);
  });
  const firm = wanted.find((side) => session.capabilities[side].hasPreconditions);
  return firm ?? wanted[0] ?? null;
}

/** The pair with everything that the plan learned without writing. */
export function withPlan(
  session: Session,
  change: PairChange,
  plan: PairPlan,
  stored: readonly PairConflict[],
): PairChange {
  const { pair } = change;
  const conflicts = followConflicts(session, pair, stored, plan);
  const intents = pair.doc.intents.filter((intent) => !isRetired(session, pair, intent));
  return {
    pair: {
      link: { ...pair.link, status: plan.base.status },
      doc: { ...pair.doc, base: plan.base.fields, intents, conflicts: conflicts.open },
    },
    versions: change.versions,
    conflicts: conflicts.rows,
  };
}

/** Says what was refused, and what cannot be said on the other side. */
export async function tell(
  session: Session,
  { link, doc }: Pair,
  { refused, unmappable }: PairPlan,
): Promise<void> {
  if (refused.length + unmappable.length === 0) return;
  const { leftId, rightId } = link;
  const values = { left: doc.seen.left?.values ?? {}, right: doc.seen.right?.values ?? {} };
  const notice = { linkId: link.id, leftId, rightId, refused, unmappable, values, runId: session.runId };
  await session.pair.onNotice?.(notice);
}
