import type { Config, DatabaseConfig } from "../config/config.ts";
import { createNotionClient, type NotionClient } from "../connectors/notion/client.ts";
import { createNotionConnector } from "../connectors/notion/connector.ts";
import { type DataSourceRef, resolveDataSources } from "../connectors/notion/resolve.ts";
import { LockstepError } from "../core/errors.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import type { EngineDeps, SyncDefinition } from "../engine/sync.ts";
import { createBreaker } from "../http/breaker.ts";
import { createHttpClient, type HttpStats } from "../http/client.ts";
import { createPacer } from "../http/pacer.ts";
import { backupRecipe } from "../recipes/backup/recipe.ts";

const hourMs = 3_600_000;
/** How long the lookup of a database's data sources may hold its lease. */
const lookupLeaseMs = 60_000;

/** One data source that a configured database stands for. */
export interface Source {
  readonly database: DatabaseConfig;
  readonly ref: DataSourceRef;
  /** What commands call the sync. */
  readonly name: string;
  readonly syncId: string;
}

/** The data sources to sync, or why they could not be looked up and what asking took. */
export type Resolved =
  | { readonly sources: readonly Source[] }
  | { readonly error: LockstepError; readonly stats: HttpStats };

/** From configured databases to syncs that can run. */
export interface Syncs {
  /** What is known from earlier runs; asks nobody. Empty for a database that was never reached. */
  known(database: DatabaseConfig): Promise<readonly Source[]>;
  /**
   * Asks Notion when that is needed; `isDry` keeps the answer to itself. A failure belongs to this database alone and
   * into its evidence, so it is a value; only a missing token, without which nothing can be asked, is thrown.
   */
  resolve(
    database: DatabaseConfig,
    options: { isDry: boolean; signal: AbortSignal | undefined },
  ): Promise<Resolved>;
  definitionOf(source: Source): SyncDefinition;
}

export function createSyncs(
  deps: EngineDeps,
  config: Config,
  access: { readonly token: string | null; readonly baseUrl: string },
): Syncs {
  // One budget and one breaker for everything that uses this token in this process.
  const pacer = createPacer({ clock: deps.clock, ratePerMinute: config.notion.ratePerMinute });
  const breaker = createBreaker({ clock: deps.clock, service: "Notion" });
  const connect = (): { client: NotionClient; stats: () => HttpStats } => {
    const http = createHttpClient({
      service: "Notion",
      baseUrl: access.baseUrl,
      headers: headersFor(access.token),
      clock: deps.clock,
      random: deps.ids.random,
      pacer,
      breaker,
      timeoutMs: config.notion.timeoutMs,
    });
    return { client: createNotionClient({ http }), stats: () => http.stats() };
  };
  async function known(database: DatabaseConfig): Promise<readonly Source[]> {
    const remembered = await deps.store.getSync(lookupKey(database));
    return choose(database, refsIn(remembered?.binding ?? null));
  }

  return {
    known,
    async resolve(database, { isDry, signal }) {
      // A database that is taken whole may have gained a data source since; otherwise the answer never changes.
      const before = database.dataSource === "all" ? [] : await known(database);
      if (before.length > 0) return { sources: before };
      const { client, stats } = connect();
      const refs = await resolveDataSources(client, database.notionId, signal).catch(asFailure);
      if (refs instanceof LockstepError) return { error: refs, stats: stats() };
      const sources = choose(database, refs);
      if (sources.length === 0) return { error: askWhich(database, refs), stats: stats() };
      if (!isDry) await remember(deps, lookupKey(database), refs);
      return { sources };
    },
    definitionOf({ database, ref, name, syncId }) {
      const { client, stats } = connect();
      return {
        id: syncId,
        name,
        sourceId: ref.id,
        projectScopeId: database.projectScopeId,
        left: createNotionConnector({ client, dataSourceId: ref.id }),
        recipe: backupRecipe(database.fieldMappings, name),
        guard: config.backup.guard,
        sweepEveryMs: config.backup.sweepEveryHours * hourMs,
        meter: stats,
      };
    },
  };
}

