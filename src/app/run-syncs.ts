import type { Config } from "../config/config.ts";
import { LockstepError } from "../core/errors.ts";
import { runSync } from "../engine/run.ts";
import type { EngineDeps, OnProgress, SyncDefinition } from "../engine/sync.ts";
import type { HttpStats } from "../http/client.ts";
import { lookupKey } from "./data-sources.ts";
import { type Failed, recordFailure } from "./failed-run.ts";
import type { Library } from "./library.ts";
import type { Lockstep, PlanReport, Progress, RunReport, SyncOptions } from "./lockstep.ts";
import { planPair } from "./pair-plan.ts";
import type { Pairs } from "./pairs.ts";
import type { Pipeline } from "./pipeline.ts";
import { planFailed, planSource } from "./plan.ts";
import type { Planning } from "./planning.ts";
import { runPairAndRules } from "./run-pairs.ts";
import type { Resolved, Source, Syncs } from "./syncs.ts";
import { type BackupTarget, chooseTargets, noSuchSync } from "./targets.ts";

/** What running syncs needs: the engine's world, what is configured, and the ways to both kinds of sync. */
export interface SyncWorld {
  readonly deps: EngineDeps;
  readonly config: Config;
  readonly syncs: Syncs;
  readonly pairs: Pairs;
  /** null: none is configured. */
  readonly pipeline: Pipeline | null;
  readonly library: Library | null;
  readonly planning: Planning | null;
}

/** Runs the named syncs one after another. One that fails is in its report, and stops none of the others. */
export async function runSyncs(
  world: SyncWorld,
  names: readonly string[],
  options: SyncOptions,
): Promise<RunReport[]> {
  const reports: RunReport[] = [];
  for (const target of chooseTargets(world.config, names)) {
    if (target.kind === "table") reports.push(...(await runPairAndRules(world, target.table, options)));
    else reports.push(...(await runBackup(world, target, options)));
  }
  return reports;
}

/** Plans the named syncs. Writes nothing. */
export async function planSyncs(
  world: SyncWorld,
  names: readonly string[],
  options: Parameters<Lockstep["plan"]>[1],
): Promise<PlanReport[]> {
  const reports: PlanReport[] = [];
  for (const target of chooseTargets(world.config, names)) {
    if (target.kind === "table") reports.push(await planPair(world, target.table, options));
    else reports.push(...(await planBackup(world, target, options)));
  }
  return reports;
}

async function runBackup(world: SyncWorld, target: BackupTarget, options: SyncOptions): Promise<RunReport[]> {
  const found = await resolve(world, target, { isDry: false, signal: options.signal });
  if ("error" in found) {
    return [await recordFailure(world.deps, lookupOf(target, found.stats), options.trigger, found.error)];
  }
  const reports: RunReport[] = [];
  for (const source of found.sources) reports.push(await runSource(world, source, options));
  return reports;
}

async function planBackup(
  world: SyncWorld,
  target: BackupTarget,
  options: Parameters<Lockstep["plan"]>[1],
): Promise<PlanReport[]> {
  const found = await resolve(world, target, { isDry: true, signal: options.signal });
  if ("error" in found) return [planFailed(target.database.name, found.error)];
  const reports: PlanReport[] = [];
  for (const source of found.sources) {
    const definition = world.syncs.definitionOf(source);
    const onProgress = await progressOf(world, definition, options.onProgress);
    reports.push(await planSource(world.deps, definition, { ...options, onProgress }));
  }
  return reports;
}

/** Turns the engine's phases into progress with the sync's name and its requests. */
export async function progressOf(
  { deps }: SyncWorld,
  { id, name, meter }: SyncDefinition,
  onProgress: ((progress: Progress) => void) | undefined,
): Promise<OnProgress> {
  if (onProgress === undefined) return () => {};
  const { live } = await deps.store.getTotals(id);
  return (phase, rows) => {
    const { calls, waitingMs } = meter();
    onProgress({ sync: name, phase, rows, rowsExpected: live > 0 ? live : null, calls, waitingMs });
  };
}

async function resolve(
  { syncs }: SyncWorld,
  { database, only }: BackupTarget,
  options: { isDry: boolean; signal: AbortSignal | undefined },
): Promise<Resolved> {
  const found = await syncs.resolve(database, options);
  if ("error" in found || only === null) return found;
  const sources = found.sources.filter((source) => source.name === only);
  if (sources.length > 0) return { sources };
  throw noSuchSync(
    only,
    found.sources.map((source) => source.name),
  );
}

async function runSource(world: SyncWorld, source: Source, options: SyncOptions): Promise<RunReport> {
  const definition = world.syncs.definitionOf(source);
  try {
    const run = await runSync(world.deps, definition, {
      trigger: options.trigger,
      isFull: options.isFull === true,
      allowDeletes: options.allowDeletes ?? null,
      onProgress: await progressOf(world, definition, options.onProgress),
      signal: options.signal,
    });
    return { sync: source.name, run };
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return recordFailure(world.deps, definition, options.trigger, error);
  }
}

function lookupOf({ database }: BackupTarget, stats: HttpStats): Failed {
  const id = lookupKey(database.notionId);
  return { id, name: database.name, sourceId: database.notionId, meter: () => stats };
}
