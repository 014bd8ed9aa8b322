import type { Config } from "../config/config.ts";
import { LockstepError } from "../core/errors.ts";
import { runSync, startedRun } from "../engine/run.ts";
import type { EngineDeps, OnProgress, SyncDefinition } from "../engine/sync.ts";
import type { HttpStats } from "../http/client.ts";
import type { Run } from "../store/store.ts";
import type { Lockstep, PlanReport, Progress, RunReport, SyncOptions } from "./lockstep.ts";
import { planFailed, planSource } from "./plan.ts";
import { chooseTargets, noSuchSync, type Resolved, type Source, type Syncs, type Target } from "./syncs.ts";

/** What running syncs needs: the engine's world, what is configured, and the way to Notion. */
export interface SyncWorld {
  readonly deps: EngineDeps;
  readonly config: Config;
  readonly syncs: Syncs;
}

/** Runs the named syncs one after another. One that fails is in its report, and stops none of the others. */
export async function runSyncs(
  world: SyncWorld,
  names: readonly string[],
  options: SyncOptions,
): Promise<RunReport[]> {
  const reports: RunReport[] = [];
  for (const target of chooseTargets(world.config, names)) {
    const found = await resolve(world, target, { isDry: false, signal: options.signal });
    if ("error" in found) {
      reports.push(await recordFailure(world, lookupOf(target, found.stats), options.trigger, found.error));
      continue;
    }
    for (const source of found.sources) reports.push(await runSource(world, source, options));
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
    const found = await resolve(world, target, { isDry: true, signal: options.signal });
    if ("error" in found) {
      reports.push(planFailed(target.database.name, found.error));
      continue;
    }
    for (const source of found.sources) {
      const definition = world.syncs.definitionOf(source);
      const onProgress = await progressOf(world, definition, options.onProgress);
      reports.push(await planSource(world.deps, definition, { ...options, onProgress }));
    }
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
  { database, only }: Target,
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
    return recordFailure(world, definition, options.trigger, error);
  }
}

function lookupOf({ database }: Target, stats: HttpStats): Failed {
  const id = `notion:${database.notionId}`;
  return { id, name: database.name, sourceId: database.notionId, meter: () => stats };
}

type Failed = Pick<SyncDefinition, "id" | "name" | "sourceId" | "meter">;

/** Evidence of a run that could not begin. */
async function recordFailure(
  { deps }: SyncWorld,
  sync: Failed,
  trigger: string,
  error: LockstepError,
): Promise<RunReport> {
  const { calls, retries } = sync.meter();
  const begun = startedRun(deps, sync, trigger, null);
  const run: Run = {
    ...begun,
    status: error.code === "RUN_IN_PROGRESS" ? "refused" : "failed",
    endedAt: begun.startedAt,
    calls,
    retries,
    errors: [{ code: error.code, message: error.message }],
  };
  await deps.store.startRun(run);
  return { sync: sync.name, run };
}
