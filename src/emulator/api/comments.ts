import { archivedError, bodyError, bodyErrors, lengthError, notFound, restricted } from "../http/errors.ts";
import { isObject, type JsonObject } from "../json.ts";
import { parseInline } from "../markdown/inline.ts";
import {
  categoryOf,
  createComment,
  deleteComment,
  displayNameOf,
  pageAround,
  updateComment,
} from "../operations/comments.ts";
import { canSee, requireCapability, visibleBlock } from "../state/access.ts";
import type { Comment } from "../state/resources.ts";
import { findEntity, isTrashed, type Value } from "../state/state.ts";
import { minuteText } from "../values/dates.ts";
import { attach, renderFile } from "../values/files.ts";
import { parseRichText, renderRichText } from "../values/rich-text.ts";
import { partialUser } from "../values/users.ts";
import { actorOf, type Call } from "./call.ts";
import { arrayAt, idAt, objectAt, oneOf, pathId, textAt, toUuid } from "./input.ts";
import { listPage } from "./list.ts";

const attachmentsMax = 3;

/** POST /comments: on a page or a block, or as an answer in a discussion. */
export function postComment(call: Call): JsonObject {
  requireCapability(call.connection, "insertComments");
  const { state, connection } = call;
  const text = parseText(call);
  if (text === undefined) throw bodyErrors(["body.rich_text", "body.markdown"]);
  const comment = createComment(
    state,
    {
      ...parseTarget(call),
      text,
      displayName: parseDisplayName(call),
      attachments: parseAttachments(call),
    },
    actorOf(call),
  );
  return renderComment(comment, call, connection.capabilities.readComments);
}

function parseTarget(call: Call): { readonly parent: Comment["parent"]; readonly discussionId?: string } {
  const { body } = call;
  if (body.discussion_id !== undefined) {
    if (body.parent !== undefined) throw bodyError("body.parent", "not present", body.parent);
    return discussion(call, idAt(body.discussion_id, "body.discussion_id"));
  }
  if (body.parent === undefined) throw bodyErrors(["body.parent", "body.discussion_id"]);
  const parent = objectAt(body.parent, "body.parent");
  const key = ["page_id", "block_id"].find((known) => parent[known] !== undefined);
  if (key === undefined) throw bodyErrors(["body.parent.page_id", "body.parent.block_id"]);
  return { parent: parentOf(call, idAt(parent[key], `body.parent.${key}`)) };
}

/** A page is a page under either name. */
function parentOf(call: Call, id: string): Comment["parent"] {
  const entity = visibleBlock(call.state, call.connection, id);
  if (isTrashed(call.state, entity)) throw archivedError();
  return { type: entity.object === "page" ? "page_id" : "block_id", id };
}

function discussion(call: Call, discussionId: string): ReturnType<typeof parseTarget> {
  const { state, connection } = call;
  const first = [...state.comments.values()].find((comment) => comment.discussionId === discussionId);
  const entity = first === undefined ? null : findEntity(state, first.parent.id);
  if (first === undefined || entity === null || !canSee(state, connection, entity))
    throw notFound("discussion", discussionId, connection);
  return { parent: first.parent, discussionId };
}

/** `rich_text`, or `markdown` with inline formatting only. */
function parseText({ body, state }: Call): Value | undefined {
  if (body.rich_text !== undefined && body.markdown !== undefined)
    throw bodyError("body.markdown", "not present", body.markdown);
  if (body.markdown !== undefined)
    return parseRichText(parseInline(textAt(body.markdown, "body.markdown"), state), "body.markdown");
  return body.rich_text === undefined ? undefined : parseRichText(body.rich_text, "body.rich_text");
}

function parseDisplayName({ body, state, connection }: Call): JsonObject {
  const written = body.display_name === undefined ? {} : objectAt(body.display_name, "body.display_name");
  if (written.type !== undefined)
    oneOf(written.type, "body.display_name.type", ["integration", "user", "custom"]);
  if (written.type === "custom")
    textAt(objectAt(written.custom, "body.display_name.custom").name, "body.display_name.custom.name");
  const userName = state.users.get(connection.botId)?.name ?? connection.name;
  return displayNameOf(written, { connectionName: connection.name, userName });
}

