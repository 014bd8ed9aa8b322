import type { PipelinePairConfig } from "../../../src/config/config.ts";
import { boardProperties as board } from "../../../src/recipes/pipeline/board.ts";
import type { Channel } from "../../../src/recipes/pipeline/channels.ts";
import { pipelinePairs, resolvePipeline } from "../../../src/recipes/pipeline/config.ts";
import { pipelineRecipe } from "../../../src/recipes/pipeline/recipe.ts";
import { statuses } from "../../../src/recipes/pipeline/statuses.ts";
import { withStepField } from "../../../src/recipes/pipeline/step-field.ts";
import { type Field, type Plain, plainOfPage } from "../fields.ts";
import { ofTables, type Subject } from "../subject.ts";
import { TaskTable } from "./task-table.ts";

export const channels: readonly Channel[] = [
  { id: "news", name: "Daily News", isEnabled: true, file: "news.yaml" },
  { id: "deep", name: "Deep Dives", isEnabled: true, file: "deep.yaml" },
  { id: "old", name: "Old Times", isEnabled: false, file: "old.yaml" },
];
/** On the board, and in no file. */
export const UNKNOWN_CHANNEL = "Elsewhere";

const text = { kind: "text", owner: "both", decidedOn: "left" } as const;
const select = { owner: "both", type: "select" } as const;

const fields: readonly Field[] = [
  { ...text, name: board.title, property: { name: board.title, type: "title" } },
  { ...text, name: board.topic, property: { name: board.topic, type: "rich_text" } },
  { ...text, name: board.storyDirection, property: { name: board.storyDirection, type: "rich_text" } },
  chosen(board.status, "status"),
  chosen(board.channel, "choice"),
  chosen(board.priority, "choice"),
];

function chosen(name: string, kind: "status" | "choice"): Field {
  return { name, kind, owner: select.owner, property: { name, type: select.type } };
}

const columnOf: Readonly<Record<string, string>> = {
  [board.title]: "title",
  [board.topic]: "topic",
  [board.storyDirection]: "story_direction",
  [board.channel]: "channel_id",
  [board.priority]: "priority",
};
const fieldByColumn = new Map([
  ...Object.entries(columnOf).map(([field, column]) => [column, field] as const),
  ["status", board.status],
  ["stage", board.status],
]);

const stateByStatus = new Map<string, string>(statuses.map(({ name, state }) => [name, state]));

/** What a status of the board means; undefined: it is none of the 26. */
export function meaningOf(status: Plain): string | undefined {
  return typeof status === "string" ? stateByStatus.get(status) : undefined;
}

/** The state in a step: "processing:Audio Ready". */
export function stateIn(step: Plain): string | undefined {
  return typeof step === "string" ? step.split(":")[0] : undefined;
}

/** The real recipe of the board, under its own defaults. */
export const pipelineBoard: Subject = {
  fields,
  optionsOf: ({ name }) => {
    if (name === board.status) return statuses.map((status) => status.name);
    if (name === board.channel) return [...channels.map((channel) => channel.name), UNKNOWN_CHANNEL];
    return name === board.priority ? ["Low", "Normal", "High", "Urgent"] : [];
  },
  openTable: (options) => new TaskTable(options),
  plainInPage: ({ kind }, values, property) => plainOfPage(values, property, kind),
  plainInRow: ({ name }, values) => {
    const wordIn = (column: string) => {
      const value = values[column];
      return typeof value === "string" && value !== "" ? value : null;
    };
    if (name !== board.status) return wordIn(columnOf[name] ?? name);
    const [status, stage] = [wordIn("status"), wordIn("stage")];
    return stage === null ? status : `${status}:${stage}`;
  },
  fieldOf: (column) => fieldByColumn.get(column) ?? column,
  agree: ({ name }, left, right) => {
    if (name === board.status)
      return String(right).includes(":") ? right === `${meaningOf(left)}:${left}` : meaningOf(left) === right;
    if (name === board.channel) return (channels.find((each) => each.name === left)?.id ?? left) === right;
    if (name === board.priority)
      return (["Low", "High"].find((each) => each === left) ?? "Normal").toLowerCase() === right;
    return left === right;
  },
  isWaiting: ({ name }, left, { status }) => {
    if (name === board.channel) return left !== null && !channels.some((each) => each.name === left);
    if (typeof left === "string")
      return (name === board.title && left.length > 255) || (name === board.topic && left.length > 1_000);
    return status !== "draft" && (name === board.title || name === board.topic);
  },
  onTable: (connector) => withStepField(connector, pair().pipeline.table.columns),
  ...ofTables,
  marksRows: true,
  bind: (_options, descriptions, { binding }) => recipe().bind(descriptions, binding),
  policy: () => recipe().policy,
};

const recipe = () => pipelineRecipe(pair(), { channels: () => channels });

/** Without the time of the last change, which only the table's own triggers know. */
function pair(): PipelinePairConfig {
  const written = { notion: { database: "da7a0000-0000-4000-8000-000000000001" } };
  const config = resolvePipeline(written, { folder: "/", store: "sqlite:/lockstep.db" });
  const columns = { ...config.table.columns, statusSince: null };
  const [tasks] = pipelinePairs({ ...config, table: { ...config.table, columns } });
  if (tasks === undefined) throw new Error("there is no board");
  return tasks;
}
