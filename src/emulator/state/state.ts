import type { Version } from "../api/versions.ts";
import { isObject, type Json, type JsonObject } from "../json.ts";
import { createEvents, type Events } from "./events.ts";
import type { FileStore } from "./file-store.ts";
import type { Random } from "./random.ts";
import type {
  AsyncTask,
  Comment,
  CustomEmoji,
  FileUpload,
  Group,
  Pending,
  View,
  ViewQuery,
} from "./resources.ts";
import type { RowSet } from "./row-set.ts";

export type Parent =
  | { readonly type: "workspace" }
  | { readonly type: "page_id" | "database_id" | "data_source_id" | "block_id"; readonly id: string };

/**
 * A property's value as it is kept: text as a string when it is plain, else rich text items; options by
 * option id; people and relations as lists of ids; dates as `{start, end}`. Absent means empty.
 */
export type Value = Json;
/** Values by property id, not percent-encoded. */
export type Values = { [propertyId: string]: Value };

interface Dated {
  readonly id: string;
  /** Milliseconds, as exact as they happened; answers show less. */
  createdAt: number;
  editedAt: number;
  createdBy: string;
  editedBy: string;
  /** Put in the trash itself; what lies under something trashed is trashed too. */
  inTrash: boolean;
}

export interface Page extends Dated {
  readonly object: "page";
  /** Random: the order of queries that ask for none, and of ties. */
  readonly rank: number;
  parent: Parent;
  icon: Json;
  cover: Json;
  isArchived: boolean;
  isLocked: boolean;
  values: Values;
  /** Ids of blocks, pages and databases inside, in order. Replaced, never changed in place. */
  children: readonly string[];
}

export interface Block extends Dated {
  readonly object: "block";
  readonly type: string;
  parent: Parent;
  content: JsonObject;
  children: readonly string[];
}

export interface Property {
  /** Not percent-encoded. */
  readonly id: string;
  name: string;
  type: string;
  /** What stands under the type's key in the schema; relations keep only the target and the mirror. */
  config: JsonObject;
  description: string | null;
}

export interface DataSource extends Dated {
  readonly object: "data_source";
  databaseId: string;
  title: Value;
  description: Value;
  icon: Json;
  properties: Property[];
  rows: RowSet;
  /** The number the next row's unique_id gets. */
  nextNumber: number;
  /** Pages that new rows can be made from; they are no rows themselves. */
  templateIds: readonly string[];
  defaultTemplateId: string | null;
}

export interface Database extends Dated {
  readonly object: "database";
  parent: Parent;
  title: Value;
  description: Value;
  icon: Json;
  cover: Json;
  isInline: boolean;
  isLocked: boolean;
  dataSourceIds: readonly string[];
  /** In the order of the tabs. */
  viewIds: readonly string[];
}

export interface User {
  readonly id: string;
  readonly type: "person" | "bot";
  readonly name: string;
  readonly email: string | null;
  readonly avatarUrl: string | null;
}

/** What a connection may do. https://developers.notion.com/reference/capabilities */
export interface Capabilities {
  readonly readContent: boolean;
  readonly updateContent: boolean;
  readonly insertContent: boolean;
  readonly readComments: boolean;
  readonly insertComments: boolean;
  readonly userInformation: "none" | "without_email" | "with_email";
}

export interface Connection {
  readonly name: string;
  readonly token: string;
  readonly botId: string;
  readonly capabilities: Capabilities;
  /** Acts for one person, as public connections and personal tokens do: may make pages at the top. */
  readonly isPersonal: boolean;
  /** Whether it sees what no grant mentions. */
  readonly seesWorkspace: boolean;
  /** Shared (true) or taken away (false), by object id; the nearest ancestor's word counts. */
  readonly grants: Map<string, boolean>;
}

export type Entity = Page | Block | DataSource | Database;

/** A webhook: events of one connection, sent to one URL, in one API version. */
export interface Subscription {
  readonly id: string;
  /** The connection's bot. */
  readonly botId: string;
  readonly url: string;
  readonly apiVersion: Version;
  /** Names of events as this version spells them; empty: all there are. */
  readonly events: readonly string[];
  /** Signs deliveries. Sent once, in the handshake. */
  readonly verificationToken: string;
  state: "pending_verification" | "active" | "paused";
}

