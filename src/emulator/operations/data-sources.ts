import { objectAt } from "../api/input.ts";
import { validationError } from "../http/errors.ts";
import { isObject, type Json, type JsonObject, objectOr, stringOr } from "../json.ts";
import { RowSet } from "../state/row-set.ts";
import {
  type Database,
  type DataSource,
  findProperty,
  type Parent,
  type Property,
  type State,
  type Value,
} from "../state/state.ts";
import { instantOf, normalizeDate } from "../values/dates.ts";
import { defaultStatus, findOption, optionsOf } from "../values/options.ts";
import { plainText } from "../values/rich-text.ts";
import { mirrorOf, parseConfig, typeIn } from "../values/schema.ts";
import { listOf, textOf } from "../values/text-of.ts";
import { parseValue } from "../values/write.ts";
import { type Actor, addChild } from "./pages.ts";

export interface NewDatabase {
  readonly id?: string | undefined;
  readonly parent: Parent;
  readonly title: Value;
  readonly description: Value;
  readonly icon: Json;
  readonly cover: Json;
  readonly isInline: boolean;
}

/** Makes the container; data sources are added to it afterwards. */
export function createDatabase(state: State, database: NewDatabase, actor: Actor): Database {
  const made: Database = {
    ...database,
    object: "database",
    id: database.id ?? state.random.uuid(),
    createdAt: actor.at,
    editedAt: actor.at,
    createdBy: actor.userId,
    editedBy: actor.userId,
    inTrash: false,
    isLocked: false,
    dataSourceIds: [],
  };
  state.databases.set(made.id, made);
  addChild(state, made);
  return made;
}

export interface NewDataSource {
  readonly id?: string | undefined;
  readonly databaseId: string;
  readonly title: Value;
  readonly icon: Json;
  /** Columns as a request writes them; without a title column one called "Name" is made. */
  readonly properties: JsonObject;
}

export function createDataSource(state: State, dataSource: NewDataSource, actor: Actor): DataSource {
  const made: DataSource = {
    object: "data_source",
    id: dataSource.id ?? state.random.recordId(),
    databaseId: dataSource.databaseId,
    title: dataSource.title,
    description: "",
    icon: dataSource.icon,
    createdAt: actor.at,
    editedAt: actor.at,
    createdBy: actor.userId,
    editedBy: actor.userId,
    inTrash: false,
    properties: [],
    rows: new RowSet(),
    nextNumber: 1,
  };
  const entries = Object.entries(dataSource.properties);
  const titles = entries.filter(([, entry]) => isObject(entry) && typeIn(entry) === "title");
  if (titles.length > 1) throw validationError("A data source has exactly one title property.");
  const [title] = titles;
  made.properties.push({
    id: "title",
    name: title?.[0] ?? "Name",
    type: "title",
    config: {},
    description: null,
  });
  // Registered first: a relation may point at the data source it stands in.
  state.dataSources.set(made.id, made);
  try {
    updateSchema(state, made, Object.fromEntries(entries.filter((entry) => entry !== title)));
  } catch (error) {
    state.dataSources.delete(made.id);
    throw error;
  }
  const database = state.databases.get(made.databaseId);
  if (database !== undefined) database.dataSourceIds = [...database.dataSourceIds, made.id];
  return made;
}

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

/** Changes a column's type under the same id; values are read again from their text, what does not fit is lost. */
function retype(
  state: State,
  dataSource: DataSource,
  {
    property,
    type,
    config,
  }: { readonly property: Property; readonly type: string; readonly config: JsonObject },
): void {
  const before: Property = { ...property };
  property.type = type;
  property.config = config;
  for (const row of dataSource.rows) {
    const text = textOf(row.values[property.id], before, state);
    const value = text === "" ? undefined : fromText(text, property, state);
    if (value === undefined) delete row.values[property.id];
    else row.values[property.id] = value;
  }
}

function fromText(text: string, property: Property, state: State): Value | undefined {
  const select = (name: string): Value | undefined =>
    parseValue(
      { select: { name: name.replaceAll(",", " ") } },
      { state, property: asSelect(property), connection: null, path: "body" },
    );
  switch (property.type) {
    case "rich_text":
    case "url":
    case "email":
    case "phone_number":
      return text;
    case "number": {
      const number = Number(text);
      return Number.isFinite(number) ? number : undefined;
    }
    case "checkbox":
      return /^(yes|true|1)$/i.test(text);
    case "date":
      return instantOf(text) === null ? undefined : { start: normalizeDate(text, null), end: null };
    case "select":
      return select(text);
    case "status":
      return stringOr(findOption(property, { name: text })?.id, defaultStatus(property) ?? "") || undefined;
    case "multi_select":
      return text.split(",").flatMap((part) => listOf([select(part.trim()) ?? null]));
    default:
      return undefined;
  }
}

/** The same column seen as a select, so that new names become its options. */
function asSelect(property: Property): Property {
  return {
    ...property,
    type: "select",
    get config() {
      return property.config;
    },
    set config(config) {
      property.config = config;
    },
  };
}
