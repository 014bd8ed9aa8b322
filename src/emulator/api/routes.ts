import type { JsonObject } from "../json.ts";
import { retrieveAsyncTask } from "./async-tasks.ts";
import { appendChildren, deleteBlock, listChildren, patchBlock, retrieveBlock } from "./blocks.ts";
import type { Call } from "./call.ts";
import { listComments, patchComment, postComment, removeComment, retrieveComment } from "./comments.ts";
import { listCustomEmojis } from "./custom-emojis.ts";
import { patchDataSource, postDataSource, postQuery, retrieveDataSource } from "./data-sources.ts";
import { patchDatabase, postDatabase, queryDatabase, retrieveDatabase } from "./databases.ts";
import {
  completeFileUpload,
  listFileUploads,
  postFileUpload,
  retrieveFileUpload,
  sendFileUpload,
} from "./file-uploads.ts";
import { patchMarkdown, retrieveMarkdown } from "./markdown.ts";
import { postMeetingNotes, queryMeetingNotes } from "./meeting-notes.ts";
import { patchPage, postMove, postPage, retrievePage } from "./pages.ts";
import { retrievePropertyItem } from "./property-items.ts";
import type { Reply } from "./reply.ts";
import { search } from "./search.ts";
import { listTemplates } from "./templates.ts";
import { listUsers, retrieveMe, retrieveUser } from "./users.ts";
import { type Version, versions } from "./versions.ts";
import { postViewQuery, removeViewQuery, retrieveViewQuery } from "./view-queries.ts";
import { listViews, patchView, postView, removeView, retrieveView } from "./views.ts";

export interface Route {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Under /v1, variable parts in braces. */
  readonly template: string;
  readonly versions: readonly Version[];
  readonly handle: (call: Call) => JsonObject | Reply;
  /** The body is multipart/form-data, not JSON. */
  readonly isForm?: boolean;
}

const withDataSources = versions.filter((version) => version !== "2022-06-28");

function route(method: Route["method"], template: string, handle: Route["handle"]): Route {
  return { method, template, handle, versions };
}

/** An endpoint that came with data sources. */
function newer(method: Route["method"], template: string, handle: Route["handle"]): Route {
  return { method, template, handle, versions: withDataSources };
}

/** Every endpoint served. A path that stands nowhere here is answered as an unknown URL. */
export const routes: readonly Route[] = [
  route("GET", "/users", listUsers),
  route("GET", "/users/me", retrieveMe),
  route("GET", "/users/{user_id}", retrieveUser),
  route("POST", "/search", search),
  route("POST", "/databases", postDatabase),
  route("GET", "/databases/{database_id}", retrieveDatabase),
  route("PATCH", "/databases/{database_id}", patchDatabase),
  {
    method: "POST",
    template: "/databases/{database_id}/query",
    handle: queryDatabase,
    versions: ["2022-06-28"],
  },
  { method: "POST", template: "/data_sources", handle: postDataSource, versions: withDataSources },
  {
    method: "GET",
    template: "/data_sources/{data_source_id}",
    handle: retrieveDataSource,
    versions: withDataSources,
  },
  {
    method: "PATCH",
    template: "/data_sources/{data_source_id}",
    handle: patchDataSource,
    versions: withDataSources,
  },
  {
    method: "POST",
    template: "/data_sources/{data_source_id}/query",
    handle: postQuery,
    versions: withDataSources,
  },
  route("POST", "/pages", postPage),
  route("GET", "/pages/{page_id}", retrievePage),
  route("PATCH", "/pages/{page_id}", patchPage),
  route("POST", "/pages/{page_id}/move", postMove),
  route("GET", "/pages/{page_id}/markdown", retrieveMarkdown),
  route("PATCH", "/pages/{page_id}/markdown", patchMarkdown),
  route("GET", "/async_tasks/{task_id}", retrieveAsyncTask),
  route("GET", "/pages/{page_id}/properties/{property_id}", retrievePropertyItem),
  route("POST", "/blocks/meeting_notes", postMeetingNotes),
  route("POST", "/blocks/meeting_notes/query", queryMeetingNotes),
  route("GET", "/blocks/{block_id}", retrieveBlock),
  route("PATCH", "/blocks/{block_id}", patchBlock),
  route("DELETE", "/blocks/{block_id}", deleteBlock),
  route("GET", "/blocks/{block_id}/children", listChildren),
  route("PATCH", "/blocks/{block_id}/children", appendChildren),
  route("GET", "/comments", listComments),
  route("POST", "/comments", postComment),
  route("GET", "/comments/{comment_id}", retrieveComment),
  route("PATCH", "/comments/{comment_id}", patchComment),
  route("DELETE", "/comments/{comment_id}", removeComment),
  newer("GET", "/data_sources/{data_source_id}/templates", listTemplates),
  newer("GET", "/views", listViews),
  newer("POST", "/views", postView),
  newer("GET", "/views/{view_id}", retrieveView),
  newer("PATCH", "/views/{view_id}", patchView),
  newer("DELETE", "/views/{view_id}", removeView),
  newer("POST", "/views/{view_id}/queries", postViewQuery),
  newer("GET", "/views/{view_id}/queries/{query_id}", retrieveViewQuery),
  newer("DELETE", "/views/{view_id}/queries/{query_id}", removeViewQuery),
  route("GET", "/file_uploads", listFileUploads),
  route("POST", "/file_uploads", postFileUpload),
  route("GET", "/file_uploads/{file_upload_id}", retrieveFileUpload),
  { ...route("POST", "/file_uploads/{file_upload_id}/send", sendFileUpload), isForm: true },
  route("POST", "/file_uploads/{file_upload_id}/complete", completeFileUpload),
  route("GET", "/custom_emojis", listCustomEmojis),
];
