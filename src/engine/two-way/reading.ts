import type { PullBatch, PullEnd, PullMode } from "../../connector/connector.ts";
import { LockstepError } from "../../core/errors.ts";
import type { SourceRecord } from "../../core/record.ts";
import type { Side } from "../../core/two-way/mapping.ts";
import type { StoredInboxEvent } from "../../store/pair-store.ts";
import { takeIn } from "./intake.ts";
import { dueBy, isAmbiguous, openPair, type Pair, recordId, withSeen } from "./link.ts";
import { commitChanges, demandGoing, type PairChange, type Session, unchangedHistory } from "./session.ts";
import { type SyncState, stateJson, withSide } from "./state.ts";

/** Suspects of a sweep looked at in one go. */
const batchMax = 200;
/** Hints read in one go. They are small, and many of them name the same records. */
const hintsMax = 1_000;
/** So many goes at once; what comes faster than that waits for the next look. */
const hintRoundsMax = 50;

/** What a side showed: where reading goes on, and whether its columns are other than remembered. */
export interface ReadingEnd {
  readonly state: SyncState;
  readonly isSchemaChanged: boolean;
}

/** Reads what changed on a side since its checkpoint; everything, the first time. The checkpoint moves last. */
export async function poll(session: Session, state: SyncState, side: Side): Promise<ReadingEnd> {
  const { checkpoint } = state.sides[side];
  const isFirst = checkpoint === null || checkpoint.kind === "full";
  const mode: PullMode = isFirst ? "full" : "changes";
  let current = state;
  const end = await pull(session, { side, mode, checkpoint }, async (batch) => {
    if (batch.resumeAt === undefined) return;
    current = withSide(current, side, { checkpoint: batch.resumeAt });
    await commitChanges(session, [], { state: stateJson(current) });
  });
  demandComplete(session, side, end);
  if (end.isSchemaChanged) return { state: current, isSchemaChanged: true };
  // A first reading in one go has listed everything: nothing can be absent.
  const lastSweepAt =
    checkpoint === null ? new Date(session.deps.clock.now()).toISOString() : state.sides[side].lastSweepAt;
  current = withSide(current, side, { checkpoint: end.checkpoint, lastSweepAt });
  await commitChanges(session, [], { state: stateJson(current) });
  return { state: current, isSchemaChanged: false };
}

/** Lists a whole side. What it does not show is under suspicion, no more: each is read by id before anything follows. */
export async function sweep(session: Session, state: SyncState, side: Side): Promise<SyncState> {
  const { deps, pair, held } = session;
  const number = state.sides[side].sweep + 1;
  const begun = withSide(state, side, { sweep: number });
  await commitChanges(session, [], { state: stateJson(begun) });
  const mark = async (ids: readonly string[]) => {
    if (ids.length === 0) return;
    await deps.store.pairs.markSwept({
      syncId: pair.id,
      fence: held.lease.fence,
      side,
      sweep: number,
      recordIds: ids,
    });
  };
  const end = await pull(
    session,
    { side, mode: "sweep", checkpoint: state.sides[side].checkpoint },
    (batch) => mark([...batch.records, ...batch.same, ...batch.unreadable].map(({ id }) => id)),
  );
  demandComplete(session, side, end);
  await suspectAbsent(session, side, number);
  await lookForMissing(session, side);
  const finished = withSide(begun, side, { lastSweepAt: new Date(deps.clock.now()).toISOString() });
  await commitChanges(session, [], { state: stateJson(finished) });
  return finished;
}

async function pull(
  session: Session,
  request: {
    readonly side: Side;
    readonly mode: PullMode;
    readonly checkpoint: SyncState["sides"]["left"]["checkpoint"];
  },
  onBatch: (batch: PullBatch) => Promise<void>,
): Promise<PullEnd> {
  const { side, mode, checkpoint } = request;
  const { connector } = session.pair.sides[side];
  const readAt = session.deps.clock.now();
  const from = {
    side,
    readAt,
    isStrong: session.capabilities[side].hasPreconditions,
    detectedBy: mode === "sweep" ? "sweep" : "poll",
    priority: mode === "changes" ? 1 : 2,
  } as const;
  await using pulling = connector.pull({
    mode,
    checkpoint,
    memosOf: (ids) => memosOf(session, side, ids),
    knownFields: session.fields[side],
    signal: session.signal,
  });
  let count = 0;
  for (;;) {
    const next = await pulling.next();
    if (next.done === true) {
      session.tally.read(side, next.value);
      return next.value;
    }
    demandGoing(session);
    await takeIn(session, next.value.records, from);
    await onBatch(next.value);
    count += next.value.records.length + next.value.same.length;
    session.tally.unreadable(next.value.unreadable);
    await session.onPage(session);
    session.options.onProgress(mode === "sweep" ? `sweeping ${side}` : `reading ${side}`, count);
  }
}

async function memosOf(session: Session, side: Side, ids: readonly string[]) {
  const links = await session.deps.store.pairs.findLinks(session.pair.id, side, ids);
  return new Map(
    links.flatMap((link) => {
      const id = recordId(link, side);
      const seen = openPair(link).doc.seen[side];
      return id === null || seen === null || seen.mustRead
        ? []
        : [[id, { revision: seen.revision, memo: seen.memo }]];
    }),
  );
}

async function suspectAbsent(session: Session, side: Side, number: number): Promise<void> {
  const { deps, pair } = session;
  let after: string | null = null;
  for (;;) {
    const links = await deps.store.pairs.listUnswept(pair.id, {
      side,
      sweep: number,
      after,
      limit: batchMax,
    });
    if (links.length === 0) return;
    await lookAgain(session, links.map(openPair), { side, priority: 2 });
    after = links.at(-1)?.id ?? null;
  }
}

