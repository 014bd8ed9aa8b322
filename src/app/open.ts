import { existsSync } from "node:fs";
import type { Config, DatabaseConfig, Secrets } from "../config/config.ts";
import type { Clock, Ids } from "../core/clock.ts";
import { LockstepError } from "../core/errors.ts";
import { runSync } from "../engine/run.ts";
import { nextRunAfter, runSchedule } from "../engine/schedule.ts";
import type { EngineDeps, Phase } from "../engine/sync.ts";
import { verifyRun } from "../engine/verify.ts";
import { openSqliteStore } from "../store/sqlite/open.ts";
import type { Run, Store, SyncTotals } from "../store/store.ts";
import type { Lockstep, Progress, RunReport, StatusReport, SyncOptions, SyncStatus } from "./lockstep.ts";
import { planSource } from "./plan.ts";
import { isOwnerDead, processOwner, systemClock, systemIds } from "./platform.ts";
import { createSyncs, type Source, type Syncs } from "./syncs.ts";
import { createTasks, diffOf, historyOf } from "./tasks.ts";

const notionUrl = "https://api.notion.com";

export interface OpenOptions {
  readonly config: Config;
  readonly secrets: Secrets;
  /** Where Notion's API is: an emulator or a proxy; default Notion itself. */
  readonly baseUrl?: string;
  /** For tests and the demo: time and chance. */
  readonly clock?: Clock;
  readonly ids?: Ids;
  /** Open the store only if there is one already, else an empty one in memory: for commands that must not write. */
  readonly isReadOnly?: boolean;
}

/** Opens the store and hands out everything a user can do. Close it when done. */
export async function openLockstep(options: OpenOptions): Promise<Lockstep> {
  const { config, secrets, clock = systemClock, ids = systemIds } = options;
  const store = await openStore(config, ids, options.isReadOnly === true);
  const deps: EngineDeps = { store, clock, ids, owner: processOwner(), isDead: isOwnerDead };
  const access = { token: secrets.notionToken, baseUrl: (options.baseUrl ?? notionUrl).replace(/\/+$/, "") };
  const app = new App(deps, config, createSyncs(deps, config, access));
  const tasks = createTasks(store, clock);
  return {
    config,
    tasks,
    sync: (names, request) => app.sync(names, request),
    plan: (names, request) => app.plan(names, request),
    status: () => app.status(),
    runs: (filter) => app.runs(filter),
    run: (runId) => app.run(runId),
    verifyRun: (runId, request) => app.verify(runId, request),
    history: (reference, page) => historyOf(store, reference, page),
    diff: (reference, from, to) => diffOf(store, reference, from, to),
    schedule: (signal, onRun) => app.schedule(signal, onRun),
    close: () => store.close(),
  };
}

async function openStore(config: Config, ids: Ids, isReadOnly: boolean): Promise<Store> {
  const path = config.store.replace(/^sqlite:/, "");
  return openSqliteStore({ path: isReadOnly && !existsSync(path) ? ":memory:" : path, ids });
}

const noCounts: Run["counts"] = {
  read: 0,
  created: 0,
  updated: 0,
  unchanged: 0,
  deleted: 0,
  revived: 0,
  conflicts: 0,
  missing: 0,
};

type Target = { readonly database: DatabaseConfig; readonly only: string | null };

class App {
  private readonly deps: EngineDeps;
  private readonly config: Config;
  private readonly syncs: Syncs;
  private readonly running = new Set<string>();

  constructor(deps: EngineDeps, config: Config, syncs: Syncs) {
    this.deps = deps;
    this.config = config;
    this.syncs = syncs;
  }

  async sync(names: readonly string[], options: SyncOptions): Promise<RunReport[]> {
    const reports: RunReport[] = [];
    for (const { database, only } of this.targets(names)) {
      const sources = await this.sourcesOf(database, only, options, reports);
      for (const source of sources) reports.push(await this.syncSource(source, options));
    }
    return reports;
  }

  /** The database's data sources; a lookup that fails is a failed run with evidence, and stops no other database. */
  private async sourcesOf(
    database: DatabaseConfig,
    only: string | null,
    options: SyncOptions,
    reports: RunReport[],
  ): Promise<readonly Source[]> {
    const before = this.syncs.lookupStats();
    try {
      const sources = await this.syncs.resolve(database, { isDry: false, signal: options.signal });
      return sources.filter((source) => only === null || source.name === only);
    } catch (error) {
      if (
        !(error instanceof LockstepError) ||
        error.code === "SECRET_MISSING" ||
        error.code === "CONFIG_INVALID"
      )
        throw error;
      const { calls, retries } = this.syncs.lookupStats();
      const run = await this.recordFailure(
        { syncId: `notion:${database.notionId}`, sourceId: database.notionId, trigger: options.trigger },
        { error, calls: calls - before.calls, retries: retries - before.retries },
      );
      reports.push({ sync: database.name, run });
      return [];
    }
  }

