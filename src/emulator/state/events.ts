import type { JsonObject } from "../json.ts";
import type { Entity } from "./state.ts";

/** Everything webhooks tell about, by the names of 2025-09-03. https://developers.notion.com/reference/webhooks-events-delivery */
export const eventTypes = [
  "page.created",
  "page.content_updated",
  "page.properties_updated",
  "page.moved",
  "page.deleted",
  "page.undeleted",
  "page.locked",
  "page.unlocked",
  "database.created",
  "database.moved",
  "database.deleted",
  "database.undeleted",
  "data_source.created",
  "data_source.content_updated",
  "data_source.schema_updated",
  "data_source.moved",
  "data_source.deleted",
  "data_source.undeleted",
  "comment.created",
  "comment.updated",
  "comment.deleted",
  "view.created",
  "view.updated",
  "view.deleted",
  "file_upload.created",
  "file_upload.completed",
  "file_upload.expired",
  "file_upload.upload_failed",
] as const;
export type EventType = (typeof eventTypes)[number];

/** Something that has just happened. */
export interface WorkspaceEvent {
  readonly type: EventType;
  /**
   * What it happened to, or (for comments and views, with `entity`) what that stands in. Who cannot see it is not told. Null
   * for file uploads: only the connection that made them is told.
   */
  readonly subject: Entity | null;
  /** What it happened to, when that is no entity: a comment, a view, a file upload. */
  readonly entity?: { readonly id: string; readonly type: "comment" | "view" | "file_upload" };
  /** Who did it, and when. An `Actor` fits. */
  readonly actor: { readonly userId: string; readonly at: number };
  /** Members of `data`. `parent` is filled in from the subject unless it is given. */
  readonly data?: JsonObject;
}

export interface Events {
  /** Called by the operation that made a change, once the change is complete. */
  emit(event: WorkspaceEvent): void;
  /** Every later event is told to the listener, in order and at once. */
  listen(listener: (event: WorkspaceEvent) => void): void;
}

export function createEvents(): Events {
  const listeners: ((event: WorkspaceEvent) => void)[] = [];
  return {
    emit(event) {
      for (const listener of listeners) listener(event);
    },
    listen(listener) {
      listeners.push(listener);
    },
  };
}
