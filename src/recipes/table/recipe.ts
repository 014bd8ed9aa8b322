import { hash } from "node:crypto";
import type { TableConfig, TableFieldConfig } from "../../config/config.ts";
import type { Description } from "../../connector/connector.ts";
import { canonicalJson, isJsonObject, type Json } from "../../core/json.ts";
import type { FieldSchema } from "../../core/record.ts";
import { bindRules } from "../../core/two-way/bind.ts";
import type { FieldRule, PairPolicy, Side } from "../../core/two-way/mapping.ts";
import type { Values } from "../../core/two-way/pair.ts";
import type { FieldConfig } from "../../core/two-way/rule.ts";
import type { BoundMapping, PairDefinition } from "../../engine/two-way/definition.ts";
import { demandMarker, warningsOf } from "../binding.ts";

/** What a binding remembers beside its rules. */
export interface TableMemory {
  /** The property that holds the key of a page's row. */
  readonly markerId: string | null;
  /** Ids of the mapped properties, by the names that the configuration gives them. */
  readonly propertyIds: Readonly<Record<string, string>>;
  /** The field by which people know a record: the one of the page's title, or else the first. */
  readonly titleField: string | null;
}

const noMemory: TableMemory = { markerId: null, propertyIds: {}, titleField: null };

/**
 * Table: a Notion data source (left) and a SQL table (right). Properties are followed by id, so that a renamed one stays
 * mapped; one that is gone or of another type suspends its field, and the rest goes on.
 */
export function tableRecipe(config: TableConfig): Pick<PairDefinition, "bind" | "policy"> {
  return { policy: policyOf(config), bind: (descriptions, stored) => bind(config, descriptions, stored) };
}

function policyOf({ creates, onDelete, onDeleteEdit }: TableConfig): PairPolicy {
  return {
    creates: { left: creates.notion, right: creates.table },
    onDelete,
    onDeleteEdit,
    // Where nobody can tell which change came later, people's place of work counts.
    tieBreak: "left",
  };
}

function bind(
  config: TableConfig,
  { left, right }: Readonly<Record<Side, Description>>,
  stored: Json,
): BoundMapping {
  const marker = demandMarker(left.fields, {
    name: config.name,
    idProperty: config.notion.idProperty,
    markerId: tableMemory(stored).markerId,
    keeps: "the key of a page's row",
    addedBy: `lockstep table install ${config.name}`,
  });
  const bound = bindRules(
    config.fields.map(toFieldConfig),
    {
      left: { label: "Notion", fields: left.fields, spelling: "structured" },
      right: { label: config.table.name, fields: right.fields, spelling: "plain" },
    },
    isJsonObject(stored) ? (stored.rules ?? null) : null,
  );
  const matched = bound.rules.find(({ name }) => name === config.match);
  return {
    rules: bound.rules,
    suspended: bound.suspended,
    keyOf: matched === undefined ? null : keyBy(matched),
    isInScope: null,
    print:
      config.match === null ? bound.print : hash("sha256", `${bound.print} ${config.match}`).slice(0, 32),
    binding: {
      rules: bound.binding,
      markerId: marker.id,
      propertyIds: propertyIdsIn(config, bound.binding),
      titleField: titleFieldOf(bound.rules, left.fields),
    },
    warnings: warningsOf({ left, right }, bound),
  };
}

/** What was remembered at the last binding, as the store has it. */
export function tableMemory(stored: Json): TableMemory {
  if (!isJsonObject(stored)) return noMemory;
  const { markerId, propertyIds, titleField } = stored;
  const ids = Object.entries(isJsonObject(propertyIds) ? propertyIds : {});
  return {
    markerId: typeof markerId === "string" ? markerId : null,
    propertyIds: Object.fromEntries(
      ids.flatMap(([name, id]) => (typeof id === "string" ? [[name, id] as const] : [])),
    ),
    titleField: typeof titleField === "string" ? titleField : null,
  };
}

const sideOf = { notion: "left", table: "right", both: "both", newest: "newest", ask: "ask" } as const;

function toFieldConfig({
  property,
  column,
  owner,
  conflict,
  map,
  isWriteOnce,
}: TableFieldConfig): FieldConfig {
  return {
    name: property,
    left: property,
    right: column,
    owner: owner === null ? undefined : sideOf[owner],
    policy: sideOf[conflict],
    writeOnce: isWriteOnce,
    map: map === null ? undefined : { toRight: map.toTable, toLeft: map.toNotion },
  };
}

/** A key is compared as the table spells it, whichever side it comes from. */
function keyBy(rule: FieldRule): (side: Side, values: Values) => string | null {
  return (side, values) => {
    const value = values[rule.name] ?? null;
    if (value === null) return null;
    const translated = side === "right" ? { value } : rule.toRight(value);
    if (!("value" in translated) || translated.value === null) return null;
    return typeof translated.value === "string" ? translated.value : canonicalJson(translated.value);
  };
}

function propertyIdsIn({ fields }: TableConfig, rules: Json): { readonly [name: string]: string } {
  const entries = fields.flatMap(({ property }) => {
    const rule = isJsonObject(rules) ? rules[property] : undefined;
    const side = isJsonObject(rule) ? rule.left : undefined;
    const id = isJsonObject(side) ? side.id : undefined;
    return typeof id === "string" ? [[property, id] as const] : [];
  });
  return Object.fromEntries(entries);
}

function titleFieldOf(rules: readonly FieldRule[], fields: readonly FieldSchema[]): string | null {
  const title = fields.find(({ vendorType }) => vendorType === "title");
  const rule = rules.find(({ left }) => left === title?.id) ?? rules[0];
  return rule?.name ?? null;
}
