import type { Json, JsonObject } from "../json.ts";
import type { Sessions } from "../query/sessions.ts";
import type { Capabilities, State } from "../state/state.ts";
import { plainText } from "../values/rich-text.ts";
import type { Webhooks } from "../webhooks/webhooks.ts";
import { databaseControls } from "./databases.ts";
import { actorsOf, personAt } from "./lookup.ts";
import { pageControls } from "./pages.ts";
import { peopleControls } from "./people.ts";
import { resourceControls } from "./resources.ts";
import { trueRows } from "./rows.ts";
import { schemaControls } from "./schema.ts";
import { webhookControls } from "./webhooks.ts";

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
  /** Acts for one person, as public connections and personal tokens do: it may make pages at the top. */
  readonly isPersonal?: boolean | undefined;
  /** Sees everything that is not taken away from it; default: sees only what is shared with it. */
  readonly seesWorkspace?: boolean | undefined;
}

export interface NewWebhook {
  readonly url: string;
  /** Default: the newest. */
  readonly apiVersion?: string | undefined;
  /** Names as this version spells them; default: all there are. */
  readonly events?: readonly string[] | undefined;
  /** Whose webhook it is; default: the first connection. */
  readonly token?: string | undefined;
}

/** What the controls use besides the workspace itself. */
export interface WorkspaceTools {
  readonly sessions: Sessions;
  readonly webhooks: Pick<Webhooks, "handshake">;
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
  /** Puts a page or database, and what lies in it, on the web: `public_url` gets this host name. */
  publish(id: string, site: string): void;
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
  deletePage(pageId: string, by?: By): void;
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
  /** Adds an option to a select, multi_select or status column. */
  addOption(
    dataSourceId: string,
    nameOrId: string,
    option: { readonly name: string; readonly color?: string | undefined },
  ): void;
  /** These options first, in this order; the others keep theirs. */
  reorderOptions(dataSourceId: string, nameOrId: string, names: readonly string[]): void;
  /** Rows lose the option; a status falls back to the first one. */
  deleteOption(dataSourceId: string, nameOrId: string, name: string): void;
  /** The same controls in the hands of another person: author of every edit that names none. */
  as(personId: string): Workspace;
  /** People who can be put into a people column together. */
  addGroup(name: string): string;
  addCustomEmoji(emoji: { readonly name: string; readonly url: string }): string;
  /** A page that rows can be made from; it is no row itself. */
  addTemplate(
    dataSourceId: string,
    template: {
      readonly properties?: JsonObject | undefined;
      readonly isDefault?: boolean | undefined;
    } & By,
  ): string;
  /** On a page or a block; in a new discussion unless one is named. */
  addComment(
    id: string,
    comment: { readonly text: string; readonly discussionId?: string | undefined } & By,
  ): { readonly commentId: string; readonly discussionId: string };
  /** Comments of a settled discussion are not listed. */
  resolveDiscussion(discussionId: string): void;
  reopenDiscussion(discussionId: string): void;
  /** Every data source, with the database it belongs to. */
  dataSources(): { readonly id: string; readonly name: string; readonly databaseId: string }[];
  /** Every row there is or was: live, archived, in the trash, deleted for good. */
  rows(dataSourceId: string): TrueRow[];
  /** Makes every cursor given out so far invalid. */
  expireCursors(): void;
  /** Subscribes a URL and sends it its verification token, which a person then enters with `confirmWebhook`. */
  addWebhook(webhook: NewWebhook): { readonly id: string; readonly verificationToken: string };
  /** From now on events are sent. Throws when the token is not the one the handshake carried. */
  confirmWebhook(id: string, verificationToken: string): void;
  /** Sends the handshake once more, with the same token. */
  resendToken(id: string): void;
  /** A paused webhook misses what happens; nothing is sent later. */
  pauseWebhook(id: string): void;
  resumeWebhook(id: string): void;
  removeWebhook(id: string): void;
}

/** Controls for one person; null: whoever comes first in the workspace. */
export function createWorkspace(state: State, tools: WorkspaceTools, person: string | null): Workspace {
  const actorOf = actorsOf(state, person);
  return {
    get id() {
      return state.workspaceId;
    },
    get name() {
      return state.workspaceName;
    },
    as: (personId) => createWorkspace(state, tools, personAt(state, personId).id),
    ...peopleControls(state),
    ...databaseControls(state, actorOf),
    ...pageControls(state, actorOf),
    ...schemaControls(state, actorOf),
    ...resourceControls(state, actorOf),
    ...webhookControls(state, tools.webhooks),
    dataSources: () =>
      [...state.dataSources.values()].map(({ id, title, databaseId }) => ({
        id,
        name: plainText(title),
        databaseId,
      })),
    rows: (dataSourceId) => trueRows(state, dataSourceId),
    expireCursors: () => tools.sessions.expireAll(),
  };
}
