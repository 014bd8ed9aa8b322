import { isObject, type JsonObject, objectOr } from "../json.ts";
import type { Capabilities } from "../state/state.ts";
import type { By, NewRow, ParentId, Workspace } from "../workspace/workspace.ts";
import { validationError } from "./errors.ts";

/** `{action, …}`: actions have the names of the workspace's controls, inputs theirs. Returns what the control returns. */
export function actAsPerson(workspace: Workspace, body: JsonObject): unknown {
  const name = body.action;
  const action = typeof name === "string" && Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) {
    throw validationError(`Unknown action ${String(name)}. Known: ${Object.keys(actions).join(", ")}.`);
  }
  // Where an action knows an author of its own, `by` is that; elsewhere it is whose hands these are.
  return action(typeof body.by === "string" ? workspace.as(body.by) : workspace, body);
}

type Action = (workspace: Workspace, body: JsonObject) => unknown;

const actions: { readonly [name: string]: Action } = {
  addPerson: (workspace, body) =>
    workspace.addPerson({
      name: text(body, "name"),
      email: optionalText(body.email),
      id: optionalText(body.id),
    }),
  addConnection: (workspace, body) =>
    workspace.addConnection({
      name: text(body, "name"),
      token: optionalText(body.token),
      seesWorkspace: body.seesWorkspace === true,
      isPersonal: body.isPersonal === true,
      capabilities: capabilitiesIn(objectOr(body.capabilities)),
    }),
  addGroup: (workspace, body) => workspace.addGroup(text(body, "name")),
  addCustomEmoji: (workspace, body) =>
    workspace.addCustomEmoji({ name: text(body, "name"), url: text(body, "url") }),
  addTemplate: (workspace, body) =>
    workspace.addTemplate(text(body, "dataSourceId"), {
      ...byIn(body),
      properties: objectOr(body.properties),
      isDefault: body.isDefault === true,
    }),
  addComment: (workspace, body) =>
    workspace.addComment(text(body, "id"), {
      ...byIn(body),
      text: text(body, "text"),
      discussionId: optionalText(body.discussionId),
    }),
  resolveDiscussion: (workspace, body) => workspace.resolveDiscussion(text(body, "discussionId")),
  reopenDiscussion: (workspace, body) => workspace.reopenDiscussion(text(body, "discussionId")),
  revokeToken: (workspace, body) => workspace.revokeToken(text(body, "token")),
  createDatabase: (workspace, body) =>
    workspace.createDatabase({
      ...byIn(body),
      title: text(body, "title"),
      pageId: optionalText(body.pageId),
      dataSources: Array.isArray(body.dataSources)
        ? body.dataSources
            .filter(isObject)
            .map((each) => ({ name: text(each, "name"), properties: object(each, "properties") }))
        : undefined,
    }),
  addDataSource: (workspace, body) =>
    workspace.addDataSource(text(body, "databaseId"), {
      ...byIn(body),
      name: text(body, "name"),
      properties: object(body, "properties"),
    }),
  createPage: (workspace, body) =>
    workspace.createPage({ ...rowIn(body), parent: body.parent === undefined ? undefined : parentIn(body) }),
  addRows: (workspace, body) => {
    const rows = (Array.isArray(body.rows) ? body.rows.filter(isObject) : []).map(rowIn);
    return workspace.addRows(text(body, "dataSourceId"), rows.length, (index) => rows[index] ?? {});
  },
  editPage: (workspace, body) =>
    workspace.editPage(text(body, "pageId"), {
      ...byIn(body),
      properties: body.properties === undefined ? undefined : object(body, "properties"),
      icon: body.icon,
      cover: body.cover,
      isLocked: typeof body.isLocked === "boolean" ? body.isLocked : undefined,
    }),
  trashPage: (workspace, body) => workspace.trashPage(text(body, "pageId"), byIn(body)),
  restorePage: (workspace, body) => workspace.restorePage(text(body, "pageId"), byIn(body)),
  deletePage: (workspace, body) => workspace.deletePage(text(body, "pageId"), byIn(body)),
  archivePage: (workspace, body) => workspace.archivePage(text(body, "pageId"), byIn(body)),
  unarchivePage: (workspace, body) => workspace.unarchivePage(text(body, "pageId"), byIn(body)),
  movePage: (workspace, body) => workspace.movePage(text(body, "pageId"), parentIn(body), byIn(body)),
  trashDatabase: (workspace, body) => workspace.trashDatabase(text(body, "databaseId"), byIn(body)),
  restoreDatabase: (workspace, body) => workspace.restoreDatabase(text(body, "databaseId"), byIn(body)),
  share: (workspace, body) => workspace.share(text(body, "id"), optionalText(body.token)),
  unshare: (workspace, body) => workspace.unshare(text(body, "id"), optionalText(body.token)),
  addProperty: (workspace, body) =>
    workspace.addProperty(text(body, "dataSourceId"), text(body, "name"), object(body, "schema")),
  renameProperty: (workspace, body) =>
    workspace.renameProperty(text(body, "dataSourceId"), text(body, "property"), text(body, "name")),
  deleteProperty: (workspace, body) =>
    workspace.deleteProperty(text(body, "dataSourceId"), text(body, "property")),
  retypeProperty: (workspace, body) =>
    workspace.retypeProperty(text(body, "dataSourceId"), text(body, "property"), object(body, "schema")),
  renameOption: (workspace, body) =>
    workspace.renameOption(text(body, "dataSourceId"), text(body, "property"), {
      from: text(body, "from"),
      to: text(body, "to"),
    }),
  addOption: (workspace, body) =>
    workspace.addOption(text(body, "dataSourceId"), text(body, "property"), {
      name: text(body, "name"),
      color: optionalText(body.color),
    }),
  reorderOptions: (workspace, body) =>
    workspace.reorderOptions(text(body, "dataSourceId"), text(body, "property"), texts(body, "names")),
  deleteOption: (workspace, body) =>
    workspace.deleteOption(text(body, "dataSourceId"), text(body, "property"), text(body, "name")),
  addWebhook: (workspace, body) =>
    workspace.addWebhook({
      url: text(body, "url"),
      apiVersion: optionalText(body.apiVersion),
      events: body.events === undefined ? undefined : texts(body, "events"),
      token: optionalText(body.token),
    }),
  confirmWebhook: (workspace, body) =>
    workspace.confirmWebhook(text(body, "webhookId"), text(body, "verificationToken")),
  resendToken: (workspace, body) => workspace.resendToken(text(body, "webhookId")),
  pauseWebhook: (workspace, body) => workspace.pauseWebhook(text(body, "webhookId")),
  resumeWebhook: (workspace, body) => workspace.resumeWebhook(text(body, "webhookId")),
  removeWebhook: (workspace, body) => workspace.removeWebhook(text(body, "webhookId")),
  expireCursors: (workspace) => workspace.expireCursors(),
};

