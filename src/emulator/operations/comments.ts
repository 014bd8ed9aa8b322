import { validationError } from "../http/errors.ts";
import { type JsonObject, objectOr, stringOr } from "../json.ts";
import type { EventType } from "../state/events.ts";
import type { Comment } from "../state/resources.ts";
import { findEntity, type Page, type State, type Value } from "../state/state.ts";
import { keepUploads } from "../values/files.ts";
import type { Actor } from "./pages.ts";

export interface NewComment {
  readonly parent: Comment["parent"];
  /** The discussion that is answered; undefined: a new one starts. */
  readonly discussionId?: string | undefined;
  readonly text: Value;
  readonly displayName: JsonObject;
  readonly attachments: readonly JsonObject[];
}

export function createComment(state: State, comment: NewComment, actor: Actor): Comment {
  const made: Comment = {
    id: state.random.recordId(),
    discussionId: comment.discussionId ?? state.random.recordId(),
    parent: comment.parent,
    createdAt: actor.at,
    editedAt: actor.at,
    createdBy: actor.userId,
    text: comment.text,
    displayName: comment.displayName,
    attachments: comment.attachments,
    isResolved: false,
  };
  state.comments.set(made.id, made);
  for (const attachment of made.attachments) keepUploads(state, attachment);
  tell(state, made, { type: "comment.created", actor });
  return made;
}

export function updateComment(
  state: State,
  comment: Comment,
  { text, actor }: { readonly text: Value; readonly actor: Actor },
): void {
  comment.text = text;
  comment.editedAt = actor.at;
  tell(state, comment, { type: "comment.updated", actor });
}

export function deleteComment(state: State, comment: Comment, actor: Actor): void {
  state.comments.delete(comment.id);
  tell(state, comment, { type: "comment.deleted", actor });
}

/** What people do with a discussion that is settled, and what no connection can. */
export function setResolved(state: State, discussionId: string, isResolved: boolean): void {
  const comments = [...state.comments.values()].filter((comment) => comment.discussionId === discussionId);
  if (comments.length === 0) throw validationError(`The workspace has no discussion ${discussionId}.`);
  for (const comment of comments) comment.isResolved = isResolved;
}

/** The page a comment's parent is or lies in, or null when that is gone. */
export function pageAround(state: State, parent: Comment["parent"]): Page | null {
  let at = findEntity(state, parent.id);
  while (at?.object === "block") at = "id" in at.parent ? findEntity(state, at.parent.id) : null;
  return at?.object === "page" ? at : null;
}

function tell(
  state: State,
  comment: Comment,
  { type, actor }: { readonly type: EventType; readonly actor: Actor },
): void {
  const { parent } = comment;
  const page = pageAround(state, parent);
  if (page === null) return;
  const kind = parent.type === "page_id" ? "page" : "block";
  state.events.emit({
    type,
    subject: page,
    entity: { id: comment.id, type: "comment" },
    actor,
    data: { parent: { id: parent.id, type: kind }, page_id: page.id },
  });
}

const categories: readonly (readonly [start: string, category: string])[] = [
  ["image/", "image"],
  ["audio/", "audio"],
  ["video/", "video"],
  ["application/mp4", "video"],
  ["application/pdf", "pdf"],
];

/** How a comment groups an attached file. */
export function categoryOf(contentType: string | null): string {
  const found = categories.find(([start]) => stringOr(contentType, "").startsWith(start));
  return found?.[1] ?? "productivity";
}

/** `{type, resolved_name}` from a request's `display_name`. */
export function displayNameOf(
  written: JsonObject,
  { connectionName, userName }: { readonly connectionName: string; readonly userName: string },
): JsonObject {
  switch (written.type ?? "integration") {
    case "custom":
      return { type: "custom", resolved_name: stringOr(objectOr(written.custom).name, "") };
    case "user":
      return { type: "user", resolved_name: userName };
    default:
      return { type: "integration", resolved_name: connectionName };
  }
}
