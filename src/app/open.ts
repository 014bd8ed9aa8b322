import type { Config, DatabaseConfig, LibraryConfig, Secrets } from "../config/config.ts";
import type { Clock, Ids } from "../core/clock.ts";
import { runSchedule } from "../engine/schedule.ts";
import type { EngineDeps } from "../engine/sync.ts";
import type { Pacer } from "../http/pacer.ts";
import type { OpenLibrary } from "../recipes/library/open-library.ts";
import { attend } from "./attend.ts";
import { createTwoWay } from "./create-two-way.ts";
import { examine } from "./doctor.ts";
import { createGitHubAccess } from "./github-access.ts";
import { Herald } from "./herald.ts";
import { ImportSteps } from "./import-steps.ts";
import { Library } from "./library.ts";
import type { Lockstep, RunReport } from "./lockstep.ts";
import { createNotionAccess, type NotionAccess } from "./notion-access.ts";
import { openOpenLibrary } from "./open-library-access.ts";
import { outlast } from "./outlast.ts";
import { runOf, runsOf, statusOf, verify } from "./overview.ts";
import { Pairs } from "./pairs.ts";
import { openPipeline } from "./pipeline.ts";
import { Planning } from "./planning.ts";
import { isOwnerDead, processOwner, systemClock, systemIds } from "./platform.ts";
import { passOver, runDue, runPair } from "./run-pairs.ts";
import { planSyncs, runSyncs, type SyncWorld } from "./run-syncs.ts";
import { hasStore, openServingStore, openStore } from "./stores.ts";
import { createSyncs } from "./syncs.ts";
import { createTasks, diffOf, historyAt, historyOf } from "./tasks.ts";

export interface OpenOptions {
  readonly config: Config;
  readonly secrets: Secrets;
  /** Where Notion's API is: an emulator or a proxy; default Notion itself. */
  readonly baseUrl?: string;
  /** Where Open Library is; default Open Library itself. */
  readonly openLibraryBaseUrl?: string;
  /** Where GitHub's API is; default GitHub itself. */
  readonly githubUrl?: string;
  /** For tests and benchmarks: time and chance. */
  readonly clock?: Clock;
  readonly ids?: Ids;
  /** Open the store only if there is one already, else an empty one in memory: for commands that must not write. */
  readonly isReadOnly?: boolean;
  /** For a server, which answers while syncs run: waiting for a SQLite store's disk keeps nobody else waiting. */
  readonly isServing?: boolean;
  /** For many processes that share one token: the budget that they share; default one of this process alone. */
  readonly pacer?: Pacer;
  /** The same for Open Library, which wants to be asked once a second. */
  readonly openLibraryPacer?: Pacer;
  /** Where a process id says nothing of who is alive: who this is, and who is not any more. */
  readonly identity?: Pick<EngineDeps, "owner" | "isDead">;
}

/** Opens the store and hands out everything a user can do. Close it when done. */
export async function openLockstep(options: OpenOptions): Promise<Lockstep> {
  const { config, secrets, clock = systemClock, ids = systemIds } = options;
  const store =
    options.isServing === true
      ? await openServingStore(config.store)
      : await openStore(config.store, { ids, isReadOnly: options.isReadOnly === true });
  const identity = options.identity ?? { owner: processOwner(), isDead: isOwnerDead };
  const deps: EngineDeps = {
    store,
    clock,
    ids,
    // Asked each time: a process may be somebody else for each piece of work.
    get owner() {
      return identity.owner;
    },
    isDead: identity.isDead,
  };
  const { baseUrl = null } = options;
  const access = createNotionAccess(deps, config, { token: secrets.notionToken, baseUrl }, options.pacer);
  const herald = new Herald();
  const pipeline = await openPipeline({ deps, secrets, config, access, herald }).catch(
    async (error: unknown) => {
      await store.close();
      throw error;
    },
  );
  const world = worldOf(options, { deps, access, herald, pipeline });
  const { pairs, library, planning } = world;
  const running = new Set<Promise<unknown>>();
  const sync: Lockstep["sync"] = (names, request) => {
    const reports = runSyncs(world, names, request).finally(() => running.delete(reports));
    running.add(reports);
    return reports;
  };
  return {
    config,
    tasks: createTasks(store, clock),
    twoWay: createTwoWay(world, secrets, herald),
    library,
    importSteps: stepsOf(options, world),
    sync,
    attend: (name, request) => attend(world, name, request),
    async settled() {
      await Promise.all([pipeline?.settled(), planning?.settled()]);
    },
    plan: (names, request) => planSyncs(world, names, request),
    status: () => statusOf(world),
    runs: (filter) => runsOf(world, filter),
    run: (runId) => runOf(world, runId),
    verifyRun: (runId, request) => verify(world, runId, request),
    history: (reference, page) => historyOf(store, reference, page),
    historyAt: (reference, at) => historyAt(store, reference, at),
    diff: (reference, from, to) => diffOf(store, reference, from, to),
    schedule: (signal, onRun) => {
      const outlasting = { name: "backup", clock, random: () => ids.random(), herald, signal };
      return outlast(() => keepSchedule(world, sync, signal, onRun), outlasting);
    },
    doctor: async (signal) => {
      const hasWebhookSecret = secrets.webhookSecrets.length > 0;
      const hasGitHubSecret = secrets.github.webhookSecrets.length > 0;
      const patient = { world, access, hasWebhookSecret, hasGitHubSecret };
      return examine({ ...patient, hasStore: await hasStore(config.store) }, signal);
    },
    async close() {
      // Whoever asked for a sync may be gone while it still writes its evidence.
      await Promise.allSettled(running);
      await pairs[Symbol.asyncDispose]();
      await pipeline?.[Symbol.asyncDispose]();
      await planning?.[Symbol.asyncDispose]();
      await store.close();
    },
  };
}

