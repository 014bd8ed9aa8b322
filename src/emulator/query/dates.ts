import { instantOf, isDay } from "../values/dates.ts";

/** From (included) to (excluded), in milliseconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const dayMs = 86_400_000;

/** What a filter's date means: a whole UTC day for a date, one instant for a time, null for neither. */
export function spanOf(text: string, now: number): Span | null {
  const day = relativeDay(text, now) ?? (isDay(text) ? (instantOf(text) ?? null) : null);
  if (day !== null) return { from: day, to: day + dayMs };
  const ms = instantOf(text);
  return ms === null ? null : { from: ms, to: ms + 1 };
}

function relativeDay(text: string, now: number): number | null {
  const today = startOfDay(now);
  switch (text) {
    case "today":
      return today;
    case "tomorrow":
      return today + dayMs;
    case "yesterday":
      return today - dayMs;
    case "one_week_ago":
      return today - 7 * dayMs;
    case "one_week_from_now":
      return today + 7 * dayMs;
    case "one_month_ago":
      return addMonths(today, -1);
    case "one_month_from_now":
      return addMonths(today, 1);
    default:
      return null;
  }
}

/** The windows around now. Weeks start on Monday; days are UTC days. */
export function windowOf(operator: string, now: number): Span | null {
  const today = startOfDay(now);
  const monday = today - ((new Date(today).getUTCDay() + 6) % 7) * dayMs;
  switch (operator) {
    case "this_week":
      return { from: monday, to: monday + 7 * dayMs };
    case "past_week":
      return { from: today - 7 * dayMs, to: today + dayMs };
    case "past_month":
      return { from: addMonths(today, -1), to: today + dayMs };
    case "past_year":
      return { from: addMonths(today, -12), to: today + dayMs };
    case "next_week":
      return { from: today, to: today + 8 * dayMs };
    case "next_month":
      return { from: today, to: addMonths(today, 1) + dayMs };
    case "next_year":
      return { from: today, to: addMonths(today, 12) + dayMs };
    default:
      return null;
  }
}

export function startOfDay(ms: number): number {
  return Math.floor(ms / dayMs) * dayMs;
}

export function addMonths(ms: number, months: number): number {
  const date = new Date(ms);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, date.getUTCDate());
}
