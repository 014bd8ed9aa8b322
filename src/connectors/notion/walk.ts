import { LockstepError } from "../../core/errors.ts";
import { type NotionClient, PAGE_SIZE_MAX, type QueryPage } from "./client.ts";
import { accessLost, isLostCursor, isOutOfSight } from "./errors.ts";
import { allOf, type Condition } from "./filter.ts";
import type { JsonObject } from "./page.ts";
import { type RowKey, rowKey } from "./row-key.ts";

/** How often one place may lose its cursor before the reading ends incomplete. */
export const CUTS_MAX = 3;

/** Pages in a row without a new row before a list counts as endless: as many as hold all that one query may list. */
const IDLE_PAGES_MAX = 100;

/** What one pull reads from, and with. */
export interface Source {
  readonly client: NotionClient;
  readonly dataSourceId: string;
  readonly signal: AbortSignal | undefined;
}

export interface Walk {
  readonly conditions: readonly Condition[];
  readonly sort: JsonObject;
  readonly pageSize?: number;
  /** Told of every page before it is passed on. Returns true when no further page is wanted. */
  readonly onPage?: (page: QueryPage) => boolean;
}

export interface WalkEnd {
  /**
   * - `complete`: every row of the query was listed, or as many as were wanted
   * - `capped`: Notion stopped at its result limit
   * - `cut`: Notion took the cursor back, or said that there is more and then gave nothing; rows may be missing from here on
   */
  readonly how: "complete" | "capped" | "cut";
  readonly pages: number;
  readonly rows: number;
}

/** One query and how far it got, for evidence. Minutes in ms, null where it is open. */
export interface Window {
  readonly from: number | null;
  readonly to: number | null;
  readonly pages: number;
  readonly rows: number;
  readonly isCapped: boolean;
}

export type OnWindow = (window: Window) => void;

/** Pages of one query. The next page is on its way while the caller works on this one, never more than that. */
export async function* walkQuery(source: Source, walk: Walk): AsyncGenerator<QueryPage, WalkEnd, void> {
  const stop = new AbortController();
  const signal = source.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, source.signal]);
  const ask = (cursor: string | null) => quiet(askPage(source, walk, cursor, signal));
  const refuseEndless = endlessGuard(source.dataSourceId);
  let pages = 0;
  let rows = 0;
  try {
    for (let next = ask(null); ; ) {
      const page = await next;
      if (page === "cut") return { how: "cut", pages, rows };
      pages += 1;
      rows += page.rows.length;
      const isEnough = walk.onPage?.(page) ?? false;
      const goesOn = page.nextCursor !== null && !isEnough;
      if (goesOn) refuseEndless(page);
      if (goesOn) next = ask(page.nextCursor);
      yield page;
      if (!goesOn) return { how: isEnough ? "complete" : endAt(page, pages), pages, rows };
    }
  } finally {
    // A caller that stops early does not leave a request behind.
    stop.abort();
  }
}

/** "There is more" and then nothing is also what an outage looks like: the list may end there, but this is no proof. */
function endAt(last: QueryPage, pages: number): WalkEnd["how"] {
  if (last.isCapped) return "capped";
  return pages > 1 && last.rows.length === 0 ? "cut" : "complete";
}

/** The first row of a query, null when it lists none. */
export async function firstRow(
  source: Source,
  walk: Pick<Walk, "conditions" | "sort">,
): Promise<RowKey | null> {
  const walking = walkQuery(source, { ...walk, pageSize: 1, onPage: () => true });
  const first = await walking.next();
  await walking.return({ how: "complete", pages: 1, rows: 0 });
  const row = first.done ? undefined : first.value.rows[0];
  return row === undefined ? null : rowKey(row);
}

async function askPage(
  source: Source,
  walk: Walk,
  cursor: string | null,
  signal: AbortSignal,
): Promise<QueryPage | "cut"> {
  const body = {
    ...allOf(walk.conditions),
    sorts: [walk.sort],
    page_size: walk.pageSize ?? PAGE_SIZE_MAX,
    ...(cursor === null ? {} : { start_cursor: cursor }),
  };
  try {
    return await source.client.query({ dataSourceId: source.dataSourceId, body, signal });
  } catch (error) {
    if (cursor !== null && isLostCursor(error)) return "cut";
    if (error instanceof LockstepError && isOutOfSight(error)) throw accessLost(error);
    throw error;
  }
}

/** Throws at a page that shows its list to have no end: a cursor given before, or page after page with nothing new. */
function endlessGuard(dataSourceId: string): (page: QueryPage) => void {
  const cursors = new Set<string>();
  let listed = new Set<string>();
  let idlePages = 0;
  return ({ rows, nextCursor }) => {
    const ids = rows.flatMap((row) => rowKey(row)?.id ?? []);
    idlePages = ids.some((id) => !listed.has(id)) ? 0 : idlePages + 1;
    if (ids.length > 0) listed = new Set(ids);
    const isRepeated = nextCursor !== null && cursors.has(nextCursor);
    if (nextCursor !== null) cursors.add(nextCursor);
    if (!isRepeated && idlePages < IDLE_PAGES_MAX) return;
    const how = isRepeated
      ? "gave the same cursor twice"
      : `listed nothing new on ${IDLE_PAGES_MAX} pages in a row`;
    throw new LockstepError(
      "NOTION_UNEXPECTED",
      `Asked Notion for the rows of data source ${dataSourceId}, and its list does not end: it ${how}. ` +
        "Nothing was concluded from it; run again.",
      { retry: "safe" },
    );
  };
}

/** A page that was asked for ahead may fail while nobody awaits it yet; whoever awaits it still gets the error. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
