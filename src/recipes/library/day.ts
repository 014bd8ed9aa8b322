/**
 * A calendar day, "2026-01-02". It has no zone and is never converted: a book released on the 2nd is released on the 2nd
 * wherever one reads it. Days order as text.
 */
export type Day = string;

/** The zone in which instants are shown, and which says what "today" is, where nothing else is configured. */
export const timeZoneDefault = "America/Denver";

/** The day for these numbers; null when the calendar has no such day. */
export function toDay(year: number, month: number, day: number): Day | null {
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return null;
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

/** The day that it is at an instant (ms since the epoch) in a zone: only to tell past from future, and for display. */
export function dayAt(instant: number, timeZone: string = timeZoneDefault): Day {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  });
  const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
  return `${parts.year}-${parts.month}-${parts.day}`;
}

/** An instant as people of the zone write it: "2026-01-02 05:57". */
export function showInstant(instant: number, timeZone: string = timeZoneDefault): string {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return `${dayAt(instant, timeZone)} ${format.format(instant)}`;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, "0");
}
