import type { Json, JsonObject } from "../json.ts";
import type { Sessions } from "../query/sessions.ts";
import type { Capabilities, State } from "../state/state.ts";
import { plainText } from "../values/rich-text.ts";
import { databaseControls } from "./databases.ts";
import { pageControls } from "./pages.ts";
import { peopleControls } from "./people.ts";
import { trueRows } from "./rows.ts";
import { schemaControls } from "./schema.ts";

/** When and by whom; default: now, by the workspace's first person. */
export interface By {
  /** Milliseconds, or an ISO text. */
  readonly at?: number | string | undefined;
  readonly by?: string | undefined;
}

export interface NewRow {
  /** Spelled as in a page write of the API. */
  readonly properties?: JsonObject | undefined;
  readonly createdAt?: number | string | undefined;
  readonly editedAt?: number | string | undefined;
  readonly createdBy?: string | undefined;
  readonly editedBy?: string | undefined;
  readonly icon?: Json | undefined;
  readonly cover?: Json | undefined;
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
  readonly token?: string | undefined;
  readonly capabilities?: Partial<Capabilities> | undefined;
  /** Sees everything that is not taken away from it; default: sees only what is shared with it. */
  readonly seesWorkspace?: boolean | undefined;
}

export type ParentId = { readonly pageId: string } | { readonly dataSourceId: string };

/** What people do in Notion's user interface, and what only they can do. Throws when something does not exist. */
export interface Workspace {
  readonly id: string;
  readonly name: string;
  addPerson(person: {
    readonly name: string;
    readonly email?: string | undefined;
    readonly id?: string | undefined;
  }): string;
  addConnection(connection: NewConnection): { readonly token: string; readonly botId: string };
  /** Makes the token unknown: every later call with it is a 401. */
  revokeToken(token: string): void;
  createDatabase(
    database: {
      readonly title: string;
      readonly pageId?: string | undefined;
      readonly dataSources?:
        | readonly { readonly name: string; readonly properties: JsonObject }[]
        | undefined;
    } & By,
  ): { readonly databaseId: string; readonly dataSourceIds: readonly string[] };
  addDataSource(
    databaseId: string,
    dataSource: { readonly name: string; readonly properties: JsonObject } & By,
  ): string;
  createPage(page: { readonly parent?: ParentId | undefined } & NewRow): string;
  addRows(dataSourceId: string, count: number, make: (index: number) => NewRow): string[];
  editPage(
    pageId: string,
    change: {
      readonly properties?: JsonObject | undefined;
      readonly icon?: Json | undefined;
      readonly cover?: Json | undefined;
      readonly isLocked?: boolean | undefined;
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
  /** Every data source, with the database it belongs to. */
  dataSources(): { readonly id: string; readonly name: string; readonly databaseId: string }[];
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
    dataSources: () =>
      [...state.dataSources.values()].map(({ id, title, databaseId }) => ({
        id,
        name: plainText(title),
        databaseId,
      })),
    rows: (dataSourceId) => trueRows(state, dataSourceId),
    expireCursors: () => sessions.expireAll(),
  };
}
