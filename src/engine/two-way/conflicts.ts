import type { OpenConflict, PairPlan, Settlement } from "../../core/two-way/pair.ts";
import type { PairConflict } from "../../store/pair-store.ts";
import { equalJson, type Pair } from "./link.ts";
import type { Session } from "./session.ts";

/** The open conflicts of a pair, as they are stored. */
export async function openConflicts(session: Session, pair: Pair): Promise<readonly PairConflict[]> {
  if (Object.keys(pair.doc.conflicts).length === 0) return [];
  const filter = { syncId: session.pair.id, linkId: pair.link.id, isOpen: true, limit: 1_000 };
  return session.deps.store.pairs.listConflicts(filter);
}

/** What people have decided about them and is not carried out yet. */
export function settlementsOf(conflicts: readonly PairConflict[]): readonly Settlement[] {
  return conflicts.flatMap(({ field, winner }) => (winner === null ? [] : [{ field, winner }]));
}

export function triplesOf(conflicts: readonly PairConflict[]): readonly OpenConflict[] {
  return conflicts.map(({ field, base, left, right }) => ({ field, base, left, right }));
}

export interface ConflictChange {
  readonly open: Readonly<Record<string, string>>;
  readonly rows: readonly PairConflict[];
}

/** Opens, updates and closes conflicts so that those stored are those of the plan. */
export function followConflicts(
  session: Session,
  pair: Pair,
  stored: readonly PairConflict[],
  plan: PairPlan,
): ConflictChange {
  const { deps, runId } = session;
  const at = new Date(deps.clock.now()).toISOString();
  const open: Record<string, string> = {};
  const rows: PairConflict[] = [];
  const { left, right } = pair.doc.seen;
  for (const triple of plan.conflicts) {
    const known = stored.find(({ field }) => field === triple.field);
    const id = known?.id ?? deps.ids.next();
    open[triple.field] = id;
    if (known !== undefined && isSameTriple(known, triple)) continue;
    const row: PairConflict = {
      ...(known ?? { winner: null, settledBy: null, settledAt: null, closedAt: null, openedAt: at, runId }),
      id,
      syncId: session.pair.id,
      linkId: pair.link.id,
      ...triple,
      leftActor: left?.actor ?? null,
      rightActor: right?.actor ?? null,
    };
    rows.push(row);
  }
  for (const known of stored) if (!(known.field in open)) rows.push({ ...known, closedAt: at });
  return { open, rows };
}

function isSameTriple(a: OpenConflict, b: OpenConflict): boolean {
  return equalJson(a.left, b.left) && equalJson(a.right, b.right) && equalJson(a.base, b.base);
}
