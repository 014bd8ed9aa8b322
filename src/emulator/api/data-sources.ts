import type { JsonObject } from "../json.ts";
import { createDataSource } from "../operations/data-sources.ts";
import { refuseTrashed, touch } from "../operations/pages.ts";
import { updateSchema } from "../operations/schema.ts";
import { setTrashed, tellMoved, tellSchema } from "../operations/tell.ts";
import { queryDataSource } from "../query/query.ts";
import { requireCapability, visibleDatabase, visibleDataSource } from "../state/access.ts";
import type { Database, DataSource, State } from "../state/state.ts";
import { parseIcon } from "../values/files.ts";
import { parseTitle } from "../values/rich-text.ts";
import { actorOf, type Call } from "./call.ts";
import { idAt, objectAt, pathId } from "./input.ts";
import { renderDataSource } from "./render.ts";
import { trashFlag } from "./trash-flag.ts";

/** POST /data_sources: a further data source in a database. */
export function postDataSource(call: Call): JsonObject {
  requireCapability(call.connection, "insertContent");
  const { state, body } = call;
  const database = parentDatabase(call);
  refuseTrashed(state, database, undefined);
  const title = parseTitle(body.title ?? [], "body.title");
  const icon = parseIcon(body.icon, "body.icon", state) ?? null;
  const properties = objectAt(body.properties, "body.properties");
  const dataSource = createDataSource(
    state,
    { databaseId: database.id, title, icon, properties },
    actorOf(call),
  );
  return renderDataSource(dataSource, call);
}

/** GET /data_sources/{id} */
export function retrieveDataSource(call: Call): JsonObject {
  requireCapability(call.connection, "readContent");
  return renderDataSource(dataSourceIn(call), call);
}

/** PATCH /data_sources/{id}: title, icon, columns, trash, and the database it stands in. */
export function patchDataSource(call: Call): JsonObject {
  requireCapability(call.connection, "updateContent");
  const { state, body, version } = call;
  const dataSource = dataSourceIn(call);
  const inTrash = trashFlag(body, version);
  refuseTrashed(state, dataSource, inTrash);
  const title = body.title === undefined ? dataSource.title : parseTitle(body.title, "body.title");
  const icon = parseIcon(body.icon, "body.icon", state);
  const target = body.parent === undefined ? undefined : parentDatabase(call);
  // Everything is read by now except the schema, which refuses before it changes anything.
  const actor = actorOf(call);
  if (body.properties !== undefined) {
    const properties = objectAt(body.properties, "body.properties");
    tellSchema(state, actor, () => updateSchema(state, dataSource, properties));
  }
  if (target !== undefined) {
    moveDataSource(state, dataSource, target);
    tellMoved(state, dataSource, actor);
  }
  dataSource.title = title;
  if (icon !== undefined) dataSource.icon = icon;
  touch(state, dataSource, actor);
  if (inTrash !== undefined) setTrashed(state, dataSource, { inTrash, actor });
  return renderDataSource(dataSource, call);
}

function parentDatabase({ state, connection, body }: Call): Database {
  const parent = objectAt(body.parent, "body.parent");
  return visibleDatabase(state, connection, idAt(parent.database_id, "body.parent.database_id"));
}

function moveDataSource(state: State, dataSource: DataSource, target: Database): void {
  const source = state.databases.get(dataSource.databaseId);
  if (source !== undefined) source.dataSourceIds = source.dataSourceIds.filter((id) => id !== dataSource.id);
  target.dataSourceIds = [...target.dataSourceIds, dataSource.id];
  dataSource.databaseId = target.id;
}

/** POST /data_sources/{id}/query */
export function postQuery(call: Call): JsonObject {
  requireCapability(call.connection, "readContent");
  return queryDataSource(dataSourceIn(call), call);
}

function dataSourceIn(call: Call): DataSource {
  return visibleDataSource(call.state, call.connection, pathId(call.params.data_source_id, "data_source_id"));
}
