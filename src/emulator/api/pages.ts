import { archivedError, bodyError, bodyErrors } from "../http/errors.ts";
import { isObject, type JsonObject } from "../json.ts";
import { appendBlocks, type Position, parseBlocks } from "../operations/blocks.ts";
import { createPage, parseFileOrEmoji, touch, updatePage } from "../operations/pages.ts";
import { requireCapability, visibleDatabase, visibleDataSource, visiblePage } from "../state/access.ts";
import { isTrashed, type Page, type Parent, propertiesOf } from "../state/state.ts";
import { actorOf, type Call, filterProperties } from "./call.ts";
import { onlyDataSource } from "./databases.ts";
import { booleanAt, idAt, objectAt, pathId } from "./input.ts";
import { columnsNamed, renderPage } from "./render.ts";
import { trashFlag } from "./trash-flag.ts";

/** Parts of the request that the emulator does not know yet: refused, so that nobody takes them for done. */
const notServed = ["template", "markdown", "content", "allow_async", "erase_content"];

/** POST /pages */
export function postPage(call: Call): JsonObject {
  requireCapability(call.connection, "insertContent");
  const { state, body } = call;
  refuseNotServed(body);
  const parent = parseParent(call);
  const blocks = parseBlocks(body.children, "body.children", state);
  const position = parsePosition(body);
  const actor = actorOf(call);
  const properties = body.properties === undefined ? {} : objectAt(body.properties, "body.properties");
  const page = createPage(
    state,
    { parent, properties, icon: parseFileOrEmoji(body.icon), cover: parseFileOrEmoji(body.cover) },
    actor,
  );
  appendBlocks(state, page, { blocks, position: { type: "end" }, actor });
  if (parent.type === "page_id") listInParent(page, { call, position });
  return renderPage(page, call, columnsNamed(propertiesOf(state, page), filterProperties(call.query)));
}

function refuseNotServed(body: JsonObject): void {
  for (const key of notServed)
    if (body[key] !== undefined)
      throw bodyError(`body.${key}`, "not present (not served by the emulator)", key);
}

/** A new sub-page shows among its parent's children, and moves the parent's last edit. */
function listInParent(
  page: Page,
  { call, position }: { readonly call: Call; readonly position: Position },
): void {
  const parent = page.parent.type === "page_id" ? call.state.pages.get(page.parent.id) : undefined;
  if (parent === undefined) return;
  const children = [...parent.children];
  const after = position.type === "after" ? children.indexOf(position.id) + 1 : children.length;
  children.splice(position.type === "start" ? 0 : after, 0, page.id);
  parent.children = children;
  touch(call.state, parent, actorOf(call));
}

function parsePosition(body: JsonObject): Position {
  if (body.position === undefined) return { type: "end" };
  const position = objectAt(body.position, "body.position");
  switch (position.type) {
    case "page_start":
      return { type: "start" };
    case "page_end":
      return { type: "end" };
    case "after_block":
      return {
        type: "after",
        id: idAt(
          objectAt(position.after_block, "body.position.after_block").id,
          "body.position.after_block.id",
        ),
      };
    default:
      throw bodyError(
        "body.position.type",
        '`"after_block"`, `"page_start"`, or `"page_end"`',
        position.type,
      );
  }
}

function parseParent(call: Call): Parent {
  const { state, connection, body } = call;
  const parent = body.parent;
  if (!isObject(parent)) throw bodyError("body.parent", "defined", parent);
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

function inside(entity: ReturnType<typeof visibleDataSource> | Page, { state }: Call): Parent {
  if (isTrashed(state, entity)) throw archivedError();
  return { type: entity.object === "page" ? "page_id" : "data_source_id", id: entity.id };
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
  refuseNotServed(body);
  const page = pageIn(call);
  updatePage(state, page, {
    properties: body.properties === undefined ? undefined : objectAt(body.properties, "body.properties"),
    icon: parseFileOrEmoji(body.icon),
    cover: parseFileOrEmoji(body.cover),
    isLocked: body.is_locked === undefined ? undefined : booleanAt(body.is_locked, "body.is_locked"),
    isArchived: body.is_archived === undefined ? undefined : booleanAt(body.is_archived, "body.is_archived"),
    inTrash: trashFlag(body, version),
    actor: actorOf(call),
  });
  return renderPage(page, call, columnsNamed(propertiesOf(state, page), filterProperties(call.query)));
}

function pageIn(call: Call): Page {
  return visiblePage(call.state, call.connection, pathId(call.params.page_id, "page_id"));
}
