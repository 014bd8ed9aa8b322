import { minuteOf } from "../state/row-set.ts";

/** A whole minute, as pages, blocks and data sources show times. */
export function minuteText(ms: number): string {
  return new Date(minuteOf(ms)).toISOString();
}

/** A whole minute with an offset, as dates show that Notion computes. */
export function offsetMinuteText(ms: number): string {
  return minuteText(ms).replace("Z", "+00:00");
}

/** Milliseconds and an offset, as databases show times from 2025-09-03 on. */
export function exactText(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "+00:00");
}

const dayPattern = /^\d{4}-\d{2}-\d{2}$/;
const timePattern = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?$/;

export function isDay(text: string): boolean {
  return dayPattern.test(text) && !Number.isNaN(Date.parse(text));
}

/** The instant a text of Notion's date formats means (a day: its start in UTC), or null when it is none. */
export function instantOf(text: string): number | null {
  if (isDay(text)) return Date.parse(`${text}T00:00:00Z`);
  if (!timePattern.test(text)) return null;
  const withOffset = /(Z|[+-]\d{2}:?\d{2})$/.test(text) ? text : `${text}Z`;
  const ms = Date.parse(withOffset.replace(" ", "T"));
  return Number.isNaN(ms) ? null : ms;
}

/** A written date as it is read back: days as they are, times with milliseconds and an offset. */
export function normalizeDate(text: string, timeZone: string | null): string | null {
  if (isDay(text)) return text;
  const ms = instantOf(text);
  if (ms === null) return null;
  const offset = timeZone === null ? offsetIn(text) : offsetOf(ms, timeZone);
  const local = timeZone === null ? ms + offset : ms;
  return `${new Date(local).toISOString().slice(0, -1)}${offsetText(offset)}`;
}

/** The offset written at the end of a time, in milliseconds. */
function offsetIn(text: string): number {
  const match = /([+-])(\d{2}):?(\d{2})$/.exec(text.slice(10));
  if (match === null) return 0;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return (match[1] === "-" ? -minutes : minutes) * 60_000;
}

/** How far a zone is ahead of UTC when its clocks show this local time. */
function offsetOf(localMs: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
  const name =
    format.formatToParts(new Date(localMs)).find((part) => part.type === "timeZoneName")?.value ?? "GMT";
  return offsetIn(`0000-00-00T${name.replace("GMT", "") || "+00:00"}`);
}

function offsetText(offsetMs: number): string {
  const minutes = Math.abs(offsetMs) / 60_000;
  const hours = String(Math.floor(minutes / 60)).padStart(2, "0");
  return `${offsetMs < 0 ? "-" : "+"}${hours}:${String(minutes % 60).padStart(2, "0")}`;
}
