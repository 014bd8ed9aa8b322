import { hash } from "node:crypto";
import type { PipelinePairConfig } from "../../config/config.ts";
import { canonicalJson, isJsonObject, type Json } from "../../core/json.ts";
import { bindRules } from "../../core/two-way/bind.ts";
import { type Known, parseBinding, writeBinding } from "../../core/two-way/binding.ts";
import type { FieldRule, PairPolicy } from "../../core/two-way/mapping.ts";
import type { FieldConfig } from "../../core/two-way/rule.ts";
import type { BoundMapping, PairDefinition } from "../../engine/two-way/definition.ts";
import { demandMarker, warningsOf } from "../binding.ts";
import { boardProperties as board, linkProperties } from "./board.ts";
import { keepPeoples } from "./keep-peoples.ts";
import { type Descriptions, type OwnRules, ownRules, type PipelineWorld } from "./own-rules.ts";
import { demandStatuses } from "./statuses.ts";
import { parseStep } from "./step.ts";
import { linkTable } from "./table.ts";
import { TITLE_LENGTH_MAX, TOPIC_LENGTH_MAX } from "./validate.ts";

/** The board (left) and the table of tasks (right), or the files of one kind and theirs. */
export function pipelineRecipe(
  config: PipelinePairConfig,
  world: PipelineWorld,
): Pick<PairDefinition, "bind" | "policy"> {
  demandStatuses();
  const bindPart = config.part === "tasks" ? bindTasks : bindLinks;
  return {
    policy: config.part === "tasks" ? { ...policy, creates: { left: true, right: true } } : policy,
    bind: (descriptions, stored) => bindPart(config, { descriptions, stored, world }),
  };
}

/** Nobody's record is ever deleted here: what is gone on one side stays on the other, on its own. */
const policy: PairPolicy = {
  creates: { left: true, right: false },
  onDelete: "unlink",
  onDeleteEdit: "edit",
  tieBreak: "right",
};

/** The columns that take part, as the table's connector has to read them. */
export function columnsOf({ part, pipeline }: PipelinePairConfig): readonly string[] {
  if (part !== "tasks") return linkTable.columns;
  return Object.values(pipeline.table.columns).filter((column) => column !== null);
}

interface Binding {
  readonly descriptions: Descriptions;
  readonly stored: Json;
  readonly world: PipelineWorld;
}

function bindLinks(config: PipelinePairConfig, { descriptions, stored }: Binding): BoundMapping {
  const names = linkProperties;
  return joined(
    config,
    { descriptions, stored },
    [
      { name: names.name, left: titleId(descriptions), right: "name", owner: "right" },
      { name: names.url, left: names.url, right: "url", owner: "right" },
      { name: names.task, left: names.task, right: "task_pages", owner: "right", codec: "set" },
    ],
    { rules: [], known: {}, suspended: [] },
  );
}

function bindTasks(config: PipelinePairConfig, { descriptions, stored, world }: Binding): BoundMapping {
  const { columns } = config.pipeline.table;
  const own = ownRules(config.pipeline, { descriptions, world, known: memoryIn(stored).own });
  const { storyDirection, statusSince } = columns;
  const fields: FieldConfig[] = [
    { name: board.title, left: titleId(descriptions), right: columns.title, ...peoples },
    { name: board.topic, left: board.topic, right: columns.topic, ...peoples },
  ];
  if (storyDirection !== null)
    fields.push({
      name: board.storyDirection,
      left: board.storyDirection,
      right: storyDirection,
      ...peoples,
    });
  if (statusSince !== null)
    fields.push({ name: board.statusSince, left: board.statusSince, right: statusSince, owner: "right" });
  return joined(config, { descriptions, stored }, fields, own);
}

/** The plain fields and the pipeline's own rules as one mapping. Channels are no part of the print: files come and go. */
function joined(
  config: PipelinePairConfig,
  { descriptions, stored }: Pick<Binding, "descriptions" | "stored">,
  fields: readonly FieldConfig[],
  own: OwnRules,
): BoundMapping {
  const { left, right } = descriptions;
  const memory = memoryIn(stored);
  const marker = demandMarker(left.fields, {
    name: config.name,
    idProperty: config.notion.idProperty,
    markerId: memory.markerId,
    keeps: "the key of a page's row",
    addedBy: "lockstep init --recipe pipeline",
  });
  const bound = bindRules(
    fields,
    {
      left: { label: "Notion", fields: left.fields, spelling: "structured" },
      right: { label: config.table.name, fields: right.fields, spelling: "plain" },
    },
    memory.rules,
  );
  const suspended = [...bound.suspended, ...own.suspended];
  const ownIds = own.rules.map(({ name, left: from, right: to }): Json => [name, from, to]);
  return {
    rules: [...bound.rules.map((rule) => ofPeople(limited(rule))), ...own.rules],
    suspended,
    keyOf: null,
    isInScope: null,
    print: hash("sha256", canonicalJson([bound.print, ownIds])).slice(0, 32),
    binding: {
      rules: bound.binding,
      own: writeBinding(own.known),
      markerId: marker.id,
      propertyIds: Object.fromEntries([...bound.rules, ...own.rules].map(({ name, left: id }) => [name, id])),
      titleField: config.part === "tasks" ? board.title : linkProperties.name,
    },
    warnings: warningsOf(descriptions, { warnings: bound.warnings, suspended }),
  };
}

/** A task that a program makes brings its texts along; from then on they are people's. */
const peoples = { owner: "both", policy: "left" } as const;

const lengthsMax: Readonly<Record<string, number>> = {
  [board.title]: TITLE_LENGTH_MAX,
  [board.topic]: TOPIC_LENGTH_MAX,
};

/**
 * What the column cannot hold waits on the board, instead of keeping the rest of the entry back: a text that is too long,
 * and one that was emptied while the task is under way, which goes on with what it began with.
 */
function limited(rule: FieldRule): FieldRule {
  const lengthMax = lengthsMax[rule.name];
  if (lengthMax === undefined) return rule;
  return {
    ...rule,
    waits: ({ side, to, others }) =>
      side === "left" && to === null && !isDraft(others[board.status])
        ? "it is empty, and the task keeps what it had; fill it in, or move the entry back to Draft"
        : null,
    toRight: (text) => {
      const length = typeof text === "string" ? [...text].length : 0;
      return length > lengthMax
        ? { unmappable: `it has ${length} characters, and ${lengthMax} are the most` }
        : rule.toRight(text);
    },
  };
}

function isDraft(step: Json | undefined): boolean {
  return typeof step === "string" && parseStep(step)?.state === "draft";
}

function ofPeople(rule: FieldRule): FieldRule {
  return rule.owner === "both" ? { ...rule, accepts: keepPeoples } : rule;
}

function titleId({ left }: Descriptions): string {
  return left.fields.find(({ vendorType }) => vendorType === "title")?.id ?? board.title;
}

interface Memory {
  readonly rules: Json;
  readonly own: Known;
  readonly markerId: string | null;
}

function memoryIn(stored: Json): Memory {
  if (!isJsonObject(stored)) return { rules: null, own: {}, markerId: null };
  const { rules = null, own = null, markerId } = stored;
  return { rules, own: parseBinding(own), markerId: typeof markerId === "string" ? markerId : null };
}
