import { notFound, validationError } from "../http/errors.ts";
import type { JsonObject } from "../json.ts";
import { keepViewQuery } from "../operations/views.ts";
import { findRows } from "../query/query.ts";
import { requireCapability } from "../state/access.ts";
import type { View, ViewQuery } from "../state/resources.ts";
import { exactText } from "../values/dates.ts";
import type { Call } from "./call.ts";
import { pageSizeOf, pathId } from "./input.ts";
import { firstPage, listPage, takePage } from "./list.ts";
import { quickFilterList, viewIn } from "./views.ts";

/** POST /views/{id}/queries: runs the view and keeps which pages it shows for a quarter of an hour. */
export function postViewQuery(call: Call): JsonObject {
  requireCapability(call.connection, "readContent");
  const { state } = call;
  const view = viewIn(call);
  const pageSize = pageSizeOf(call.body.page_size, "body.page_size");
  const dataSource = state.dataSources.get(view.dataSourceId ?? "");
  if (dataSource === undefined) throw validationError("A dashboard view cannot be queried.");
  const found = findRows(dataSource, call, {
    filters: [view.filter, ...quickFilterList(view.quickFilters)],
    sorts: view.sorts,
  });
  const query = keepViewQuery(state, view, found);
  const { results, nextCursor } = takePage(firstPage(call, pageSize), listOf(query));
  return {
    object: "view_query",
    id: query.id,
    view_id: view.id,
    expires_at: exactText(query.expiresAt),
    total_count: query.pageIds.length,
    results,
    next_cursor: nextCursor,
    has_more: nextCursor !== null,
    ...cappedStatus(query),
  };
}

/** GET /views/{id}/queries/{query_id} */
export function retrieveViewQuery(call: Call): JsonObject {
  requireCapability(call.connection, "readContent");
  const query = queryIn(call, viewIn(call));
  return { ...listPage(call, { ...listOf(query), type: "page" }), ...cappedStatus(query) };
}

/** DELETE /views/{id}/queries/{query_id} */
export function removeViewQuery(call: Call): JsonObject {
  requireCapability(call.connection, "readContent");
  const { id } = queryIn(call, viewIn(call));
  call.state.viewQueries.delete(id);
  return { object: "view_query", id, deleted: true };
}

function queryIn({ state, connection, params }: Call, view: View): ViewQuery {
  const id = pathId(params.query_id, "query_id");
  const query = state.viewQueries.get(id);
  if (query === undefined || query.viewId !== view.id || query.expiresAt <= state.now())
    throw notFound("view query", id, connection);
  return query;
}

/** Pages by their ids alone, gone ones too: the result is a picture of one moment. */
function listOf(query: ViewQuery) {
  return {
    subject: `view query ${query.id}`,
    items: () => query.pageIds,
    render: (id: unknown): JsonObject => ({ object: "page", id: String(id) }),
  };
}

function cappedStatus({ isCapped }: ViewQuery): JsonObject {
  if (!isCapped) return {};
  return { request_status: { type: "incomplete", incomplete_reason: "query_result_limit_reached" } };
}
