import { archivedError, bodyErrors, validationError } from "../http/errors.ts";
import { isObject, type Json, type JsonObject, objectOr } from "../json.ts";
import { createDatabase, createDataSource } from "../operations/data-sources.ts";
import { addChild, refuseTrashed, removeChild, touch } from "../operations/pages.ts";
import { updateSchema } from "../operations/schema.ts";
import { setTrashed, tellCreated, tellMoved, tellSchema } from "../operations/tell.ts";
import { queryDataSource } from "../query/query.ts";
import { requireCapability, visibleDatabase, visiblePage } from "../state/access.ts";
import {
  type Database,
  type DataSource,
  findEntity,
  isTrashed,
  type Parent,
  type State,
} from "../state/state.ts";
import { parseCover, parseIcon } from "../values/files.ts";
import { parseTitle } from "../values/rich-text.ts";
import { actorOf, type Call } from "./call.ts";
import { booleanAt, idAt, pathId } from "./input.ts";
import { renderDatabase } from "./render.ts";
import { trashFlag } from "./trash-flag.ts";
import { hasDataSources } from "./versions.ts";

/** POST /databases: the container with its first data source. */
export function postDatabase(call: Call): JsonObject {
  requireCapability(call.connection, "insertContent");
  const { state, body, version } = call;
  const parent = parseParent(body.parent, call);
  const title = parseTitle(body.title ?? [], "body.title");
  const icon = parseIcon(body.icon, "body.icon", state) ?? null;
  const initial = hasDataSources(version) ? objectOr(body.initial_data_source).properties : body.properties;
  const properties = objectOr(initial);
  const description = parseTitle(body.description ?? [], "body.description");
  const cover = parseCover(body.cover, "body.cover", state) ?? null;
  const isInline = body.is_inline === true;
  const actor = actorOf(call);
  const database = createDatabase(state, { parent, title, description, icon, cover, isInline }, actor);
  try {
    createDataSource(state, { databaseId: database.id, title, icon, properties }, actor);
  } catch (error) {
    state.databases.delete(database.id);
    removeChild(state, database);
    throw error;
  }
  tellCreated(state, database, actor);
  return renderDatabase(database, call);
}

/** Databases stand in pages; only people put them at the top of a workspace. */
function parseParent(input: Json | undefined, call: Call): Parent {
  if (!isObject(input) || input.page_id === undefined) throw bodyErrors(["body.parent.page_id"]);
  const page = visiblePage(call.state, call.connection, idAt(input.page_id, "body.parent.page_id"));
  if (isTrashed(call.state, page)) throw archivedError();
  return { type: "page_id", id: page.id };
}

/** GET /databases/{id} */
export function retrieveDatabase(call: Call): JsonObject {
  requireCapability(call.connection, "readContent");
  const database = databaseIn(call);
  if (!hasDataSources(call.version)) onlyDataSource(database, call.state);
  return renderDatabase(database, call);
}

/** PATCH /databases/{id}: the container; before 2025-09-03 also the schema. */
export function patchDatabase(call: Call): JsonObject {
  requireCapability(call.connection, "updateContent");
  const { state, body, version } = call;
  const database = databaseIn(call);
  const dataSource = hasDataSources(version) ? null : onlyDataSource(database, state);
  const inTrash = trashFlag(body, version);
  refuseTrashed(state, database, inTrash);
  const title = body.title === undefined ? database.title : parseTitle(body.title, "body.title");
  const description =
    body.description === undefined ? database.description : parseTitle(body.description, "body.description");
  const icon = parseIcon(body.icon, "body.icon", state);
  const cover = parseCover(body.cover, "body.cover", state);
  const parent = body.parent === undefined ? undefined : parseParent(body.parent, call);
  const isInline =
    body.is_inline === undefined ? database.isInline : booleanAt(body.is_inline, "body.is_inline");
  const isLocked =
    body.is_locked === undefined ? database.isLocked : booleanAt(body.is_locked, "body.is_locked");
  // Everything is read by now except the schema, which refuses before it changes anything.
  const actor = actorOf(call);
  if (dataSource !== null && body.properties !== undefined)
    tellSchema(state, actor, () => updateSchema(state, dataSource, objectOr(body.properties)));
  database.title = title;
  database.description = description;
  if (dataSource !== null) dataSource.title = title;
  if (icon !== undefined) database.icon = icon;
  if (cover !== undefined) database.cover = cover;
  database.isInline = isInline;
  database.isLocked = isLocked;
  if (parent !== undefined) {
    removeChild(state, database);
    database.parent = parent;
    addChild(state, database);
    tellMoved(state, database, actor);
  }
  touch(state, database, actor);
  if (inTrash !== undefined) setTrashed(state, database, { inTrash, actor });
  return renderDatabase(database, call);
}

/** POST /databases/{id}/query, before 2025-09-03. */
export function queryDatabase(call: Call): JsonObject {
  requireCapability(call.connection, "readContent");
  return queryDataSource(onlyDataSource(databaseIn(call), call.state), call);
}

function databaseIn(call: Call): Database {
  return visibleDatabase(call.state, call.connection, pathId(call.params.database_id, "database_id"));
}

/** What 2022-06-28 takes a database for. Once there is a second data source, that version no longer works. */
export function onlyDataSource(database: Database, state: State): DataSource {
  const [id, second] = database.dataSourceIds;
  const only = findEntity(state, id ?? "");
  if (second !== undefined || only?.object !== "data_source") {
    throw validationError("Databases with multiple data sources are not supported in this API version.", {
      error_type: "multiple_data_sources_for_database",
      database_id: database.id,
      child_data_source_ids: [...database.dataSourceIds],
      minimum_api_version: "2025-09-03",
    });
  }
  return only;
}
