import { validationError } from "../http/errors.ts";
import { isObject, type Json, type JsonObject } from "../json.ts";
import type { EventType } from "../state/events.ts";
import type { View, ViewQuery } from "../state/resources.ts";
import type { Database, DataSource, State } from "../state/state.ts";
import type { Actor } from "./pages.ts";

export const viewTypes = [
  "table",
  "board",
  "list",
  "calendar",
  "timeline",
  "gallery",
  "form",
  "chart",
  "map",
  "dashboard",
] as const;

const queryLifetimeMs = 15 * 60_000;

export interface NewView {
  readonly database: Database;
  readonly dataSource: DataSource | null;
  readonly dashboard?: View | undefined;
  readonly type: string;
  readonly name: string;
  readonly filter?: Json | undefined;
  readonly sorts?: Json | undefined;
  readonly quickFilters?: Json | undefined;
  readonly configuration?: JsonObject | undefined;
  /** Where its tab goes; undefined: last. */
  readonly index?: number | undefined;
}

export function createView(state: State, view: NewView, actor: Actor): View {
  const { database, dashboard, dataSource, type } = view;
  const made: View = {
    id: state.random.recordId(),
    databaseId: database.id,
    dataSourceId: dataSource?.id ?? null,
    dashboardId: dashboard?.id ?? null,
    type,
    name: view.name,
    createdAt: actor.at,
    editedAt: actor.at,
    createdBy: actor.userId,
    editedBy: actor.userId,
    filter: view.filter ?? null,
    sorts: view.sorts ?? null,
    quickFilters: view.quickFilters ?? null,
    configuration: { type, ...defaultConfiguration(type, dataSource), ...view.configuration },
  };
  state.views.set(made.id, made);
  if (dashboard === undefined) {
    const index = view.index ?? database.viewIds.length;
    database.viewIds = database.viewIds.toSpliced(index, 0, made.id);
  }
  tell(state, made, { type: "view.created", actor, data: { view_type: type } });
  return made;
}

/** What a layout cannot do without: what it groups by, or the dates it goes by. */
function defaultConfiguration(type: string, dataSource: DataSource | null): JsonObject {
  const first = (...types: string[]): JsonObject | null => {
    const property = dataSource?.properties.find((each) => types.includes(each.type));
    return property === undefined ? null : { type: property.type, property_id: property.id };
  };
  switch (type) {
    case "board": {
      const by = first("status", "select", "multi_select");
      if (by === null) return {};
      const level = by.type === "status" ? { group_by: "option" } : {};
      return { group_by: { ...by, ...level, sort: { type: "manual" } } };
    }
    case "calendar":
    case "timeline": {
      const date = first("date", "created_time", "last_edited_time");
      return date === null ? {} : { date_property_id: date.property_id ?? null };
    }
    case "chart":
      return { chart_type: "column" };
    case "dashboard":
      return { rows: [] };
    default:
      return {};
  }
}

/** Puts a widget into a dashboard: into a row of its own at `index`, or (`isNewRow` false) beside the widgets there. */
export function placeWidget(
  state: State,
  dashboard: View,
  {
    widget,
    index,
    isNewRow,
  }: { readonly widget: View; readonly index: number | undefined; readonly isNewRow: boolean },
): void {
  const rows = rowsOf(dashboard);
  const placed = { id: state.random.uuid(), view_id: widget.id };
  if (isNewRow) rows.splice(index ?? rows.length, 0, { id: state.random.uuid(), widgets: [placed] });
  else {
    const row = rows[index ?? 0];
    if (row === undefined) throw validationError(`The dashboard has no row ${index}.`);
    row.widgets = [...(Array.isArray(row.widgets) ? row.widgets : []), placed];
  }
  dashboard.configuration = { ...dashboard.configuration, rows };
}

export function rowsOf(dashboard: View): JsonObject[] {
  const { rows } = dashboard.configuration;
  return Array.isArray(rows) ? structuredClone(rows.filter(isObject)) : [];
}

