import { ApiError } from "./http/errors.ts";
import type { Json, JsonObject } from "./json.ts";
import { createDatabase, createDataSource, updateSchema } from "./operations/data-sources.ts";
import {
  type Actor,
  addChild,
  createPage,
  deletePage,
  movePage,
  touch,
  updatePage,
} from "./operations/pages.ts";
import type { Sessions } from "./query/sessions.ts";
import {
  type Capabilities,
  type Connection,
  type Database,
  type DataSource,
  dataSourceOf,
  type Entity,
  findEntity,
  findProperty,
  type Page,
  type Parent,
  type Property,
  type State,
} from "./state/state.ts";
import { minuteText } from "./values/dates.ts";
import { findOption, optionsOf } from "./values/options.ts";
import { completeValues } from "./values/read.ts";

/** When and by whom; default: now, by the workspace's first person. */
export interface By {
  /** Milliseconds, or an ISO text. */
  readonly at?: number | string;
  readonly by?: string;
}

export interface NewRow {
  /** Spelled as in a page write of the API. */
  readonly properties?: JsonObject;
  readonly createdAt?: number | string;
  readonly editedAt?: number | string;
  readonly createdBy?: string;
  readonly editedBy?: string;
  readonly icon?: Json;
  readonly cover?: Json;
}

/** A row as it truly is, whatever any connection may see of it. */
export interface TrueRow {
  readonly id: string;
  readonly inTrash: boolean;
  readonly isArchived: boolean;
  readonly isDeletedForGood: boolean;
  readonly createdTime: string;
  readonly lastEditedTime: string;
  readonly createdBy: string;
  readonly lastEditedBy: string;
  /** By property name, as answers spell values, but never cut short. */
  readonly properties: { readonly [name: string]: Json };
}

export interface NewConnection {
  readonly name: string;
  readonly token?: string;
  readonly capabilities?: Partial<Capabilities>;
  /** Sees everything that is not taken away from it; default: sees only what is shared with it. */
  readonly seesWorkspace?: boolean;
}

export type ParentId = { readonly pageId: string } | { readonly dataSourceId: string };

/** What people do in Notion's user interface, and what only they can do. Throws when something does not exist. */
export interface Workspace {
  readonly id: string;
  readonly name: string;
  addPerson(person: { readonly name: string; readonly email?: string; readonly id?: string }): string;
  addConnection(connection: NewConnection): { readonly token: string; readonly botId: string };
  /** Makes the token unknown: every later call with it is a 401. */
  revokeToken(token: string): void;
  createDatabase(
    database: {
      readonly title: string;
      readonly pageId?: string;
      readonly dataSources?: readonly { readonly name: string; readonly properties: JsonObject }[];
    } & By,
  ): { readonly databaseId: string; readonly dataSourceIds: readonly string[] };
  addDataSource(
    databaseId: string,
    dataSource: { readonly name: string; readonly properties: JsonObject } & By,
  ): string;
  createPage(page: { readonly parent?: ParentId } & NewRow): string;
  addRows(dataSourceId: string, count: number, make: (index: number) => NewRow): string[];
  editPage(
    pageId: string,
    change: {
      readonly properties?: JsonObject;
      readonly icon?: Json;
      readonly cover?: Json;
      readonly isLocked?: boolean;
    } & By,
  ): void;
  trashPage(pageId: string, by?: By): void;
  restorePage(pageId: string, by?: By): void;
  /** Also of what is in the trash. Nothing brings it back. */
  deletePage(pageId: string): void;
  archivePage(pageId: string, by?: By): void;
  unarchivePage(pageId: string, by?: By): void;
  movePage(pageId: string, parent: ParentId, by?: By): void;
  trashDatabase(databaseId: string, by?: By): void;
  restoreDatabase(databaseId: string, by?: By): void;
  /** Grants a page, a database or a data source, and what lies in it, to a connection (default: the first one). */
  share(id: string, token?: string): void;
  unshare(id: string, token?: string): void;
  addProperty(dataSourceId: string, name: string, schema: JsonObject): void;
  renameProperty(dataSourceId: string, nameOrId: string, name: string): void;
  deleteProperty(dataSourceId: string, nameOrId: string): void;
  /** `schema` is the new configuration, such as `{number: {}}`. */
  retypeProperty(dataSourceId: string, nameOrId: string, schema: JsonObject): void;
  renameOption(
    dataSourceId: string,
    nameOrId: string,
    option: { readonly from: string; readonly to: string },
  ): void;
  /** Every row there is or was: live, archived, in the trash, deleted for good. */
  rows(dataSourceId: string): TrueRow[];
  /** Makes every cursor given out so far invalid. */
  expireCursors(): void;
}

export function createWorkspace(state: State, sessions: Sessions): Workspace {
  return {
    id: state.workspaceId,
    name: state.workspaceName,
    ...peopleControls(state),
    ...databaseControls(state),
    ...pageControls(state),
    ...schemaControls(state),
    rows: (dataSourceId) => trueRows(state, dataSourceAt(state, dataSourceId)),
    expireCursors: () => sessions.expireAll(),
  };
}

