import { archivedError, bodyError, bodyErrors, notFound } from "../http/errors.ts";
import { isObject, type Json, type JsonObject, objectOr } from "../json.ts";
import { createDatabase } from "../operations/data-sources.ts";
import { tellCreated } from "../operations/tell.ts";
import { createView, deleteView, placeWidget, rowsOf, updateView, viewTypes } from "../operations/views.ts";
import { compileFilter } from "../query/filter.ts";
import { parseSorts } from "../query/sort.ts";
import {
  canSee,
  requireCapability,
  visibleDatabase,
  visibleDataSource,
  visiblePage,
} from "../state/access.ts";
import type { View } from "../state/resources.ts";
import { type Database, type DataSource, isTrashed } from "../state/state.ts";
import { exactText } from "../values/dates.ts";
import { partialUser } from "../values/users.ts";
import { actorOf, type Call } from "./call.ts";
import { idAt, objectAt, oneOf, pathId, textAt } from "./input.ts";
import { listPage } from "./list.ts";

/** GET /views?database_id= or data_source_id= */
export function listViews(call: Call): JsonObject {
  requireCapability(call.connection, "readContent");
  const { state, connection, query } = call;
  const databaseId = query.get("database_id");
  const dataSourceId = query.get("data_source_id");
  if (databaseId === null && dataSourceId === null)
    throw bodyErrors(["query.database_id", "query.data_source_id"]);
  const dataSource =
    dataSourceId === null
      ? null
      : visibleDataSource(state, connection, idAt(dataSourceId, "query.data_source_id"));
  const database =
    databaseId === null
      ? state.databases.get(dataSource?.databaseId ?? "")
      : visibleDatabase(state, connection, idAt(databaseId, "query.database_id"));
  return listPage(call, {
    subject: `views ${database?.id} ${dataSource?.id}`,
    type: "view",
    items: () =>
      (database?.viewIds ?? []).filter(
        (id) => dataSource === null || state.views.get(id)?.dataSourceId === dataSource.id,
      ),
    render: (id) => (state.views.has(String(id)) ? { object: "view", id } : null),
  });
}

/** POST /views: a tab of a database, a widget of a dashboard, or a linked database with its only view. */
export function postView(call: Call): JsonObject {
  requireCapability(call.connection, "insertContent");
  const { state, connection, body } = call;
  const dataSource = visibleDataSource(state, connection, idAt(body.data_source_id, "body.data_source_id"));
  if (isTrashed(state, dataSource)) throw archivedError();
  const type = oneOf(body.type, "body.type", viewTypes);
  const view = {
    dataSource: type === "dashboard" ? null : dataSource,
    type,
    name: textAt(body.name, "body.name"),
    ...parseLook(call, { type, dataSource }),
  };
  const place = parsePlace(call);
  const actor = actorOf(call);
  if (place.kind === "dashboard") {
    const { dashboard, database, placement } = place;
    const widget = createView(state, { ...view, database, dashboard }, actor);
    placeWidget(state, dashboard, { ...placement, widget });
    return renderView(widget);
  }
  if (place.kind === "database")
    return renderView(createView(state, { ...view, database: place.database, index: place.index }, actor));
  const empty = { title: "", description: "", icon: null, cover: null, isInline: true };
  const database = createDatabase(state, { parent: { type: "page_id", id: place.pageId }, ...empty }, actor);
  tellCreated(state, database, actor);
  return renderView(createView(state, { ...view, database }, actor));
}

type Place =
  | { readonly kind: "database"; readonly database: Database; readonly index: number | undefined }
  | { readonly kind: "linked"; readonly pageId: string }
  | {
      readonly kind: "dashboard";
      readonly dashboard: View;
      readonly database: Database;
      readonly placement: { readonly index: number | undefined; readonly isNewRow: boolean };
    };

const placeKeys = ["database_id", "view_id", "create_database"] as const;

function parsePlace(call: Call): Place {
  const { state, connection, body } = call;
  const [key, second] = placeKeys.filter((known) => body[known] !== undefined);
  if (key === undefined) throw bodyErrors(placeKeys.map((known) => `body.${known}`));
  if (second !== undefined) throw bodyError(`body.${second}`, "not present", body[second]);
  if (key === "database_id") {
    const database = visibleDatabase(state, connection, idAt(body.database_id, "body.database_id"));
    return { kind: "database", database, index: parsePosition(body.position, database) };
  }
  if (key === "view_id") {
    const dashboard = visibleView(call, idAt(body.view_id, "body.view_id"));
    if (dashboard.type !== "dashboard") throw bodyError("body.view_id", "a dashboard view", body.view_id);
    const database = visibleDatabase(state, connection, dashboard.databaseId);
    return { kind: "dashboard", dashboard, database, placement: parsePlacement(body.placement, dashboard) };
  }
  const parent = objectAt(
    objectAt(body.create_database, "body.create_database").parent,
    "body.create_database.parent",
  );
  const page = visiblePage(state, connection, idAt(parent.page_id, "body.create_database.parent.page_id"));
  if (isTrashed(state, page)) throw archivedError();
  return { kind: "linked", pageId: page.id };
}