function text(body: JsonObject, name: string): string {
  const value = body[name];
  if (typeof value !== "string") throw validationError(`This action needs ${name} as a string.`);
  return value;
}

function texts(body: JsonObject, name: string): string[] {
  const value = body[name];
  if (!Array.isArray(value) || !value.every((each) => typeof each === "string"))
    throw validationError(`This action needs ${name} as an array of strings.`);
  return value;
}

function object(body: JsonObject, name: string): JsonObject {
  const value = body[name];
  if (!isObject(value)) throw validationError(`This action needs ${name} as an object.`);
  return value;
}

function optionalText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function timeIn(value: unknown): number | string | undefined {
  return typeof value === "number" || typeof value === "string" ? value : undefined;
}

function byIn(body: JsonObject): By {
  return { at: timeIn(body.at), by: optionalText(body.by) };
}

function rowIn(body: JsonObject): NewRow {
  return {
    properties: body.properties === undefined ? undefined : object(body, "properties"),
    createdAt: timeIn(body.createdAt),
    editedAt: timeIn(body.editedAt),
    createdBy: optionalText(body.createdBy),
    editedBy: optionalText(body.editedBy),
    icon: body.icon,
    cover: body.cover,
  };
}

function parentIn(body: JsonObject): ParentId {
  const { pageId, dataSourceId } = object(body, "parent");
  if (typeof dataSourceId === "string") return { dataSourceId };
  if (typeof pageId === "string") return { pageId };
  throw validationError("This action needs parent as {pageId} or {dataSourceId}.");
}

function capabilitiesIn(written: JsonObject): Partial<Capabilities> {
  const flags = ["readContent", "updateContent", "insertContent", "readComments", "insertComments"] as const;
  const given = flags
    .filter((flag) => typeof written[flag] === "boolean")
    .map((flag) => [flag, written[flag]]);
  const information = written.userInformation;
  const isKnown = information === "none" || information === "without_email" || information === "with_email";
  return { ...Object.fromEntries(given), ...(isKnown ? { userInformation: information } : {}) };
}
