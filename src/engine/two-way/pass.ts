import type { Capabilities, Description } from "../../connector/connector.ts";
import type { Side } from "../../core/two-way/mapping.ts";
import type { Run, RunStatus } from "../../store/store.ts";
import { holdLease } from "../lease.ts";
import { begunRun, failureOf } from "../run-evidence.ts";
import type { PairDefinition, PairDeps, PassOptions } from "./definition.ts";
import { convergeAll, convergeUrgent } from "./drain.ts";
import { ReadAhead } from "./read-ahead.ts";
import { makeAllDue, makeRefusedDue, poll, type ReadingEnd, sweep, takeHints } from "./reading.ts";
import { commitChanges, type Session } from "./session.ts";
import { readState, type SyncState, stateJson, withSide } from "./state.ts";
import { PassTally } from "./tally.ts";

/** After being asked to stop, a write that is under way has this long to be answered (ms). */
const graceMs = 8_000;
const sides: readonly Side[] = ["left", "right"];

/**
 * One pass over a pair of collections: take up hints, read what changed on both sides, sweep where it is due, bring
 * every pair that is due to agreement. It always leaves evidence, also when it fails or is refused. Throws
 * RUN_IN_PROGRESS when another process holds the sync.
 */
export async function runPass(deps: PairDeps, pair: PairDefinition, options: PassOptions): Promise<Run> {
  const { store, clock } = deps;
  await using held = await holdLease(deps, pair.id, pair.name);
  const started = startedRun(deps, pair, options.trigger);
  await store.startRun(started);
  const tally = new PassTally();
  const meters = () => sides.map((side) => pair.sides[side].meter());
  const before = sum(meters());
  using stopping = stopGently(deps, options.signal, held.signal);
  const context = {
    deps,
    pair,
    held,
    tally,
    runId: started.id,
    options,
    onPage: convergeUrgent,
    ...stopping,
  };
  const outcome = await carryOut(context);
  await tellAgreed(context);
  const after = sum(meters());
  const finished: Run = {
    ...started,
    ...outcome,
    endedAt: new Date(clock.now()).toISOString(),
    counts: tally.counts(),
    calls: after.calls - before.calls,
    retries: after.retries - before.retries,
    certificate: tally.evidence(),
  };
  await store.saveRun(finished);
  options.onProgress("done", finished.counts.read);
  return finished;
}

/** Links looked up at once. */
const agreedMax = 500;

async function tellAgreed({ deps, pair, tally }: Context): Promise<void> {
  if (pair.onAgreed === undefined) return;
  const ids = tally.agreedLinks();
  for (let from = 0; from < ids.length; from += agreedMax) {
    const links = await deps.store.pairs.getLinks(pair.id, ids.slice(from, from + agreedMax));
    const agreed = links.flatMap(({ leftId, rightId, status, problem, dueAt }) =>
      leftId === null || rightId === null || status !== "live" || problem !== null || dueAt !== null
        ? []
        : [{ leftId, rightId }],
    );
    if (agreed.length > 0) await pair.onAgreed(agreed);
  }
}

export type Context = Pick<
  Session,
  "deps" | "pair" | "held" | "tally" | "runId" | "options" | "signal" | "sendSignal" | "onPage"
>;

async function carryOut(context: Context): Promise<Pick<Run, "status" | "errors" | "warnings">> {
  const warnings: string[] = [];
  try {
    const refusals = await perform(context, warnings, convergeAll);
    const status: RunStatus = refusals.length === 0 ? "succeeded" : "refused";
    return { status, errors: refusals.map((message) => ({ code: "GUARD_REFUSED", message })), warnings };
  } catch (error) {
    const failure = failureOf(error, context.signal, "what was done");
    return { status: failure.code === "CANCELLED" ? "cancelled" : "failed", errors: [failure], warnings };
  }
}

/** What follows on the reading: bring to agreement, or only say what would be done. Returns what was refused. */
export type Conclude = (session: Session, state: SyncState) => Promise<readonly string[]>;

