import type { PairConfig, PipelinePairConfig, TableConfig } from "../config/config.ts";
import type { WritableConnector } from "../connector/connector.ts";
import type { PairDefinition } from "../engine/two-way/definition.ts";
import { libraryRecipe } from "../recipes/library/recipe.ts";
import { columnsOf, pipelineRecipe } from "../recipes/pipeline/recipe.ts";
import { withStepField } from "../recipes/pipeline/step-field.ts";
import { planningRecipe } from "../recipes/planning/recipe.ts";
import { tableRecipe } from "../recipes/table/recipe.ts";
import type { Pipeline } from "./pipeline.ts";
import { isLibraryPair, isPipelinePair, isPlanningPair } from "./right-side.ts";

/** What a recipe brings to a two-way sync. */
export interface PairRecipe extends Pick<PairDefinition, "bind" | "policy" | "onNotice" | "onAgreed"> {
  /** Columns that take part, where there is a table. */
  readonly columns: readonly string[];
  /** Mapped properties by name: they are fields also where they are computed. */
  readonly properties: readonly string[];
  /** The other side's connector as the recipe wants to see it. */
  readonly onRight: (connector: WritableConnector) => WritableConnector;
  /** Records there that others made get their page's id, too. */
  readonly marksRight: boolean | "unnamed";
  /** Setting it up was a person's word: it may write without another. */
  readonly isAccepted: boolean;
}

function isTable(config: PairConfig): config is TableConfig {
  return "fields" in config;
}

export function recipeOf(config: PairConfig, pipeline: Pipeline | null): PairRecipe {
  if (isPipelinePair(config) && pipeline !== null) return pipelinePart(config, pipeline);
  if (isLibraryPair(config)) return { ...libraryRecipe(config), ...onlyFields, isAccepted: true };
  if (isPlanningPair(config)) return { ...planningRecipe(config), ...onlyFields, marksRight: "unnamed" };
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
  onRight: (connector: WritableConnector) => connector,
  marksRight: false,
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
    onRight: (connector) => (isBoard ? withStepField(connector, table.columns) : connector),
    marksRight: true,
    isAccepted: table.isOwn,
  };
}
