import { decoded, objectAt } from "../api/input.ts";
import { validationError } from "../http/errors.ts";
import { isObject, type Json, type JsonObject, objectOr, stringOr } from "../json.ts";
import { type DataSource, findProperty, type Property, type State } from "../state/state.ts";
import { defaultStatus, optionsOf } from "../values/options.ts";
import { plainText } from "../values/rich-text.ts";
import { mirrorOf, parseConfig, typeIn } from "../values/schema.ts";
import { retype } from "./retype.ts";

/** A change that was read and found right, and is yet to happen. */
type Step = () => void;

/**
 * Adds, renames, changes, retypes and deletes columns. A request is read completely before anything changes, so a refused
 * one changes nothing; only rollups, which may need a relation of the same request, are read after the rest is done. If one
 * of them is refused, the rest is put back.
 */
export function updateSchema(state: State, dataSource: DataSource, properties: JsonObject): void {
  const entries = Object.entries(properties);
  const isRollup = ([, entry]: [string, Json]): boolean => isObject(entry) && typeIn(entry) === "rollup";
  const apply = (group: readonly [string, Json][]): void => {
    const steps = group.map(([key, entry]) => planEntry(state, dataSource, { key, entry }));
    for (const step of steps) step();
  };
  const rollups = entries.filter(isRollup);
  const putBack = rollups.length === 0 ? null : remember(state, dataSource);
  try {
    apply(entries.filter((each) => !isRollup(each)));
    apply(rollups);
  } catch (error) {
    putBack?.();
    throw error;
  }
}

/** Keeps what a change of columns can touch, and gives what puts it back: these and mirrored columns, and the rows' values. */
function remember(state: State, dataSource: DataSource): () => void {
  const { nextNumber } = dataSource;
  const schemas = [...state.dataSources.values()].map((each) => ({
    each,
    columns: each.properties.map((property) => ({ property, copy: { ...property } })),
  }));
  const rows = Array.from(dataSource.rows, (row) => ({ row, values: { ...row.values } }));
  return () => {
    dataSource.nextNumber = nextNumber;
    for (const { each, columns } of schemas)
      each.properties = columns.map(({ property, copy }) => Object.assign(property, copy));
    for (const { row, values } of rows) row.values = values;
  };
}

function planEntry(
  state: State,
  dataSource: DataSource,
  { key, entry }: { readonly key: string; readonly entry: Json },
): Step {
  const property = findProperty(dataSource.properties, key);
  if (property === undefined) return planAddition(state, dataSource, { name: key, entry });
  if (entry === null) return planDeletion(state, dataSource, property);
  return planChange(state, dataSource, { property, entry: objectAt(entry, `body.properties.${key}`) });
}

function planAddition(
  state: State,
  dataSource: DataSource,
  { name, entry }: { readonly name: string; readonly entry: Json },
): Step {
  const path = `body.properties.${name}`;
  if (entry === null) throw validationError(`Could not find property with name or id: ${name}`);
  const written = objectAt(entry, path);
  const type = typeIn(written);
  if (type === null) throw validationError(`Could not find property with name or id: ${name}`);
  if (type === "title") throw validationError("Cannot create new title property.");
  const property: Property = {
    id: decodeId(written.id) ?? newPropertyId(state, dataSource),
    name: stringOr(written.name, name),
    type,
    config: parseConfig(written, type, { state, dataSource, path, before: undefined }),
    description: typeof written.description === "string" ? written.description : null,
  };
  return () => {
    dataSource.properties.push(property);
    if (type === "relation") {
      addMirror(state, dataSource, { property, name: mirrorName(written, dataSource, property.name) });
    }
    if (type !== "unique_id") return;
    for (const row of dataSource.rows) row.values[property.id] = dataSource.nextNumber++;
  };
}

function decodeId(id: Json | undefined): string | null {
  return typeof id === "string" ? decoded(id) : null;
}

function newPropertyId(state: State, dataSource: DataSource): string {
  let id = state.random.propertyId();
  while (dataSource.properties.some((property) => property.id === id)) id = state.random.propertyId();
  return id;
}

