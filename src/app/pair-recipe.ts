import type { PairConfig, PipelinePairConfig, SqlPairConfig, TableConfig } from "../config/config.ts";
import type { PlanningPairConfig } from "../config/planning.ts";
import type { WritableConnector } from "../connector/connector.ts";
import { LockstepError } from "../core/errors.ts";
import type { PairDefinition } from "../engine/two-way/definition.ts";
import { columnsOf, pipelineRecipe } from "../recipes/pipeline/recipe.ts";
import { withStepField } from "../recipes/pipeline/step-field.ts";
import { planningRecipe } from "../recipes/planning/recipe.ts";
import { tableRecipe } from "../recipes/table/recipe.ts";
import type { Pipeline } from "./pipeline.ts";

/** What a recipe brings to a two-way sync. */
export interface PairRecipe extends Pick<PairDefinition, "bind" | "policy" | "onNotice" | "onAgreed"> {
  /** Columns that take part. */
  readonly columns: readonly string[];
  /** Mapped properties by name: they are fields also where they are computed. */
  readonly properties: readonly string[];
  /** The table's connector as the recipe wants to see it. */
  readonly onTable: (connector: WritableConnector) => WritableConnector;
  /** Rows that others made get their page's id, too. */
  readonly marksRows: boolean;
  /** Setting it up was a person's word: it may write without another. */
  readonly isAccepted: boolean;
}

export function isPipelinePair(config: PairConfig): config is PipelinePairConfig {
  return "part" in config;
}

export function isPlanningPair(config: PairConfig): config is PlanningPairConfig {
  return "planning" in config;
}

function isTable(config: PairConfig): config is TableConfig {
  return "fields" in config;
}

export function hasTable(config: PairConfig): config is SqlPairConfig {
  return "table" in config;
}

/** Throws USAGE for a sync whose other side is no table. */
export function demandTable(config: PairConfig): SqlPairConfig {
  if (hasTable(config)) return config;
  throw new LockstepError(
    "USAGE",
    `"${config.name}" has no table: its other side is ${otherSideOf(config)}.`,
  );
}

/** How people call what Notion is kept in agreement with. */
export function otherSideOf(config: PairConfig): string {
  return isPlanningPair(config) ? "GitHub" : demandTable(config).table.name;
}

export function recipeOf(config: PairConfig, pipeline: Pipeline | null): PairRecipe {
  if (isPipelinePair(config) && pipeline !== null) return pipelinePart(config, pipeline);
  if (isPlanningPair(config)) return { ...planningRecipe(config), ...onlyFields, marksRows: true };
  if (!isTable(config)) throw new Error(`"${config.name}" belongs to no recipe`);
  return {
    ...tableRecipe(config),
    ...onlyFields,
    columns: config.fields.map(({ column }) => column),
    properties: config.fields.map(({ property }) => property),
  };
}

const onlyFields = {
  columns: [],
  properties: [],
  onTable: (connector: WritableConnector) => connector,
  marksRows: false,
  isAccepted: false,
} as const;

function pipelinePart(config: PipelinePairConfig, pipeline: Pipeline): PairRecipe {
  const { table } = config.pipeline;
  const isBoard = config.part === "tasks";
  return {
    ...pipelineRecipe(config, { channels: () => pipeline.channels() }),
    onNotice: (notice) => pipeline.notice(config, notice),
    ...(isBoard && table.isOwn ? { onAgreed: (agreed) => pipeline.agreed(agreed) } : {}),
    columns: columnsOf(config),
    properties: [],
    onTable: (connector) => (isBoard ? withStepField(connector, table.columns) : connector),
    marksRows: true,
    isAccepted: table.isOwn,
  };
}
