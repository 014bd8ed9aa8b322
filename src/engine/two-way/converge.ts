import { LockstepError } from "../../core/errors.ts";
import { otherSide, type Side } from "../../core/two-way/mapping.ts";
import type { PairPlan, SideWrite } from "../../core/two-way/pair.ts";
import type { PairLink } from "../../store/pair-store.ts";
import { foughtOver, freshMs, mayGoBlind } from "./act.ts";
import { withoutDead } from "./alone.ts";
import { openConflicts } from "./conflicts.ts";
import { tendExtras } from "./extras.ts";
import { isAmbiguous, openPair, type Pair, withIntents, withSeen } from "./link.ts";
import { fateOf, openCreate } from "./lookup.ts";
import { marking, onlyMarker, sideToMark } from "./marks.ts";
import { openOn, readSide, sidesToRead } from "./reads.ts";
import { type Ending, finish, postpone, postponeTo, restAsIs, troubled, waitAgainMs } from "./rest.ts";
import { type Planned, type Step, send } from "./send.ts";
import {
  demandGoing,
  join,
  type PairChange,
  reload,
  type Session,
  save,
  unchangedHistory,
} from "./session.ts";
import { nextSide, planOf } from "./thought.ts";

/** What a pass allows and is told. */
export interface ConvergeOptions {
  /** Links whose deletion has passed the guard. */
  readonly deletable: ReadonlySet<string>;
  /** A dry run: told of every pair what would be written or waits, instead of writing. */
  readonly onPlan: ((pair: Pair, plan: PairPlan) => void) | null;
}

/** Rounds for one pair in one pass; each either ends it or follows from something new. */
const roundsMax = 16;
/**
 * Writes to one side of a pair that may be in doubt at once: one, and one more when a look shows no effect of it. Whoever
 * swallows both swallows more; the next waits until the first can no longer take effect.
 */
const doubtsMax = 2;

/**
 * Brings one pair to agreement: look, plan, write, look at the answer, until the plan is empty or has to wait. One
 * write at a time, each written down before it is sent.
 */
export async function converge(session: Session, link: PairLink, options: ConvergeOptions): Promise<Ending> {
  let change = unchangedHistory(orphaned(openPair(link)));
  for (let round = 0; round < roundsMax; round++) {
    demandGoing(session);
    const step = await takeStep(session, change, options);
    if ("ending" in step) return step.ending;
    if (step.change !== null) {
      change = step.change;
      continue;
    }
    // Somebody else changed the pair: start from what is stored.
    const again = await reload(session, link.id);
    if (again === null) return { kind: "waiting" };
    change = unchangedHistory(orphaned(again));
  }
  return postpone(session, change, waitAgainMs);
}

async function takeStep(session: Session, change: PairChange, options: ConvergeOptions): Promise<Step> {
  const { pair } = change;
  // Several records could be meant, and a person has not said which: whatever made it due, nothing is made of it.
  if (isAmbiguous(pair.link)) return { ending: await restAsIs(session, change) };
  const create = openCreate(pair);
  if (create !== undefined) {
    const fate = await fateOf(session, pair, create);
    if (fate.kind === "unsettled") return { ending: await postponeTo(session, change, fate.at) };
    return { change: await save(session, join(change, fate.change)) };
  }
  const reading = sidesToRead(session, pair);
  if (reading.length > 0) return { change: await readAll(session, change, reading) };
  const extras = await tendExtras(session, pair);
  if (extras === "stale") return { change: null };
  if (extras !== null) return { change: await save(session, join(change, extras)) };

  const alone = withoutDead(pair);
  if (alone !== null) return { change: await save(session, { ...change, pair: alone }) };

  const stored = await openConflicts(session, pair);
  const plan = planOf(session, pair, stored);
  if (plan.fetch.length > 0) return { change: demandReads(session, change, plan) };
  const side = nextSide(session, pair, plan);
  if (side === null) {
    options.onPlan?.(pair, plan);
    const unmarked = options.onPlan === null ? sideToMark(session, pair, plan) : undefined;
    if (unmarked === undefined) return { ending: await finish(session, change, plan, stored) };
    const needed = needsReading(session, pair, unmarked, onlyMarker);
    if (needed.length > 0) return { change: await readAll(session, change, needed) };
    return send(session, marking(change, unmarked), { plan, stored, side: unmarked, write: onlyMarker });
  }
  const write = plan.writes[side];
  if (write === null) throw new Error("a side without a write was chosen");
  return carryOut(session, change, { plan, stored, side, write }, options);
}

