import type { Config, DatabaseConfig, PairConfig, SqlPairConfig } from "../config/config.ts";
import { LockstepError } from "../core/errors.ts";
import { libraryPairs } from "../recipes/library/config.ts";
import { pipelinePairs } from "../recipes/pipeline/config.ts";
import { planningPairs } from "../recipes/planning/config.ts";
import { isPlanningPair, isSqlPair } from "./right-side.ts";

/** Every configured two-way sync, whatever its recipe. */
export function pairsIn({
  tables,
  pipeline,
  library,
  planning,
}: Pick<Config, "tables" | "pipeline" | "library" | "planning">): readonly PairConfig[] {
  return [
    ...tables,
    ...(pipeline === undefined ? [] : pipelinePairs(pipeline)),
    ...(library === undefined ? [] : libraryPairs(library)),
    ...(planning === undefined ? [] : planningPairs(planning)),
  ];
}

/** A sync that was asked for: a database to back up (or one of its data sources, when only that was named), or a table. */
export type Target = BackupTarget | { readonly kind: "table"; readonly table: PairConfig };

export interface BackupTarget {
  readonly kind: "backup";
  readonly database: DatabaseConfig;
  readonly only: string | null;
}

/** By name, by Notion id, or one data source as "database/source"; none named: all that are enabled. */
export function chooseTargets(config: Config, names: readonly string[]): Target[] {
  const { databases } = config.backup;
  const tables = pairsIn(config);
  if (names.length === 0) {
    return [
      ...databases.filter(({ isEnabled }) => isEnabled).map((database) => backup(database, null)),
      ...tables.filter(({ isEnabled }) => isEnabled).map((table) => ({ kind: "table", table }) as const),
    ];
  }
  return names.map((name) => {
    const whole = databases.find((database) => database.name === name || database.notionId === name);
    if (whole !== undefined) return backup(whole, null);
    const table = tables.find((each) => each.name === name || each.notion.id === name);
    if (table !== undefined) return { kind: "table", table };
    const part = databases.find((database) => name.startsWith(`${database.name}/`));
    if (part !== undefined) return backup(part, name);
    throw noSuchSync(
      name,
      [...databases, ...tables].map((each) => each.name),
    );
  });
}

/** A two-way sync by its name. */
export function tableCalled(config: Config, name: string): PairConfig {
  const pairs = pairsIn(config);
  const found = pairs.find((table) => table.name === name);
  if (found !== undefined) return found;
  throw noSuchSync(
    name,
    pairs.map((table) => table.name),
  );
}

/** The same, where it has to be one with a table. */
export function sqlTableCalled(config: Config, name: string): SqlPairConfig {
  const found = tableCalled(config, name);
  if (isSqlPair(found)) return found;
  throw new LockstepError(
    "USAGE",
    `"${name}" has no table: what is across from Notion is ${isPlanningPair(found) ? "GitHub" : "kept by Lockstep itself"}.`,
  );
}

export function noSuchSync(name: string, known: readonly string[]): LockstepError {
  return new LockstepError(
    "SYNC_NOT_FOUND",
    `there is no sync "${name.slice(0, 60)}"; the configuration has: ${known.join(", ") || "none"}`,
  );
}

function backup(database: DatabaseConfig, only: string | null): BackupTarget {
  return { kind: "backup", database, only };
}