  private async syncSource(source: Source, options: SyncOptions): Promise<RunReport> {
    const definition = this.syncs.definitionOf(source);
    this.running.add(source.syncId);
    try {
      const run = await runSync(this.deps, definition, {
        trigger: options.trigger,
        isFull: options.isFull === true,
        allowDeletes: options.allowDeletes ?? null,
        onProgress: await this.progressOf(source, definition.meter, options.onProgress),
        signal: options.signal,
      });
      return { sync: source.name, run };
    } catch (error) {
      if (!(error instanceof LockstepError)) throw error;
      const run = await this.recordFailure(
        { syncId: source.syncId, sourceId: source.ref.id, trigger: options.trigger },
        { error, calls: 0, retries: 0 },
      );
      return { sync: source.name, run };
    } finally {
      this.running.delete(source.syncId);
    }
  }

  async plan(names: readonly string[], options: Parameters<Lockstep["plan"]>[1]) {
    const reports = [];
    for (const { database, only } of this.targets(names)) {
      const sources = await this.syncs.resolve(database, { isDry: true, signal: options.signal });
      for (const source of sources.filter((each) => only === null || each.name === only)) {
        const definition = this.syncs.definitionOf(source);
        const onProgress = await this.progressOf(source, definition.meter, options.onProgress);
        reports.push(await planSource(this.deps, definition, { ...options, onProgress }));
      }
    }
    return reports;
  }

  async status(): Promise<StatusReport> {
    const syncs: SyncStatus[] = [];
    for (const database of this.config.backup.databases) {
      const known = await this.syncs.known(database);
      if (known.length === 0)
        syncs.push(await this.statusOf(database, database.name, `notion:${database.notionId}`));
      for (const source of known) syncs.push(await this.statusOf(database, source.name, source.syncId));
    }
    return {
      config: this.config.file,
      store: this.config.store,
      syncs,
      ratePerMinute: this.config.notion.ratePerMinute,
    };
  }

  private async statusOf(database: DatabaseConfig, name: string, syncId: string): Promise<SyncStatus> {
    const [lastRun = null] = await this.deps.store.listRuns({ syncId, limit: 1 });
    const { cron, timeZone } = database.schedule;
    const isScheduled = database.isEnabled && database.schedule.isEnabled;
    const next = isScheduled ? nextRunAfter(cron, timeZone, this.deps.clock.now()) : null;
    return {
      sync: name,
      notionId: database.notionId,
      projectScopeId: database.projectScopeId,
      isEnabled: database.isEnabled,
      isRunning: this.running.has(syncId) || (await this.isHeld(syncId)),
      schedule: database.schedule,
      nextRunAt: next === null ? null : new Date(next).toISOString(),
      lastRun,
      totals: await this.totalsOf(syncId),
    };
  }

  private totalsOf(syncId: string): Promise<SyncTotals> {
    return this.deps.store.getTotals(syncId);
  }

  private async isHeld(syncId: string): Promise<boolean> {
    const lease = await this.deps.store.getLease(syncId);
    return lease !== null && lease.until > this.deps.clock.now() && !isOwnerDead(lease.owner);
  }

  async runs(filter: { sync?: string | undefined; limit: number }): Promise<RunReport[]> {
    const names = await this.namesById();
    const runs = await this.runsOf(filter.sync, names, filter.limit);
    return runs.map((run) => ({ sync: names.get(run.syncId) ?? run.syncId, run }));
  }

  /** Of a named database these are the runs of all its data sources, and the failed lookups of the database itself. */
  private async runsOf(
    name: string | undefined,
    names: ReadonlyMap<string, string>,
    limit: number,
  ): Promise<readonly Run[]> {
    if (name === undefined) return this.deps.store.listRuns({ limit });
    const ids = [...names].filter(([, each]) => each === name || each.startsWith(`${name}/`));
    if (ids.length === 0) throw this.unknownSync(name, [...new Set(names.values())]);
    const runs = await Promise.all(ids.map(([syncId]) => this.deps.store.listRuns({ syncId, limit })));
    return runs
      .flat()
      .sort((a, b) => b.startedAt.localeCompare(a.startedAt))
      .slice(0, limit);
  }

  async run(runId: string): Promise<RunReport> {
    const run = await this.deps.store.getRun(runId);
    if (run === null) {
      throw new LockstepError(
        "RUN_NOT_FOUND",
        `there is no run "${runId.slice(0, 60)}"; \`lockstep runs\` lists them`,
      );
    }
    return { sync: (await this.namesById()).get(run.syncId) ?? run.syncId, run };
  }

