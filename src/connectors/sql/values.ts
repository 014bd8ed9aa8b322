import { isJsonObject, type Json, sortKeys } from "../../core/json.ts";
import type { SqlInput, SqlOutput } from "./database.ts";
import { type Moment, momentText, parseMoment } from "./dates.ts";
import type { Column, ColumnKind } from "./table.ts";

/** A value as a parameter, or why the column cannot hold it. */
export type Encoded = { readonly value: SqlInput } | { readonly problem: string };

/** The canonical value; undefined: it does not look like its type, or JSON cannot say it, so it is not observed. */
export function decodeValue(kind: ColumnKind, raw: SqlOutput): Json | undefined {
  if (raw === null) return null;
  if (kind === "binary" || raw instanceof Uint8Array) return undefined;
  switch (kind) {
    case "integer":
    case "decimal":
      return typeof raw === "string" ? decimal(raw) : numeric(raw);
    case "float":
      return finite(Number(raw));
    case "boolean":
      return booleans.get(String(raw));
    case "day":
    case "local":
    case "instant":
    case "moment":
      return typeof raw === "string" ? moment(raw) : undefined;
    case "json":
    case "texts":
      // SQLite turns JSON that is a number into one.
      return typeof raw === "string" ? parseExact(raw) : numeric(raw);
    case "any":
      return typeof raw === "string" ? raw : numeric(raw);
    case "text":
    case "uuid":
    case "other":
      return String(raw);
    default:
      return kind satisfies never;
  }
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ["1", true],
  ["true", true],
  ["0", false],
  ["false", false],
]);

function numeric(raw: number | bigint): Json | undefined {
  return typeof raw === "number" ? finite(raw) : decimal(String(raw));
}

/** -0 and 0 are equal, and JSON knows only one of them. */
function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value + 0 : undefined;
}

const decimalForm = /^(-?)0*(\d+)(?:\.(\d*?)0*)?$/;

/** A number where a number says the same, else its digits as text. NaN and infinities are neither. */
function decimal(text: string): number | string | undefined {
  const found = decimalForm.exec(text);
  if (found === null) return undefined;
  const [, sign = "", whole = "0", fraction = ""] = found;
  const plain = `${whole}${fraction === "" ? "" : `.${fraction}`}`;
  const written = plain === "0" ? "0" : `${sign}${plain}`;
  const value = Number(written);
  const isExact = Math.abs(value) <= 2 ** 53 && String(value) === written;
  return isExact ? value : written;
}

function moment(text: string): string | undefined {
  const parsed = parseMoment(text);
  return parsed === null ? undefined : momentText(parsed);
}

/** undefined: not JSON, or with a number in it that JavaScript would change. */
function parseExact(text: string): Json | undefined {
  let isExact = true;
  try {
    const value: Json = JSON.parse(text, (_, member: Json, context?: { readonly source?: string }) => {
      const source = typeof member === "number" ? context?.source : undefined;
      if (source !== undefined && !isSameNumber(member, source)) isExact = false;
      return member;
    });
    return isExact ? sortKeys(value) : undefined;
  } catch {
    return undefined;
  }
}

function isSameNumber(value: Json, source: string): boolean {
  if (/e/i.test(source)) return Number.isFinite(value);
  return decimal(source) === value || (value === 0 && /^-0(\.0*)?$/.test(source));
}

/** What the column is given to hold this canonical value. */
export function encodeValue(column: Column, value: Json): Encoded {
  if (value === null) return { value: null };
  switch (column.kind) {
    case "integer":
    case "decimal":
    case "float":
      return encodeNumber(column, value);
    case "boolean":
      return typeof value === "boolean" ? { value } : takes("true or false");
    case "day":
    case "local":
    case "instant":
    case "moment":
      return encodeMoment(column.kind, value);
    case "json":
      return isWellFormed(value) ? { value: JSON.stringify(value) } : takes("text that is valid Unicode");
    case "texts":
      return isTexts(value) ? { value } : takes("a list of texts");
    case "any":
      return typeof value === "number" ? { value } : encodeText(value);
    case "binary":
      return { problem: "holds bytes, which cannot be written" };
    case "text":
    case "uuid":
    case "other":
      return encodeText(value);
    default:
      return column.kind satisfies never;
  }
}

function takes(what: string): { readonly problem: string } {
  return { problem: `takes ${what}` };
}

function encodeText(value: Json): Encoded {
  if (typeof value !== "string") return takes("text");
  // Databases store half a surrogate pair as something else without a word.
  return value.isWellFormed() ? { value } : takes("text that is valid Unicode");
}

function encodeNumber({ kind, declaredType }: Column, value: Json): Encoded {
  const isNumeric = typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value);
  if (typeof value !== "number" && !isNumeric) return takes("a number");
  if (kind !== "integer") return { value };
  if (!Number.isInteger(Number(value))) return takes(`whole numbers (${declaredType})`);
  return { value: BigInt(value) };
}

function encodeMoment(kind: "day" | "local" | "instant" | "moment", value: Json): Encoded {
  const parsed = typeof value === "string" ? parseMoment(value) : null;
  if (parsed === null) return takes("a date in ISO 8601");
  if (kind === "day") return parsed.time === null ? { value: parsed.day } : takes("a day without a time");
  if (kind === "moment") return { value: sqliteMoment(parsed) };
  const time = parsed.time ?? "00:00:00.000";
  return { value: momentText({ day: parsed.day, time, isUtc: kind === "instant" }) };
}

/** Without a zone in SQLite's own spelling, so that such values sort among those its functions made. */
function sqliteMoment(parsed: Moment): string {
  if (parsed.time === null || parsed.isUtc) return momentText(parsed);
  return `${parsed.day} ${parsed.time.replace(/\.000$/, "")}`;
}

function isTexts(value: Json): value is readonly (string | null)[] {
  return (
    Array.isArray(value) &&
    value.every((each) => each === null || (typeof each === "string" && each.isWellFormed()))
  );
}

function isWellFormed(value: Json): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (Array.isArray(value)) return value.every(isWellFormed);
  if (!isJsonObject(value)) return true;
  return Object.entries(value).every(([key, member]) => key.isWellFormed() && isWellFormed(member));
}
