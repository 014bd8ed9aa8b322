import { LockstepError } from "../../core/errors.ts";
import type { GuardFact } from "../../core/two-way/guard.ts";
import type { Side } from "../../core/two-way/mapping.ts";
import type { PairLink } from "../../store/pair-store.ts";
import { backOffMs } from "../back-off.ts";
import { type ConvergeOptions, converge, needsReading } from "./converge.ts";
import { factOf, guardChanges, guardDeletions, recentDeletions } from "./guarding.ts";
import { openPair, type Pair, recordId } from "./link.ts";
import { takeHints } from "./reading.ts";
import { sidesToRead } from "./reads.ts";
import { commitChanges, demandGoing, reload, type Session, unchangedHistory } from "./session.ts";
import { type SyncState, stateJson } from "./state.ts";
import { foresee } from "./thought.ts";

/** Pairs taken up in one go; between two goes, hints that came in meanwhile go first. */
const chunkMax = 100;

/** A deletion that waits for the guard. */
export interface PlannedDeletion {
  readonly linkId: string;
  readonly side: Side;
}

/** Brings every pair that is due to agreement, deletions last and only past the guard. Returns what was refused. */
export async function convergeAll(opened: Session, state: SyncState): Promise<readonly string[]> {
  const changes = await guardChanges(opened, await preview(opened), true);
  const session = { ...opened, heldFields: changes.suspended };
  const planned = await drain(session, changes.held);
  const verdict = await guardDeletions(session, state, planned);
  const deletable = new Set(planned.map(({ linkId }) => linkId).filter((id) => !verdict.held.has(id)));
  // Counted before the first is carried out: a pass that dies on the way must not leave the next one a fresh allowance.
  if (deletable.size > 0) {
    const begun = { at: session.deps.clock.now(), count: deletable.size };
    const deletions = [...recentDeletions(session, state), begun];
    await commitChanges(session, [], { state: stateJson({ ...state, deletions }) });
  }
  for (const linkId of deletable) {
    demandGoing(session);
    const pair = await reload(session, linkId);
    if (pair !== null) await attempt(session, pair.link, { deletable, onPlan: null });
  }
  return [...changes.refusals, ...verdict.refusals];
}

/** Fewer pairs than this never look like an accident, and need no look ahead. */
const previewMin = 10;
/** Up to so many are listed; more are found by going through all. */
const previewListMax = 2_000;

/** What the pairs that are due would change, as far as it can be told without asking anybody. */
async function preview(session: Session): Promise<readonly GuardFact[]> {
  const { deps, pair } = session;
  const { due } = await deps.store.pairs.getPairTotals(pair.id);
  if (due <= previewMin) return [];
  const now = deps.clock.now();
  const facts: GuardFact[] = [];
  const isFew = due <= previewListMax;
  const links = isFew
    ? await deps.store.pairs.listDue(pair.id, { now, limit: due })
    : deps.store.pairs.iterateLinks(pair.id);
  for await (const link of links) {
    if (link.dueAt === null || link.dueAt > now) continue;
    const fact = factOf(link.id, foresee(session, openPair(link)));
    if (fact !== null) facts.push(fact);
  }
  return facts;
}

/** Urgent pairs looked at between two pages of a long reading. */
const urgentMax = 200;

/**
 * Between two pages of a long reading: what hints ask for does not wait for its end. The guard looks at these pairs as at
 * all others; deletions wait.
 */
export async function convergeUrgent(opened: Session): Promise<void> {
  if (!(await takeHints(opened))) return;
  const { deps, pair } = opened;
  const due = await deps.store.pairs.listDue(pair.id, { now: deps.clock.now(), limit: urgentMax });
  const urgent = due.filter(({ priority }) => priority === 0);
  const facts = urgent.flatMap((link) => factOf(link.id, foresee(opened, openPair(link))) ?? []);
  const verdict = await guardChanges(opened, facts, false);
  const session = { ...opened, heldFields: verdict.suspended };
  for (const link of urgent) {
    demandGoing(session);
    if (!verdict.held.has(link.id)) await attempt(session, link, noneDeletable);
  }
}

const noneDeletable: ConvergeOptions = { deletable: new Set(), onPlan: null };