  async verify(runId: string, options: Parameters<Lockstep["verifyRun"]>[1]) {
    const { sync, run } = await this.run(runId);
    const source = (await this.knownSources()).find((each) => each.syncId === run.syncId);
    if (source === undefined) {
      throw new LockstepError(
        "SYNC_NOT_FOUND",
        `run ${run.id} belongs to "${sync}", which the configuration no longer names; put it back to verify against Notion`,
      );
    }
    const definition = this.syncs.definitionOf(source);
    const onProgress = await this.progressOf(source, definition.meter, options.onProgress);
    const checks = await verifyRun(this.deps.store, run, definition, { onProgress, signal: options.signal });
    return { ok: checks.every((check) => check.ok), runId: run.id, sync, checks };
  }

  async schedule(signal: AbortSignal, onRun: (report: RunReport) => void): Promise<void> {
    const enabled = this.config.backup.databases.filter(
      (database) => database.isEnabled && database.schedule.isEnabled,
    );
    const scheduled = await Promise.all(
      enabled.map(async (database) => ({
        name: database.name,
        cron: database.schedule.cron,
        timeZone: database.schedule.timeZone,
        lastStartedAt: await this.lastStartOf(database),
      })),
    );
    await runSchedule(
      this.deps.clock,
      scheduled,
      async (name, trigger) => {
        for (const report of await this.sync([name], { trigger, signal })) onRun(report);
      },
      signal,
    );
  }

  private async lastStartOf(database: DatabaseConfig): Promise<number | null> {
    const starts = await Promise.all(
      (await this.syncs.known(database)).map(
        async ({ syncId }) => (await this.deps.store.listRuns({ syncId, limit: 1 }))[0],
      ),
    );
    const times = starts.flatMap((run) => (run === undefined ? [] : [Date.parse(run.startedAt)]));
    return times.length === 0 ? null : Math.min(...times);
  }

  /** Databases by name, or one data source of a database by "name/source"; none named: all that are enabled. */
  private targets(names: readonly string[]): Target[] {
    const { databases } = this.config.backup;
    if (names.length === 0) {
      return databases.filter((database) => database.isEnabled).map((database) => ({ database, only: null }));
    }
    return names.map((name) => {
      const whole = databases.find((database) => database.name === name || database.notionId === name);
      if (whole !== undefined) return { database: whole, only: null };
      const part = databases.find((database) => name.startsWith(`${database.name}/`));
      if (part !== undefined) return { database: part, only: name };
      throw this.unknownSync(
        name,
        databases.map((database) => database.name),
      );
    });
  }

  private unknownSync(name: string, known: readonly string[]): LockstepError {
    return new LockstepError(
      "SYNC_NOT_FOUND",
      `there is no sync "${name.slice(0, 60)}"; the configuration has: ${known.join(", ")}`,
    );
  }

  private async knownSources(): Promise<Source[]> {
    const known = await Promise.all(
      this.config.backup.databases.map((database) => this.syncs.known(database)),
    );
    return known.flat();
  }

  private async namesById(): Promise<Map<string, string>> {
    const names = new Map(
      this.config.backup.databases.map((database) => [`notion:${database.notionId}`, database.name]),
    );
    for (const source of await this.knownSources()) names.set(source.syncId, source.name);
    return names;
  }

  private async progressOf(
    source: Source,
    meter: () => { calls: number; waitingMs: number },
    onProgress: ((progress: Progress) => void) | undefined,
  ): Promise<(phase: Phase, rows: number) => void> {
    if (onProgress === undefined) return () => {};
    const { live } = await this.totalsOf(source.syncId);
    return (phase, rows) =>
      onProgress({ sync: source.name, phase, rows, rowsExpected: live > 0 ? live : null, ...pick(meter()) });
  }

  /** Evidence of a run that ended before it could begin. */
  private async recordFailure(
    of: Pick<Run, "syncId" | "sourceId" | "trigger">,
    { error, calls, retries }: { error: LockstepError; calls: number; retries: number },
  ): Promise<Run> {
    const at = new Date(this.deps.clock.now()).toISOString();
    const run: Run = {
      id: this.deps.ids.next(),
      ...of,
      type: "import",
      source: "notion",
      status: error.code === "RUN_IN_PROGRESS" ? "refused" : "failed",
      startedAt: at,
      endedAt: at,
      counts: noCounts,
      calls,
      retries,
      errors: [{ code: error.code, message: error.message }],
      warnings: [],
      checkpointBefore: null,
      checkpointAfter: null,
      certificate: null,
    };
    await this.deps.store.startRun(run);
    return run;
  }
}

function pick({ calls, waitingMs }: { calls: number; waitingMs: number }): {
  calls: number;
  waitingMs: number;
} {
  return { calls, waitingMs };
}
