import type { Json, JsonObject } from "../json.ts";
import type { Parent, Value } from "./state.ts";

/** A comment, one of a discussion. */
export interface Comment {
  readonly id: string;
  readonly discussionId: string;
  readonly parent: Parent & { readonly type: "page_id" | "block_id" };
  readonly createdAt: number;
  editedAt: number;
  readonly createdBy: string;
  text: Value;
  /** `{type, resolved_name}`, as it is answered. */
  readonly displayName: JsonObject;
  /** `{category, file}`, files as they are kept. */
  readonly attachments: readonly JsonObject[];
  /** A person settled the discussion: it is not listed any more. */
  isResolved: boolean;
}

/** A file on its way in. Its bytes lie in the file store under its id. */
export interface FileUpload {
  readonly id: string;
  readonly createdAt: number;
  editedAt: number;
  readonly createdBy: string;
  readonly expiresAt: number;
  readonly mode: "single_part" | "multi_part" | "external_url";
  /** "expired" follows from the clock and is never kept. */
  status: "pending" | "uploaded" | "failed";
  filename: string | null;
  contentType: string | null;
  contentLength: number | null;
  readonly partsTotal: number | null;
  /** Part number -> bytes in it. */
  readonly parts: { [number: string]: number };
  readonly importResult: JsonObject | null;
  /** Put on a page, a block or a comment: it no longer expires. */
  isAttached: boolean;
}

export interface View {
  readonly id: string;
  readonly databaseId: string;
  /** Null for a dashboard. */
  readonly dataSourceId: string | null;
  /** The dashboard a widget stands on. */
  readonly dashboardId: string | null;
  readonly type: string;
  name: string;
  readonly createdAt: number;
  editedAt: number;
  readonly createdBy: string;
  editedBy: string;
  filter: Json;
  sorts: Json;
  quickFilters: Json;
  configuration: JsonObject;
}

/** What a view showed at one moment, good for a quarter of an hour. */
export interface ViewQuery {
  readonly id: string;
  readonly viewId: string;
  readonly expiresAt: number;
  readonly pageIds: readonly string[];
  readonly isCapped: boolean;
}

/** Work that a request started and that ends after its answer. */
export interface AsyncTask {
  /** `task_` and hex digits. */
  readonly id: string;
  readonly createdAt: number;
  /** Method and path as Notion spells them. */
  readonly operation: "POST /v1/pages" | "PATCH /v1/pages/:page_id/markdown";
  readonly token: string;
  /** Null until it is done; then the object made, or the error. */
  outcome: { readonly isDone: boolean; readonly body: JsonObject } | null;
}

/** Something that happens once the clock has reached `dueAt`. */
export type Pending = { readonly dueAt: number } & (
  | {
      readonly kind: "task";
      readonly taskId: string;
      readonly token: string;
      /** The request: version, path parameters, query string and body. */
      readonly version: string;
      readonly params: { readonly [name: string]: string };
      readonly query: string;
      readonly body: JsonObject;
    }
  | {
      readonly kind: "template";
      readonly token: string;
      readonly pageId: string;
      readonly templateId: string;
      readonly timeZone: string;
      /** Columns the request gave itself. */
      readonly written: readonly string[];
    }
  | { readonly kind: "expiry"; readonly uploadId: string }
);

export interface CustomEmoji {
  readonly id: string;
  readonly name: string;
  readonly url: string;
}

/** People who can be put into a people column together. */
export interface Group {
  readonly id: string;
  readonly name: string;
}
