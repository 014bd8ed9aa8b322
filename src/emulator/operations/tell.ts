import type { JsonObject } from "../json.ts";
import type { WorkspaceEvent } from "../state/events.ts";
import {
  type Database,
  type DataSource,
  type Entity,
  isTrashed,
  type Page,
  type Property,
  parentOf,
  type State,
} from "../state/state.ts";

type By = WorkspaceEvent["actor"];

/** What was made now stands in its parent. */
export function tellCreated(state: State, entity: Page | Database | DataSource, actor: By): void {
  state.events.emit({ type: `${entity.object}.created`, subject: entity, actor });
  tellContent(state, parentOf(state, entity), { changed: [entity], actor });
}

export function tellMoved(state: State, entity: Page | Database | DataSource, actor: By): void {
  state.events.emit({ type: `${entity.object}.moved`, subject: entity, actor });
  tellContent(state, parentOf(state, entity), { changed: [entity], actor });
}

/** Puts something into the trash or takes it out, and tells it; nothing happens when it is there already. */
export function setTrashed(
  state: State,
  entity: Entity,
  { inTrash, actor }: { readonly inTrash: boolean; readonly actor: By },
): void {
  if (entity.inTrash === inTrash) return;
  entity.inTrash = inTrash;
  tellGone(state, entity, { isGone: inTrash, actor });
}

/** Tells that something went (`isGone`) or came back. What lies in a database's data sources is not told one by one. */
export function tellGone(
  state: State,
  entity: Entity,
  { isGone, actor }: { readonly isGone: boolean; readonly actor: By },
): void {
  const what = isGone ? "deleted" : "undeleted";
  if (entity.object !== "block")
    state.events.emit({ type: `${entity.object}.${what}`, subject: entity, actor });
  if (entity.object === "database") {
    for (const id of entity.dataSourceIds) {
      const dataSource = state.dataSources.get(id);
      if (dataSource !== undefined)
        state.events.emit({ type: `data_source.${what}`, subject: dataSource, actor });
    }
  }
  tellContent(state, parentOf(state, entity), { changed: [entity], actor });
}

/** Tells the page or data source around `parent` that these came, changed or went. */
export function tellContent(
  state: State,
  parent: Entity | null,
  { changed, actor }: { readonly changed: readonly Entity[]; readonly actor: By },
): void {
  let around = parent;
  while (around?.object === "block") around = parentOf(state, around);
  if (around === null || around.object === "database" || changed.length === 0) return;
  if (around.object === "page" && isTrashed(state, around)) return;
  const updated = changed.map(({ id, object }): JsonObject => {
    return { id, type: object === "data_source" ? "database" : object };
  });
  state.events.emit({
    type: around.object === "page" ? "page.content_updated" : "data_source.content_updated",
    subject: around,
    actor,
    data: { updated_blocks: updated },
  });
}

/** Tells which of a page's values were written, by property id. */
export function tellValues(
  state: State,
  page: Page,
  { properties, actor }: { readonly properties: Iterable<Property>; readonly actor: By },
): void {
  const ids = Array.from(properties, ({ id }) => encodeURIComponent(id));
  if (ids.length === 0) return;
  state.events.emit({
    type: "page.properties_updated",
    subject: page,
    actor,
    data: { updated_properties: ids },
  });
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly config: JsonObject;
  readonly description: string | null;
}

/** Makes a change of columns and tells, for every data source, what it did to them: relations have two sides. */
export function tellSchema(state: State, actor: By, change: () => void): void {
  const columnsOf = ({ properties }: DataSource): Map<string, Column> =>
    new Map(properties.map(({ id, ...column }) => [id, { ...column }]));
  const before = new Map([...state.dataSources.values()].map((each) => [each, columnsOf(each)]));
  change();
  for (const [dataSource, columns] of before) {
    const updated = columnChanges(columns, columnsOf(dataSource));
    if (updated.length > 0) {
      state.events.emit({
        type: "data_source.schema_updated",
        subject: dataSource,
        actor,
        data: { updated_properties: updated },
      });
    }
  }
}

function columnChanges(
  before: ReadonlyMap<string, Column>,
  after: ReadonlyMap<string, Column>,
): JsonObject[] {
  const changes: JsonObject[] = [];
  const note = (id: string, name: string, action: string): void => {
    changes.push({ id: encodeURIComponent(id), name, action });
  };
  for (const [id, column] of after) {
    const old = before.get(id);
    if (old === undefined) note(id, column.name, "created");
    else if (isChanged(old, column)) note(id, column.name, "updated");
  }
  for (const [id, { name }] of before) if (!after.has(id)) note(id, name, "deleted");
  return changes;
}

/** Configurations are replaced, never changed in place. */
function isChanged(before: Column, after: Column): boolean {
  return (
    before.name !== after.name ||
    before.type !== after.type ||
    before.config !== after.config ||
    before.description !== after.description
  );
}
