import type { PairConfig, SqlPairConfig } from "../config/config.ts";
import { LockstepError } from "../core/errors.ts";
import type { Side } from "../core/two-way/mapping.ts";
import { backOffMs } from "../engine/back-off.ts";
import { readState } from "../engine/two-way/state.ts";
import type { Run } from "../store/store.ts";
import type { Bell } from "./bell.ts";
import type { Herald } from "./herald.ts";
import type { RunReport } from "./lockstep.ts";
import { outlast } from "./outlast.ts";
import type { PairSource } from "./pairs.ts";
import { isPipelinePair, isSqlPair } from "./right-side.ts";
import { passOver, recordPairFailure } from "./run-pairs.ts";
import type { SyncWorld } from "./run-syncs.ts";
import { isAccessCode } from "./run-watch.ts";

/** Timers are 32 bit, and a sleeping machine should notice the time soon after it wakes. */
const sleepMsMax = 60_000;
/** Another process is at it: look again this soon. */
const busyMs = 2_000;
/** While a person has to mend something, the next try waits twice as long each time, up to this. */
const heldMsMax = 600_000;
/** Runs looked through for the last that asked both sides, whichever process made it. */
const recentRunsMax = 20;

/** Why a loop wakes before its time: a hint was stored, or one side is to be asked. */
export type Wish = "hint" | Side;

const allSides: readonly Side[] = ["left", "right"];
/** Triggers of runs that did not ask both sides for changes. */
const partialTriggers: readonly string[] = ["webhook", "change", "due", "push"];
/** Triggers of runs that did not ask the table. */
const tablelessTriggers: readonly string[] = ["webhook", "due"];

export interface FollowOptions {
  readonly bell: Bell<Wish>;
  readonly herald: Herald;
  readonly signal: AbortSignal;
  readonly onRun: (report: RunReport) => void;
}

/**
 * Keeps one two-way sync in agreement until the signal aborts: asks both sides at its interval, and in between whenever
 * something is told or falls due. Several processes may follow one sync: one at a time runs it, and what one has asked
 * the others need not. Throws SECRET_MISSING, and what nobody foresaw.
 */
export async function followPair(world: SyncWorld, table: PairConfig, options: FollowOptions): Promise<void> {
  const { clock, ids } = world.deps;
  const { herald, signal } = options;
  const random = () => ids.random();
  await outlast(() => follow(world, table, options), { name: table.name, clock, random, herald, signal });
}

async function follow(world: SyncWorld, table: PairConfig, options: FollowOptions): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const within = { ...options, signal };
  const source = await reach(world, table, within);
  if (source === null) return;
  // A pipeline's changes are gathered until the next push: a worker's every step would be a request otherwise. Lockstep's
  // own collections ring by themselves.
  const watching =
    isPipelinePair(table) || !isSqlPair(table) ? Promise.resolve() : keepWatching(world, table, within);
  try {
    await loop(world, source, within);
  } finally {
    over.abort();
    await watching;
  }
}

/** The data source, once Notion tells it. null: stopped before. */
async function reach(
  world: SyncWorld,
  table: PairConfig,
  options: FollowOptions,
): Promise<PairSource | null> {
  const { signal, onRun } = options;
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      return await world.pairs.resolve(table, { isDry: false, signal });
    } catch (error) {
      if (!(error instanceof LockstepError) || error.code === "SECRET_MISSING") throw error;
      if (signal.aborted) return null;
      onRun(await recordPairFailure(world, { config: table }, "poll", error));
      const ending = isAccessCode(error.code) ? "held" : "failed";
      await world.deps.clock.sleep(pauseMs(world, table, { ending, failures }), signal).catch(() => {});
    }
  }
  return null;
}

async function loop(world: SyncWorld, source: PairSource, options: FollowOptions): Promise<void> {
  const { bell, signal } = options;
  const { clock } = world.deps;
  let failures = 0;
  while (!signal.aborted) {
    const ending = await step(world, source, options);
    failures = ending === "failed" || ending === "held" ? failures + 1 : 0;
    if (ending === "busy") await clock.sleep(busyMs, signal).catch(() => {});
    else if (ending === "failed" || ending === "held")
      await clock.sleep(pauseMs(world, source.config, { ending, failures }), signal).catch(() => {});
    else await bell.wait(await restMs(world, source), signal);
  }
}

/** What passes by itself is tried again within a minute; what waits for a person, ever more rarely. */
function pauseMs(
  { deps }: SyncWorld,
  { pollSeconds }: Pick<PairConfig, "pollSeconds">,
  { ending, failures }: { readonly ending: "failed" | "held"; readonly failures: number },
): number {
  if (ending === "failed") return backOffMs(failures, deps.ids.random());
  return Math.min(heldMsMax, pollSeconds * 1_000 * 2 ** Math.min(failures, 10));
}

/** `held`: nothing will go well until a person has mended something. */
type Ending = "done" | "idle" | "busy" | "failed" | "held";

async function step(world: SyncWorld, source: PairSource, options: FollowOptions): Promise<Ending> {
  const { bell } = options;
  // Taken also when nothing may be done yet: the run that a person lets write looks at everything.
  const wishes = bell.take();
  let ending: Ending | null = null;
  try {
    ending = await carryOut(world, source, { ...options, wishes });
    return ending;
  } finally {
    if (ending === null || ending === "busy") for (const wish of wishes) bell.ring(wish);
  }
}

