import { invalidCursor } from "../http/errors.ts";
import type { Json, JsonObject } from "../json.ts";
import type { Call } from "./call.ts";
import { pageSizeOf, textAt, toUuid } from "./input.ts";

export interface List {
  /** What the list is of; a cursor of another list is refused. */
  readonly subject: string;
  /** The list's type, and the key of its empty companion. */
  readonly type: string;
  /** Everything, in order; asked once, at the first page. */
  readonly items: () => readonly Json[];
  /** The items are ids, and a cursor is the id of the next one: the form that older lists still have. */
  readonly isCursorId?: boolean;
  /** One entry of the answer; null: it is gone since. */
  readonly render: (item: Json) => JsonObject | null;
}

/** The same call as one for the first page of a list: for answers of writes, which nothing in the query string can change. */
export function firstPage(call: Call, pageSize: number): Call {
  return { ...call, query: new URLSearchParams(), body: { page_size: pageSize } };
}

/** One page of a list, by the cursor and page size of the query string or the body. */
export function listPage(call: Call, list: List): JsonObject {
  const { results, nextCursor } = takePage(call, list);
  return {
    object: "list",
    results,
    next_cursor: nextCursor,
    has_more: nextCursor !== null,
    type: list.type,
    [list.type]: {},
  };
}

/** The results of one page and the cursor of the next, for lists of another shape. */
export function takePage(
  { query, body, sessions }: Call,
  { subject, items, isCursorId, render }: Omit<List, "type">,
): { readonly results: JsonObject[]; readonly nextCursor: string | null } {
  const inQuery = query.get("page_size") !== null || query.get("start_cursor") !== null;
  const size = pageSizeOf(
    query.get("page_size") ?? body.page_size,
    inQuery ? "query.page_size" : "body.page_size",
  );
  const cursor = query.get("start_cursor") ?? body.start_cursor;
  if (isCursorId === true) return takeFromId(items(), { cursor, size, render });
  const place =
    cursor === undefined || cursor === null
      ? { name: null, session: { subject, items: items() }, offset: 0 }
      : sessions.find(textAt(cursor, "body.start_cursor"), subject);
  const end = place.offset + size;
  const results = place.session.items
    .slice(place.offset, end)
    .map(render)
    .filter((result) => result !== null);
  if (end >= place.session.items.length) return { results, nextCursor: null };
  return { results, nextCursor: sessions.cursor(place.name ?? sessions.open(place.session), end) };
}

function takeFromId(
  ids: readonly Json[],
  {
    cursor,
    size,
    render,
  }: { readonly cursor: Json | undefined; readonly size: number; readonly render: List["render"] },
): { readonly results: JsonObject[]; readonly nextCursor: string | null } {
  const isFirst = cursor === undefined || cursor === null;
  const start = isFirst ? 0 : ids.indexOf(toUuid(cursor));
  if (start === -1) throw invalidCursor();
  const results = ids.slice(start, start + size).map(render);
  const next = ids[start + size];
  return {
    results: results.filter((result) => result !== null),
    nextCursor: next === undefined ? null : String(next),
  };
}
