import { hash } from "node:crypto";
import type { PlanningConfig, PlanningPairConfig } from "../../config/planning.ts";
import type { Description } from "../../connector/connector.ts";
import { canonicalJson, isJsonObject, type Json } from "../../core/json.ts";
import type { SourceRecord } from "../../core/record.ts";
import { bindRules } from "../../core/two-way/bind.ts";
import type { PairPolicy, Side } from "../../core/two-way/mapping.ts";
import type { BoundMapping, PairDefinition } from "../../engine/two-way/definition.ts";
import { demandMarker, warningsOf } from "../binding.ts";
import { rowFacts } from "./board.ts";
import { issueKey } from "./issue-key.ts";
import { fieldConfigs, ruledBy } from "./rules.ts";

/** Planning: a Notion database (left) and the issues of a team's repositories (right). */
export function planningRecipe({
  name,
  planning,
}: PlanningPairConfig): Pick<PairDefinition, "bind" | "policy"> {
  return {
    policy: policyOf(planning),
    bind: (descriptions, stored) => bind({ name, planning }, descriptions, stored),
  };
}

function policyOf({ creates, whenArchived }: PlanningConfig): PairPolicy {
  return {
    creates: { left: creates.rows, right: creates.issues },
    // An issue that is deleted on GitHub is out of the collection, as its connector tells it: only a row's death is passed on.
    onDelete: whenArchived === "close" ? "propagate" : "unlink",
    onDeleteEdit: "ask",
    tieBreak: "left",
  };
}

function bind(
  { name, planning }: Pick<PlanningPairConfig, "name" | "planning">,
  { left, right }: Readonly<Record<Side, Description>>,
  stored: Json,
): BoundMapping {
  const memory = isJsonObject(stored) ? stored : {};
  const marker = demandMarker(left.fields, {
    name,
    idProperty: planning.notion.idProperty,
    markerId: memory.markerId,
    keeps: "the id of a row's issue",
    addedBy: "lockstep init --recipe planning",
  });
  const titleId =
    left.fields.find(({ vendorType }) => vendorType === "title")?.id ?? planning.fields.title.property;
  const bound = bindRules(
    fieldConfigs(planning, titleId),
    {
      left: { label: "Notion", fields: left.fields, spelling: "structured" },
      right: { label: "GitHub", fields: right.fields, spelling: "plain" },
    },
    memory.rules ?? null,
  );
  const rules = bound.rules.map((rule) => ruledBy(planning, rule));
  const [defaultRepository = ""] = planning.repositories;
  const own: Json = [
    planning.images,
    [...(planning.fields.labels?.managed ?? [])],
    { ...planning.fields.assignees?.people },
    [...planning.repositories],
  ];
  return {
    rules,
    suspended: bound.suspended,
    keyOf: (_side, values) => {
      const written = values[rowFacts.issue];
      return typeof written === "string" ? issueKey(written, defaultRepository) : null;
    },
    isInScope: null,
    print: hash("sha256", canonicalJson([bound.print, own])).slice(0, 32),
    binding: {
      rules: bound.binding,
      markerId: marker.id,
      propertyIds: Object.fromEntries(rules.map((rule) => [rule.name, rule.left])),
      titleField: planning.fields.title.property,
    },
    warnings: warningsOf({ left, right }, bound),
  };
}

/** Which issues become rows. */
export function admits({ filter }: PlanningConfig, { fields }: SourceRecord): boolean {
  const names = Array.isArray(fields.labels) ? fields.labels.map((label: Json) => nameOf(label)) : [];
  const isAlike = (wanted: string | null, found: readonly (string | null)[]) =>
    wanted === null || found.some((each) => each?.toLowerCase() === wanted.toLowerCase());
  return (
    isAlike(filter.label, names) &&
    isAlike(filter.author, [nameOf(fields.author ?? null)]) &&
    isAlike(filter.milestone, [nameOf(fields.milestone ?? null)])
  );
}

function nameOf(value: Json): string | null {
  if (typeof value === "string") return value;
  if (!isJsonObject(value)) return null;
  return typeof value.name === "string" ? value.name : null;
}