interface WorldParts extends Pick<SyncWorld, "deps" | "pipeline"> {
  readonly access: NotionAccess;
  readonly herald: Herald;
}

/** Everything that syncs run with. */
function worldOf({ config, secrets, ...elsewhere }: OpenOptions, parts: WorldParts): SyncWorld {
  const { deps, access, herald, pipeline } = parts;
  const planning =
    config.planning === undefined
      ? null
      : new Planning(config.planning, {
          deps,
          secrets,
          access,
          herald,
          github: createGitHubAccess(deps, secrets.github, elsewhere.githubUrl ?? null),
        });
  const library =
    config.library === undefined
      ? null
      : new Library(config.library, {
          deps,
          notion: config.notion,
          openLibrary: openLibraryOf(config.library, deps, elsewhere),
          herald,
          known: (pair) => world.pairs.known(pair),
          runPair: (pair, request) => runPair(world, pair, request),
          runDue: (pair, request) => runDue(world, pair, request),
        });
  const pairs = new Pairs(deps, secrets, { access, pipeline, planning });
  const syncs = createSyncs(deps, config, access);
  const world: SyncWorld = { deps, config, syncs, pairs, pipeline, library, planning };
  return world;
}

type Elsewhere = Pick<OpenOptions, "openLibraryBaseUrl" | "openLibraryPacer">;

/** It wants to know who asks it much; without a contact it is not asked. */
function openLibraryOf(
  { openLibraryContact: contact }: LibraryConfig,
  { clock, ids, store }: EngineDeps,
  { openLibraryBaseUrl, openLibraryPacer: pacer }: Elsewhere,
): OpenLibrary | null {
  const { answers } = store;
  const baseUrl = openLibraryBaseUrl ?? null;
  return contact === null ? null : openOpenLibrary({ clock, ids, answers, contact, baseUrl, pacer });
}

/** null: there is no library. */
function stepsOf({ config, ...elsewhere }: OpenOptions, world: SyncWorld): ImportSteps | null {
  if (config.library === undefined) return null;
  return new ImportSteps(config.library, {
    deps: world.deps,
    openLibrary: openLibraryOf(config.library, world.deps, elsewhere),
    runPair: (pair, request) => runPair(world, pair, request),
    runDue: (pair, request) => runDue(world, pair, request),
    known: (pair) => world.pairs.known(pair),
    push: (source, signal) => passOver(world, source, { trigger: "import", polls: ["right"], signal }),
  });
}

async function keepSchedule(
  world: SyncWorld,
  sync: Lockstep["sync"],
  signal: AbortSignal,
  onRun: (report: RunReport) => void,
): Promise<void> {
  const { databases } = world.config.backup;
  const enabled = databases.filter((database) => database.isEnabled && database.schedule.isEnabled);
  const scheduled = await Promise.all(
    enabled.map(async (database) => ({
      name: database.name,
      cron: database.schedule.cron,
      timeZone: database.schedule.timeZone,
      lastStartedAt: await lastStartOf(world, database),
    })),
  );
  const run = async (name: string, trigger: string) => {
    for (const report of await sync([name], { trigger, signal })) onRun(report);
  };
  await runSchedule(world.deps.clock, scheduled, run, signal);
}

/** When the database's sync last started; of several data sources, the one that waited longest. */
async function lastStartOf({ deps, syncs }: SyncWorld, database: DatabaseConfig): Promise<number | null> {
  const starts: number[] = [];
  for (const { syncId } of await syncs.known(database)) {
    const [run] = await deps.store.listRuns({ syncId, limit: 1 });
    if (run !== undefined) starts.push(Date.parse(run.startedAt));
  }
  return starts.length === 0 ? null : Math.min(...starts);
}
