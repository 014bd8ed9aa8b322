import type { Config, DatabaseConfig } from "../config/config.ts";
import { createNotionConnector } from "../connectors/notion/connector.ts";
import { type DataSourceRef, resolveDataSources } from "../connectors/notion/resolve.ts";
import { LockstepError } from "../core/errors.ts";
import type { EngineDeps, SyncDefinition } from "../engine/sync.ts";
import type { HttpStats } from "../http/client.ts";
import { backupRecipe } from "../recipes/backup/recipe.ts";
import { askWhich, knownDataSources, rememberDataSources } from "./data-sources.ts";
import type { NotionAccess } from "./notion-access.ts";

const hourMs = 3_600_000;

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

export function createSyncs(deps: EngineDeps, config: Config, access: NotionAccess): Syncs {
  const known = async (database: DatabaseConfig) =>
    choose(database, await knownDataSources(deps, database.notionId));
  return {
    known,
    async resolve(database, { isDry, signal }) {
      // A database that is taken whole may have gained a data source since; otherwise the answer never changes.
      const before = database.dataSource === "all" ? [] : await known(database);
      if (before.length > 0) return { sources: before };
      const { client, stats } = access.connect();
      const refs = await resolveDataSources(client, database.notionId, signal).catch(asFailure);
      if (refs instanceof LockstepError) return { error: refs, stats: stats() };
      const sources = choose(database, refs);
      if (sources.length === 0) return { error: askWhich({ ...database, choices }, refs), stats: stats() };
      if (!isDry) await rememberDataSources(deps, database.notionId, refs);
      return { sources };
    },
    definitionOf({ database, ref, name, syncId }) {
      const { client, stats } = access.connect();
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

const choices = 'one of them, or to "all"';

function asFailure(error: unknown): LockstepError {
  if (error instanceof LockstepError) return error;
  throw error;
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
