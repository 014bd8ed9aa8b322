import type { Json } from "../../core/json.ts";
import type { SourceRecord } from "../../core/record.ts";
import { type Dialect, isTrueIn, numberIn, type SqlOutput, type SqlRow, textIn } from "./database.ts";
import { parseMoment } from "./dates.ts";
import { quote } from "./names.ts";
import { type Installation, isDerived, type Target } from "./table.ts";
import { decodeValue } from "./values.ts";

/** Sixteen digits hold every sequence number below 2^53. */
const REVISION_DIGITS = 16;

/** How a table and its companions are named in statements. */
export interface Tables {
  readonly table: string;
  readonly changes: string;
  readonly rows: string;
  readonly capture: string;
}

export function tablesOf({ catalog, names }: Target): Tables {
  const within = (name: string) =>
    catalog.schema === null ? quote(name) : `${quote(catalog.schema)}.${quote(name)}`;
  return {
    table: within(catalog.table),
    changes: within(names.changes),
    rows: within(names.rows),
    capture: within(names.capture),
  };
}

/** The columns of `t` (the table) and `r` (its row table) that make a record. */
export function recordColumns(target: Target, dialect: Dialect): string {
  const read = ({ name, kind }: Target["key"]) => dialect.read(`t.${quote(name)}`, kind);
  const marker = target.marker === null ? "NULL" : read(target.marker);
  const deleted = target.softDelete === null ? "NULL" : read(target.softDelete);
  return [
    `${dialect.keyText(`t.${quote(target.key.name)}`)} AS row_key`,
    "r.version AS version, r.editor AS editor, r.is_ours AS is_ours, r.created_at AS created_at",
    `${marker} AS marker, ${deleted} AS deleted`,
    ...target.fields.map((field, index) => `${read(field)} AS c${index}`),
  ].join(", ");
}

/** Where `recordColumns` come from. */
export function recordTables(target: Target, dialect: Dialect): string {
  const { table, rows } = tablesOf(target);
  return `${table} AS t LEFT JOIN ${rows} AS r ON r.key = ${dialect.keyText(`t.${quote(target.key.name)}`)}`;
}

/** True for the row whose key, as text, is the parameter. */
export function hasKey(target: Target, dialect: Dialect, parameter: string): string {
  return dialect.keyEquals(`t.${quote(target.key.name)}`, dialect.keyValue(parameter, target.key.kind));
}

const uuidForm = /^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i;

/** Whether any row can have this key. Postgres would fail over the others. */
export function isPossibleKey({ key }: Target, id: string): boolean {
  if (key.kind === "uuid") return uuidForm.test(id);
  if (key.kind === "integer") return /^-?\d{1,19}$/.test(id) && BigInt.asIntN(64, BigInt(id)) === BigInt(id);
  return !id.includes("\0") && id.isWellFormed();
}

/** A row of `recordColumns` as a record. */
export function decodeRow(target: Target, row: SqlRow): SourceRecord {
  const fields: Record<string, Json> = {};
  const unobserved: string[] = [];
  const raw: Record<string, Json> = {};
  for (const [index, column] of target.fields.entries()) {
    const { name, kind } = column;
    const stored = row[`c${index}`] ?? null;
    raw[name] = rawValue(stored);
    if (isDerived(target, column)) continue;
    const value = decodeValue(kind, stored);
    if (value === undefined) unobserved.push(name);
    else fields[name] = value;
  }
  const isOurs = isTrueIn(row, "is_ours");
  const key = textIn(row, "row_key") ?? "";
  return {
    id: key,
    presence: isDeleted(target, row.deleted ?? null) ? "trashed" : "live",
    fields,
    unobserved,
    raw: { row: raw },
    revision: revisionOf(target.catalog.installation, numberIn(row, "version")),
    createdAt: timeOf(textIn(row, "created_at"), target),
    editedBy: textIn(row, "editor"),
    memo: null,
    marker: target.marker === null ? (isOurs ? key : null) : textIn(row, "marker"),
    isOurs,
  };
}

/** What is left of a row that was deleted by change `version`. */
export function goneRecord(
  target: Target,
  row: { readonly key: string; readonly version: number; readonly editor: string | null },
): SourceRecord {
  return {
    id: row.key,
    presence: "trashed",
    fields: {},
    unobserved: target.fields.filter((field) => !isDerived(target, field)).map((field) => field.name),
    raw: { row: null },
    revision: revisionOf(target.catalog.installation, row.version),
    createdAt: timeOf(null, target),
    editedBy: row.editor,
    memo: { isGone: true, deletedBy: row.version },
    marker: null,
    isOurs: false,
  };
}

/**
 * The row's last change. Rows not changed since the capture was installed have its number: each installation moves all
 * revisions, because nobody knows what happened before it.
 */
export function revisionOf(installation: Installation | null, version: number): string {
  return String(Math.max(version, installation?.id ?? 0)).padStart(REVISION_DIGITS, "0");
}

function isDeleted({ config }: Target, value: SqlOutput): boolean {
  if (value === null) return false;
  return config.softDelete?.kind === "timestamp" || decodeValue("boolean", value) === true;
}

/** Rows from before the capture are at least as old as it. */
function timeOf(text: string | null, target: Target): string {
  const moment = parseMoment(text ?? target.catalog.installation?.installedAt ?? "");
  return moment === null ? new Date(0).toISOString() : `${moment.day}T${moment.time ?? "00:00:00.000"}Z`;
}

function rawValue(stored: SqlOutput): Json {
  if (stored instanceof Uint8Array) return null;
  if (typeof stored === "bigint")
    return Number.isSafeInteger(Number(stored)) ? Number(stored) : String(stored);
  return typeof stored === "number" && !Number.isFinite(stored) ? null : stored;
}
