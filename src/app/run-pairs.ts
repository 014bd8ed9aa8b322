import type { PairConfig } from "../config/config.ts";
import { LockstepError } from "../core/errors.ts";
import { isJsonObject } from "../core/json.ts";
import type { Side } from "../core/two-way/mapping.ts";
import type { PairDefinition, PassPhase } from "../engine/two-way/definition.ts";
import { runPass } from "../engine/two-way/pass.ts";
import { readState } from "../engine/two-way/state.ts";
import type { Run } from "../store/store.ts";
import { lookupKey } from "./data-sources.ts";
import { recordFailure } from "./failed-run.ts";
import type { Progress, RunReport, SyncOptions } from "./lockstep.ts";
import type { PairSource } from "./pairs.ts";
import { isLibraryPair, isPlanningPair, isSqlPair, rightNameOf } from "./right-side.ts";
import type { SyncWorld } from "./run-syncs.ts";
import { pairsIn } from "./targets.ts";
import type { SideLabels } from "./two-way.ts";

const bothSides: readonly Side[] = ["left", "right"];

/** Runs a two-way sync once. What keeps it from running is in its report, with evidence in the store. */
export async function runPair(world: SyncWorld, table: PairConfig, options: SyncOptions): Promise<RunReport> {
  const [report] = await runPairAndRules(world, table, options);
  return report;
}

/** The same, and after its report those of what followed by the library's rules. */
export async function runPairAndRules(
  world: SyncWorld,
  table: PairConfig,
  options: SyncOptions,
): Promise<[RunReport, ...RunReport[]]> {
  let source: PairSource | null = null;
  try {
    source = await world.pairs.resolve(table, { isDry: false, signal: options.signal });
    const report = await passOver(world, source, { ...options, polls: bothSides });
    return [report, ...(await followRules(world, table, options))];
  } catch (error) {
    // Without a secret nothing can be asked, and there is nothing to tell but its name.
    if (!(error instanceof LockstepError) || error.code === "SECRET_MISSING") throw error;
    return [await recordPairFailure(world, source ?? { config: table }, options.trigger, error)];
  }
}

/**
 * Carries out what is due already; nobody is asked for changes. A large run at a limited rate passes over what would have
 * to wait too long for its turn, and leaves it due. null: nothing is.
 */
export async function runDue(
  world: SyncWorld,
  pair: PairConfig,
  options: SyncOptions,
): Promise<RunReport | null> {
  const source = await world.pairs.known(pair);
  const dueAt = source === null ? null : await world.deps.store.pairs.nextDue(source.syncId);
  if (source === null || dueAt === null || dueAt > world.deps.clock.now()) return null;
  try {
    return await passOver(world, source, { ...options, trigger: "due", polls: [] });
  } catch (error) {
    // Whoever has it does what is due.
    if (error instanceof LockstepError && error.code === "RUN_IN_PROGRESS") return null;
    throw error;
  }
}

/** What follows from a run by the library's rules, and its way to Notion. Empty: nothing does. */
export async function followRules(
  world: SyncWorld,
  config: PairConfig,
  options: SyncOptions,
): Promise<RunReport[]> {
  if (!isLibraryPair(config)) return [];
  const run = (await world.library?.passed(config)) ?? null;
  if (run === null) return [];
  const reports: RunReport[] = [{ sync: config.library.name, run }];
  for (const pair of pairsIn(world.config).filter(isLibraryPair)) {
    const source = await world.pairs.known(pair);
    if (source === null) continue;
    reports.push(await passOver(world, source, { ...options, trigger: "cascade", polls: ["right"] }));
  }
  return reports;
}

/** Leaves evidence of a run that could not begin. */
export function recordPairFailure(
  { deps }: SyncWorld,
  { config, ref, syncId }: Pick<PairSource, "config"> & Partial<PairSource>,
  trigger: string,
  error: LockstepError,
): Promise<RunReport> {
  const failed = {
    id: syncId ?? lookupKey(config.notion.id),
    name: config.name,
    sourceId: ref?.id ?? config.notion.id,
    type: "two-way",
    source: `Notion and ${rightNameOf(config)}`,
    meter: () => ({ calls: 0, retries: 0, waitingMs: 0 }),
  } as const;
  return recordFailure(deps, failed, trigger, error);
}

/** One pass, and what then waits for a person. Throws what kept it from beginning, RUN_IN_PROGRESS among it. */
export async function passOver(
  world: SyncWorld,
  source: PairSource,
  options: PassRequest,
): Promise<RunReport> {
  const { deps, planning } = world;
  const isPlanned = planning !== null && isPlanningPair(source.config);
  const run = isPlanned
    ? await planning.around(source, options, {
        pass: (once) => passOnce(world, source, once),
        rows: () => world.pairs.left(source),
      })
    : await passOnce(world, source, options);
  if (run.status === "succeeded" && hasSwept(run)) await tidy(world, source);
  const { openConflicts, openHolds, problems } = await deps.store.pairs.getPairTotals(source.syncId);
  return { sync: source.config.name, run, open: { conflicts: openConflicts, holds: openHolds, problems } };
}

type PassRequest = SyncOptions & { readonly polls: readonly Side[] };

async function passOnce({ deps, pairs }: SyncWorld, source: PairSource, options: PassRequest): Promise<Run> {
  const definition = await pairs.definitionOf(source);
  return runPass(deps, definition, {
    trigger: options.trigger,
    isFull: options.isFull === true,
    polls: options.polls,
    allowDeletes: options.allowDeletes ?? null,
    isAccepted: options.isAccepted === true || pairs.recipeOf(source.config).isAccepted,
    onProgress: pairProgress(definition, options.onProgress),
    signal: options.signal,
  });
}

/** Handled hints are remembered this long, so that one that is delivered again is known. */
const hintsKeptMs = 30 * 86_400_000;

/** Forgets what everybody has read: old hints, and changes that the table's triggers noted. */
async function tidy({ deps, pairs }: SyncWorld, { config, syncId }: PairSource): Promise<void> {
  const { store, clock } = deps;
  const { sides } = readState(await store.pairs.getState(syncId));
  await store.pairs.pruneInbox(new Date(clock.now() - hintsKeptMs).toISOString());
  if (!isSqlPair(config)) return;
  await pairs
    .table(config)
    .capture.trim(sides.right.checkpoint)
    .catch((error: unknown) => {
      // The table may be busy, or its capture installed anew: there is a next time.
      if (!(error instanceof LockstepError)) throw error;
    });
}

function hasSwept({ certificate }: Run): boolean {
  const windows = isJsonObject(certificate) ? certificate.windows : null;
  return (
    Array.isArray(windows) && windows.some((window) => isJsonObject(window) && window.stream === "sweep")
  );
}

/** Turns the engine's phases into progress with the sync's name, its sides' names and its requests. */
export function pairProgress(
  { name, sides }: PairDefinition,
  onProgress: ((progress: Progress) => void) | undefined,
): (phase: PassPhase, records: number) => void {
  if (onProgress === undefined) return () => {};
  return (phase, rows) => {
    const { calls, waitingMs } = sides.left.meter();
    const words = phase.replace("left", sides.left.label).replace("right", sides.right.label);
    onProgress({ sync: name, phase: words, rows, rowsExpected: null, calls, waitingMs });
  };
}

export function labelsOf(config: PairConfig): SideLabels {
  return { left: "Notion", right: rightNameOf(config) };
}
