import type { Json } from "../../core/json.ts";
import type { TableRow } from "../tables.ts";

/** A row by its columns' names, as the SQL stores have it: JSON is text, flags are 0 and 1. */
export type NamedRow = Readonly<Record<string, string | number | null>>;

/**
 * How a member of what is stored stands in a column: as it is; as JSON, null for null; as JSON, never null; as a flag.
 */
export type ColumnForm = "plain" | "json" | "text of JSON" | "flag";

/** Members by column, and their forms. */
export type RowShape = Readonly<Record<string, readonly [member: string, form: ColumnForm]>>;

type Stored = Readonly<Record<string, unknown>>;

export function rowOf(shape: RowShape, stored: object): NamedRow {
  const members = new Map<string, unknown>(Object.entries(stored));
  return Object.fromEntries(
    Object.entries(shape).map(([column, [member, form]]) => [column, columnOf(members.get(member), form)]),
  );
}

/** What `rowOf` made a row of. */
export function storedOf(shape: RowShape, row: NamedRow): Stored {
  return Object.fromEntries(
    Object.entries(shape).map(([column, [member, form]]) => [member, memberOf(row[column] ?? null, form)]),
  );
}

export function namedRow(columns: readonly string[], row: TableRow): NamedRow {
  return Object.fromEntries(columns.map((column, n) => [column, row[n] ?? null]));
}

export function plainRow(columns: readonly string[], row: NamedRow): TableRow {
  return columns.map((column) => row[column] ?? null);
}

function columnOf(value: unknown, form: ColumnForm): string | number | null {
  if (form === "flag") return value === true ? 1 : 0;
  if (form === "json" && (value === null || value === undefined)) return null;
  if (form !== "plain") return JSON.stringify(value ?? null);
  return typeof value === "string" || typeof value === "number" ? value : null;
}

function memberOf(value: string | number | null, form: ColumnForm): Json {
  if (form === "flag") return value === 1;
  if (form === "plain") return value;
  return typeof value === "string" ? (JSON.parse(value) as Json) : null;
}

/** `snake_case: ["camelCase", form]` for each name given. */
export function shapeOf(forms: Readonly<Record<string, ColumnForm>>): RowShape {
  return Object.fromEntries(
    Object.entries(forms).map(([column, form]) => [
      column,
      [column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()), form],
    ]),
  );
}