/** Makes the other column of a two-way relation in the target. */
function addMirror(
  state: State,
  dataSource: DataSource,
  { property, name }: { readonly property: Property; readonly name: string },
): void {
  const target = state.dataSources.get(stringOr(property.config.data_source_id, ""));
  const mirrorId = property.config.mirror_id;
  if (target === undefined || typeof mirrorId !== "string") return;
  target.properties.push({
    id: mirrorId,
    name: freeName(target, name),
    type: "relation",
    config: { data_source_id: dataSource.id, mirror_id: property.id },
    description: null,
  });
}

function mirrorName(written: JsonObject, dataSource: DataSource, column: string): string {
  const wanted = objectOr(objectOr(written.relation).dual_property).synced_property_name;
  return stringOr(wanted, `Related to ${plainText(dataSource.title)} (${column})`);
}

function freeName(dataSource: DataSource, name: string): string {
  let free = name;
  for (let number = 1; findProperty(dataSource.properties, free) !== undefined; number++)
    free = `${name} ${number}`;
  return free;
}

function planDeletion(state: State, dataSource: DataSource, property: Property): Step {
  if (property.type === "title") throw validationError("Cannot delete the title property.");
  return () => {
    const target = state.dataSources.get(stringOr(property.config.data_source_id, ""));
    const mirror = target === undefined ? undefined : mirrorOf(property, target);
    // The other side stays, as a one-way relation.
    if (mirror !== undefined) mirror.config = { ...mirror.config, mirror_id: null };
    dataSource.properties = dataSource.properties.filter((candidate) => candidate !== property);
    for (const row of dataSource.rows) delete row.values[property.id];
  };
}

function planChange(
  state: State,
  dataSource: DataSource,
  { property, entry }: { readonly property: Property; readonly entry: JsonObject },
): Step {
  const name = stringOr(entry.name, property.name);
  if (dataSource.properties.some((other) => other !== property && other.name === name)) {
    throw validationError(`Cannot rename property to "${name}": a property with this name exists.`);
  }
  const reconfigure = planConfig(state, dataSource, { property, entry });
  return () => {
    property.name = name;
    property.description = typeof entry.description === "string" ? entry.description : property.description;
    reconfigure();
  };
}

/** The part of a change that touches a column's type or its configuration. */
function planConfig(
  state: State,
  dataSource: DataSource,
  { property, entry }: { readonly property: Property; readonly entry: JsonObject },
): Step {
  const type = typeIn(entry);
  if (type === null || (type === property.type && entry[type] === undefined)) return () => undefined;
  const path = `body.properties.${property.name}`;
  if (type !== property.type) {
    if (property.type === "title" || type === "title") {
      throw validationError("Cannot change the type of the title property.");
    }
    const config = parseConfig(entry, type, { state, dataSource, path, before: undefined });
    return () => retype(state, dataSource, { property, type, config });
  }
  const config = parseConfig(entry, type, { state, dataSource, path, before: property });
  return () => {
    const before = optionsOf(property);
    property.config = config;
    const after = new Set(optionsOf(property).map((option) => option.id));
    const removed = before.map((option) => option.id ?? null).filter((id) => !after.has(id));
    if (removed.length > 0) forgetOptions(dataSource, property, new Set(removed));
  };
}

/** Rows lose a removed option; a status falls back to the first one. */
function forgetOptions(dataSource: DataSource, property: Property, removed: ReadonlySet<Json>): void {
  const fallback = property.type === "status" ? defaultStatus(property) : undefined;
  for (const row of dataSource.rows) {
    const value = row.values[property.id];
    if (value === undefined) continue;
    const left = Array.isArray(value)
      ? value.filter((id) => !removed.has(id))
      : removed.has(value)
        ? fallback
        : value;
    if (left === undefined || (Array.isArray(left) && left.length === 0)) delete row.values[property.id];
    else row.values[property.id] = left;
  }
}
