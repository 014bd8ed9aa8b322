import { archivedError, bodyError, bodyErrors, validationError } from "../http/errors.ts";
import { isObject, type JsonObject, objectOr } from "../json.ts";
import { appendBlocks, insertionIndex } from "../operations/blocks.ts";
import { writeMarkdown } from "../operations/markdown.ts";
import { createPage, movePage, touch, updatePage } from "../operations/pages.ts";
import { addPending } from "../operations/pending.ts";
import { setTrashed } from "../operations/tell.ts";
import { requireCapability, visibleDatabase, visibleDataSource, visiblePage } from "../state/access.ts";
import {
  findEntity,
  findProperty,
  isTrashed,
  type Page,
  type Parent,
  parentOf,
  propertiesOf,
} from "../state/state.ts";
import { parseCover, parseIcon } from "../values/files.ts";
import { startTask } from "./async-tasks.ts";
import { actorOf, type Call, filterProperties } from "./call.ts";
import { onlyDataSource } from "./databases.ts";
import { booleanAt, idAt, objectAt, pathId } from "./input.ts";
import { visibleTo } from "./markdown.ts";
import { parsePageContent, parsePosition, parseTemplate, type WantedTemplate } from "./page-content.ts";
import { columnsNamed, renderPage } from "./render.ts";
import type { Reply } from "./reply.ts";
import { trashFlag } from "./trash-flag.ts";

/** POST /pages */
export function postPage(call: Call): JsonObject | Reply {
  requireCapability(call.connection, "insertContent");
  const { state, body } = call;
  const parent = parseParent(call);
  const content = parsePageContent(call);
  const template = parseTemplate(call, parent.type === "data_source_id" ? parent.id : null);
  const index = parseIndex(call, parent);
  const icon = parseIcon(body.icon, "body.icon", state);
  const cover = parseCover(body.cover, "body.cover", state);
  const properties = body.properties === undefined ? {} : objectAt(body.properties, "body.properties");
  if (body.allow_async !== undefined && booleanAt(body.allow_async, "body.allow_async")) {
    if (body.markdown === undefined) throw bodyError("body.markdown", "defined", undefined);
    return startTask(call, "POST /v1/pages");
  }
  const actor = actorOf(call);
  const titled = content.titleFor(properties);
  const page = createPage(state, { parent, properties: titled.properties, icon, cover }, actor);
  appendBlocks(state, page, { blocks: content.blocks, position: { type: "end" }, actor });
  if (titled.markdown !== null) {
    const isVisible = visibleTo(call);
    writeMarkdown(state, page, { markdown: titled.markdown, isVisible, mayDelete: false, actor });
  }
  listInParent(page, { call, index });
  if (template !== null) putOffTemplate(call, { page, template });
  return renderPage(page, call, columnsNamed(propertiesOf(state, page), filterProperties(call.query)));
}

/** A template is applied after the answer, which shows the page without it. */
function putOffTemplate(
  { state, connection, body }: Call,
  { page, template }: { readonly page: Page; readonly template: WantedTemplate },
): void {
  const columns = propertiesOf(state, page);
  addPending(state, {
    kind: "template",
    dueAt: state.now() + state.asyncDelayMs,
    token: connection.token,
    pageId: page.id,
    templateId: template.id,
    timeZone: template.timeZone,
    written: Object.keys(objectOr(body.properties)).flatMap((key) => findProperty(columns, key)?.id ?? []),
  });
}

/** Where among its parent's children a new page goes. */
function parseIndex({ state, body }: Call, parent: Parent): number {
  const around = parent.type === "page_id" ? state.pages.get(parent.id) : undefined;
  if (around === undefined && body.position !== undefined)
    throw bodyError("body.position", "not present", body.position);
  return insertionIndex(around?.children ?? [], parsePosition(body));
}

/** A new sub-page shows among its parent's children, and moves the parent's last edit. */
function listInParent(page: Page, { call, index }: { readonly call: Call; readonly index: number }): void {
  const parent = page.parent.type === "page_id" ? call.state.pages.get(page.parent.id) : undefined;
  if (parent === undefined) return;
  parent.children = parent.children.toSpliced(index, 0, page.id);
  touch(call.state, parent, actorOf(call));
}

