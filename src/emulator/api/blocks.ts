import { archivedError, bodyError, notFound, validationError } from "../http/errors.ts";
import { isObject, type JsonObject } from "../json.ts";
import { appendBlocks, checkAppend, type Position, parseBlocks, updateBlock } from "../operations/blocks.ts";
import { refuseTrashed, touch } from "../operations/pages.ts";
import { setTrashed, tellContent } from "../operations/tell.ts";
import { canSee, findBlock, requireCapability, visibleBlock } from "../state/access.ts";
import { type Block, childIds, type Database, isTrashed, type Page } from "../state/state.ts";
import { actorOf, type Call } from "./call.ts";
import { idAt, pageSizeMax, pathId } from "./input.ts";
import { firstPage, listPage } from "./list.ts";
import { isListed, renderBlock } from "./render.ts";
import { trashFlag } from "./trash-flag.ts";
import { hasArchivedKey } from "./versions.ts";

/** GET /blocks/{id} */
export function retrieveBlock(call: Call): JsonObject {
  requireCapability(call.connection, "readContent");
  return renderBlock(blockIn(call), call);
}

/** PATCH /blocks/{id}: content, or trash and restore. */
export function patchBlock(call: Call): JsonObject {
  requireCapability(call.connection, "updateContent");
  const { state, body, version } = call;
  const block = blockIn(call);
  const inTrash = trashFlag(body, version);
  refuseTrashed(state, block, inTrash);
  if (block.object === "block") updateBlock(state, block, body);
  const isNothing = inTrash === undefined && !Object.values(body).some(isObject);
  if (isNothing)
    throw validationError(
      `body failed validation: body.${block.object === "block" ? block.type : "in_trash"} should be defined, instead was \`undefined\`.`,
    );
  const actor = actorOf(call);
  touch(state, block, actor);
  if (block.object === "block" && inTrash === undefined)
    tellContent(state, block, { changed: [block], actor });
  if (inTrash !== undefined) setTrashed(state, block, { inTrash, actor });
  return renderBlock(block, call);
}

/** DELETE /blocks/{id}: into the trash; pages and databases too. */
export function deleteBlock(call: Call): JsonObject {
  requireCapability(call.connection, "updateContent");
  const block = blockIn(call);
  refuseTrashed(call.state, block, undefined);
  const actor = actorOf(call);
  touch(call.state, block, actor);
  setTrashed(call.state, block, { inTrash: true, actor });
  return renderBlock(block, call);
}

/** GET /blocks/{id}/children. What is in the trash answers as if it were not shared; what lies under it, as empty. */
export function listChildren(call: Call): JsonObject {
  requireCapability(call.connection, "readContent");
  const block = blockIn(call);
  if (block.inTrash) throw notFound("block", block.id, call.connection);
  const isEmpty = block.object === "database" || isTrashed(call.state, block);
  return childrenPage(call, block.id, isEmpty ? [] : childIds(call.state, block));
}

function childrenPage(call: Call, parentId: string, children: readonly string[]): JsonObject {
  const { state, connection } = call;
  return listPage(call, {
    subject: `children ${parentId}`,
    type: "block",
    items: () => children.filter((id) => isListed(state, id)),
    render: (id) => {
      const child = findBlock(state, String(id));
      return child === undefined || !canSee(state, connection, child) ? null : renderBlock(child, call);
    },
  });
}

/** PATCH /blocks/{id}/children: answers with the children from the first new one to the end, as live answers do. */
export function appendChildren(call: Call): JsonObject {
  requireCapability(call.connection, "insertContent");
  const { state, body } = call;
  const block = blockIn(call);
  if (isTrashed(state, block)) throw archivedError();
  if (block.object === "database") throw validationError("Block does not support children.");
  if (body.children === undefined) throw bodyError("body.children", "defined", undefined);
  const position = parsePosition(call);
  const blocks = parseBlocks(body.children, "body.children", state);
  checkAppend(state, block, blocks);
  const actor = actorOf(call);
  const made = appendBlocks(state, block, { blocks, position, actor });
  tellContent(state, block, { changed: made, actor });
  const [first] = made;
  const from = first === undefined ? block.children.length : block.children.indexOf(first.id);
  return childrenPage(firstPage(call, pageSizeMax), block.id, block.children.slice(from));
}

/** `after` until 2025-09-03, `position` from 2026-03-11 on. */
function parsePosition({ body, version }: Call): Position {
  const refused = hasArchivedKey(version) ? "position" : "after";
  if (body[refused] !== undefined) throw bodyError(`body.${refused}`, "not present", body[refused]);
  if (body.after !== undefined) return { type: "after", id: idAt(body.after, "body.after") };
  const position = body.position;
  if (position === undefined) return { type: "end" };
  const type = isObject(position) ? position.type : undefined;
  if (type === "start" || type === "end") return { type };
  const after = isObject(position) ? position.after_block : undefined;
  if (type !== "after_block" || !isObject(after)) {
    throw bodyError("body.position.type", '`"after_block"`, `"start"`, or `"end"`', type);
  }
  return { type: "after", id: idAt(after.id, "body.position.after_block.id") };
}

function blockIn(call: Call): Block | Page | Database {
  return visibleBlock(call.state, call.connection, pathId(call.params.block_id, "block_id"));
}
