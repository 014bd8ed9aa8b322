import { LockstepError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { HttpResponse } from "../../http/answer.ts";
import type { HttpClient } from "../../http/client.ts";
import { refusal } from "./errors.ts";
import type { JsonObject } from "./page.ts";

/** https://developers.notion.com/reference/versioning */
const NOTION_VERSION = "2026-03-11";
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

/** The few endpoints that reading a database takes. */
export interface NotionClient {
  database(id: string, signal?: AbortSignal): Promise<Found>;
  dataSource(id: string, signal?: AbortSignal): Promise<Found>;
  page(id: string, signal?: AbortSignal): Promise<Found>;
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
}

export function createNotionClient({ http }: { readonly http: HttpClient }): NotionClient {
  const headers = { "notion-version": NOTION_VERSION };
  const get = (path: string, signal?: AbortSignal, query: Record<string, string> = {}) =>
    http.request({ method: "GET", path, query, headers, isSafeRead: true, signal });
  const find = async (what: string, path: string, signal?: AbortSignal): Promise<Found> => {
    const response = await get(path, signal);
    if (response.status >= 400) return { refused: refusal(what, response) };
    return { object: objectIn(what, response) };
  };

  return {
    database: (id, signal) => find(`database ${id}`, `/v1/databases/${encodeURIComponent(id)}`, signal),
    dataSource: (id, signal) =>
      find(`data source ${id}`, `/v1/data_sources/${encodeURIComponent(id)}`, signal),
    page: (id, signal) => find(`page ${id}`, `/v1/pages/${encodeURIComponent(id)}`, signal),
    async query({ dataSourceId, body, signal }) {
      const path = `/v1/data_sources/${encodeURIComponent(dataSourceId)}/query`;
      const response = await http.request({ method: "POST", path, headers, body, isSafeRead: true, signal });
      const what = `the rows of data source ${dataSourceId}`;
      if (response.status >= 400) throw refusal(what, response);
      const list = listIn(what, response);
      const { request_status: status } = objectIn(what, response);
      const isCapped = isJsonObject(status) && status.type === "incomplete";
      const answeredAt = dateOf(what, response);
      return {
        rows: list.items,
        nextCursor: list.nextCursor,
        isCapped,
        askedAt: answeredAt - response.elapsedMs,
        answeredAt,
      };
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
  };
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
