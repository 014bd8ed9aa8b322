import { archivedError, validationError } from "../http/errors.ts";
import type { Json, JsonObject } from "../json.ts";
import {
  type Connection,
  type DataSource,
  dataSourceOf,
  type Entity,
  findProperty,
  isTrashed,
  type Page,
  type Parent,
  type Property,
  propertiesOf,
  type State,
  type Value,
  type Values,
} from "../state/state.ts";
import { keepUploads } from "../values/files.ts";
import { defaultStatus } from "../values/options.ts";
import { mirrorOf } from "../values/schema.ts";
import { listOf } from "../values/text-of.ts";
import { parseValue } from "../values/write.ts";
import { setTrashed, tellContent, tellCreated, tellGone, tellMoved, tellValues } from "./tell.ts";

/** Who acts, and when. `connection` is null for a person. */
export interface Actor {
  readonly userId: string;
  readonly connection: Connection | null;
  readonly at: number;
}

export interface NewPage {
  readonly parent: Parent;
  readonly properties: JsonObject;
  readonly id?: string | undefined;
  readonly icon?: Json | undefined;
  readonly cover?: Json | undefined;
}

const noChildren: readonly string[] = Object.freeze([]);

/** Makes a page. In a data source it gets its number, its default status, and its mirrors in related rows. */
export function createPage(state: State, page: NewPage, actor: Actor): Page {
  const dataSource =
    page.parent.type === "data_source_id" ? state.dataSources.get(page.parent.id) : undefined;
  const made: Page = {
    object: "page",
    id: page.id ?? state.random.recordId(),
    rank: state.random.integer(),
    parent: page.parent,
    createdAt: actor.at,
    editedAt: actor.at,
    createdBy: actor.userId,
    editedBy: actor.userId,
    inTrash: false,
    isArchived: false,
    isLocked: false,
    icon: page.icon ?? null,
    cover: page.cover ?? null,
    values: {},
    children: noChildren,
  };
  const properties = dataSource?.properties ?? propertiesOf(state, made);
  const values = parseValues(page.properties, { state, properties, connection: actor.connection });
  state.pages.set(made.id, made);
  if (dataSource !== undefined) {
    dataSource.rows.add(made);
    fillDefaults(made, dataSource, values);
  }
  setValues(state, made, values);
  keepUploads(state, [made.icon, made.cover]);
  tellCreated(state, made, actor);
  return made;
}

function fillDefaults(page: Page, dataSource: DataSource, values: Map<Property, Value | undefined>): void {
  for (const property of dataSource.properties) {
    if (property.type === "unique_id") page.values[property.id] = dataSource.nextNumber++;
    if (property.type === "status" && values.get(property) === undefined) {
      const status = defaultStatus(property);
      if (status !== undefined) page.values[property.id] = status;
    }
  }
}

export interface ValuesContext {
  readonly state: State;
  readonly properties: readonly Property[];
  readonly connection: Connection | null;
}

/** Reads the `properties` of a page write; keys are names or ids. Throws before anything changes. */
export function parseValues(input: JsonObject, context: ValuesContext): Map<Property, Value | undefined> {
  const configs = context.properties.map(({ config }) => config);
  try {
    const parsed = Object.entries(input).map(([key, written]) => parseEntry(key, written, context));
    return new Map(parsed);
  } catch (error) {
    // Options that were made on the way go again.
    for (const [index, property] of context.properties.entries())
      property.config = configs[index] ?? property.config;
    throw error;
  }
}

function parseEntry(key: string, written: Json, context: ValuesContext): [Property, Value | undefined] {
  const property = findProperty(context.properties, key);
  if (property === undefined) throw validationError(`${key} is not a property that exists.`);
  const path = `body.properties.${key}`;
  const { state, connection } = context;
  return [property, parseValue(written, { state, property, connection, path })];
}

/** Stores values; what a two-way relation gains or loses, the related rows gain or lose too. */
export function setValues(state: State, page: Page, values: Map<Property, Value | undefined>): void {
  for (const [property, value] of values) {
    if (property.type === "files") keepUploads(state, value);
    if (property.type === "relation") mirrorRelation(state, { page, property, after: listOf(value) });
    if (value === undefined) delete page.values[property.id];
    else page.values[property.id] = value;
  }
}

function mirrorRelation(
  state: State,
  {
    page,
    property,
    after,
  }: { readonly page: Page; readonly property: Property; readonly after: readonly string[] },
): void {
  const target = state.dataSources.get(String(property.config.data_source_id));
  const mirror = target === undefined ? undefined : mirrorOf(property, target);
  if (mirror === undefined) return;
  const before = new Set(listOf(page.values[property.id]));
  const kept = new Set(after);
  for (const id of after)
    if (!before.has(id)) changeList(state.pages.get(id), mirror, (ids) => [...ids, page.id]);
  for (const id of before) {
    if (!kept.has(id))
      changeList(state.pages.get(id), mirror, (ids) => ids.filter((other) => other !== page.id));
  }
}

/** Derived, so the related row's last edit does not move. */
function changeList(page: Page | undefined, property: Property, change: (ids: string[]) => string[]): void {
  if (page === undefined) return;
  const ids = [...new Set(change(listOf(page.values[property.id])))];
  if (ids.length === 0) delete page.values[property.id];
  else page.values[property.id] = ids;
}

