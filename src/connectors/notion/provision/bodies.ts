import type { DatabaseSpec, OptionSpec, PropertySpec, ViewSpec } from "../../../connector/database-spec.ts";
import { LockstepError } from "../../../core/errors.ts";
import type { Json } from "../../../core/json.ts";
import type { JsonObject } from "../page.ts";
import type { CurrentDatabase, CurrentProperty } from "./current.ts";
import { findCurrent, type KnownDatabase } from "./known.ts";
import { isReferring, type ProvisionStep } from "./plan.ts";

/** https://developers.notion.com/reference/request-limits */
const OPTIONS_MAX = 100;

/** A new database with all that refers to nothing else. */
export function databaseBody(spec: DatabaseSpec, parentPageId: string): JsonObject {
  const plain = Object.entries(spec.properties).filter(([, property]) => !isReferring(property));
  const properties = plain.map(
    ([name, property]) => [name, propertyBody(property, name, { idOf, nameOf })] as const,
  );
  return {
    parent: { type: "page_id", page_id: parentPageId },
    title: [{ type: "text", text: { content: spec.title } }],
    initial_data_source: { properties: Object.fromEntries(properties) },
  };
}

/** Names as they are on the database, and ids of data sources. */
interface Names {
  readonly nameOf: (property: string) => string;
  readonly idOf: (key: string) => string;
}

/** Nothing that refers to anything is in a new database's body. */
const nameOf = (property: string) => property;
const idOf = (key: string) => key;

/**
 * The change of a schema that some steps come to; null: none. Properties go by name where they are new, and by id where
 * they are there. A list of options replaces the list there was, so all of those are in it, first and as they are.
 */
export function schemaBody(
  steps: readonly ProvisionStep[],
  {
    current,
    spec,
    known,
    names,
  }: {
    readonly current: CurrentDatabase;
    readonly spec: DatabaseSpec;
    readonly known: KnownDatabase | null;
    readonly names: Names;
  },
): JsonObject | null {
  const properties: Record<string, Json> = {};
  for (const step of steps) {
    if (step.kind !== "add-property" && step.kind !== "add-options") continue;
    const { property: name } = step;
    const wanted = spec.properties[name];
    if (wanted === undefined) continue;
    if (step.kind === "add-property") properties[name] = propertyBody(wanted, name, names);
    else if ("options" in wanted) {
      const found = findCurrent(current, { name, type: wanted.type, known });
      if (found !== undefined) properties[found.id] = optionsBody(found, wanted.options, step.options);
    }
  }
  return Object.keys(properties).length === 0 ? null : { properties };
}

function propertyBody(property: PropertySpec, name: string, names: Names): JsonObject {
  const { type, description } = property;
  return {
    type,
    [type]: configBody(property, name, names),
    ...(description === undefined ? {} : { description }),
  };
}

function configBody(property: PropertySpec, name: string, names: Names): JsonObject {
  switch (property.type) {
    case "number":
      return { format: property.format };
    case "select":
    case "multi_select":
    case "status":
      return { options: limited(name, property.options.map(optionBody)) };
    case "formula":
      return {
        expression: property.expression.replace(
          /prop\("([^"]*)"\)/g,
          (_, to) => `prop("${names.nameOf(to)}")`,
        ),
      };
    case "relation": {
      const dual =
        property.mirror === null
          ? { type: "single_property", single_property: {} }
          : { type: "dual_property", dual_property: { synced_property_name: property.mirror } };
      return { data_source_id: names.idOf(property.to), ...dual };
    }
    default:
      return {};
  }
}

function optionsBody(
  found: CurrentProperty,
  wanted: readonly OptionSpec[],
  missing: readonly string[],
): JsonObject {
  const added = wanted.filter(({ name }) => missing.includes(name)).map(optionBody);
  const kept = found.options.map(({ id, name, color }) => ({ id, name, color }));
  return { type: found.type, [found.type]: { options: limited(found.name, [...kept, ...added]) } };
}

function optionBody({ name, color, group }: OptionSpec): JsonObject {
  return { name, ...(color === undefined ? {} : { color }), ...(group === undefined ? {} : { group }) };
}

function limited(name: string, options: readonly JsonObject[]): readonly JsonObject[] {
  if (options.length <= OPTIONS_MAX) return options;
  throw new LockstepError(
    "VALUE_TOO_LONG",
    `Property "${name}" would have ${options.length} options, of which Notion takes ${OPTIONS_MAX} at once. Remove some, in ` +
      "Notion or in the configuration.",
  );
}

/** A view, with the properties as they are on the database now. */
export function viewBody(
  view: ViewSpec,
  {
    current,
    spec,
    known,
  }: {
    readonly current: CurrentDatabase;
    readonly spec: DatabaseSpec;
    readonly known: KnownDatabase | null;
  },
): JsonObject {
  const property = (name: string): CurrentProperty => {
    const type = spec.properties[name]?.type ?? "";
    const found = findCurrent(current, { name, type, known });
    if (found !== undefined) return found;
    throw new LockstepError(
      "SCHEMA_DRIFT",
      `The view "${view.name}" needs the property "${name}", which is not there. Run the same again to have it made.`,
    );
  };
  const { filter, sorts } = view;
  return {
    database_id: current.databaseId,
    data_source_id: current.dataSourceId,
    name: view.name,
    type: view.type,
    ...(filter === undefined ? {} : { filter: filterBody(property(filter.property), filter.isOneOf) }),
    ...(sorts === undefined
      ? {}
      : {
          sorts: sorts.map((sort) => ({ property: property(sort.property).id, direction: sort.direction })),
        }),
    configuration: {
      type: view.type,
      ...(view.groupBy === undefined ? {} : { group_by: groupBody(property(view.groupBy)) }),
      ...(view.shown === undefined ? {} : { properties: shownBody(current, view.shown.map(property)) }),
    },
  };
}

/** One option as itself, several as a list: both show as one filter in the view's own bar. */
function filterBody({ id, type }: CurrentProperty, wanted: readonly string[]): JsonObject {
  const [only, ...others] = wanted;
  return { property: id, [type]: { equals: others.length === 0 ? (only ?? null) : wanted } };
}

function groupBody({ id, type }: CurrentProperty): JsonObject {
  const level = type === "status" ? { group_by: "option" } : {};
  return { type, property_id: id, ...level, sort: { type: "manual" }, hide_empty_groups: false };
}

function shownBody(current: CurrentDatabase, shown: readonly CurrentProperty[]): readonly JsonObject[] {
  const hidden = current.properties.filter((property) => !shown.includes(property));
  return [
    ...shown.map(({ id }) => ({ property_id: id, visible: true })),
    ...hidden.map(({ id }) => ({ property_id: id, visible: false })),
  ];
}