/** The index of the new tab; undefined: last. */
function parsePosition(input: Json | undefined, database: Database): number | undefined {
  if (input === undefined) return undefined;
  const position = objectAt(input, "body.position");
  switch (oneOf(position.type, "body.position.type", ["start", "end", "after_view"])) {
    case "start":
      return 0;
    case "end":
      return undefined;
    case "after_view": {
      const index = database.viewIds.indexOf(idAt(position.view_id, "body.position.view_id"));
      if (index === -1) throw bodyError("body.position.view_id", "a view of the database", position.view_id);
      return index + 1;
    }
  }
}

function parsePlacement(
  input: Json | undefined,
  dashboard: View,
): { readonly index: number | undefined; readonly isNewRow: boolean } {
  const placement = input === undefined ? { type: "new_row" } : objectAt(input, "body.placement");
  const type = oneOf(placement.type, "body.placement.type", ["new_row", "existing_row"]);
  const isNewRow = type === "new_row";
  const index = "row_index" in placement ? placement.row_index : undefined;
  if (isNewRow && index === undefined) return { index: undefined, isNewRow };
  const rows = rowsOf(dashboard).length;
  const last = isNewRow ? rows : rows - 1;
  if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index > last)
    throw bodyError("body.placement.row_index", "the index of a row", index);
  return { index, isNewRow };
}

/** Filter, sorts and layout, checked against the columns they are for. */
function parseLook(
  { state, connection, body }: Call,
  { type, dataSource }: { readonly type: string; readonly dataSource: DataSource },
): {
  readonly filter: Json | undefined;
  readonly sorts: Json | undefined;
  readonly quickFilters: JsonObject | null | undefined;
  readonly configuration: JsonObject | undefined;
} {
  const context = { state, dataSource, me: connection.botId };
  compileFilter(body.filter, context);
  parseSorts(body.sorts, context);
  const quickFilters =
    body.quick_filters === undefined || body.quick_filters === null
      ? body.quick_filters
      : objectAt(body.quick_filters, "body.quick_filters");
  for (const filter of quickFilterList(quickFilters ?? null)) compileFilter(filter, context);
  const configuration =
    body.configuration === undefined ? undefined : objectAt(body.configuration, "body.configuration");
  if (configuration?.type !== undefined && configuration.type !== type)
    throw bodyError("body.configuration.type", `\`"${type}"\``, configuration.type);
  return { filter: body.filter, sorts: body.sorts, quickFilters, configuration };
}

/** Quick filters as filters: each is for the column it stands under. */
export function quickFilterList(quickFilters: Json): JsonObject[] {
  return Object.entries(objectOr(quickFilters))
    .filter(([, condition]) => isObject(condition))
    .map(([property, condition]) => ({ property, ...objectOr(condition) }));
}

/** GET /views/{id} */
export function retrieveView(call: Call): JsonObject {
  requireCapability(call.connection, "readContent");
  return renderView(viewIn(call));
}

/** PATCH /views/{id} */
export function patchView(call: Call): JsonObject {
  requireCapability(call.connection, "updateContent");
  const { state, body } = call;
  const view = viewIn(call);
  const dataSource = state.dataSources.get(view.dataSourceId ?? "");
  const look = dataSource === undefined ? {} : parseLook(call, { type: view.type, dataSource });
  const name = body.name === undefined ? undefined : textAt(body.name, "body.name");
  updateView(state, view, { ...look, name, actor: actorOf(call) });
  return renderView(view);
}

/** DELETE /views/{id} */
export function removeView(call: Call): JsonObject {
  requireCapability(call.connection, "updateContent");
  const view = viewIn(call);
  deleteView(call.state, view, actorOf(call));
  const { object, id, parent, type } = renderView(view);
  return { object: object ?? null, id: id ?? null, parent: parent ?? null, type: type ?? null };
}

export function viewIn(call: Call): View {
  return visibleView(call, pathId(call.params.view_id, "view_id"));
}

function visibleView(call: Call, id: string): View {
  const { state, connection } = call;
  const view = state.views.get(id);
  const database = state.databases.get(view?.databaseId ?? "");
  if (view === undefined || database === undefined || !canSee(state, connection, database))
    throw notFound("view", id, connection);
  return view;
}

function renderView(view: View): JsonObject {
  const plain = (id: string): string => id.replaceAll("-", "");
  return {
    object: "view",
    id: view.id,
    parent: { type: "database_id", database_id: view.databaseId },
    data_source_id: view.dataSourceId,
    name: view.name,
    type: view.type,
    created_time: exactText(view.createdAt),
    created_by: partialUser(view.createdBy),
    last_edited_time: exactText(view.editedAt),
    last_edited_by: partialUser(view.editedBy),
    url: `https://app.notion.com/p/${plain(view.databaseId)}?v=${plain(view.id)}`,
    filter: view.filter,
    sorts: view.sorts,
    quick_filters: view.quickFilters,
    configuration: view.configuration,
    ...(view.dashboardId === null ? {} : { dashboard_view_id: view.dashboardId }),
  };
}
