import { decoded, idAt, objectAt, textAt } from "../api/input.ts";
import { bodyError, validationError } from "../http/errors.ts";
import { isObject, type Json, type JsonObject, objectOr, stringOr } from "../json.ts";
import type { DataSource, Property, State } from "../state/state.ts";
import { findProperty } from "../state/state.ts";
import { numberFormats } from "./number-formats.ts";
import { groupsOf, optionsOf } from "./options.ts";
import { isPropertyType, propertyTypes } from "./property-types.ts";

/** A data source's columns as its schema shows them. */
export function renderSchema(dataSource: DataSource, state: State): JsonObject {
  return Object.fromEntries(
    dataSource.properties.map((property) => [
      property.name,
      {
        id: encodeURIComponent(property.id),
        name: property.name,
        description: property.description,
        type: property.type,
        [property.type]: renderConfig(property, dataSource, state),
      },
    ]),
  );
}

function renderConfig(property: Property, dataSource: DataSource, state: State): JsonObject {
  if (property.type === "relation") return renderRelation(property, state);
  if (property.type !== "rollup") return property.config;
  const relation = findProperty(dataSource.properties, stringOr(property.config.relation_property_id, ""));
  const target = state.dataSources.get(stringOr(relation?.config.data_source_id, ""));
  const rolledUp = findProperty(target?.properties ?? [], stringOr(property.config.rollup_property_id, ""));
  // These two ids, alone, are shown without percent-encoding.
  return {
    rollup_property_name: rolledUp?.name ?? null,
    relation_property_name: relation?.name ?? null,
    rollup_property_id: rolledUp?.id ?? null,
    relation_property_id: relation?.id ?? null,
    function: property.config.function ?? null,
  };
}

function renderRelation(property: Property, state: State): JsonObject {
  const targetId = stringOr(property.config.data_source_id, "");
  const target = state.dataSources.get(targetId);
  const ids = { database_id: target?.databaseId ?? null, data_source_id: targetId };
  const mirror = target === undefined ? undefined : mirrorOf(property, target);
  if (mirror === undefined) return { ...ids, type: "single_property", single_property: {} };
  const synced = { synced_property_name: mirror.name, synced_property_id: encodeURIComponent(mirror.id) };
  return { ...ids, type: "dual_property", dual_property: synced };
}

/** The other side of a two-way relation. */
export function mirrorOf(property: Property, target: DataSource): Property | undefined {
  const mirrorId = property.config.mirror_id;
  return typeof mirrorId === "string"
    ? target.properties.find((candidate) => candidate.id === mirrorId)
    : undefined;
}

/** The type a schema entry of a request is about, or null when it names none. */
export function typeIn(entry: JsonObject): string | null {
  const named = entry.type;
  if (typeof named === "string") return named;
  return propertyTypes.find((type) => type in entry) ?? null;
}

export interface SchemaContext {
  readonly state: State;
  readonly dataSource: DataSource;
  /** Where the entry stands in the body, for messages. */
  readonly path: string;
}

/** Reads the configuration of one column; `before` is the column as it was, when it keeps its type. */
export function parseConfig(
  entry: JsonObject,
  type: string,
  context: SchemaContext & { readonly before: Property | undefined },
): JsonObject {
  if (!isPropertyType(type))
    throw bodyError(
      `${context.path}.type`,
      propertyTypes.map((known) => `\`"${known}"\``).join(", or "),
      type,
    );
  const written = objectOr(entry[type]);
  switch (type) {
    case "number":
      return { format: numberFormat(written.format ?? "number", `${context.path}.number.format`) };
    case "select":
    case "multi_select":
      return { options: parseOptions(written.options, context) };
    case "status":
      return parseStatus(written, context);
    case "formula":
      return { expression: textAt(written.expression ?? "", `${context.path}.formula.expression`) };
    case "unique_id":
      return { prefix: typeof written.prefix === "string" ? written.prefix : null };
    case "relation":
      return parseRelationTarget(written, context);
    case "rollup":
      return parseRollup(written, context);
    default:
      return {};
  }
}

function numberFormat(input: Json, path: string): Json {
  if (numberFormats.some((known) => known === input)) return input;
  throw bodyError(path, numberFormats.map((known) => `\`"${known}"\``).join(", or "), input);
}

const optionsMax = 100;

/** Options that exist keep their id, name and colour whatever the request says about them. */
function parseOptions(
  input: Json | undefined,
  { state, before, path }: SchemaContext & { readonly before: Property | undefined },
): Json[] {
  if (input === undefined || input === null) return before === undefined ? [] : optionsOf(before);
  if (!Array.isArray(input)) throw bodyError(`${path}.options`, "an array", input);
  if (input.length > optionsMax)
    throw validationError(
      `body failed validation: ${path}.options.length should be ≤ \`100\`, instead was \`${input.length}\`.`,
    );
  const names = new Set<string>();
  return input.map((option, index) => {
    const wanted = objectAt(option, `${path}.options[${index}]`);
    const name = wanted.name;
    const kept =
      before && optionsOf(before).find((known) => known.id === wanted.id || sameName(known.name, name));
    const parsed = kept ?? newOption(wanted, `${path}.options[${index}]`, state);
    const key = stringOr(parsed.name, "").toLowerCase();
    if (names.has(key)) throw validationError(`Option names must be unique: "${stringOr(parsed.name, "")}".`);
    names.add(key);
    return parsed;
  });
}

function sameName(left: Json | undefined, right: Json | undefined): boolean {
  return typeof left === "string" && typeof right === "string" && left.toLowerCase() === right.toLowerCase();
}

