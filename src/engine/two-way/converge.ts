import { LockstepError } from "../../core/errors.ts";
import { otherSide, type Side } from "../../core/two-way/mapping.ts";
import type { PairPlan, SideWrite } from "../../core/two-way/pair.ts";
import { planPair } from "../../core/two-way/plan.ts";
import type { PairConflict, PairLink } from "../../store/pair-store.ts";
import { arm, foughtOver, freshMs, mayGoBlind, resolve, supersededVersions } from "./act.ts";
import { withoutDead } from "./alone.ts";
import { followConflicts, openConflicts, settlementsOf, triplesOf } from "./conflicts.ts";
import { duplicateProblem, duplicateRecheckMs, tendExtras } from "./extras.ts";
import { dueBy, isAmbiguous, openPair, type Pair, recordId, withIntents, withSeen } from "./link.ts";
import { fateOf, landNamed, openCreate } from "./lookup.ts";
import { marking, onlyMarker, sideToMark } from "./marks.ts";
import { discover } from "./reading.ts";
import { isRetired, openOn, readSide, sidesToRead, viewOf } from "./reads.ts";
import { isRefused } from "./refusals.ts";
import {
  commitChanges,
  demandGoing,
  type PairChange,
  reload,
  type Session,
  unchangedHistory,
} from "./session.ts";
import { rereadLater, waitsUnread } from "./unread.ts";

/** How a pair was left. `deletion`: it waits for the guard, which judges all deletions of a run together. */
export type Ending =
  | { readonly kind: "agreed" | "waiting" }
  | { readonly kind: "deletion"; readonly linkId: string; readonly side: Side };

/** What a pass allows and is told. */
export interface ConvergeOptions {
  /** Links whose deletion has passed the guard. */
  readonly deletable: ReadonlySet<string>;
  /** A dry run: told of every pair what would be written or waits, instead of writing. */
  readonly onPlan: ((pair: Pair, plan: PairPlan) => void) | null;
}

/** Rounds for one pair in one pass; each either ends it or follows from something new. */
const roundsMax = 16;
const waitAgainMs = 60_000;
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

type Step = { readonly ending: Ending } | { readonly change: PairChange | null };

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
    return send(session, marking(change, unmarked), { plan, stored, side: unmarked, write: onlyMarker });
  }
  const write = plan.writes[side];
  if (write === null) throw new Error("a side without a write was chosen");
  return carryOut(session, change, { plan, stored, side, write }, options);
}

async function restAsIs(session: Session, change: PairChange): Promise<Ending> {
  const { pair } = change;
  await save(session, { ...change, pair: { ...pair, link: { ...pair.link, dueAt: null } } });
  // What was told of it is looked at all the same, key and all: it may not be ambiguous any more, and is due then.
  for (const side of sidesToRead(session, pair)) {
    const id = recordId(pair.link, side);
    if (id !== null) await discover(session, side, [id]);
  }
  return { kind: "waiting" };
}

interface Planned {
  readonly plan: PairPlan;
  readonly stored: readonly PairConflict[];
  readonly side: Side;
  readonly write: SideWrite;
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
  const now = session.deps.clock.now();
  const needed = needsReading(session, pair, side, write);
  if (needed.length > 0) return { change: await readAll(session, change, needed) };
  if (write.kind === "trash" && !options.deletable.has(pair.link.id)) {
    // What was read is kept, whatever the guard says: it may let the deletion wait for days.
    if (change.versions.length > 0 && (await save(session, change)) === null) return { change: null };
    return { ending: { kind: "deletion", linkId: pair.link.id, side } };
  }
  const fought = foughtOver(pair, write, now);
  if (fought.length > 0) {
    const message = `OSCILLATION: ${fought.join(", ")} was set back again and again by somebody else`;
    return { ending: await postpone(session, troubled(change, message), 600_000) };
  }
  const doubts = openOn(pair, side).filter((intent) => !isRetired(pair, intent));
  if (doubts.length >= doubtsMax) {
    return {
      ending: await postponeTo(session, change, Math.min(...doubts.map(({ horizon }) => horizon)) + 1),
    };
  }
  return send(session, change, planned);
}

async function send(
  session: Session,
  change: PairChange,
  { plan, stored, side, write }: Planned,
): Promise<Step> {
  const { deps } = session;
  const based = withPlan(session, change, plan, stored);
  const versions = [...based.versions, ...supersededVersions(session, based.pair, plan)];
  const isBlind =
    session.capabilities[side].hasPreconditions || mayGoBlind(session, change.pair, { side, write });
  const readAt = isBlind ? null : (change.pair.doc.seen[side]?.readAt ?? 0);
  const armed = arm(session, { ...based, versions }, { side, write, readAt });
  const saved = await save(session, armed.change);
  if (saved === null) return { change: null };
  await tell(session, saved.pair, plan);
  demandGoing(session);
  const outcome = await session.pair.sides[side].connector
    .apply(armed.write, {
      sendBy: armed.sendBy,
      signal: session.sendSignal,
    })
    .catch(async (error: unknown) => {
      // Thrown only when nothing was written: the intent is void.
      const intents = saved.pair.doc.intents.filter(({ id }) => id !== armed.intent.id);
      await save(session, { ...saved, pair: withIntents(saved.pair, intents) });
      throw error;
    });
  session.tally.wrote(armed.intent.kind, outcome.kind);
  const resolved = resolve(session, saved.pair, armed.intent, outcome);
  if (outcome.kind === "doubt" && outcome.committedId !== null && write.kind === "create") {
    const named = await landNamed(session, resolved.change.pair, armed.intent, outcome.committedId);
    if (named !== null) return { change: await save(session, named) };
  }
  const now = deps.clock.now();
  if (resolved.next === "later") {
    await save(session, resolved.change);
    return { ending: { kind: "waiting" } };
  }
  const due = dueBy(resolved.change.pair, now, 1);
  return { change: await save(session, { ...resolved.change, pair: due }) };
}

