import type { LibraryPairConfig, PairConfig, PipelinePairConfig, SqlPairConfig } from "../config/config.ts";
import type { PlanningPairConfig } from "../config/planning.ts";

export function isSqlPair(config: PairConfig): config is SqlPairConfig {
  return "table" in config;
}

export function isPipelinePair(config: PairConfig): config is PipelinePairConfig {
  return "pipeline" in config;
}

export function isLibraryPair(config: PairConfig): config is LibraryPairConfig {
  return "library" in config;
}

export function isPlanningPair(config: PairConfig): config is PlanningPairConfig {
  return "planning" in config;
}

/** What people call the side across from Notion: the name of the table or the collection, or GitHub. */
export function rightNameOf(config: PairConfig): string {
  if (isSqlPair(config)) return config.table.name;
  if (isPlanningPair(config)) return "GitHub";
  return isLibraryPair(config) ? config.shelf : config.name;
}
