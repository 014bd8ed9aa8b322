import type { Side } from "../../core/two-way/mapping.ts";
import type { PairPlan } from "../../core/two-way/pair.ts";
import type { PairConflict } from "../../store/pair-store.ts";
import { duplicateProblem, duplicateRecheckMs } from "./extras.ts";
import { type Pair, recordId } from "./link.ts";
import { discover } from "./reading.ts";
import { sidesToRead, viewOf } from "./reads.ts";
import { type PairChange, type Session, save } from "./session.ts";
import { tell, withPlan } from "./thought.ts";
import { rereadLater, waitsUnread } from "./unread.ts";

/** How a pair was left. `deletion`: it waits for the guard, which judges all deletions of a run together. */
export type Ending =
  | { readonly kind: "agreed" | "waiting" }
  | { readonly kind: "deletion"; readonly linkId: string; readonly side: Side };

export const waitAgainMs = 60_000;
const unreadMaxMs = 6 * 3_600_000;
const recheckMs = [3_600_000, 6 * 3_600_000, 24 * 3_600_000] as const;

/** Nothing to write: the pair rests, until a doubt runs out or something is told. */
export async function finish(
  session: Session,
  change: PairChange,
  plan: PairPlan,
  stored: readonly PairConflict[],
): Promise<Ending> {
  const rested = withPlan(session, change, plan, stored);
  const { link, doc } = rested.pair;
  const isMissing = [viewOf(rested.pair, "left"), viewOf(rested.pair, "right")].some(
    ({ presence }) => presence === "unknown",
  );
  const now = session.deps.clock.now();
  // What cannot be seen is looked at again below; a horizon that has passed meanwhile is no reason to hurry.
  const isUnread = !isMissing && waitsUnread(rested.pair, plan);
  const waits: number[] =
    isMissing || isUnread
      ? []
      : doc.intents.map(({ horizon }) => (horizon >= now ? horizon + 1 : now + waitAgainMs));
  if (session.heldFields.length > 0) waits.push(now + 1);
  let { attempts } = doc;
  let problem = duplicateProblem(doc);
  if (isMissing) {
    waits.push(now + (recheckMs[Math.min(attempts, 2)] ?? waitAgainMs));
    attempts += 1;
    problem = "RECORD_MISSING";
  } else if (isUnread) {
    waits.push(now + Math.min(unreadMaxMs, waitAgainMs * 2 ** Math.min(attempts, 20)));
    attempts += 1;
    problem = "RECORD_INCOMPLETE: a field that may have changed could not be read";
  } else if (plan.unmappable.length > 0) {
    problem = plan.unmappable.map(({ field, message }) => `${field}: ${message}`).join("; ");
  } else {
    attempts = 0;
  }
  // Nothing that is wanted may be sent: it waits for whatever changes, on either side.
  const isHeldBack = plan.writes.left !== null || plan.writes.right !== null;
  const refused = isHeldBack ? (doc.refused ?? null) : null;
  if (refused !== null && !isMissing) problem = refused.problem;
  const isAgreed = waits.length === 0;
  if (duplicateProblem(doc) !== null) waits.push(now + duplicateRecheckMs);
  const dueAt = waits.length === 0 ? null : Math.max(now + 1, Math.min(...waits));
  const pair: Pair = { link: { ...link, dueAt, problem, priority: 1 }, doc: { ...doc, attempts, refused } };
  session.tally.rested(plan, pair);
  const isReread = isMissing || isUnread;
  if ((await save(session, { ...rested, pair: isReread ? rereadLater(pair, plan) : pair })) === null)
    return { kind: "waiting" };
  await tell(session, rested.pair, plan);
  return { kind: isAgreed ? "agreed" : "waiting" };
}

/** Several records could be meant: nothing is made of it until a person has said which. */
export async function restAsIs(session: Session, change: PairChange): Promise<Ending> {
  const { pair } = change;
  await save(session, { ...change, pair: { ...pair, link: { ...pair.link, dueAt: null } } });
  // What was told of it is looked at all the same, key and all: it may not be ambiguous any more, and is due then.
  for (const side of sidesToRead(session, pair)) {
    const id = recordId(pair.link, side);
    if (id !== null) await discover(session, side, [id]);
  }
  return { kind: "waiting" };
}

export function troubled(change: PairChange, problem: string): PairChange {
  return { ...change, pair: { ...change.pair, link: { ...change.pair.link, problem } } };
}

export function postpone(session: Session, change: PairChange, ms: number): Promise<Ending> {
  return postponeTo(session, change, session.deps.clock.now() + ms);
}

export async function postponeTo(session: Session, change: PairChange, dueAt: number): Promise<Ending> {
  const { link, doc } = change.pair;
  await save(session, { ...change, pair: { link: { ...link, dueAt, priority: 1 }, doc } });
  return { kind: "waiting" };
}