async function carryOut(
  session: Session,
  change: PairChange,
  planned: Planned,
  options: ConvergeOptions,
): Promise<Step> {
  const { pair } = change;
  const { plan, side, write } = planned;
  if (options.onPlan !== null) {
    options.onPlan(pair, plan);
    return { ending: { kind: "agreed" } };
  }
  const needed = needsReading(session, pair, side, write);
  if (needed.length > 0) return { change: await readAll(session, change, needed) };
  if (write.kind === "trash" && !options.deletable.has(pair.link.id)) {
    // What was read is kept, whatever the guard says: it may let the deletion wait for days.
    if (change.versions.length > 0 && (await save(session, change)) === null) return { change: null };
    return { ending: { kind: "deletion", linkId: pair.link.id, side } };
  }
  const fought = foughtOver(session, pair, { side, write });
  if (fought.length > 0) {
    const message = `OSCILLATION: ${fought.join(", ")} was set back again and again by somebody else`;
    return { ending: await postpone(session, troubled(change, message), 600_000) };
  }
  const now = session.deps.clock.now();
  const doubts = openOn(pair, side).filter(({ horizon }) => now <= horizon);
  if (doubts.length >= doubtsMax) {
    return {
      ending: await postponeTo(session, change, Math.min(...doubts.map(({ horizon }) => horizon)) + 1),
    };
  }
  return send(session, change, planned);
}

/** A write is planned on what is there now, not on what a listing showed some time ago; a deletion doubly so. */
export function needsReading(session: Session, pair: Pair, side: Side, write: SideWrite): readonly Side[] {
  const now = session.deps.clock.now();
  const source = otherSide(side);
  const needed: Side[] = [];
  const target = pair.doc.seen[side];
  const isFresh = target?.isStrong === true && now - target.readAt < freshMs;
  const isChecked = session.capabilities[side].hasPreconditions || mayGoBlind(session, pair, { side, write });
  if (write.kind !== "create" && !isFresh && !isChecked) needed.push(side);
  if (write.kind === "trash" && pair.doc.seen[source]?.isStrong !== true) needed.push(source);
  return needed;
}

async function readAll(session: Session, change: PairChange, reading: readonly Side[]): Promise<PairChange> {
  let next = change;
  for (const side of reading) {
    const read = await readSide(session, next.pair, side);
    next = { ...next, pair: read.pair, versions: [...next.versions, ...read.versions] };
  }
  return next;
}

/** Something is needed that listings do not show. A second look by id that lacks it too ends the attempt. */
function demandReads(session: Session, change: PairChange, plan: PairPlan): PairChange {
  let { pair } = change;
  for (const side of plan.fetch) {
    const seen = pair.doc.seen[side];
    if (seen === null) continue;
    if (seen.isStrong && session.deps.clock.now() - seen.readAt < freshMs) {
      throw new LockstepError(
        "RECORD_INCOMPLETE",
        `Record ${pair.link.leftId ?? pair.link.rightId} of "${session.pair.name}" cannot be read whole, and nothing is decided on a part of it.`,
      );
    }
    pair = withSeen(pair, side, { ...seen, mustRead: true });
  }
  return { ...change, pair };
}

/** Intents of a process that is gone: nobody knows what became of them. */
function orphaned(pair: Pair): Pair {
  if (pair.doc.intents.every(({ state }) => state === "doubt")) return pair;
  return withIntents(
    pair,
    pair.doc.intents.map((intent) => ({ ...intent, state: "doubt" as const })),
  );
}
