import type { Json, JsonObject } from "./harness.ts";

/** JSON schemas after the response types of @notionhq/client 5.26.0, for the resources that no recorded schema covers. */

const string: JsonObject = { type: "string" };
const boolean: JsonObject = { type: "boolean" };
const textOrNull: JsonObject = { type: ["string", "null"] };
const count: JsonObject = { type: "integer" };
const one = (...values: Json[]): JsonObject => ({ enum: values });

/** Members by name; those that may be missing end with a question mark. */
function shape(members: { readonly [name: string]: JsonObject }): JsonObject {
  const entries = Object.entries(members);
  const properties = Object.fromEntries(entries.map(([name, member]) => [name.replace("?", ""), member]));
  const required = entries.map(([name]) => name).filter((name) => !name.endsWith("?"));
  return { type: "object", properties, required };
}

const arrayOf = (items: JsonObject): JsonObject => ({ type: "array", items });
const anyObject: JsonObject = { type: ["object", "null"] };
const author = shape({ object: one("user"), id: string });
const viewTypes = [
  "table",
  "board",
  "list",
  "calendar",
  "timeline",
  "gallery",
  "form",
  "chart",
  "map",
  "dashboard",
];

export const sdkShapes: { readonly [object: string]: JsonObject } = {
  list: shape({ results: { type: "array" }, next_cursor: textOrNull, has_more: boolean, "type?": string }),
  property_item: shape({ type: string, id: string }),
  page_markdown: shape({
    id: string,
    markdown: string,
    truncated: boolean,
    unknown_block_ids: arrayOf(string),
  }),
  file_upload: shape({
    id: string,
    created_time: string,
    created_by: shape({ id: string, type: one("person", "bot", "agent") }),
    last_edited_time: string,
    in_trash: boolean,
    expiry_time: textOrNull,
    status: one("pending", "uploaded", "expired", "failed"),
    filename: textOrNull,
    content_type: textOrNull,
    content_length: { type: ["integer", "null"] },
    "upload_url?": string,
    "complete_url?": string,
    "number_of_parts?": shape({ total: count, sent: count }),
    "file_import_result?": shape({ imported_time: string, type: one("success", "error") }),
  }),
  view: shape({
    id: string,
    parent: shape({ type: one("database_id"), database_id: string }),
    type: one(...viewTypes),
    "name?": string,
    "created_time?": string,
    "last_edited_time?": string,
    "url?": string,
    "data_source_id?": textOrNull,
    "created_by?": author,
    "last_edited_by?": author,
    "filter?": anyObject,
    "sorts?": { type: ["array", "null"] },
    "quick_filters?": anyObject,
    "configuration?": anyObject,
  }),
  view_query: shape({
    id: string,
    "deleted?": boolean,
    "view_id?": string,
    "expires_at?": string,
    "total_count?": count,
    "results?": arrayOf(shape({ object: one("page"), id: string })),
    "next_cursor?": textOrNull,
    "has_more?": boolean,
  }),
  async_task: shape({
    id: string,
    status_url: string,
    created_time: string,
    operation: shape({ surface: one("rest", "mcp"), name: string }),
    status: one("queued", "running", "retrying", "succeeded", "failed"),
    "poll_after_seconds?": { type: "number" },
  }),
};
