import { instantOf } from "../values/dates.ts";

const msPerUnit: { readonly [unit: string]: number } = {
  minutes: 60_000,
  hours: 3_600_000,
  days: 86_400_000,
  weeks: 604_800_000,
};
const monthsPerUnit: { readonly [unit: string]: number } = { months: 1, quarters: 3, years: 12 };

/** Whole units from `from` to `to`, cut towards zero; null for a unit there is not. */
export function unitsBetween(to: number, from: number, unit: string): number | null {
  const ms = msPerUnit[unit];
  if (ms !== undefined) return Math.trunc((to - from) / ms);
  const months = monthsPerUnit[unit];
  return months === undefined ? null : Math.trunc(monthsBetween(to, from) / months);
}

/** Months by the calendar, in UTC: a month is over when the day and time it started on come round. */
function monthsBetween(to: number, from: number): number {
  if (to < from) return -monthsBetween(from, to);
  const [start, end] = [new Date(from), new Date(to)];
  const months =
    (end.getUTCFullYear() - start.getUTCFullYear()) * 12 + end.getUTCMonth() - start.getUTCMonth();
  const isOver = within(end) >= within(start);
  return isOver ? months : months - 1;
}

/** How far into its month a time is. */
function within(date: Date): number {
  return date.getTime() - Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
}

const pieces = /\[[^\]]*\]|YYYY|YY|MMMM|MMM|MM|M|DD|D|dddd|ddd|HH|H|hh|h|mm|m|A|a|[A-Za-z]+|[^A-Za-z[]+|\[/g;

/** A date in a pattern of Notion's (`YYYY-MM-DD`), in UTC; null when the pattern has letters that are not known here. */
export function formatMoment(text: string, pattern: string): string | null {
  const ms = instantOf(text);
  if (ms === null) return null;
  const written = (pattern.match(pieces) ?? []).map((piece) => formatPiece(new Date(ms), piece));
  return written.includes(null) ? null : written.join("");
}

function formatPiece(date: Date, piece: string): string | null {
  if (piece.startsWith("[") && piece.endsWith("]")) return piece.slice(1, -1);
  if (!/^[A-Za-z]/.test(piece)) return piece;
  const name = (options: Intl.DateTimeFormatOptions): string =>
    new Intl.DateTimeFormat("en-US", { ...options, timeZone: "UTC" }).format(date);
  const two = (value: number): string => String(value).padStart(2, "0");
  const hour = date.getUTCHours() % 12 || 12;
  const half = date.getUTCHours() < 12 ? "AM" : "PM";
  const known: { readonly [piece: string]: () => string } = {
    YYYY: () => String(date.getUTCFullYear()),
    YY: () => two(date.getUTCFullYear() % 100),
    MMMM: () => name({ month: "long" }),
    MMM: () => name({ month: "short" }),
    MM: () => two(date.getUTCMonth() + 1),
    M: () => String(date.getUTCMonth() + 1),
    DD: () => two(date.getUTCDate()),
    D: () => String(date.getUTCDate()),
    dddd: () => name({ weekday: "long" }),
    ddd: () => name({ weekday: "short" }),
    HH: () => two(date.getUTCHours()),
    H: () => String(date.getUTCHours()),
    hh: () => two(hour),
    h: () => String(hour),
    mm: () => two(date.getUTCMinutes()),
    m: () => String(date.getUTCMinutes()),
    A: () => half,
    a: () => half.toLowerCase(),
  };
  return Object.hasOwn(known, piece) ? (known[piece]?.() ?? null) : null;
}
