import type { LibraryPairConfig, PairConfig, PipelinePairConfig, SqlPairConfig } from "../config/config.ts";

export function isSqlPair(config: PairConfig): config is SqlPairConfig {
  return "table" in config;
}

export function isPipelinePair(config: PairConfig): config is PipelinePairConfig {
  return "pipeline" in config;
}

export function isLibraryPair(config: PairConfig): config is LibraryPairConfig {
  return "library" in config;
}

/** What people call the side across from Notion: the name of the table, or of the collection. */
export function rightNameOf(config: PairConfig): string {
  if (isSqlPair(config)) return config.table.name;
  return isLibraryPair(config) ? config.shelf : config.name;
}