/** A database that was asked for, and one of its data sources when only that one was named. */
export interface Target {
  readonly database: DatabaseConfig;
  readonly only: string | null;
}

/** Databases by name or id, or one data source as "database/source"; none named: all that are enabled. */
export function chooseTargets({ backup: { databases } }: Config, names: readonly string[]): Target[] {
  if (names.length === 0) {
    return databases.filter((database) => database.isEnabled).map((database) => ({ database, only: null }));
  }
  return names.map((name) => {
    const whole = databases.find((database) => database.name === name || database.notionId === name);
    if (whole !== undefined) return { database: whole, only: null };
    const part = databases.find((database) => name.startsWith(`${database.name}/`));
    if (part !== undefined) return { database: part, only: name };
    throw noSuchSync(
      name,
      databases.map((database) => database.name),
    );
  });
}

export function noSuchSync(name: string, known: readonly string[]): LockstepError {
  return new LockstepError(
    "SYNC_NOT_FOUND",
    `there is no sync "${name.slice(0, 60)}"; the configuration has: ${known.join(", ")}`,
  );
}

function asFailure(error: unknown): LockstepError {
  if (error instanceof LockstepError) return error;
  throw error;
}

function headersFor(token: string | null): Record<string, string> {
  if (token === null) {
    throw new LockstepError(
      "SECRET_MISSING",
      "NOTION_TOKEN is not set. Make a connection at https://www.notion.so/profile/integrations, share the databases " +
        "with it, and put its secret into the environment: NOTION_TOKEN=ntn_… lockstep sync",
    );
  }
  return { authorization: `Bearer ${token}` };
}

/** The data sources that the configuration means, of those that the database has. */
function choose(database: DatabaseConfig, refs: readonly DataSourceRef[]): Source[] {
  const wanted = database.dataSource;
  const chosen =
    wanted === null
      ? refs.filter((_, __, all) => all.length === 1)
      : refs.filter((ref) => wanted === "all" || ref.id === wanted || ref.name === wanted);
  return chosen.map((ref) => ({
    database,
    ref,
    name: refs.length === 1 || wanted !== "all" ? database.name : `${database.name}/${ref.name}`,
    syncId: `backup:${ref.id}`,
  }));
}

function askWhich(database: DatabaseConfig, refs: readonly DataSourceRef[]): LockstepError {
  const choices = refs.map((ref) => `"${ref.name}" (${ref.id})`).join(", ");
  const problem =
    database.dataSource === null
      ? `the database "${database.name}" has ${refs.length} data sources`
      : `the database "${database.name}" has no data source "${database.dataSource}"`;
  return new LockstepError(
    "CONFIG_INVALID",
    `${problem}: ${choices}. Set "dataSource" to one of them, or to "all".`,
  );
}

function lookupKey(database: DatabaseConfig): string {
  return `notion:${database.notionId}`;
}

async function remember(
  { store, clock, owner, isDead }: EngineDeps,
  key: string,
  refs: readonly DataSourceRef[],
): Promise<void> {
  const taken = await store.acquireLease({
    name: key,
    owner,
    now: clock.now(),
    ttlMs: lookupLeaseMs,
    isDead,
  });
  if ("heldBy" in taken) return;
  try {
    await store.saveBinding(key, taken.lease.fence, {
      dataSources: refs.map(({ id, name }) => ({ id, name })),
    });
  } finally {
    await store.releaseLease(taken.lease);
  }
}

function refsIn(binding: Json): DataSourceRef[] {
  if (!isJsonObject(binding) || !Array.isArray(binding.dataSources)) return [];
  return binding.dataSources.flatMap((ref: Json) =>
    isJsonObject(ref) && typeof ref.id === "string" && typeof ref.name === "string"
      ? [{ id: ref.id, name: ref.name }]
      : [],
  );
}