type PeopleControls = Pick<Workspace, "addPerson" | "addConnection" | "revokeToken" | "share" | "unshare">;

function peopleControls(state: State): PeopleControls {
  return {
    addPerson: ({ id = state.random.uuid(), name, email }) => {
      state.users.set(id, { id, type: "person", name, email: email ?? null, avatarUrl: null });
      return id;
    },
    addConnection: (connection) => {
      const { token, botId } = addConnection(state, connection);
      return { token, botId };
    },
    revokeToken: (token) => {
      state.connections.delete(token);
    },
    share: (id, token) => {
      connectionAt(state, token).grants.set(entityAt(state, id).id, true);
    },
    unshare: (id, token) => {
      connectionAt(state, token).grants.set(entityAt(state, id).id, false);
    },
  };
}

const allCapabilities: Capabilities = {
  readContent: true,
  updateContent: true,
  insertContent: true,
  userInformation: "with_email",
};

export function addConnection(state: State, connection: NewConnection): Connection {
  const botId = state.random.uuid();
  const made: Connection = {
    name: connection.name,
    token: connection.token ?? `ntn_emulator_${state.random.token(20)}`,
    botId,
    capabilities: { ...allCapabilities, ...connection.capabilities },
    seesWorkspace: connection.seesWorkspace ?? false,
    grants: new Map(),
  };
  state.users.set(botId, { id: botId, type: "bot", name: connection.name, email: null, avatarUrl: null });
  state.connections.set(made.token, made);
  return made;
}

type DatabaseControls = Pick<
  Workspace,
  "createDatabase" | "addDataSource" | "trashDatabase" | "restoreDatabase"
>;

function databaseControls(state: State): DatabaseControls {
  const addSource: Workspace["addDataSource"] = (databaseId, { name, properties, ...by }) => {
    const { id } = databaseAt(state, databaseId);
    return createDataSource(
      state,
      { databaseId: id, title: name, icon: null, properties },
      personActor(state, by),
    ).id;
  };
  return {
    createDatabase: ({ title, pageId, dataSources, ...by }) => {
      const parent: Parent =
        pageId === undefined ? { type: "workspace" } : { type: "page_id", id: pageAt(state, pageId).id };
      const empty = { description: "", icon: null, cover: null, isInline: false };
      const database = createDatabase(state, { parent, title, ...empty }, personActor(state, by));
      const sources = dataSources ?? [{ name: title, properties: {} }];
      return {
        databaseId: database.id,
        dataSourceIds: sources.map((source) => addSource(database.id, { ...source, ...by })),
      };
    },
    addDataSource: addSource,
    trashDatabase: (databaseId, by) => setTrash(state, databaseAt(state, databaseId), { inTrash: true, by }),
    restoreDatabase: (databaseId, by) =>
      setTrash(state, databaseAt(state, databaseId), { inTrash: false, by }),
  };
}

function setTrash(
  state: State,
  entity: Page | Database,
  { inTrash, by }: { readonly inTrash: boolean; readonly by: By | undefined },
): void {
  entity.inTrash = inTrash;
  touch(state, entity, personActor(state, by));
}

type PageControls = Pick<
  Workspace,
  | "createPage"
  | "addRows"
  | "editPage"
  | "trashPage"
  | "restorePage"
  | "deletePage"
  | "archivePage"
  | "unarchivePage"
  | "movePage"
>;

function pageControls(state: State): PageControls {
  const setArchived = (pageId: string, isArchived: boolean, by: By | undefined): void => {
    const page = pageAt(state, pageId);
    page.isArchived = isArchived;
    touch(state, page, personActor(state, by));
  };
  return {
    createPage: ({ parent, ...row }) => makeRow(state, parentAt(state, parent), row).id,
    addRows: (dataSourceId, count, make) => {
      const parent: Parent = { type: "data_source_id", id: dataSourceAt(state, dataSourceId).id };
      return Array.from({ length: count }, (_, index) => makeRow(state, parent, make(index)).id);
    },
    editPage: (pageId, { at, by, ...change }) =>
      updatePage(state, pageAt(state, pageId), {
        ...change,
        actor: personActor(state, {
          ...(at === undefined ? {} : { at }),
          ...(by === undefined ? {} : { by }),
        }),
      }),
    trashPage: (pageId, by) => setTrash(state, pageAt(state, pageId), { inTrash: true, by }),
    restorePage: (pageId, by) => setTrash(state, pageAt(state, pageId), { inTrash: false, by }),
    deletePage: (pageId) => deletePage(state, pageAt(state, pageId)),
    archivePage: (pageId, by) => setArchived(pageId, true, by),
    unarchivePage: (pageId, by) => setArchived(pageId, false, by),
    movePage: (pageId, parent, by) =>
      movePage(state, pageAt(state, pageId), {
        parent: parentAt(state, parent),
        actor: personActor(state, by),
      }),
  };
}

