import type { PipelineConfig } from "../../config/config.ts";
import type { Description } from "../../connector/connector.ts";
import { LockstepError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import type { FieldSchema } from "../../core/record.ts";
import { findField, type Known, type KnownSide } from "../../core/two-way/binding.ts";
import type { OptionWords } from "../../core/two-way/codecs/words.ts";
import type { FieldRule, Side } from "../../core/two-way/mapping.ts";
import type { BoundMapping } from "../../engine/two-way/definition.ts";
import { boardProperties as board } from "./board.ts";
import { channelRule } from "./channel-rule.ts";
import type { Channel } from "./channels.ts";
import { entryIn } from "./entry.ts";
import type { BoundOptionRule, OptionField } from "./option-rule.ts";
import { priorityRule } from "./priority-rule.ts";
import { statusRule } from "./status-rule.ts";
import { STEP_FIELD } from "./step-field.ts";
import { refusalComment, validateEntry } from "./validate.ts";

/** What the recipe needs beside its configuration. */
export interface PipelineWorld {
  /** As their files are now. */
  readonly channels: () => readonly Channel[];
}

export type Descriptions = Readonly<Record<Side, Description>>;

export interface OwnRules {
  readonly rules: readonly FieldRule[];
  readonly known: Known;
  readonly suspended: BoundMapping["suspended"];
}

/** Status, Channel and Priority: rules of the pipeline's own. Their options are known by id after the first binding. */
export function ownRules(
  { moves, table: { columns } }: PipelineConfig,
  {
    descriptions,
    world,
    known,
  }: { readonly descriptions: Descriptions; readonly world: PipelineWorld; readonly known: Known },
): OwnRules {
  const { channels } = world;
  const refuses = (values: Readonly<Record<string, Json>>) => {
    const { problems } = validateEntry(entryIn(values), channels());
    const seen = problems.filter(({ field }) => values[field] !== undefined);
    return seen.length === 0 ? null : refusalComment(seen);
  };
  const makers: readonly Maker[] = [
    { name: board.status, right: STEP_FIELD, make: (field) => statusRule({ ...field, moves, refuses }) },
    { name: board.channel, right: columns.channel, make: (field) => channelRule({ ...field, channels }) },
    ...(columns.priority === null
      ? []
      : [{ name: board.priority, right: columns.priority, make: priorityRule }]),
  ];
  const made = makers.map((maker) => ownRule(maker, descriptions, known));
  return {
    rules: made.flatMap(({ rule }) => (rule === null ? [] : [rule])),
    suspended: made.flatMap(({ suspended }) => (suspended === null ? [] : [suspended])),
    known: Object.assign({}, ...made.map((each) => each.known)),
  };
}

interface Maker {
  readonly name: string;
  readonly right: string;
  readonly make: (field: OptionField) => BoundOptionRule;
}

interface Made {
  readonly rule: FieldRule | null;
  readonly suspended: { readonly name: string; readonly reason: string } | null;
  readonly known: Known;
}

function ownRule({ name, right, make }: Maker, descriptions: Descriptions, known: Known): Made {
  const before = known[name];
  const leftField = fieldOf(name, "Notion", { fields: descriptions.left.fields, known: before?.left });
  const rightField = fieldOf(right, "the table", { fields: descriptions.right.fields, known: before?.right });
  if ("lost" in leftField || "lost" in rightField) {
    const reason = "lost" in leftField ? leftField.lost : "lost" in rightField ? rightField.lost : "";
    return { rule: null, suspended: { name, reason }, known: before === undefined ? {} : { [name]: before } };
  }
  const { rule, words } = make({
    name,
    left: { schema: leftField, spelling: "structured" },
    right: { schema: rightField, spelling: "plain" },
    known: before?.left.words ?? {},
  });
  const side = (asked: string, { id, type }: FieldSchema, learned: OptionWords): KnownSide => ({
    asked,
    id,
    type,
    words: learned,
  });
  const learned = {
    left: side(name, leftField, words),
    right: side(right, rightField, {}),
    codec: "pipeline",
  };
  return { rule, suspended: null, known: { [name]: learned } };
}

function fieldOf(
  asked: string,
  label: string,
  { fields, known }: { readonly fields: readonly FieldSchema[]; readonly known: KnownSide | undefined },
): FieldSchema | { readonly lost: string } {
  const match = findField(asked, fields, known);
  if ("field" in match) return match.field;
  if ("lost" in match) return { lost: `${label}: ${match.lost}.` };
  throw new LockstepError(
    "SCHEMA_DRIFT",
    `The pipeline needs "${asked}" in ${label}, and it is not there. \`lockstep init --recipe pipeline\` adds what is missing.`,
  );
}
