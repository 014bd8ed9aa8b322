import { isJsonObject, type Json } from "../../../src/core/json.ts";
import { floorMinute, type Members, type Page } from "./page.ts";
import { invalid } from "./refusal.ts";
import type { Workspace } from "./workspace.ts";

/**
 * What a cursor stands for while rows change: a list fixed at the first page, a place in a list made anew, or the row
 * that comes next (lost when that row is no longer in the list).
 */
export type CursorStyle = "session" | "offset" | "row";

export interface QueryLimits {
  readonly cursorStyle: CursorStyle;
  /** Rows that one query lists in all. */
  readonly cap: number;
  /** Rows per answer at most, whatever was asked for. */
  readonly pageSizeMax: number;
}

export interface Listed {
  readonly pages: readonly Page[];
  readonly nextCursor: string | null;
  readonly isCapped: boolean;
}

type Test = (page: Page) => boolean;

/** Rows as the index shows them now. */
export class Queries {
  readonly #workspace: Workspace;
  readonly #limits: QueryLimits;
  readonly #sessions = new Map<string, readonly string[]>();

  constructor(workspace: Workspace, limits: QueryLimits) {
    this.#workspace = workspace;
    this.#limits = limits;
  }

  list(body: Members): Listed {
    const { cap, pageSizeMax } = this.#limits;
    const passes = compileFilter(body.filter, this.#workspace);
    const found = [...this.#workspace.visiblePages()].filter(
      (page) => isRow(page, this.#workspace.dataSourceId) && passes(page),
    );
    found.sort(orderOf(body.sorts));
    const rows = found.slice(0, cap);
    const size = Math.min(pageSizeMax, typeof body.page_size === "number" ? body.page_size : 100);
    const place = this.#placeOf(body.start_cursor, rows);
    const pages = place.rows.slice(place.start, place.start + size);
    const end = place.start + size;
    const hasMore = end < place.rows.length;
    return {
      pages: pages.filter((page) => page !== null),
      nextCursor: hasMore ? this.#cursorTo(end, place.rows) : null,
      isCapped: found.length > cap && !hasMore,
    };
  }

  #placeOf(
    cursor: Json | undefined,
    rows: readonly Page[],
  ): { rows: readonly (Page | null)[]; start: number } {
    if (typeof cursor !== "string") return { rows, start: 0 };
    const lost = invalid("The start_cursor provided is invalid");
    const [name = "", start = ""] = cursor.split(":");
    if (this.#limits.cursorStyle === "session") {
      const ids = this.#sessions.get(name);
      if (ids === undefined) throw lost;
      const byId = new Map(rows.map((page) => [page.id, page]));
      return { rows: ids.map((id) => byId.get(id) ?? null), start: Number(start) };
    }
    if (this.#limits.cursorStyle === "offset") return { rows, start: Number(start) };
    const at = rows.findIndex((page) => page.id === start);
    if (at === -1) throw lost;
    return { rows, start: at };
  }

  #cursorTo(end: number, rows: readonly (Page | null)[]): string {
    if (this.#limits.cursorStyle === "offset") return `offset:${end}`;
    if (this.#limits.cursorStyle === "row") return `row:${rows[end]?.id}`;
    const name = `session-${this.#sessions.size + 1}`;
    this.#sessions.set(
      name,
      rows.map((page) => page?.id ?? ""),
    );
    return `${name}:${end}`;
  }
}

function isRow(page: Page, dataSourceId: string): boolean {
  return !page.inTrash && !page.isArchived && page.parent === dataSourceId;
}

function compileFilter(filter: Json | undefined, workspace: Workspace): Test {
  if (filter === undefined || filter === null) return () => true;
  if (!isJsonObject(filter)) throw invalid("body failed validation: body.filter should be an object.");
  if (Array.isArray(filter.and)) {
    const tests = filter.and.map((each) => compileFilter(each, workspace));
    return (page) => tests.every((test) => test(page));
  }
  if (typeof filter.timestamp === "string") return timeTest(filter, filter.timestamp);
  return propertyTest(filter, workspace);
}

function timeTest(filter: Members, timestamp: string): Test {
  const condition = filter[timestamp];
  if (!isJsonObject(condition))
    throw invalid(`body failed validation: body.filter.${timestamp} should be defined.`);
  const timeOf = timestampOf(timestamp);
  const { on_or_after: from, before } = condition;
  if (typeof from === "string") return (page) => timeOf(page) >= Date.parse(from);
  if (typeof before === "string") return (page) => timeOf(page) < Date.parse(before);
  throw invalid("body failed validation: no such timestamp filter.");
}

function propertyTest(filter: Members, workspace: Workspace): Test {
  const property = workspace.property(String(filter.property));
  if (property === undefined) throw invalid(`Could not find property with name or id: ${filter.property}`);
  const condition = filter[property.type] ?? filter.rich_text;
  if (!isJsonObject(condition)) throw invalid("body failed validation: no such property filter.");
  const textOf = (page: Page) => String(page.values[property.id] ?? "");
  const { equals, contains, does_not_contain: without } = condition;
  if (typeof equals === "string") return (page) => textOf(page).toLowerCase() === equals.toLowerCase();
  if (typeof contains === "string")
    return (page) => textOf(page).toLowerCase().includes(contains.toLowerCase());
  if (typeof without === "string")
    return (page) => !textOf(page).toLowerCase().includes(without.toLowerCase());
  throw invalid("body failed validation: no such property filter.");
}

function orderOf(sorts: Json | undefined): (a: Page, b: Page) => number {
  const sort = Array.isArray(sorts) ? sorts[0] : undefined;
  if (!isJsonObject(sort) || typeof sort.timestamp !== "string") return byId;
  const timeOf = timestampOf(sort.timestamp);
  const sign = sort.direction === "descending" ? -1 : 1;
  return (a, b) => sign * (timeOf(a) - timeOf(b)) || byId(a, b);
}

function timestampOf(timestamp: string): (page: Page) => number {
  return (page) => floorMinute(timestamp === "created_time" ? page.createdAt : page.editedAt);
}

function byId(a: Page, b: Page): number {
  return a.id < b.id ? -1 : 1;
}
