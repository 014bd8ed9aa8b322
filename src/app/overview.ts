import type { DatabaseConfig } from "../config/config.ts";
import { LockstepError } from "../core/errors.ts";
import { nextRunAfter } from "../engine/schedule.ts";
import { verifyRun } from "../engine/verify.ts";
import { lookupKey } from "./data-sources.ts";
import { libraryId } from "./library-change.ts";
import { verifyLibraryRun } from "./library-overview.ts";
import { libraryStatusOf } from "./library-status.ts";
import type { Lockstep, RunReport, StatusReport, SyncStatus, Verification } from "./lockstep.ts";
import { pairStatusOf, verifyPairRun } from "./pair-overview.ts";
import { pipelineStatusOf } from "./pipeline-status.ts";
import { knownPairs } from "./questions.ts";
import { progressOf, type SyncWorld } from "./run-syncs.ts";
import type { Source } from "./syncs.ts";
import { noSuchSync, pairsIn } from "./targets.ts";

/** Every configured sync: running or not, when it ran and runs next, what it holds. Asks the store only. */
export async function statusOf(world: SyncWorld): Promise<StatusReport> {
  const { config, syncs } = world;
  const statuses: SyncStatus[] = [];
  for (const database of config.backup.databases) {
    const known = await syncs.known(database);
    const rows = known.length > 0 ? known : [{ name: database.name, syncId: lookupKey(database.notionId) }];
    for (const { name, syncId } of rows) statuses.push(await syncStatusOf(world, database, { name, syncId }));
  }
  return {
    config: config.file,
    store: config.store,
    syncs: statuses,
    pairs: await Promise.all(pairsIn(config).map((table) => pairStatusOf(world, table))),
    ...(await pipelineIn(world)),
    ...(config.library === undefined ? {} : { library: await libraryStatusOf(world.deps, config.library) }),
    ratePerMinute: config.notion.ratePerMinute,
  };
}

async function pipelineIn(world: SyncWorld): Promise<Pick<StatusReport, "pipeline">> {
  const { pipeline, deps } = world;
  if (pipeline === null) return {};
  const { name } = pipeline.config;
  const board = (await knownPairs(world)).find(({ config }) => config.name === name);
  if (board === undefined) return {};
  const { syncId } = board;
  const channels = pipeline.channels();
  return { pipeline: await pipelineStatusOf(deps.store.pairs, { sync: name, syncId, channels }) };
}

async function syncStatusOf(
  { deps }: SyncWorld,
  database: DatabaseConfig,
  { name, syncId }: { readonly name: string; readonly syncId: string },
): Promise<SyncStatus> {
  const { store, clock, isDead } = deps;
  const [lastRun = null] = await store.listRuns({ syncId, limit: 1 });
  const lease = await store.getLease(syncId);
  const { cron, timeZone } = database.schedule;
  const isScheduled = database.isEnabled && database.schedule.isEnabled;
  const next = isScheduled ? nextRunAfter(cron, timeZone, clock.now()) : null;
  return {
    sync: name,
    notionId: database.notionId,
    projectScopeId: database.projectScopeId,
    isEnabled: database.isEnabled,
    isRunning: lease !== null && lease.until > clock.now() && !isDead(lease.owner),
    schedule: database.schedule,
    nextRunAt: next === null ? null : new Date(next).toISOString(),
    lastRun,
    totals: await store.getTotals(syncId),
  };
}

export async function runsOf(
  world: SyncWorld,
  filter: { sync?: string | undefined; limit: number },
): Promise<RunReport[]> {
  const names = await namesById(world);
  const ids = [...names].filter(([, name]) => name === filter.sync).map(([id]) => id);
  if (filter.sync !== undefined && ids.length === 0)
    throw noSuchSync(filter.sync, [...new Set(names.values())]);
  // A sync may have evidence from before its data source was known: of lookups that failed.
  const wanted = filter.sync === undefined ? [undefined] : ids;
  const found = await Promise.all(
    wanted.map((syncId) => world.deps.store.listRuns({ syncId, limit: filter.limit })),
  );
  const newestFirst = found.flat().sort((a, b) => (a.id < b.id ? 1 : -1));
  return newestFirst
    .slice(0, filter.limit)
    .map((run) => ({ sync: names.get(run.syncId) ?? run.syncId, run }));
}

export async function runOf(world: SyncWorld, runId: string): Promise<RunReport> {
  const run = await world.deps.store.getRun(runId);
  if (run === null) {
    throw new LockstepError(
      "RUN_NOT_FOUND",
      `there is no run "${runId.slice(0, 60)}"; \`lockstep runs\` lists them`,
    );
  }
  return { sync: (await namesById(world)).get(run.syncId) ?? run.syncId, run };
}

/** Checks a run's certificate against the store, and the store against the source as it is today. */
export async function verify(
  world: SyncWorld,
  runId: string,
  options: Parameters<Lockstep["verifyRun"]>[1],
): Promise<Verification> {
  const { sync, run } = await runOf(world, runId);
  if (run.type === "two-way") return verifyPairRun(world.deps.store, { sync, run });
  if (run.type === "library") return verifyLibraryRun(world.deps.store, { sync, run });
  const source = (await knownSources(world)).find((each) => each.syncId === run.syncId);
  if (source === undefined) {
    throw new LockstepError(
      "SYNC_NOT_FOUND",
      `run ${run.id} belongs to "${sync}", whose data source is not known: either the configuration no longer names it, ` +
        "or it was never reached; only a run of a known sync can be verified against Notion",
    );
  }
  const definition = world.syncs.definitionOf(source);
  const onProgress = await progressOf(world, definition, options.onProgress);
  const checks = await verifyRun(world.deps.store, run, definition, { onProgress, signal: options.signal });
  return { ok: checks.every((check) => check.ok), runId: run.id, sync, checks };
}

async function knownSources({ config, syncs }: SyncWorld): Promise<Source[]> {
  return (await Promise.all(config.backup.databases.map((database) => syncs.known(database)))).flat();
}

async function namesById(world: SyncWorld): Promise<Map<string, string>> {
  const { backup } = world.config;
  const names = new Map([
    ...pairsIn(world.config).map((table) => [lookupKey(table.notion.id), table.name] as const),
    ...backup.databases.map((database) => [lookupKey(database.notionId), database.name] as const),
  ]);
  const { library } = world.config;
  if (library !== undefined) names.set(libraryId(library), library.name);
  for (const source of await knownPairs(world)) names.set(source.syncId, source.config.name);
  for (const source of await knownSources(world)) names.set(source.syncId, source.name);
  return names;
}