function parseParent(call: Call): Parent {
  const { state, connection, body } = call;
  const parent = body.parent;
  if (!isObject(parent)) throw bodyError("body.parent", "defined", parent);
  if (parent.workspace === true) return atTheTop(call);
  if (parent.data_source_id !== undefined) {
    const id = idAt(parent.data_source_id, "body.parent.data_source_id");
    return inside(visibleDataSource(state, connection, id), call);
  }
  if (parent.database_id !== undefined) {
    const database = visibleDatabase(state, connection, idAt(parent.database_id, "body.parent.database_id"));
    return inside(onlyDataSource(database, state), call);
  }
  if (parent.page_id !== undefined) {
    return inside(visiblePage(state, connection, idAt(parent.page_id, "body.parent.page_id")), call);
  }
  throw bodyErrors(["body.parent.page_id", "body.parent.database_id", "body.parent.data_source_id"]);
}

/** Whoever acts for a person may make private pages of that person. */
function atTheTop({ connection }: Call): Parent {
  if (connection.isPersonal) return { type: "workspace" };
  throw validationError(
    "Provide a `parent.page_id` or `parent.database_id` parameter to create a page, or use a public integration with `insert_content` capability. Internal integrations aren't owned by a single user, so creating workspace-level private pages is not supported.",
  );
}

function inside(entity: ReturnType<typeof visibleDataSource> | Page, { state }: Call): Parent {
  if (isTrashed(state, entity)) throw archivedError();
  return { type: entity.object === "page" ? "page_id" : "data_source_id", id: entity.id };
}

/** POST /pages/{id}/move: into another page or data source. */
export function postMove(call: Call): JsonObject {
  requireCapability(call.connection, "updateContent");
  const { state } = call;
  const page = pageIn(call);
  if (isTrashed(state, page)) throw archivedError();
  const parent = parseParent(call);
  const target = parent.type === "workspace" ? null : findEntity(state, parent.id);
  for (let at = target; at !== null; at = parentOf(state, at)) {
    if (at === page) throw validationError("A page cannot be moved into itself or into a page inside it.");
  }
  movePage(state, page, { parent, actor: actorOf(call) });
  return renderPage(page, call);
}

/** GET /pages/{id}: a page in the trash is answered like any other. */
export function retrievePage(call: Call): JsonObject {
  requireCapability(call.connection, "readContent");
  const page = pageIn(call);
  return renderPage(page, call, columnsNamed(propertiesOf(call.state, page), filterProperties(call.query)));
}

/** PATCH /pages/{id} */
export function patchPage(call: Call): JsonObject {
  requireCapability(call.connection, "updateContent");
  const { state, body, version } = call;
  const page = pageIn(call);
  const template = parseTemplate(call, page.parent.type === "data_source_id" ? page.parent.id : null);
  const isErased = body.erase_content !== undefined && booleanAt(body.erase_content, "body.erase_content");
  updatePage(state, page, {
    properties: body.properties === undefined ? undefined : objectAt(body.properties, "body.properties"),
    icon: parseIcon(body.icon, "body.icon", state),
    cover: parseCover(body.cover, "body.cover", state),
    isLocked: body.is_locked === undefined ? undefined : booleanAt(body.is_locked, "body.is_locked"),
    isArchived: body.is_archived === undefined ? undefined : booleanAt(body.is_archived, "body.is_archived"),
    inTrash: trashFlag(body, version),
    actor: actorOf(call),
  });
  if (isErased) eraseContent(call, page);
  if (template !== null) putOffTemplate(call, { page, template });
  return renderPage(page, call, columnsNamed(propertiesOf(state, page), filterProperties(call.query)));
}

/** Everything inside a page goes to the trash. */
function eraseContent(call: Call, page: Page): void {
  const { state } = call;
  for (const id of page.children) {
    const child = findEntity(state, id);
    if (child !== null) setTrashed(state, child, { inTrash: true, actor: actorOf(call) });
  }
}

function pageIn(call: Call): Page {
  return visiblePage(call.state, call.connection, pathId(call.params.page_id, "page_id"));
}
