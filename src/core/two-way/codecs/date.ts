import { isJsonObject, type Json } from "../../json.ts";
import type { Translated } from "../mapping.ts";
import type { Codec, SideField } from "./codec.ts";

/**
 * A day, an instant, or a range of either. Own form: "2026-01-02", "2026-01-02T03:04:05.000Z" (always UTC, whatever the
 * offset it was written with; a time without any offset is taken for UTC), "start/end". A day stays a day.
 */
export const dateCodec: Codec = {
  fits: new Set(["date", "text", "opaque"]),
  form: ({ schema, spelling }) => ({
    read: (canonical) => (canonical === null || canonical === "" ? null : dateIn(canonical)),
    write: (own) => (spelling === "structured" && schema.type === "date" ? writeDate(own) : own),
  }),
  translate: (_, to) => (own) => (typeof own === "string" ? fitted(own, to) : { value: null }),
  isFiner: (_, to) => to.spelling === "plain" && to.schema.type === "date" && holds(to) !== "either",
};

function dateIn(canonical: Json): string | undefined {
  if (typeof canonical === "string") {
    const [start = "", end, ...rest] = canonical.split("/");
    return rest.length > 0 ? undefined : rangeOf(start, end);
  }
  if (!isJsonObject(canonical) || typeof canonical.start !== "string") return undefined;
  // A wall time in a named zone: its instant depends on that zone's rules, which are not known here.
  if (typeof canonical.timeZone === "string" && !/(Z|[+-]\d\d:?\d\d)$/.test(canonical.start))
    return undefined;
  return rangeOf(canonical.start, typeof canonical.end === "string" ? canonical.end : undefined);
}

function rangeOf(start: string, end: string | undefined): string | undefined {
  const from = momentIn(start);
  if (end === undefined || from === undefined) return from;
  const to = momentIn(end);
  return to === undefined ? undefined : `${from}/${to}`;
}

const momentForm = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(\.\d+)?\s*(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/** undefined: nothing that can be said in ISO 8601 with a year of four digits, or a day that no calendar has. */
function momentIn(text: string): string | undefined {
  const [, day, time, seconds = ":00", fraction = ".000", zone = "Z"] = momentForm.exec(text.trim()) ?? [];
  if (day === undefined || !isReal(day)) return undefined;
  if (time === undefined) return day;
  const at = Date.parse(`${day}T${time}${seconds}${fraction.padEnd(4, "0").slice(0, 4)}${offsetOf(zone)}`);
  const instant = Number.isNaN(at) ? "" : new Date(at).toISOString();
  // Out of four digits by its offset.
  return /^\d{4}-/.test(instant) ? instant : undefined;
}

/** "+01", "+0100" and "+01:00" are one offset; only the last is understood everywhere. */
function offsetOf(zone: string): string {
  if (zone.toUpperCase() === "Z") return "Z";
  return `${zone.slice(0, 3)}:${zone.slice(3).replace(":", "").padEnd(2, "0")}`;
}

/** JavaScript turns 31 February into 3 March, which is not what anybody wrote. */
function isReal(day: string): boolean {
  const at = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(day);
}

function writeDate(own: Json): Json {
  if (typeof own !== "string") return null;
  const [start = own, end] = own.split("/");
  return { end: end ?? null, start, timeZone: null };
}

/** A column for days takes an instant's day, and one for instants a day's first moment: coarser, but the same meaning. */
function fitted(own: string, to: SideField): Translated {
  const { schema, spelling } = to;
  const held = holds(to);
  if (spelling === "structured" || schema.type !== "date") return { value: own };
  if (own.includes("/")) return { unmappable: `${own} is a range; "${schema.name}" holds one date` };
  if (held === "instants") return { value: own.length === 10 ? `${own}T00:00:00.000Z` : own };
  return { value: held === "days" ? own.slice(0, 10) : own };
}

/** What a column of a database is for, by its declared type. */
function holds({ schema }: SideField): "days" | "instants" | "either" {
  if (/time/i.test(schema.vendorType)) return "instants";
  return /^date$/i.test(schema.vendorType) ? "days" : "either";
}
