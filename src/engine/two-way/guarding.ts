import { type GuardFact, type GuardHold, guardFact, isApproved, judge } from "../../core/two-way/guard.ts";
import type { Side } from "../../core/two-way/mapping.ts";
import type { PairPlan } from "../../core/two-way/pair.ts";
import type { Hold } from "../../store/pair-store.ts";
import { commitChanges, type Session } from "./session.ts";
import type { SyncState } from "./state.ts";

const dayMs = 86_400_000;

/** What a guard lets pass. */
export interface Verdict {
  readonly refusals: readonly string[];
  /** Links that nothing is written to in this pass. */
  readonly held: ReadonlySet<string>;
  /** Fields that nothing is written for in this pass. */
  readonly suspended: readonly string[];
}

/** Kinds that are judged before anything is written, and the one that needs every other pair settled first. */
const early: readonly Hold["kind"][] = ["mass-clear", "mass-change"];
const late: readonly Hold["kind"][] = ["mass-delete"];

/**
 * Judges what the plans of a pass would change, before the first of them is carried out. `isAll`: the facts are of every
 * pair that is due, so that a hold which they do not show is over.
 */
export function guardChanges(
  session: Session,
  facts: readonly GuardFact[],
  isAll: boolean,
): Promise<Verdict> {
  const changes = facts.map((fact) => ({ ...fact, trashes: null }));
  return judged(session, { facts: changes, deletedBefore: 0, kinds: early, isAll });
}

/**
 * Judges deletions together, with those of the last 24 hours, before the first is carried out. Too many: none of them,
 * until a person approves exactly these.
 */
export function guardDeletions(
  session: Session,
  state: SyncState,
  planned: readonly { readonly linkId: string; readonly side: Side }[],
): Promise<Verdict> {
  const facts = planned.map(({ linkId, side }) => ({ linkId, trashes: side, updates: [], clears: [] }));
  const deletedBefore = recentDeletions(session, state).reduce((total, { count }) => total + count, 0);
  return judged(session, { facts, deletedBefore, kinds: late, isAll: true });
}

export function recentDeletions({ deps }: Session, state: SyncState): SyncState["deletions"] {
  const since = deps.clock.now() - dayMs;
  return state.deletions.filter(({ at }) => at > since);
}

export function factOf(linkId: string, plan: PairPlan): GuardFact | null {
  return guardFact(linkId, plan);
}

async function judged(
  session: Session,
  input: {
    readonly facts: readonly GuardFact[];
    readonly deletedBefore: number;
    readonly kinds: readonly Hold["kind"][];
    readonly isAll: boolean;
  },
): Promise<Verdict> {
  const { deps, pair, options } = session;
  const { facts, deletedBefore, kinds, isAll } = input;
  const { pairs } = deps.store;
  const { live } = await pairs.getPairTotals(pair.id);
  const labels = { left: pair.sides.left.label, right: pair.sides.right.label };
  const { allowDeletes } = options;
  const found = judge({ facts, limits: pair.guard, live, deletedBefore, allowDeletes, labels });
  const stored = await pairs.listHolds({ syncId: pair.id, isOpen: true, limit: 1_000 });
  const known = stored.filter(({ kind }) => kinds.includes(kind));
  const refused: GuardHold[] = [];
  const kept = new Set<string>();
  for (const hold of found) {
    const before = known.find((each) => each.kind === hold.kind && isAbout(each, hold));
    if (
      before?.decision === "approved" &&
      isApproved(hold, { ...hold, count: before.count, digest: before.digest })
    )
      continue;
    refused.push(hold);
    if (before !== undefined) kept.add(before.id);
    if (before?.digest !== hold.digest) await save(session, hold, before?.id ?? deps.ids.next());
  }
  // What is not found any more, or was approved and now goes through, is over.
  const over = isAll ? known.filter(({ id }) => !kept.has(id)) : [];
  const closedAt = new Date(deps.clock.now()).toISOString();
  if (over.length > 0)
    await commitChanges(session, [], { holds: over.map((hold) => ({ ...hold, closedAt })) });
  return {
    refusals: refused.map(({ message }) => message),
    held: new Set(refused.flatMap(({ kind, linkIds }) => (kind === "mass-clear" ? [] : linkIds))),
    suspended: refused.flatMap(({ kind, field }) => (kind === "mass-clear" && field !== null ? [field] : [])),
  };
}

function isAbout({ evidence }: Hold, { side, field }: GuardHold): boolean {
  if (typeof evidence !== "object" || evidence === null || !("side" in evidence)) return false;
  return evidence.side === side && evidence.field === field;
}

async function save(session: Session, hold: GuardHold, id: string): Promise<void> {
  const { kind, message, count, digest, side, field, sample } = hold;
  const openedAt = new Date(session.deps.clock.now()).toISOString();
  const undecided = { decision: null, decidedBy: null, decidedAt: null, closedAt: null };
  const evidence = { side, field, sample };
  const row: Hold = {
    id,
    syncId: session.pair.id,
    kind,
    message,
    count,
    digest,
    evidence,
    openedAt,
    ...undecided,
  };
  await commitChanges(session, [], { holds: [row] });
}