function parseAttachments({ body, state }: Call): JsonObject[] {
  if (body.attachments === undefined) return [];
  const written = arrayAt(body.attachments, "body.attachments");
  if (written.length > attachmentsMax) throw lengthError("body.attachments", attachmentsMax, written.length);
  return written.map((each, index) => {
    const path = `body.attachments[${index}].file_upload_id`;
    const id = idAt(isObject(each) ? each.file_upload_id : undefined, path);
    const file = attach(id, state);
    return { category: categoryOf(state.fileUploads.get(id)?.contentType ?? null), file };
  });
}

/** GET /comments?block_id=: what is not settled, oldest first. */
export function listComments(call: Call): JsonObject {
  requireCapability(call.connection, "readComments");
  const { state, query } = call;
  const id = toUuid(query.get("block_id") ?? undefined);
  if (id === null) {
    const written = query.get("block_id");
    throw written === null
      ? bodyError("query.block_id", "defined", undefined)
      : bodyError("query.block_id", "a valid uuid", written);
  }
  const entity = visibleBlock(state, call.connection, id);
  return listPage(call, {
    subject: `comments ${id}`,
    type: "comment",
    items: () =>
      [...state.comments.values()]
        .filter((comment) => comment.parent.id === entity.id && !comment.isResolved)
        .map((comment) => comment.id),
    render: (commentId) => {
      const comment = state.comments.get(String(commentId));
      return comment === undefined ? null : renderComment(comment, call);
    },
  });
}

/** GET /comments/{id} */
export function retrieveComment(call: Call): JsonObject {
  requireCapability(call.connection, "readComments");
  return renderComment(commentIn(call), call);
}

/** PATCH /comments/{id}: one's own only. */
export function patchComment(call: Call): JsonObject {
  requireCapability(call.connection, "insertComments");
  const comment = ownComment(call);
  const text = parseText(call);
  if (text === undefined) throw bodyErrors(["body.rich_text", "body.markdown"]);
  updateComment(call.state, comment, { text, actor: actorOf(call) });
  return renderComment(comment, call);
}

/** DELETE /comments/{id}: one's own only. Answers with what it was. */
export function removeComment(call: Call): JsonObject {
  requireCapability(call.connection, "insertComments");
  const comment = ownComment(call);
  deleteComment(call.state, comment, actorOf(call));
  return renderComment(comment, call);
}

function commentIn(call: Call): Comment {
  const id = pathId(call.params.comment_id, "comment_id");
  const comment = call.state.comments.get(id);
  const page = comment === undefined ? null : pageAround(call.state, comment.parent);
  if (comment === undefined || page === null || !canSee(call.state, call.connection, page))
    throw notFound("comment", id, call.connection);
  return comment;
}

function ownComment(call: Call): Comment {
  const comment = commentIn(call);
  if (comment.createdBy !== call.connection.botId) throw restricted();
  return comment;
}

/** Without the capability to read comments a new one is answered by its id alone. */
function renderComment(comment: Comment, { state }: Call, isReadable = true): JsonObject {
  const { id, parent } = comment;
  if (!isReadable) return { object: "comment", id };
  const attachments = comment.attachments.map((each) => ({
    ...each,
    file: renderFile(each.file ?? null, state),
  }));
  return {
    object: "comment",
    id,
    parent: { type: parent.type, [parent.type]: parent.id },
    discussion_id: comment.discussionId,
    created_time: minuteText(comment.createdAt),
    last_edited_time: minuteText(comment.editedAt),
    created_by: partialUser(comment.createdBy),
    rich_text: renderRichText(comment.text, state),
    display_name: comment.displayName,
    ...(attachments.length === 0 ? {} : { attachments }),
  };
}