/** A write is planned on what is there now, not on what a listing showed some time ago; a deletion doubly so. */
function needsReading(session: Session, pair: Pair, side: Side, write: SideWrite): readonly Side[] {
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

/** What would be planned on what is known now; conflicts that wait for a person are taken as undecided. */
export function foresee(session: Session, pair: Pair): PairPlan {
  return planOf(session, pair, []);
}

function planOf(session: Session, pair: Pair, stored: readonly PairConflict[]): PairPlan {
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
function nextSide(session: Session, pair: Pair, plan: PairPlan): Side | null {
  const wanted = (["left", "right"] as const).filter((side) => {
    const write = plan.writes[side];
    return write !== null && !isRefused(session, pair, side, write);
  });
  const firm = wanted.find((side) => session.capabilities[side].hasPreconditions);
  return firm ?? wanted[0] ?? null;
}

/** The pair with everything that the plan learned without writing. */
function withPlan(
  session: Session,
  change: PairChange,
  plan: PairPlan,
  stored: readonly PairConflict[],
): PairChange {
  const { pair } = change;
  const conflicts = followConflicts(session, pair, stored, plan);
  const intents = pair.doc.intents.filter((intent) => !isRetired(pair, intent));
  return {
    pair: {
      link: { ...pair.link, status: plan.base.status },
      doc: { ...pair.doc, base: plan.base.fields, intents, conflicts: conflicts.open },
    },
    versions: change.versions,
    conflicts: conflicts.rows,
  };
}

const recheckMs = [3_600_000, 6 * 3_600_000, 24 * 3_600_000] as const;

/** Nothing to write: the pair rests, until a doubt runs out or something is told. */
async function finish(
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
  const waits: number[] = isMissing ? [] : doc.intents.map(({ horizon }) => horizon + 1);
  if (session.heldFields.length > 0) waits.push(now + 1);
  let { attempts } = doc;
  let problem = duplicateProblem(doc);
  if (isMissing) {
    waits.push(now + (recheckMs[Math.min(attempts, 2)] ?? waitAgainMs));
    attempts += 1;
    problem = "RECORD_MISSING";
  } else if (waitsUnread(rested.pair, plan)) {
    waits.push(now + Math.min(unreadMaxMs, waitAgainMs * 2 ** Math.min(attempts, 20)));
    attempts += 1;
    problem = "RECORD_INCOMPLETE: a field has changed here that could not be read there";
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
  const isUnread = isMissing || waitsUnread(rested.pair, plan);
  if ((await save(session, { ...rested, pair: isUnread ? rereadLater(pair, plan) : pair })) === null)
    return { kind: "waiting" };
  await tell(session, rested.pair, plan);
  return { kind: isAgreed ? "agreed" : "waiting" };
}

async function tell(session: Session, { link, doc }: Pair, { refused, unmappable }: PairPlan): Promise<void> {
  if (refused.length + unmappable.length === 0) return;
  const { leftId, rightId } = link;
  const values = { left: doc.seen.left?.values ?? {}, right: doc.seen.right?.values ?? {} };
  const notice = { linkId: link.id, leftId, rightId, refused, unmappable, values, runId: session.runId };
  await session.pair.onNotice?.(notice);
}

const unreadMaxMs = 6 * 3_600_000;

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

function troubled(change: PairChange, problem: string): PairChange {
  return { ...change, pair: { ...change.pair, link: { ...change.pair.link, problem } } };
}

function postpone(session: Session, change: PairChange, ms: number): Promise<Ending> {
  return postponeTo(session, change, session.deps.clock.now() + ms);
}

async function postponeTo(session: Session, change: PairChange, dueAt: number): Promise<Ending> {
  const { link, doc } = change.pair;
  await save(session, { ...change, pair: { link: { ...link, dueAt, priority: 1 }, doc } });
  return { kind: "waiting" };
}

function join(before: PairChange, after: PairChange): PairChange {
  return {
    pair: after.pair,
    versions: [...before.versions, ...after.versions],
    conflicts: [...before.conflicts, ...after.conflicts],
  };
}

/** Makes a change durable; what it carried is spent. null: the pair was changed by somebody else. */
async function save(session: Session, change: PairChange): Promise<PairChange | null> {
  const saved = await commitChanges(session, [change]);
  const [pair] = saved ?? [];
  return pair === undefined ? null : unchangedHistory(pair);
}