/** What was out of sight when it was wanted may be in the trash by now, where no list shows it. */
async function lookForMissing(session: Session, side: Side): Promise<void> {
  const { problems } = await session.deps.store.pairs.getPairTotals(session.pair.id);
  if (problems === 0) return;
  await makeDue(session, (pair) => {
    const seen = pair.doc.seen[side];
    const isMissing = pair.link.problem === "RECORD_MISSING" && seen?.presence === "unknown";
    return isMissing ? withSeen(pair, side, { ...seen, mustRead: true }) : null;
  });
}

/** Has every pair looked at again: something that kept them from agreeing is gone. */
export function makeAllDue(session: Session): Promise<void> {
  return makeDue(session, (pair) => pair);
}

/** The same for those whose writes were refused: columns have changed, or a person asks for another try. */
export function makeRefusedDue(session: Session): Promise<void> {
  return makeDue(session, ({ link, doc }) =>
    (doc.refused ?? null) === null ? null : { link, doc: { ...doc, refused: null } },
  );
}

async function makeDue(session: Session, choose: (pair: Pair) => Pair | null): Promise<void> {
  const now = session.deps.clock.now();
  let changes: PairChange[] = [];
  const flush = async () => {
    if (changes.length > 0) await commitChanges(session, changes);
    changes = [];
  };
  for await (const link of session.deps.store.pairs.iterateLinks(session.pair.id)) {
    const chosen = link.status === "unlinked" ? null : choose(openPair(link));
    if (chosen === null) continue;
    changes.push(unchangedHistory(dueBy(chosen, now, 2)));
    if (changes.length >= batchMax) await flush();
  }
  await flush();
}

/** Makes pairs due, with one side to be read by id first. */
async function lookAgain(
  session: Session,
  pairs: readonly ReturnType<typeof openPair>[],
  at: { readonly side: Side; readonly priority: number },
  handled: readonly number[] = [],
): Promise<void> {
  const now = session.deps.clock.now();
  const changes: PairChange[] = pairs.map((pair) => {
    const seen = pair.doc.seen[at.side];
    const doubted = seen === null ? pair : withSeen(pair, at.side, { ...seen, mustRead: true });
    return unchangedHistory(dueBy(doubted, now, at.priority));
  });
  const isSaved = (await commitChanges(session, changes, { handled })) !== null;
  if (isSaved) return;
  throw new LockstepError(
    "LEASE_LOST",
    `pairs of "${session.pair.name}" were changed by another process; this run stops`,
  );
}

/**
 * Takes up all hints that came in: the records they name are looked at first, each once however many hints name it. What
 * they say is not believed, and a hint that names a record nobody knows yet makes it known. Returns false when there was
 * nothing.
 */
export async function takeHints(session: Session): Promise<boolean> {
  for (let round = 0; round < hintRoundsMax; round += 1) {
    demandGoing(session);
    const events = await session.deps.store.pairs.listInbox(session.pair.id, hintsMax);
    if (events.length === 0) return round > 0;
    for (const side of ["left", "right"] as const) {
      const named = events.flatMap((event) => (event.side === side ? (event.recordId ?? []) : []));
      if (named.length > 0) await follow(session, side, [...new Set(named)]);
    }
    session.tally.hints(events);
    await commitChanges(session, [], { handled: events.map(({ seq }: StoredInboxEvent) => seq) });
    if (events.length < hintsMax) return true;
  }
  return true;
}

/** Makes the records that hints name due, to be read first. */
async function follow(session: Session, side: Side, ids: readonly string[]): Promise<void> {
  const found = await session.deps.store.pairs.findLinks(session.pair.id, side, ids);
  // An ambiguous record is taken in anew, key and all: it may have become unambiguous, and is not due before.
  const links = found.filter((link) => !isAmbiguous(link));
  const pairs = links.map(openPair).filter((pair) => !isAboutToBeRead(session, pair, side));
  if (pairs.length > 0) await lookAgain(session, pairs, { side, priority: 0 });
  const known = new Set(links.map((link) => recordId(link, side)));
  const unknown = ids.filter((id) => !known.has(id));
  await discover(session, side, unknown);
}

/** An earlier hint has made it so, and nobody has looked since: a further one has nothing to add. */
function isAboutToBeRead({ deps }: Session, { link, doc }: Pair, side: Side): boolean {
  const isFirst = link.priority === 0 && link.dueAt !== null && link.dueAt <= deps.clock.now();
  return isFirst && doc.seen[side]?.mustRead === true;
}

/** Reads records by id and takes them in, as a listing would show them. */
export async function discover(session: Session, side: Side, ids: readonly string[]): Promise<void> {
  const { connector } = session.pair.sides[side];
  for (const id of ids) {
    demandGoing(session);
    const readAt = session.deps.clock.now();
    const observation = await connector.get(id, session.signal);
    if (observation.presence !== "live") continue;
    const records: readonly SourceRecord[] = [observation.record];
    await takeIn(session, records, { side, readAt, isStrong: true, detectedBy: "webhook", priority: 0 });
  }
}

function demandComplete(session: Session, side: Side, end: PullEnd): void {
  if (end.isComplete) return;
  const { label } = session.pair.sides[side];
  throw new LockstepError(
    "SWEEP_INCOMPLETE",
    `${label} ("${session.pair.name}") could not be read to its end: ${end.reason ?? "no reason given"}. ` +
      "Nothing follows from what is missing, and the checkpoint stays; what was read is saved.",
    { retry: "safe" },
  );
}