/** Reads, then concludes. Returns why something was refused; empty: nothing was. */
export async function perform(
  context: Context,
  warnings: string[],
  conclude: Conclude,
): Promise<readonly string[]> {
  const { deps, pair, options } = context;
  options.onProgress("connecting", 0);
  let state = readState(await deps.store.pairs.getState(pair.id));
  const accepted = state.acceptedPrint;
  let due = sweepsDue(context, state);
  let opened = await open(context, state, { mustDescribe: due.length > 0 });
  warnings.push(...opened.session.mapping.warnings);
  if (!options.isAccepted && opened.state.acceptedPrint !== opened.session.mapping.print) {
    return [acceptanceNeeded(pair, opened.state)];
  }
  const { mapping, suspended } = opened.session;
  // Another mapping reads other values: both sides are listed anew before anything is compared.
  if (accepted !== null && accepted !== mapping.print) due = sides;
  if (state.suspended.some((name) => !suspended.includes(name))) await makeAllDue(opened.session);
  state = { ...opened.state, acceptedPrint: mapping.print, suspended };
  await commitChanges(opened.session, [], { state: stateJson(state) });

  if (options.isFull) await makeRefusedDue(opened.session);
  await takeHints(opened.session);
  for (const side of options.polls) {
    let end: ReadingEnd = await poll(opened.session, state, side);
    if (end.isSchemaChanged) {
      opened = await open(context, end.state, { mustDescribe: true });
      warnings.push(...opened.session.mapping.warnings.filter((warning) => !warnings.includes(warning)));
      state = opened.state;
      if (!options.isAccepted && state.acceptedPrint !== opened.session.mapping.print) {
        return [acceptanceNeeded(pair, state)];
      }
      await makeRefusedDue(opened.session);
      end = await poll(opened.session, state, side);
    }
    state = end.state;
  }
  for (const side of due) state = await sweep(opened.session, state, side);
  return conclude(opened.session, state);
}

/** Descriptions, mapping and session. A description of an earlier pass is good enough: rows show whether it still holds. */
async function open(
  context: Context,
  stored: SyncState,
  how: { readonly mustDescribe: boolean },
): Promise<{ session: Session; state: SyncState }> {
  const { pair } = context;
  let state = stored;
  for (const side of sides) {
    if (!how.mustDescribe && state.sides[side].description !== null) continue;
    const description = await pair.sides[side].connector.describe(context.signal);
    state = withSide(state, side, { description });
  }
  const left = described(state, "left");
  const right = described(state, "right");
  const mapping = pair.bind({ left, right }, state.binding);
  state = { ...state, binding: mapping.binding };
  const session: Session = {
    ...context,
    mapping,
    fields: { left: left.fields, right: right.fields },
    capabilities: { left: left.capabilities, right: right.capabilities },
    suspended: mapping.suspended.map(({ name }) => name),
    heldFields: [],
    ahead: new ReadAhead(),
  };
  return { session, state };
}

function described(state: SyncState, side: Side): Description & { readonly capabilities: Capabilities } {
  const { description } = state.sides[side];
  if (description === null) throw new Error(`the ${side} side was not described`);
  return description;
}

function acceptanceNeeded(pair: PairDefinition, state: SyncState): string {
  const why = state.acceptedPrint === null ? "this is its first run" : "its mapping has changed";
  return `"${pair.name}" writes to both sides, and ${why}: look at \`lockstep plan ${pair.name}\`, then run it with --yes. Nothing was read or written.`;
}

function sweepsDue({ deps, pair, options }: Context, state: SyncState): readonly Side[] {
  const now = deps.clock.now();
  return sides.filter((side) => {
    const { lastSweepAt, checkpoint } = state.sides[side];
    // The first reading lists everything anyway.
    if (checkpoint === null || !options.polls.includes(side)) return false;
    if (options.isFull || lastSweepAt === null) return true;
    return now - Date.parse(lastSweepAt) >= pair.sides[side].sweepEveryMs;
  });
}

interface Stopping extends Disposable {
  /** Nothing new is begun once this aborts. */
  readonly signal: AbortSignal;
  /** Aborts a while later, for what is under way. */
  readonly sendSignal: AbortSignal;
}

export function stopGently({ clock }: PairDeps, asked: AbortSignal | undefined, lost: AbortSignal): Stopping {
  const signal = asked === undefined ? lost : AbortSignal.any([asked, lost]);
  const late = new AbortController();
  const over = new AbortController();
  const begin = () => {
    clock.sleep(graceMs, over.signal).then(
      () => late.abort(signal.reason),
      () => {},
    );
  };
  if (signal.aborted) begin();
  else signal.addEventListener("abort", begin, { once: true });
  return {
    signal,
    sendSignal: late.signal,
    [Symbol.dispose]() {
      signal.removeEventListener("abort", begin);
      over.abort();
    },
  };
}

function sum(meters: readonly { readonly calls: number; readonly retries: number }[]) {
  return {
    calls: meters.reduce((total, { calls }) => total + calls, 0),
    retries: meters.reduce((total, { retries }) => total + retries, 0),
  };
}

/** The evidence of a run that begins. */
export function startedRun(deps: PairDeps, pair: PairDefinition, trigger: string): Run {
  return begunRun(deps, {
    syncId: pair.id,
    type: "two-way",
    source: `${pair.sides.left.label} and ${pair.sides.right.label}`,
    sourceId: pair.sides.left.collectionId,
    trigger,
  });
}
