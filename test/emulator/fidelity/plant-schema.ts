import { createDatabase, createDataSource } from "../../../src/emulator/operations/data-sources.ts";
import type { Database, DataSource, Parent, Property, State } from "../../../src/emulator/state/state.ts";
import { type Json, type JsonObject, text } from "../harness.ts";
import { isRecord } from "./recorded.ts";

/** Who made what is planted; every recorded object brings its own author along. */
export const somebody = { userId: "00000000-0000-4000-8000-000000000000", connection: null, at: 0 };

export function decodeId(id: Json | undefined): string {
  return decodeURIComponent(text(id));
}

/** A database that is only known by its id so far. */
export function ensureDatabase(state: State, id: string, parent: Parent = { type: "workspace" }): Database {
  return (
    state.databases.get(id) ??
    createDatabase(
      state,
      { id, parent, title: "", description: "", icon: null, cover: null, isInline: false },
      somebody,
    )
  );
}

/** A data source that is only known by its id so far, its columns too. */
export function ensureDataSource(state: State, id: string, databaseId: string): DataSource {
  const known = state.dataSources.get(id);
  if (known !== undefined) return known;
  ensureDatabase(state, databaseId);
  const made = createDataSource(state, { id, databaseId, title: "", icon: null, properties: {} }, somebody);
  made.properties = [];
  return made;
}

/** The one data source of a database, made when the recordings, being older, never name it. */
export function onlySource(state: State, databaseId: string): DataSource {
  const database = ensureDatabase(state, databaseId);
  const [id] = database.dataSourceIds;
  return ensureDataSource(state, id ?? state.random.recordId(), databaseId);
}

/** Takes over columns as a schema answers them; a column that is there already keeps its place. */
export function plantSchema(state: State, dataSource: DataSource, schema: JsonObject): void {
  for (const [name, entry] of Object.entries(schema)) {
    if (!isRecord(entry)) continue;
    const type = text(entry.type);
    const property: Property = {
      id: decodeId(entry.id),
      name,
      type,
      config: configOf(state, { type, entry, dataSource }),
      description: typeof entry.description === "string" ? entry.description : null,
    };
    const index = dataSource.properties.findIndex(({ id }) => id === property.id);
    if (index === -1) dataSource.properties.push(property);
    else dataSource.properties[index] = property;
  }
  for (const entry of Object.values(schema))
    if (isRecord(entry) && isRecord(entry.rollup)) plantRolledUp(state, dataSource, entry.rollup);
}

/** The column that a rollup gathers, when nothing else tells of it. */
function plantRolledUp(state: State, dataSource: DataSource, rollup: JsonObject): void {
  const relation = dataSource.properties.find(({ id }) => id === rollup.relation_property_id);
  const target = state.dataSources.get(String(relation?.config.data_source_id));
  const id = rollup.rollup_property_id;
  if (target === undefined || typeof id !== "string" || target.properties.some((known) => known.id === id))
    return;
  const name = text(rollup.rollup_property_name);
  target.properties.push({ id, name, type: "rich_text", config: {}, description: null });
}

function configOf(
  state: State,
  {
    type,
    entry,
    dataSource,
  }: { readonly type: string; readonly entry: JsonObject; readonly dataSource: DataSource },
): JsonObject {
  const config = isRecord(entry[type]) ? entry[type] : {};
  if (type === "rollup") {
    const { relation_property_id, rollup_property_id, function: name } = config;
    return {
      relation_property_id: relation_property_id ?? null,
      rollup_property_id: rollup_property_id ?? null,
      function: name ?? null,
    };
  }
  return type === "relation" ? relationConfig(state, { config, entry, dataSource }) : config;
}

/** The target of a relation, and in a two-way one the other column, are made when nothing else tells of them. */
function relationConfig(
  state: State,
  {
    config,
    entry,
    dataSource,
  }: { readonly config: JsonObject; readonly entry: JsonObject; readonly dataSource: DataSource },
): JsonObject {
  const databaseId = text(config.database_id);
  const named = config.data_source_id;
  const target =
    typeof named === "string" ? ensureDataSource(state, named, databaseId) : onlySource(state, databaseId);
  const dual = config.dual_property;
  if (!isRecord(dual)) return { data_source_id: target.id, mirror_id: null };
  const mirrorId = decodeId(dual.synced_property_id);
  if (!target.properties.some(({ id }) => id === mirrorId)) {
    target.properties.push({
      id: mirrorId,
      name: text(dual.synced_property_name),
      type: "relation",
      config: { data_source_id: dataSource.id, mirror_id: decodeId(entry.id) },
      description: null,
    });
  }
  return { data_source_id: target.id, mirror_id: mirrorId };
}

/** Columns that only rows tell of: the type, and for options those that the value shows. */
export function plantColumns(state: State, dataSource: DataSource, values: JsonObject): void {
  for (const [name, entry] of Object.entries(values)) {
    if (!isRecord(entry)) continue;
    const id = decodeId(entry.id);
    let property = dataSource.properties.find((known) => known.id === id);
    if (property === undefined) {
      property = { id, name, type: text(entry.type), config: emptyConfig(state, entry), description: null };
      dataSource.properties.push(property);
    }
    addOptions(property, entry[property.type]);
  }
}

function emptyConfig(state: State, entry: JsonObject): JsonObject {
  switch (entry.type) {
    case "number":
      return { format: "number" };
    case "select":
    case "multi_select":
      return { options: [] };
    case "status":
      return { options: [], groups: [] };
    case "formula":
      return { expression: formulaOf(entry.formula) };
    case "unique_id":
      return { prefix: isRecord(entry.unique_id) ? (entry.unique_id.prefix ?? null) : null };
    case "relation":
      return { data_source_id: state.random.recordId(), mirror_id: null };
    case "rollup":
      return { function: isRecord(entry.rollup) ? (entry.rollup.function ?? null) : null };
    default:
      return {};
  }
}

/** A formula whose result alone is recorded: one that gives that result. */
function formulaOf(result: Json | undefined): string {
  if (!isRecord(result)) return "";
  if (result.type === "date") return "now()";
  const value = result[text(result.type)];
  return value === null || value === undefined ? "" : JSON.stringify(value);
}

function addOptions(property: Property, value: Json | undefined): void {
  if (!["select", "multi_select", "status"].includes(property.type)) return;
  const options = Array.isArray(property.config.options) ? property.config.options.filter(isRecord) : [];
  for (const option of (Array.isArray(value) ? value : [value]).filter(isRecord)) {
    if (!options.some(({ id }) => id === option.id)) options.push({ ...option, description: null });
  }
  property.config = { ...property.config, options };
}