/** Everything the workspace holds. Plain data in maps, besides the tools `random`, `now` and `events`. */
export interface State {
  workspaceId: string;
  workspaceName: string;
  readonly random: Random;
  readonly now: () => number;
  readonly events: Events;
  readonly pages: Map<string, Page>;
  readonly blocks: Map<string, Block>;
  readonly databases: Map<string, Database>;
  readonly dataSources: Map<string, DataSource>;
  readonly users: Map<string, User>;
  readonly connections: Map<string, Connection>;
  /** What is on the web, and under which host name. */
  readonly published: Map<string, { readonly id: string; readonly site: string }>;
  readonly groups: Map<string, Group>;
  readonly customEmojis: Map<string, CustomEmoji>;
  readonly comments: Map<string, Comment>;
  readonly fileUploads: Map<string, FileUpload>;
  readonly views: Map<string, View>;
  readonly viewQueries: Map<string, ViewQuery>;
  readonly asyncTasks: Map<string, AsyncTask>;
  /** In the order of their time. */
  readonly pending: Pending[];
  /** How long templates and asynchronous writes take. */
  readonly asyncDelayMs: number;
  readonly files: FileStore;
  /** Rows deleted for good: kept for `rows()`, invisible to the API. */
  readonly deleted: Map<string, Page>;
  readonly subscriptions: Map<string, Subscription>;
}

export function createState(options: {
  readonly workspaceName: string;
  readonly random: Random;
  readonly now: () => number;
  readonly asyncDelayMs: number;
  readonly files: FileStore;
}): State {
  return {
    workspaceId: options.random.uuid(),
    workspaceName: options.workspaceName,
    random: options.random,
    now: options.now,
    events: createEvents(),
    pages: new Map(),
    blocks: new Map(),
    databases: new Map(),
    dataSources: new Map(),
    users: new Map(),
    connections: new Map(),
    published: new Map(),
    groups: new Map(),
    customEmojis: new Map(),
    comments: new Map(),
    fileUploads: new Map(),
    views: new Map(),
    viewQueries: new Map(),
    asyncTasks: new Map(),
    pending: [],
    asyncDelayMs: options.asyncDelayMs,
    files: options.files,
    deleted: new Map(),
    subscriptions: new Map(),
  };
}

/** What lies directly above, or null at the top. */
export function parentOf(state: State, entity: Entity): Entity | null {
  if (entity.object === "data_source") return state.databases.get(entity.databaseId) ?? null;
  const parent = entity.parent;
  switch (parent.type) {
    case "workspace":
      return null;
    case "page_id":
      return state.pages.get(parent.id) ?? null;
    case "block_id":
      return state.blocks.get(parent.id) ?? null;
    case "data_source_id":
      return state.dataSources.get(parent.id) ?? null;
    case "database_id":
      return state.databases.get(parent.id) ?? null;
  }
}

/** What stands inside, in order. A copy of a synced block shows what stands in the original. */
export function childIds(state: State, parent: Page | Block): readonly string[] {
  if (parent.object === "page" || parent.type !== "synced_block") return parent.children;
  const source = parent.content.synced_from;
  if (!isObject(source)) return parent.children;
  return state.blocks.get(String(source.block_id))?.children ?? parent.children;
}

/** In the trash itself, or under something that is. */
export function isTrashed(state: State, entity: Entity): boolean {
  for (let at: Entity | null = entity; at !== null; at = parentOf(state, at)) if (at.inTrash) return true;
  return false;
}

/** The data source a page is a row of, or null for a page elsewhere. */
export function dataSourceOf(state: State, page: Page): DataSource | null {
  return page.parent.type === "data_source_id" ? (state.dataSources.get(page.parent.id) ?? null) : null;
}

export function findEntity(state: State, id: string): Entity | null {
  return (
    state.pages.get(id) ??
    state.blocks.get(id) ??
    state.databases.get(id) ??
    state.dataSources.get(id) ??
    null
  );
}

/** The one column every page outside a data source has. */
const titleProperty: Property = { id: "title", name: "title", type: "title", config: {}, description: null };

/** The site on which something is published, by itself or with what it lies in; null: on none. */
export function siteOf(state: State, entity: Entity): string | null {
  if (state.published.size === 0) return null;
  for (let at: Entity | null = entity; at !== null; at = parentOf(state, at)) {
    const site = state.published.get(at.id)?.site;
    if (site !== undefined) return site;
  }
  return null;
}

/** The columns a page has. */
export function propertiesOf(state: State, page: Page): readonly Property[] {
  return dataSourceOf(state, page)?.properties ?? [titleProperty];
}

/** A column by name or by id, the id percent-encoded or not. */
export function findProperty(properties: readonly Property[], key: string): Property | undefined {
  return (
    properties.find((property) => property.name === key) ??
    properties.find((property) => property.id === key || encodeURIComponent(property.id) === key)
  );
}
