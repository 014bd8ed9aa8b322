import type { Call } from "../api/call.ts";
import { filterProperties } from "../api/call.ts";
import { booleanAt, pageSizeOf, textAt } from "../api/input.ts";
import { columnsNamed, renderPage } from "../api/render.ts";
import { hasDataSources } from "../api/versions.ts";
import { notFound } from "../http/errors.ts";
import type { Json, JsonObject } from "../json.ts";
import { canSee } from "../state/access.ts";
import { type DataSource, isTrashed, type Page } from "../state/state.ts";
import { compileFilter } from "./filter.ts";
import type { PageTest } from "./filter-place.ts";
import type { Place } from "./sessions.ts";
import { parseSorts, type Sort, sortPages } from "./sort.ts";

/** What happens to a query that is being paged through while rows change. */
export type CursorStyle = "live" | "snapshot" | "offset";

/**
 * Answers one page of a query. Filtering and sorting happen once, at the first page: the ids found, up to the cap, are
 * kept under the cursor. Later pages take the next ids and show those rows as they are by then. Rows that went
 * to the trash, into the archive, out of the data source or out of sight are left out; with the style "live" also
 * rows that no longer pass the filter. Rows that come to pass it meanwhile, or that would move, wait for the next query.
 * With the style "offset" every page is cut from the result as it is by then: rows that leave or enter before the
 * place move the others, so that some are skipped and some come twice.
 */
export function queryDataSource(dataSource: DataSource, call: Call): JsonObject {
  const { body, state, connection } = call;
  if (isTrashed(state, dataSource)) throw notFound("database", dataSource.id, connection);
  const pageSize = pageSizeOf(body.page_size, "body.page_size");
  const context = { state, dataSource, me: connection.botId };
  const passes = compileFilter(body.filter, context);
  const sorts = parseSorts(body.sorts, context);
  const isListed = listedTest(dataSource, call);
  const subject = `query ${dataSource.id} ${JSON.stringify([body.filter, body.sorts, body.is_archived])}`;
  const cursor = body.start_cursor;
  const test: PageTest = (page) => isListed(page) && passes(page);
  const open = (): Place => openSession({ dataSource, call, sorts, subject, test });
  const known =
    cursor === undefined || cursor === null
      ? null
      : call.sessions.find(textAt(cursor, "body.start_cursor"), subject);
  const at =
    known !== null && call.cursorStyle === "offset" ? { ...open(), offset: known.offset } : (known ?? open());
  const isShown = call.cursorStyle === "snapshot" ? isListed : test;
  return answer(at, { dataSource, call, pageSize, isShown });
}

/** In this data source still, neither trashed nor (unless asked for) archived, and within sight. */
function listedTest(dataSource: DataSource, { body, state, connection }: Call): PageTest {
  const isArchived = body.is_archived === undefined ? false : booleanAt(body.is_archived, "body.is_archived");
  const wantsPages = body.result_type !== "data_source";
  return (page) =>
    wantsPages &&
    !page.inTrash &&
    page.isArchived === isArchived &&
    page.parent.type === "data_source_id" &&
    page.parent.id === dataSource.id &&
    (!connection.grants.has(page.id) || canSee(state, connection, page));
}

function openSession(query: {
  readonly dataSource: DataSource;
  readonly call: Call;
  readonly sorts: readonly Sort[];
  readonly subject: string;
  readonly test: PageTest;
}): Place {
  const cap = query.call.queryCap;
  const found = matches(query.dataSource, { ...query, limit: cap + 1 });
  const items = found.slice(0, cap).map((page) => page.id);
  const session = { subject: query.subject, items, isCapped: found.length > cap };
  return { name: query.call.sessions.open(session), session, offset: 0 };
}

/** Which rows a view shows, up to the cap. */
export function findRows(
  dataSource: DataSource,
  call: Call,
  { filters, sorts }: { readonly filters: readonly Json[]; readonly sorts: Json },
): { readonly pageIds: string[]; readonly isCapped: boolean } {
  const context = { state: call.state, dataSource, me: call.connection.botId };
  const isListed = listedTest(dataSource, { ...call, body: {} });
  const tests = filters.map((filter) => compileFilter(filter, context));
  const found = matches(dataSource, {
    sorts: parseSorts(sorts, context),
    test: (page) => isListed(page) && tests.every((test) => test(page)),
    limit: call.queryCap + 1,
  });
  const pageIds = found.slice(0, call.queryCap).map((page) => page.id);
  return { pageIds, isCapped: found.length > call.queryCap };
}

/** Matching rows in the wanted order. A single sort by time, or none, reads a kept order and stops at the limit. */
function matches(
  dataSource: DataSource,
  {
    sorts,
    test,
    limit,
  }: { readonly sorts: readonly Sort[]; readonly test: PageTest; readonly limit: number },
): readonly Page[] {
  const [first] = sorts;
  if (sorts.length > 1 || first?.order === null) {
    return sortPages(dataSource.rows.inOrder("arbitrary").filter(test), sorts).slice(0, limit);
  }
  const found: Page[] = [];
  for (const page of dataSource.rows.inOrder(first?.order ?? "arbitrary")) {
    if (test(page)) found.push(page);
    if (found.length === limit) break;
  }
  return found;
}

function answer(
  { name, session, offset }: Place,
  {
    dataSource,
    call,
    pageSize,
    isShown,
  }: {
    readonly dataSource: DataSource;
    readonly call: Call;
    readonly pageSize: number;
    readonly isShown: PageTest;
  },
): JsonObject {
  const columns = columnsNamed(dataSource.properties, filterProperties(call.query));
  const results: JsonObject[] = [];
  let next = offset;
  for (; next < session.items.length && results.length < pageSize; next++) {
    const page = call.state.pages.get(String(session.items[next]));
    if (page !== undefined && isShown(page)) results.push(renderPage(page, call, columns));
  }
  const hasMore = next < session.items.length;
  const type = hasDataSources(call.version) ? "page_or_data_source" : "page_or_database";
  const isIncomplete = session.isCapped === true && !hasMore;
  return {
    object: "list",
    results,
    next_cursor: hasMore ? call.sessions.cursor(name, next) : null,
    has_more: hasMore,
    type,
    [type]: {},
    ...(isIncomplete
      ? { request_status: { type: "incomplete", incomplete_reason: "query_result_limit_reached" } }
      : {}),
  };
}