export interface PageChange {
  readonly properties?: JsonObject | undefined;
  readonly icon?: Json | undefined;
  readonly cover?: Json | undefined;
  readonly isLocked?: boolean | undefined;
  readonly isArchived?: boolean | undefined;
  readonly inTrash?: boolean | undefined;
}

/** Edits a page. Everything is read before anything is stored, so a refused edit changes nothing. */
export function updatePage(state: State, page: Page, change: PageChange & { readonly actor: Actor }): void {
  refuseTrashed(state, page, change.inTrash);
  const properties = propertiesOf(state, page);
  const values = parseValues(change.properties ?? {}, {
    state,
    properties,
    connection: change.actor.connection,
  });
  const wasLocked = page.isLocked;
  setValues(state, page, values);
  keepUploads(state, [change.icon ?? null, change.cover ?? null]);
  if (change.icon !== undefined) page.icon = change.icon;
  if (change.cover !== undefined) page.cover = change.cover;
  if (change.isLocked !== undefined) page.isLocked = change.isLocked;
  if (change.isArchived !== undefined) page.isArchived = change.isArchived;
  touch(state, page, change.actor);
  tellUpdate(state, page, { ...change, values, wasLocked });
  if (change.inTrash !== undefined) setTrashed(state, page, { inTrash: change.inTrash, actor: change.actor });
}

/** The title of a page outside data sources, an icon and a cover are told as content. */
function tellUpdate(
  state: State,
  page: Page,
  change: PageChange & {
    readonly actor: Actor;
    readonly values: ReadonlyMap<Property, Value | undefined>;
    readonly wasLocked: boolean;
  },
): void {
  const { actor, values } = change;
  const isRow = page.parent.type === "data_source_id";
  if (isRow) tellValues(state, page, { properties: values.keys(), actor });
  const isContent = change.icon !== undefined || change.cover !== undefined || (!isRow && values.size > 0);
  if (isContent) tellContent(state, page, { changed: [page], actor });
  if (page.isLocked !== change.wasLocked) {
    state.events.emit({ type: page.isLocked ? "page.locked" : "page.unlocked", subject: page, actor });
  }
}

/** In the trash only restoring is allowed, and only of what was itself put there. */
export function refuseTrashed(state: State, entity: Entity, inTrash: boolean | undefined): void {
  if (!isTrashed(state, entity)) return;
  if (inTrash === false && entity.inTrash) return;
  throw archivedError();
}

export function touch(state: State, entity: Entity, actor: Actor): void {
  entity.editedAt = actor.at;
  entity.editedBy = actor.userId;
  if (entity.object === "page") dataSourceOf(state, entity)?.rows.edited();
}

/** Moves a page. It keeps its id and its title; other values go where a column of the same name and type is. */
export function movePage(
  state: State,
  page: Page,
  { parent, actor }: { readonly parent: Parent; readonly actor: Actor },
): void {
  const before = propertiesOf(state, page);
  dataSourceOf(state, page)?.rows.delete(page);
  removeChild(state, page);
  page.parent = parent;
  const dataSource = dataSourceOf(state, page);
  page.values = carryOver(page.values, before, propertiesOf(state, page));
  if (dataSource === null) addChild(state, page);
  else {
    dataSource.rows.add(page);
    fillDefaults(
      page,
      dataSource,
      new Map(dataSource.properties.map((property) => [property, page.values[property.id]])),
    );
  }
  touch(state, page, actor);
  tellMoved(state, page, actor);
}

function carryOver(values: Values, from: readonly Property[], to: readonly Property[]): Values {
  const carried: Values = {};
  for (const property of to) {
    const old = from.find((candidate) =>
      property.type === "title"
        ? candidate.type === "title"
        : candidate.name === property.name && candidate.type === property.type,
    );
    const value = old === undefined ? undefined : values[old.id];
    const isCarried = property.type === "title" || !("options" in property.config);
    if (value !== undefined && isCarried) carried[property.id] = value;
  }
  return carried;
}

/** Removes a page for good: gone from its data source, from relations, and from every read. */
export function deletePage(state: State, page: Page, actor: Actor): void {
  for (const property of propertiesOf(state, page)) {
    if (property.type === "relation") mirrorRelation(state, { page, property, after: [] });
  }
  dataSourceOf(state, page)?.rows.delete(page);
  removeChild(state, page);
  state.pages.delete(page.id);
  state.deleted.set(page.id, page);
  // What is in the trash has been told.
  if (!page.inTrash) tellGone(state, page, { isGone: true, actor });
}

/** Lists a page or database among what lies in its parent page or block. */
export function addChild(state: State, child: { readonly id: string; readonly parent: Parent }): void {
  const parent = containerOf(state, child.parent);
  if (parent !== undefined) parent.children = [...parent.children, child.id];
}

export function removeChild(state: State, child: { readonly id: string; readonly parent: Parent }): void {
  const parent = containerOf(state, child.parent);
  if (parent !== undefined) parent.children = parent.children.filter((id) => id !== child.id);
}

export function containerOf(state: State, parent: Parent): { children: readonly string[] } | undefined {
  if (parent.type === "page_id") return state.pages.get(parent.id);
  return parent.type === "block_id" ? state.blocks.get(parent.id) : undefined;
}