async function carryOut(
  world: SyncWorld,
  source: PairSource,
  { wishes, signal, onRun }: FollowOptions & { readonly wishes: ReadonlySet<Wish> },
): Promise<Ending> {
  if (!(await isAccepted(world, source))) return "idle";
  const errand = await errandOf(world, source, wishes);
  if (errand === null) return "idle";
  try {
    const report = await passOver(world, source, { ...errand, signal });
    onRun(report);
    await world.pipeline?.ran(source, report.run);
    await world.library?.passed(source.config);
    world.planning?.ran(source, report.run);
    return endingOf(report.run);
  } catch (error) {
    if (!(error instanceof LockstepError) || error.code === "SECRET_MISSING") throw error;
    if (error.code === "RUN_IN_PROGRESS") return "busy";
    const report = await recordPairFailure(world, source, errand.trigger, error);
    onRun(report);
    await world.pipeline?.ran(source, report.run);
    world.planning?.ran(source, report.run);
    return endingOf(report.run);
  }
}

interface Errand {
  readonly trigger: string;
  readonly polls: readonly Side[];
}

/** What a pass has to do now; null: nothing. */
async function errandOf(
  world: SyncWorld,
  source: PairSource,
  wishes: ReadonlySet<Wish>,
): Promise<Errand | null> {
  const now = world.deps.clock.now();
  const { pollAt, pushAt, dueAt } = await timesOf(world, source);
  if (pollAt <= now) return { trigger: "poll", polls: allSides };
  const polls = allSides.filter((side) => wishes.has(side));
  if (wishes.has("hint")) return { trigger: "webhook", polls };
  if (polls.length > 0) return { trigger: "change", polls };
  if (pushAt !== null && pushAt <= now) return { trigger: "push", polls: ["right"] };
  return dueAt !== null && dueAt <= now ? { trigger: "due", polls: [] } : null;
}

/** Without a person's word nothing is written; then nothing is asked either. */
async function isAccepted({ deps, pairs }: SyncWorld, { syncId, config }: PairSource): Promise<boolean> {
  if (pairs.recipeOf(config).isAccepted) return true;
  return readState(await deps.store.pairs.getState(syncId)).acceptedPrint !== null;
}

interface Times {
  /** When both sides are to be asked again, by when anybody asked them last. */
  readonly pollAt: number;
  /** When the table is to be asked again; null: it says so itself. */
  readonly pushAt: number | null;
  /** When a record wants attention. */
  readonly dueAt: number | null;
}

async function timesOf(world: SyncWorld, { syncId, config }: PairSource): Promise<Times> {
  const { store } = world.deps;
  const runs = await store.listRuns({ syncId, limit: recentRunsMax });
  const after = (without: readonly string[], ms: number) => {
    const last = runs.find(({ trigger }) => !without.includes(trigger)) ?? runs.at(-1);
    return last === undefined ? 0 : Date.parse(last.startedAt) + ms;
  };
  const { pollMs, pushMs } = intervalsOf(world, config);
  const dueAt = await store.pairs.nextDue(syncId);
  // What was due when the last run began, and still is, waits for more than time: a guard holds it, say.
  const isStuck = dueAt !== null && dueAt <= Date.parse(runs[0]?.startedAt ?? "");
  return {
    pollAt: after(partialTriggers, pollMs),
    pushAt: pushMs === null ? null : after(tablelessTriggers, pushMs),
    dueAt: isStuck ? null : dueAt,
  };
}

function intervalsOf(
  { pipeline }: SyncWorld,
  config: PairConfig,
): { readonly pollMs: number; readonly pushMs: number | null } {
  if (isPipelinePair(config) && pipeline !== null) return pipeline.intervals();
  return { pollMs: config.pollSeconds * 1_000, pushMs: null };
}

async function restMs(world: SyncWorld, source: PairSource): Promise<number> {
  if (!(await isAccepted(world, source))) return Math.min(sleepMsMax, source.config.pollSeconds * 1_000);
  const { pollAt, pushAt, dueAt } = await timesOf(world, source);
  const next = Math.min(pollAt, pushAt ?? pollAt, dueAt ?? pollAt);
  return Math.max(0, Math.min(sleepMsMax, next - world.deps.clock.now()));
}

function endingOf({ status, errors, certificate }: Run): Ending {
  if (status === "failed") return errors.some(({ code }) => isAccessCode(code)) ? "held" : "failed";
  if (status !== "refused") return "done";
  const windows = typeof certificate === "object" && certificate !== null && "windows" in certificate;
  const isEmpty = !windows || (Array.isArray(certificate.windows) && certificate.windows.length === 0);
  // It ended before it read anything: asking again at once would only fill the evidence.
  return isEmpty ? "held" : "done";
}

/** Edits in the table ring by themselves. That is only sooner than the interval, so whatever keeps it from working can wait. */
async function keepWatching(
  { deps, pairs }: SyncWorld,
  config: SqlPairConfig,
  { bell, signal }: FollowOptions,
): Promise<void> {
  while (!signal.aborted) {
    const ring = () => bell.ring("right");
    await Promise.try(() => pairs.table(config).watch(ring, signal)).catch(() => {});
    await deps.clock.sleep(config.pollSeconds * 1_000, signal).catch(() => {});
  }
}
