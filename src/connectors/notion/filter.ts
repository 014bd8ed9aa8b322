import type { JsonObject } from "./page.ts";
import { toIso } from "./time.ts";

/** One condition of a query. Several are joined by "and": one level of the two that Notion allows. */
export type Condition = JsonObject;
export type Timestamp = "created_time" | "last_edited_time";

/** https://developers.notion.com/reference/filter-data-source-entries */
export const CONDITIONS_MAX = 100;

export function onOrAfter(timestamp: Timestamp, ms: number): Condition {
  return { timestamp, [timestamp]: { on_or_after: toIso(ms) } };
}

/** Exclusive, and given the minute's end: right whether Notion compares the rounded time or the exact one. */
export function before(timestamp: Timestamp, ms: number): Condition {
  return { timestamp, [timestamp]: { before: toIso(ms) } };
}

export function allOf(conditions: readonly Condition[]): JsonObject {
  const [first] = conditions;
  if (first === undefined) return {};
  return { filter: conditions.length === 1 ? first : { and: conditions } };
}
