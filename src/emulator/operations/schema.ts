import { objectAt } from "../api/input.ts";
import { validationError } from "../http/errors.ts";
import { isObject, type Json, type JsonObject, objectOr, stringOr } from "../json.ts";
import { type DataSource, findProperty, type Property, type State } from "../state/state.ts";
import { defaultStatus, optionsOf } from "../values/options.ts";
import { plainText } from "../values/rich-text.ts";
import { mirrorOf, parseConfig, typeIn } from "../values/schema.ts";
import { retype } from "./retype.ts";

/** Adds, renames, changes, retypes and deletes columns. Relations come before the rollups that need them. */
export function updateSchema(state: State, dataSource: DataSource, properties: JsonObject): void {
  const entries = Object.entries(properties);
  const isRollup = ([, entry]: [string, Json]): boolean => isObject(entry) && typeIn(entry) === "rollup";
  for (const [key, entry] of [...entries.filter((each) => !isRollup(each)), ...entries.filter(isRollup)]) {
    const property = findProperty(dataSource.properties, key);
    if (property === undefined) addProperty(state, dataSource, { name: key, entry });
    else if (entry === null) deleteProperty(state, dataSource, property);
    else changeProperty(state, dataSource, { property, entry: objectAt(entry, `body.properties.${key}`) });
  }
}

function addProperty(
  state: State,
  dataSource: DataSource,
  { name, entry }: { readonly name: string; readonly entry: Json },
): void {
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
  dataSource.properties.push(property);
  if (type === "relation")
    addMirror(state, dataSource, { property, name: mirrorName(written, dataSource, property.name) });
  if (type === "unique_id")
    for (const row of dataSource.rows) row.values[property.id] = dataSource.nextNumber++;
}

function decodeId(id: Json | undefined): string | null {
  return typeof id === "string" ? decodeURIComponent(id) : null;
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

function deleteProperty(state: State, dataSource: DataSource, property: Property): void {
  if (property.type === "title") throw validationError("Cannot delete the title property.");
  const target = state.dataSources.get(stringOr(property.config.data_source_id, ""));
  const mirror = target === undefined ? undefined : mirrorOf(property, target);
  // The other side stays, as a one-way relation.
  if (mirror !== undefined) mirror.config = { ...mirror.config, mirror_id: null };
  dataSource.properties = dataSource.properties.filter((candidate) => candidate !== property);
  for (const row of dataSource.rows) delete row.values[property.id];
}

function changeProperty(
  state: State,
  dataSource: DataSource,
  { property, entry }: { readonly property: Property; readonly entry: JsonObject },
): void {
  const name = entry.name;
  if (typeof name === "string" && name !== property.name) renameProperty(dataSource, property, name);
  if (typeof entry.description === "string") property.description = entry.description;
  const type = typeIn(entry);
  if (type === null || (type === property.type && entry[type] === undefined)) return;
  const path = `body.properties.${property.name}`;
  if (type !== property.type) {
    if (property.type === "title" || type === "title")
      throw validationError("Cannot change the type of the title property.");
    retype(state, dataSource, {
      property,
      type,
      config: parseConfig(entry, type, { state, dataSource, path, before: undefined }),
    });
    return;
  }
  const before = optionsOf(property);
  property.config = parseConfig(entry, type, { state, dataSource, path, before: property });
  const after = new Set(optionsOf(property).map((option) => option.id));
  const removed = before.map((option) => option.id ?? null).filter((id) => !after.has(id));
  if (removed.length > 0) forgetOptions(dataSource, property, new Set(removed));
}

function renameProperty(dataSource: DataSource, property: Property, name: string): void {
  const isTaken = dataSource.properties.some((other) => other !== property && other.name === name);
  if (isTaken)
    throw validationError(`Cannot rename property to "${name}": a property with this name exists.`);
  property.name = name;
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