async function drain(session: Session, held: ReadonlySet<string>): Promise<readonly PlannedDeletion[]> {
  const { deps, pair } = session;
  const deletions = new Map<string, PlannedDeletion>();
  const isLeft = ({ id }: PairLink) => deletions.has(id) || held.has(id);
  let now = deps.clock.now();
  let count = 0;
  for (;;) {
    if (await takeHints(session)) now = deps.clock.now();
    const limit = chunkMax + deletions.size + held.size;
    const due = await deps.store.pairs.listDue(pair.id, { now, limit });
    const links = due.filter((link) => !isLeft(link));
    if (links.length === 0) return [...deletions.values()];
    expectReads(session, links);
    const queue = links.values();
    let isFailed = false;
    const work = async () => {
      for (const link of queue) {
        if (isFailed) return;
        demandGoing(session);
        const ending = await attempt(session, link, noneDeletable);
        if (ending?.kind === "deletion") deletions.set(link.id, ending);
        session.options.onProgress("converging", ++count);
      }
    };
    const workers = Array.from({ length: pair.writesAtOnce }, () =>
      work().catch((error: unknown) => {
        isFailed = true;
        throw error;
      }),
    );
    // When one fails, the others finish what they are at: nothing may be sent under a lease that was given back.
    await Promise.allSettled(workers);
    await Promise.all(workers);
  }
}

/** What will be read by id to bring these to agreement, as far as it can be told: a side that can be asked for several at once is. */
function expectReads(session: Session, links: readonly PairLink[]): void {
  for (const side of ["left", "right"] as const) {
    if (session.pair.sides[side].connector.getMany === undefined) continue;
    const ids = links.flatMap((link) => {
      const pair = openPair(link);
      const id = recordId(link, side);
      return id !== null && readsOf(session, pair).includes(side) ? [id] : [];
    });
    session.ahead.expect(side, ids);
  }
}

function readsOf(session: Session, pair: Pair): readonly Side[] {
  const reading = sidesToRead(session, pair);
  if (reading.length > 0) return reading;
  const { writes } = foresee(session, pair);
  return (["left", "right"] as const).flatMap((side) => {
    const write = writes[side];
    return write === null ? [] : needsReading(session, pair, side, write);
  });
}

/** What ends a whole pass; anything else is one record's own trouble. */
const fatalCodes: ReadonlySet<string> = new Set([
  "ACCESS_LOST",
  "CANCELLED",
  "LEASE_LOST",
  "STORE_FAILED",
  "NOTION_UNAUTHORIZED",
  "NOTION_FORBIDDEN",
]);
/** What only a person can mend, first and at the longest (ms). */
const troubleWaitMs = 60_000;
const troubleWaitMaxMs = 6 * 3_600_000;

/** One bad record never stops the others: it is put aside with its problem and tried again later. */
async function attempt(session: Session, link: PairLink, options: ConvergeOptions) {
  try {
    const ending = await converge(session, link, options);
    if (ending.kind === "agreed" && options.onPlan === null) session.tally.agreed(link.id);
    return ending;
  } catch (error) {
    if (!(error instanceof LockstepError) || fatalCodes.has(error.code) || session.signal.aborted)
      throw error;
    await putAside(session, link, error);
    return null;
  }
}

async function putAside(session: Session, { id }: PairLink, error: LockstepError): Promise<void> {
  const pair = await reload(session, id);
  if (pair === null) return;
  const attempts = pair.doc.attempts + 1;
  const asked = typeof error.retry === "object" ? error.retry.afterMs : 0;
  const own =
    error.retry === "never"
      ? Math.min(troubleWaitMaxMs, troubleWaitMs * 2 ** Math.min(attempts - 1, 20))
      : backOffMs(attempts, session.deps.ids.random());
  const wait = Math.max(asked, own);
  const dueAt = Math.ceil(session.deps.clock.now() + wait);
  const problem = `${error.code}: ${error.message}`;
  const changed = { link: { ...pair.link, dueAt, problem }, doc: { ...pair.doc, attempts } };
  await commitChanges(session, [unchangedHistory(changed)]);
}

/** For a dry run: every pair that is due, and what would be written for it. Nothing is carried out. */
export async function planAll(
  session: Session,
  onPlan: NonNullable<ConvergeOptions["onPlan"]>,
): Promise<void> {
  const { deps, pair } = session;
  const seen = new Set<string>();
  const now = deps.clock.now();
  for (;;) {
    const due = await deps.store.pairs.listDue(pair.id, { now, limit: chunkMax + seen.size });
    const links = due.filter(({ id }) => !seen.has(id));
    if (links.length === 0) return;
    for (const link of links) {
      demandGoing(session);
      seen.add(link.id);
      await attempt(session, openPair(link).link, { deletable: new Set(), onPlan });
    }
  }
}