function newOption(wanted: JsonObject, path: string, state: State): JsonObject {
  const name = textAt(wanted.name, `${path}.name`);
  if (name.includes(",")) throw validationError(`Invalid select option, commas not allowed: ${name}`);
  return {
    id: stringOr(wanted.id, state.random.uuid()),
    name,
    color: stringOr(wanted.color, "default"),
    description: typeof wanted.description === "string" ? wanted.description : null,
  };
}

const statusGroups = [
  { name: "To-do", color: "gray", option: "Not started", optionColor: "default" },
  { name: "In progress", color: "blue", option: "In progress", optionColor: "blue" },
  { name: "Complete", color: "green", option: "Done", optionColor: "green" },
] as const;

/** Groups are fixed. Options land in the group they name, else in To-do. */
function parseStatus(
  written: JsonObject,
  context: SchemaContext & { readonly before: Property | undefined },
): JsonObject {
  const { state, before } = context;
  const isDefault = written.options === undefined && before === undefined;
  const options: Json[] = isDefault
    ? statusGroups.map(({ option, optionColor }) =>
        newOption({ name: option, color: optionColor }, context.path, state),
      )
    : parseOptions(written.options, context);
  const recorded = Array.isArray(written.groups) ? written.groups.filter(isObject) : [];
  const known = before === undefined ? recorded : groupsOf(before);
  const groups = statusGroups.map(({ name, color, option }, index) => {
    const group = known[index];
    const members = options.filter(
      (candidate) => groupFor(candidate, { written, known, isDefault, option }) === index,
    );
    return {
      id: stringOr(group?.id, state.random.uuid()),
      name: stringOr(group?.name, name),
      color: stringOr(group?.color, color),
      option_ids: members.map((member) => objectOr(member).id ?? null),
    };
  });
  return { options, groups };
}

function groupFor(
  option: Json,
  from: {
    readonly written: JsonObject;
    readonly known: JsonObject[];
    readonly isDefault: boolean;
    readonly option: string;
  },
): number {
  const { id, name } = objectOr(option);
  if (from.isDefault) return statusGroups.findIndex((group) => group.option === name);
  const sent = Array.isArray(from.written.options) ? from.written.options.filter(isObject) : [];
  const named = sent.find(
    (candidate) => candidate.group !== undefined && sameName(candidate.name, name),
  )?.group;
  const byName = statusGroups.findIndex((group) => sameName(group.name, named));
  if (byName !== -1) return byName;
  const before = from.known.findIndex(
    (group) => Array.isArray(group.option_ids) && group.option_ids.includes(id ?? null),
  );
  return Math.max(before, 0);
}

/** The target by data source, or by a database that has only one. */
function parseRelationTarget(
  written: JsonObject,
  { state, path, before }: SchemaContext & { readonly before: Property | undefined },
): JsonObject {
  const wanted = written.data_source_id ?? written.database_id;
  if (wanted === undefined && before !== undefined) return before.config;
  const id = idAt(wanted, `${path}.relation.data_source_id`);
  const dataSourceId = state.dataSources.has(id) ? id : (state.databases.get(id)?.dataSourceIds[0] ?? null);
  if (dataSourceId === null) throw validationError(`Could not find database with ID: ${id}.`);
  if (state.databases.has(id) && state.databases.get(id)?.dataSourceIds.length !== 1) {
    throw validationError("Databases with multiple data sources are not supported in this API version.");
  }
  if (written.type !== "dual_property" && !isObject(written.dual_property))
    return { data_source_id: dataSourceId, mirror_id: null };
  const synced = objectOr(written.dual_property).synced_property_id;
  const wantedId = typeof synced === "string" ? decoded(synced) : state.random.propertyId();
  return { data_source_id: dataSourceId, mirror_id: stringOr(before?.config.mirror_id, wantedId) };
}

/** https://developers.notion.com/reference/property-object#rollup */
const rollupFunctions = [
  "count",
  "count_values",
  "empty",
  "not_empty",
  "unique",
  "show_unique",
  "percent_empty",
  "percent_not_empty",
  "sum",
  "average",
  "median",
  "min",
  "max",
  "range",
  "earliest_date",
  "latest_date",
  "date_range",
  "checked",
  "unchecked",
  "percent_checked",
  "percent_unchecked",
  "count_per_group",
  "percent_per_group",
  "show_original",
];

function rollupFunction(input: Json, path: string): Json {
  if (rollupFunctions.some((known) => known === input)) return input;
  throw bodyError(path, rollupFunctions.map((known) => `\`"${known}"\``).join(", or "), input);
}

function parseRollup(written: JsonObject, { state, dataSource, path }: SchemaContext): JsonObject {
  const relationKey = stringOr(written.relation_property_id ?? written.relation_property_name, "");
  const relation = findProperty(dataSource.properties, relationKey);
  if (relation?.type !== "relation")
    throw validationError(`${path}: could not find a relation property ${relationKey}.`);
  const target = state.dataSources.get(stringOr(relation.config.data_source_id, ""));
  const key = stringOr(written.rollup_property_id ?? written.rollup_property_name, "");
  const rolledUp = findProperty(target?.properties ?? [], key);
  if (rolledUp === undefined) throw validationError(`Could not find property with name or id: ${key}`);
  return {
    relation_property_id: relation.id,
    rollup_property_id: rolledUp.id,
    function: rollupFunction(written.function ?? "show_original", `${path}.rollup.function`),
  };
}