export interface ViewChange {
  readonly name?: string | undefined;
  readonly filter?: Json | undefined;
  readonly sorts?: Json | undefined;
  /** By column; null takes one away. Null as a whole takes all away. */
  readonly quickFilters?: JsonObject | null | undefined;
  readonly configuration?: JsonObject | undefined;
}

export function updateView(state: State, view: View, change: ViewChange & { readonly actor: Actor }): void {
  if (change.name !== undefined) view.name = change.name;
  if (change.filter !== undefined) view.filter = change.filter;
  if (change.sorts !== undefined) view.sorts = change.sorts;
  if (change.quickFilters !== undefined) {
    const before = isObject(view.quickFilters) ? view.quickFilters : {};
    const merged = withoutNulls({ ...before, ...change.quickFilters });
    view.quickFilters = change.quickFilters === null || Object.keys(merged).length === 0 ? null : merged;
  }
  if (change.configuration !== undefined)
    view.configuration = withoutNulls({ ...view.configuration, ...change.configuration });
  view.editedAt = change.actor.at;
  view.editedBy = change.actor.userId;
  const isFilter = change.filter !== undefined || change.quickFilters !== undefined;
  const fields = [
    ...(change.name === undefined ? [] : ["name"]),
    ...(isFilter ? ["filter"] : []),
    ...(change.sorts === undefined ? [] : ["sorts"]),
    ...(change.configuration === undefined ? [] : ["configuration"]),
  ];
  if (fields.length > 0)
    tell(state, view, { type: "view.updated", actor: change.actor, data: { updated_fields: fields } });
}

function withoutNulls(members: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null));
}

/** Deletes a view, a dashboard with its widgets. A database keeps at least one. */
export function deleteView(state: State, view: View, actor: Actor): void {
  const database = state.databases.get(view.databaseId);
  const isTab = database?.viewIds.includes(view.id) ?? false;
  if (database !== undefined && isTab && database.viewIds.length === 1)
    throw validationError("Cannot delete the last view of a database. Delete the database instead.");
  if (database !== undefined) database.viewIds = database.viewIds.filter((id) => id !== view.id);
  for (const widget of [...state.views.values()]) {
    if (widget.dashboardId === view.id) state.views.delete(widget.id);
  }
  const dashboard = state.views.get(view.dashboardId ?? "");
  if (dashboard !== undefined) takeOut(dashboard, view);
  state.views.delete(view.id);
  tell(state, view, { type: "view.deleted", actor, data: { view_type: view.type } });
}

function takeOut(dashboard: View, widget: View): void {
  const rows = rowsOf(dashboard).map((row) => ({
    ...row,
    widgets: (Array.isArray(row.widgets) ? row.widgets : []).filter(
      (each) => !isObject(each) || each.view_id !== widget.id,
    ),
  }));
  const filled = rows.filter((row) => row.widgets.length > 0);
  dashboard.configuration = { ...dashboard.configuration, rows: filled };
}

/** Keeps what a view shows now, and forgets what is over. */
export function keepViewQuery(
  state: State,
  view: View,
  { pageIds, isCapped }: { readonly pageIds: readonly string[]; readonly isCapped: boolean },
): ViewQuery {
  const now = state.now();
  for (const [id, query] of state.viewQueries) if (query.expiresAt <= now) state.viewQueries.delete(id);
  const expiresAt = now + queryLifetimeMs;
  const made: ViewQuery = { id: state.random.uuid(), viewId: view.id, expiresAt, pageIds, isCapped };
  state.viewQueries.set(made.id, made);
  return made;
}

function tell(
  state: State,
  view: View,
  { type, actor, data }: { readonly type: EventType; readonly actor: Actor; readonly data: JsonObject },
): void {
  const database = state.databases.get(view.databaseId);
  if (database === undefined) return;
  const parent = { id: database.id, type: "database" };
  const entity = { id: view.id, type: "view" } as const;
  state.events.emit({ type, subject: database, entity, actor, data: { parent, ...data } });
}
