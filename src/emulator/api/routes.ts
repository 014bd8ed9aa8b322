import type { JsonObject } from "../json.ts";
import { appendChildren, deleteBlock, listChildren, patchBlock, retrieveBlock } from "./blocks.ts";
import type { Call } from "./call.ts";
import { patchDataSource, postDataSource, postQuery, retrieveDataSource } from "./data-sources.ts";
import { patchDatabase, postDatabase, queryDatabase, retrieveDatabase } from "./databases.ts";
import { patchPage, postPage, retrievePage } from "./pages.ts";
import { retrievePropertyItem } from "./property-items.ts";
import { search } from "./search.ts";
import { listUsers, retrieveMe, retrieveUser } from "./users.ts";
import { type Version, versions } from "./versions.ts";

export interface Route {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Under /v1, variable parts in braces. */
  readonly template: string;
  readonly versions: readonly Version[];
  readonly handle: (call: Call) => JsonObject;
}

const withDataSources = versions.filter((version) => version !== "2022-06-28");

function route(method: Route["method"], template: string, handle: Route["handle"]): Route {
  return { method, template, handle, versions };
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
  route("GET", "/pages/{page_id}/properties/{property_id}", retrievePropertyItem),
  route("GET", "/blocks/{block_id}", retrieveBlock),
  route("PATCH", "/blocks/{block_id}", patchBlock),
  route("DELETE", "/blocks/{block_id}", deleteBlock),
  route("GET", "/blocks/{block_id}/children", listChildren),
  route("PATCH", "/blocks/{block_id}/children", appendChildren),
];
