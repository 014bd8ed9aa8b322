import { LockstepError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { HttpResponse } from "../../http/answer.ts";
import type { HttpClient, HttpRequest, Sent } from "../../http/client.ts";
import type { Priority } from "../../http/pacer.ts";
import { refusal } from "./errors.ts";
import type { JsonObject } from "./page.ts";

/** https://developers.notion.com/reference/versioning */
export const NOTION_VERSION = "2026-03-11";
/** The most that Notion gives: https://developers.notion.com/reference/intro#pagination */
export const PAGE_SIZE_MAX = 100;

/** What Notion answered to a read that may be refused: the object, or its refusal as a value. */
export type Found = { readonly object: JsonObject } | { readonly refused: LockstepError };

export interface QueryRequest {
  readonly dataSourceId: string;
  /** Filter, sorts, page_size, start_cursor as the API names them. */
  readonly body: JsonObject;
  readonly signal?: AbortSignal | undefined;
}

/** One page of rows. Times in ms since the epoch, by Notion's clock. */
export interface QueryPage {
  readonly rows: readonly Json[];
  readonly nextCursor: string | null;
  /** Notion stopped at its result limit: there are more rows, which this query will never give. */
  readonly isCapped: boolean;
  /** When Notion began to answer, at the latest. */
  readonly askedAt: number;
  readonly answeredAt: number;
}

/** The few endpoints that keeping a database in lockstep takes. */
export interface NotionClient {
  /** The same client, whose requests wait in this class. */
  withPriority(priority: Priority): NotionClient;
  /** The user that this token acts as. */
  me(signal?: AbortSignal): Promise<Found>;
  /** What time it is at Notion (ms), to the second; null: the answer does not say. */
  time(signal?: AbortSignal): Promise<number | null>;
  database(id: string, signal?: AbortSignal): Promise<Found>;
  dataSource(id: string, signal?: AbortSignal): Promise<Found>;
  page(id: string, signal?: AbortSignal): Promise<Found>;
  /** One page of the data sources that are shared with this token, last edited first. */
  sharedDataSources(request: {
    readonly cursor: string | null;
    readonly signal?: AbortSignal | undefined;
  }): Promise<{ readonly items: readonly Json[]; readonly nextCursor: string | null }>;
  /** Throws the refusal; `isLostCursor` tells the one that only asks to start again. */
  query(request: QueryRequest): Promise<QueryPage>;
  /** One page of a property's complete list. */
  propertyItems(request: {
    readonly pageId: string;
    /** As Notion gave it: already percent-encoded, and not to be encoded again. */
    readonly propertyId: string;
    readonly cursor: string | null;
    readonly signal?: AbortSignal | undefined;
  }): Promise<
    | { readonly items: readonly Json[]; readonly nextCursor: string | null; readonly answeredAt: number }
    | { readonly refused: LockstepError }
  >;
  /** Writes are sent once, whatever comes of it; bodies as the API names their members. */
  createPage(body: JsonObject, options: SendOptions): Promise<Sent>;
  updatePage(id: string, body: JsonObject, options: SendOptions): Promise<Sent>;
  updateDataSource(id: string, body: JsonObject, options: SendOptions): Promise<Sent>;
}

export interface SendOptions {
  /** As in ApplyOptions. */
  readonly sendBy?: number;
  readonly signal?: AbortSignal | undefined;
}

export function createNotionClient(options: {
  readonly http: HttpClient;
  readonly priority?: Priority;
}): NotionClient {
  const { http, priority = 1 } = options;
  const common = { headers: { "notion-version": NOTION_VERSION }, priority };
  const get = (path: string, signal?: AbortSignal, query: Record<string, string> = {}) =>
    http.request({ ...common, method: "GET", path, query, isSafeRead: true, signal });
  const send = (request: Omit<HttpRequest, "isSafeRead" | "priority" | "headers">) =>
    http.sendOnce({ ...common, ...request, isSafeRead: false });
  const find = async (what: string, path: string, signal?: AbortSignal): Promise<Found> => {
    const response = await get(path, signal);
    if (response.status >= 400) return { refused: refusal(what, response) };
    return { object: objectIn(what, response) };
  };

  return {
    withPriority: (wanted) => createNotionClient({ http, priority: wanted }),
    me: (signal) => find("the user of this token", "/v1/users/me", signal),
    time: async (signal) => (await get("/v1/users/me", signal)).date,
    database: (id, signal) => find(`database ${id}`, `/v1/databases/${encodeURIComponent(id)}`, signal),
    dataSource: (id, signal) =>
      find(`data source ${id}`, `/v1/data_sources/${encodeURIComponent(id)}`, signal),
    page: (id, signal) => find(`page ${id}`, `/v1/pages/${encodeURIComponent(id)}`, signal),
    async sharedDataSources({ cursor, signal }) {
      const body = {
        filter: { property: "object", value: "data_source" },
        page_size: PAGE_SIZE_MAX,
        ...(cursor === null ? {} : { start_cursor: cursor }),
      };
      const response = await http.request({
        ...common,
        method: "POST",
        path: "/v1/search",
        body,
        isSafeRead: true,
        signal,
      });
      const what = "the data sources that are shared with this connection";
      if (response.status >= 400) throw refusal(what, response);
      return listIn(what, response);
    },
    async query({ dataSourceId, body, signal }) {
      const path = `/v1/data_sources/${encodeURIComponent(dataSourceId)}/query`;
      const response = await http.request({
        ...common,
        method: "POST",
        path,
        body,
        isSafeRead: true,
        signal,
      });
      return queryPage(`the rows of data source ${dataSourceId}`, response);
    },
    async propertyItems({ pageId, propertyId, cursor, signal }) {
      const what = `property ${propertyId} of page ${pageId}`;
      const path = `/v1/pages/${encodeURIComponent(pageId)}/properties/${pathPart(propertyId)}`;
      const query = {
        page_size: String(PAGE_SIZE_MAX),
        ...(cursor === null ? {} : { start_cursor: cursor }),
      };
      const response = await get(path, signal, query);
      if (response.status >= 400) return { refused: refusal(what, response) };
      return { ...listIn(what, response), answeredAt: dateOf(what, response) };
    },
    createPage: (body, options) => send({ method: "POST", path: "/v1/pages", body, ...options }),
    updatePage: (id, body, options) =>
      send({ method: "PATCH", path: `/v1/pages/${encodeURIComponent(id)}`, body, ...options }),
    updateDataSource: (id, body, options) =>
      send({ method: "PATCH", path: `/v1/data_sources/${encodeURIComponent(id)}`, body, ...options }),
  };
}

function queryPage(what: string, response: HttpResponse): QueryPage {
  if (response.status >= 400) throw refusal(what, response);
  const { items: rows, nextCursor } = listIn(what, response);
  const { request_status: status } = objectIn(what, response);
  const isCapped = isJsonObject(status) && status.type === "incomplete";
  const answeredAt = dateOf(what, response);
  return { rows, nextCursor, isCapped, askedAt: answeredAt - response.elapsedMs, answeredAt };
}

/** What would end the path is encoded; what Notion has encoded stays. */
function pathPart(propertyId: string): string {
  return propertyId.replace(/[/?#\\]|^\.+$/g, encodeURIComponent);
}

function objectIn(what: string, response: HttpResponse): JsonObject {
  if (isJsonObject(response.body) && typeof response.body.object === "string") return response.body;
  throw unexpected(what, "an object", response);
}

/** A list is believed only when it looks like one: an answer of another shape must not pass for "no rows". */
function listIn(what: string, response: HttpResponse): { items: readonly Json[]; nextCursor: string | null } {
  const { object, results, has_more: hasMore, next_cursor: next } = objectIn(what, response);
  if (object !== "list" || !Array.isArray(results) || typeof hasMore !== "boolean") {
    throw unexpected(what, "a list with results and has_more", response);
  }
  if (!hasMore) return { items: results, nextCursor: null };
  if (typeof next !== "string") throw unexpected(what, "a cursor, since has_more is true", response);
  return { items: results, nextCursor: next };
}

/** Watermarks are made of Notion's time alone: ours may be off by more than any overlap allows for. */
function dateOf(what: string, response: HttpResponse): number {
  if (response.date === null) throw unexpected(what, "a Date header, which watermarks are made of", response);
  return response.date;
}

function unexpected(what: string, expected: string, { status, requestId }: HttpResponse): LockstepError {
  return new LockstepError(
    "NOTION_UNEXPECTED",
    `Asked Notion for ${what} and expected ${expected}, which the answer (${status}, request ${requestId ?? "unknown"}) ` +
      "is not. Nothing was concluded from it; run again, and check the base URL if it goes on.",
    { retry: "safe", details: { status, requestId } },
  );
}
