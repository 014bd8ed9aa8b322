import { validationError } from "../http/errors.ts";
import { isObject, type Json, type JsonObject } from "../json.ts";
import { RowSet } from "../state/row-set.ts";
import type { Database, DataSource, Parent, State, Value } from "../state/state.ts";
import { typeIn } from "../values/schema.ts";
import { type Actor, addChild } from "./pages.ts";
import { updateSchema } from "./schema.ts";
import { tellCreated } from "./tell.ts";
import { createView } from "./views.ts";

export interface NewDatabase {
  readonly id?: string | undefined;
  readonly parent: Parent;
  readonly title: Value;
  readonly description: Value;
  readonly icon: Json;
  readonly cover: Json;
  readonly isInline: boolean;
}

/** Makes the container; data sources are added to it afterwards, and `tellCreated` is called once they are. */
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
    viewIds: [],
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
    templateIds: [],
    defaultTemplateId: null,
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
  tellCreated(state, made, actor);
  if (database !== undefined)
    createView(state, { database, dataSource: made, type: "table", name: "Default view" }, actor);
  return made;
}
