import { archivedError, bodyError, notFound, validationError } from "../http/errors.ts";
import type { JsonObject } from "../json.ts";
import {
  insertedAfter,
  markdownBlocksMax,
  readMarkdown,
  type TextUpdate,
  withRange,
  withUpdates,
  writeMarkdown,
} from "../operations/markdown.ts";
import { canSee, findBlock, requireCapability, visibleBlock } from "../state/access.ts";
import { type Block, isTrashed, type Page } from "../state/state.ts";
import { startTask } from "./async-tasks.ts";
import { actorOf, type Call } from "./call.ts";
import { arrayAt, booleanAt, objectAt, oneOf, pathId, textAt } from "./input.ts";
import type { Reply } from "./reply.ts";

/** GET /pages/{id}/markdown: of a page, or of a block that an earlier answer left out. */
export function retrieveMarkdown(call: Call): JsonObject {
  requireCapability(call.connection, "readContent");
  const entity = visibleBlock(call.state, call.connection, pathId(call.params.page_id, "page_id"));
  if (entity.object === "database") throw notAPage(entity.id);
  if (entity.inTrash) throw notFound("page", entity.id, call.connection);
  return renderText(call, entity);
}

function notAPage(id: string): Error {
  return validationError(`Provided ID ${id} is a database, not a page.`);
}

function renderText(call: Call, parent: Page | Block): JsonObject {
  const text = readMarkdown(call.state, parent, { isVisible: visibleTo(call), blocksMax: markdownBlocksMax });
  return {
    object: "page_markdown",
    id: parent.id,
    markdown: text.markdown,
    truncated: text.isTruncated,
    unknown_block_ids: [...text.unknownIds],
  };
}

/** Which blocks a reader sees. */
export function visibleTo({ state, connection }: Call): (entity: Parameters<typeof canSee>[2]) => boolean {
  return (entity) => canSee(state, connection, entity);
}

const commands = ["insert_content", "replace_content_range", "update_content", "replace_content"] as const;

/** PATCH /pages/{id}/markdown */
export function patchMarkdown(call: Call): JsonObject | Reply {
  requireCapability(call.connection, "updateContent");
  const { state, body } = call;
  const page = pageIn(call);
  const command = oneOf(body.type, "body.type", commands);
  const edit = parseEdit(command, objectAt(body[command], `body.${command}`));
  if (body.allow_async !== undefined && booleanAt(body.allow_async, "body.allow_async"))
    return startTask(call, "PATCH /v1/pages/:page_id/markdown");
  const isVisible = visibleTo(call);
  const before = readMarkdown(state, page, { isVisible, blocksMax: Number.POSITIVE_INFINITY });
  writeMarkdown(state, page, {
    markdown: edit.change(before.markdown),
    isVisible,
    mayDelete: edit.mayDelete,
    actor: actorOf(call),
  });
  return renderText(call, page);
}

function pageIn({ state, connection, params }: Call): Page {
  const id = pathId(params.page_id, "page_id");
  const entity = findBlock(state, id);
  if (entity === undefined || !canSee(state, connection, entity)) throw notFound("page", id, connection);
  if (entity.object !== "page") throw notAPage(id);
  if (isTrashed(state, entity)) throw archivedError();
  return entity;
}

interface Edit {
  readonly change: (text: string) => string;
  readonly mayDelete: boolean;
}

function parseEdit(command: (typeof commands)[number], input: JsonObject): Edit {
  const path = `body.${command}`;
  const text = (key: string): string => textAt(input[key], `${path}.${key}`);
  const allow = input.allow_deleting_content;
  const mayDelete = allow === undefined ? false : booleanAt(allow, `${path}.allow_deleting_content`);
  switch (command) {
    case "insert_content":
      return { change: parseInsertion(input, path), mayDelete: false };
    case "replace_content_range": {
      const [content, range] = [text("content"), text("content_range")];
      return { change: (before) => withRange(before, range, trimmed(content)), mayDelete };
    }
    case "update_content": {
      const updates = arrayAt(input.content_updates, `${path}.content_updates`).map((update, index) =>
        parseUpdate(
          objectAt(update, `${path}.content_updates[${index}]`),
          `${path}.content_updates[${index}]`,
        ),
      );
      return { change: (before) => withUpdates(before, updates), mayDelete };
    }
    case "replace_content": {
      const content = text("new_str");
      return { change: () => content, mayDelete };
    }
  }
}

function parseUpdate(update: JsonObject, path: string): TextUpdate {
  const all = update.replace_all_matches;
  return {
    oldText: textAt(update.old_str, `${path}.old_str`),
    newText: textAt(update.new_str, `${path}.new_str`),
    isForAll: all === undefined ? false : booleanAt(all, `${path}.replace_all_matches`),
  };
}

function parseInsertion(input: JsonObject, path: string): Edit["change"] {
  const content = trimmed(textAt(input.content, `${path}.content`));
  if (input.after !== undefined) {
    if (input.position !== undefined) throw bodyError(`${path}.position`, "not present", input.position);
    const after = textAt(input.after, `${path}.after`);
    return (before) => insertedAfter(before, after, content);
  }
  const position =
    input.position === undefined ? { type: "end" } : objectAt(input.position, `${path}.position`);
  const type = oneOf(position.type, `${path}.position.type`, ["start", "end"]);
  const join = (...parts: string[]): string => parts.filter((part) => part !== "").join("\n");
  return type === "start" ? (before) => join(content, before) : (before) => join(before, content);
}

function trimmed(content: string): string {
  return content.replace(/^\n+|\n+$/g, "");
}