function makeRow(state: State, parent: Parent, row: NewRow): Page {
  const createdAt = row.createdAt === undefined ? state.now() : toMs(row.createdAt);
  const author: Actor = {
    ...personActor(state, row.createdBy === undefined ? {} : { by: row.createdBy }),
    at: createdAt,
  };
  const page = createPage(
    state,
    { parent, properties: row.properties ?? {}, icon: row.icon, cover: row.cover },
    author,
  );
  page.editedAt = row.editedAt === undefined ? createdAt : toMs(row.editedAt);
  page.editedBy = row.editedBy ?? author.userId;
  dataSourceOf(state, page)?.rows.edited();
  if (parent.type !== "data_source_id") addChild(state, page);
  return page;
}

type SchemaControls = Pick<
  Workspace,
  "addProperty" | "renameProperty" | "deleteProperty" | "retypeProperty" | "renameOption"
>;

function schemaControls(state: State): SchemaControls {
  const change = (dataSourceId: string, nameOrId: string, entry: Json): void => {
    const dataSource = dataSourceAt(state, dataSourceId);
    const { id } = propertyAt(dataSource, nameOrId);
    updateSchema(state, dataSource, { [id]: entry });
    touch(state, dataSource, personActor(state, undefined));
  };
  return {
    addProperty: (dataSourceId, name, schema) =>
      updateSchema(state, dataSourceAt(state, dataSourceId), { [name]: schema }),
    renameProperty: (dataSourceId, nameOrId, name) => change(dataSourceId, nameOrId, { name }),
    deleteProperty: (dataSourceId, nameOrId) => change(dataSourceId, nameOrId, null),
    retypeProperty: (dataSourceId, nameOrId, schema) => change(dataSourceId, nameOrId, schema),
    renameOption: (dataSourceId, nameOrId, { from, to }) => {
      const property = propertyAt(dataSourceAt(state, dataSourceId), nameOrId);
      const option = findOption(property, { name: from });
      if (option === undefined) throw missing("option", from);
      // Rows keep the option's id, so they show the new name without being edited.
      property.config = {
        ...property.config,
        options: optionsOf(property).map((each) => (each === option ? { ...each, name: to } : each)),
      };
    },
  };
}

function trueRows(state: State, dataSource: DataSource): TrueRow[] {
  const deleted = [...state.deleted.values()].filter(
    (page) => page.parent.type === "data_source_id" && page.parent.id === dataSource.id,
  );
  return [...dataSource.rows, ...deleted].map((page) => ({
    id: page.id,
    inTrash: page.inTrash,
    isArchived: page.isArchived,
    isDeletedForGood: state.deleted.has(page.id),
    createdTime: minuteText(page.createdAt),
    lastEditedTime: minuteText(page.editedAt),
    createdBy: page.createdBy,
    lastEditedBy: page.editedBy,
    properties: completeValues(page, state),
  }));
}

/** A person as author. The first person stands in for "somebody". */
export function personActor(state: State, by: By | undefined): Actor {
  const at = by?.at === undefined ? state.now() : toMs(by.at);
  return { userId: by?.by ?? firstPerson(state), connection: null, at };
}

function firstPerson(state: State): string {
  for (const user of state.users.values()) if (user.type === "person") return user.id;
  throw missing("person", "any");
}

function toMs(at: number | string): number {
  const ms = typeof at === "number" ? at : Date.parse(at);
  if (Number.isNaN(ms)) throw new ApiError(400, "validation_error", `Not a time: ${at}`);
  return ms;
}

function missing(kind: string, id: string): ApiError {
  return new ApiError(404, "object_not_found", `The workspace has no ${kind} ${id}.`);
}

function found<T>(value: T | undefined, kind: string, id: string): T {
  if (value === undefined) throw missing(kind, id);
  return value;
}

function pageAt(state: State, id: string): Page {
  return found(state.pages.get(id), "page", id);
}

function databaseAt(state: State, id: string): Database {
  return found(state.databases.get(id), "database", id);
}

function dataSourceAt(state: State, id: string): DataSource {
  return found(state.dataSources.get(id), "data source", id);
}

function entityAt(state: State, id: string): Entity {
  return found(findEntity(state, id) ?? undefined, "object", id);
}

function propertyAt(dataSource: DataSource, nameOrId: string): Property {
  return found(findProperty(dataSource.properties, nameOrId), "property", nameOrId);
}

function connectionAt(state: State, token: string | undefined): Connection {
  const [first] = state.connections.values();
  return found(token === undefined ? first : state.connections.get(token), "connection", "with this token");
}

function parentAt(state: State, parent: ParentId | undefined): Parent {
  if (parent === undefined) return { type: "workspace" };
  if ("pageId" in parent) return { type: "page_id", id: pageAt(state, parent.pageId).id };
  return { type: "data_source_id", id: dataSourceAt(state, parent.dataSourceId).id };
}
