import { LockstepError } from "../../core/errors.ts";
import type { SqlTableConfig } from "./config.ts";
import { type CaptureNames, captureNames, objectName, quote } from "./names.ts";

/**
 * What a column's values mean.
 * - `float`: binary, every value is a JSON number; `decimal`: exact, kept as text where a number would round it
 * - `local`: date and time without zone; `instant`: with; `moment`: SQLite's, where each value says which it is
 * - `other`: text to us, in the database's own spelling; `any`: SQLite's columns without a type
 */
export type ColumnKind =
  | "text"
  | "integer"
  | "decimal"
  | "float"
  | "boolean"
  | "day"
  | "local"
  | "instant"
  | "moment"
  | "json"
  | "texts"
  | "uuid"
  | "binary"
  | "other"
  | "any";

export interface Column {
  readonly name: string;
  /** As the database spells it: "varchar(20)". */
  readonly declaredType: string;
  readonly kind: ColumnKind;
  readonly isNullable: boolean;
  readonly hasDefault: boolean;
  /** Computed by the database from others: cannot be written. */
  readonly isGenerated: boolean;
}

/** A capture as it was last installed. */
export interface Installation {
  /** Microseconds since 1970 when it was installed; sequence numbers begin here. */
  readonly id: number;
  readonly columns: readonly string[];
  /** Changes before this tick are no longer kept. */
  readonly trimmed: number;
  readonly installedAt: string;
  /** All triggers are in place and enabled. */
  readonly isWhole: boolean;
}

/** A table as the database describes it now. */
export interface Catalog {
  /** null: the database has none. */
  readonly schema: string | null;
  readonly table: string;
  /** Why rows of it cannot be captured ("a view"); null: they can. */
  readonly unfit: string | null;
  readonly columns: readonly Column[];
  readonly primaryKey: readonly string[];
  /** Columns of every unique index without conditions, the primary key's included. */
  readonly uniques: readonly (readonly string[])[];
  /** "project_id → projects (id)"; only where the database does not name the broken one. */
  readonly foreignKeys: readonly string[];
  readonly installation: Installation | null;
}

/** The table and what the configuration makes of its columns. */
export interface Target {
  readonly config: SqlTableConfig;
  readonly catalog: Catalog;
  readonly names: CaptureNames;
  readonly key: Column;
  /** null: the key of what we create is the marker. */
  readonly marker: Column | null;
  readonly softDelete: Column | null;
  /** Columns that are read as fields, generated ones included. */
  readonly fields: readonly Column[];
  /** Columns whose changes the triggers have to see: fields, key, marker and the one that says deleted. */
  readonly captured: readonly Column[];
  readonly warnings: readonly string[];
}

/** Throws SQL_TABLE_UNFIT, with what to do, when rows of the table cannot be synced as configured. */
export function resolveTarget(config: SqlTableConfig, catalog: Catalog): Target {
  if (catalog.unfit !== null) throw unfit(config, catalog.unfit);
  const key = keyOf(config, catalog);
  const marker = markerOf(config, { catalog, key });
  const softDelete = softDeleteOf(config, catalog);
  const special = [key, ...[marker, softDelete].filter((column) => column !== null)];
  const own = new Set(special.slice(1).map((column) => column.name));
  const { fields, warnings } = fieldsOf(config, { catalog, own });
  const captured = [...new Set([...special, ...fields.filter((field) => !field.isGenerated)])];
  const names = captureNames(catalog.table);
  return { config, catalog, names, key, marker, softDelete, fields, captured, warnings };
}

/** Shown and kept, but never evidence of a change, and not to be written: what the database or Lockstep makes by itself. */
export function isDerived({ config, key, marker }: Target, column: Column): boolean {
  if (column.isGenerated) return true;
  return column === key && (key.hasDefault || config.keyGenerator !== undefined || marker === null);
}

const keyKinds: ReadonlySet<ColumnKind> = new Set(["text", "integer", "uuid"]);

function keyOf(config: SqlTableConfig, catalog: Catalog): Column {
  const { primaryKey } = catalog;
  const advice =
    "Give it one: a column of its own that is the whole primary key, of type text, uuid or integer.";
  if (primaryKey.length === 0) throw unfit(config, `it has no primary key. ${advice}`);
  if (primaryKey.length > 1) {
    throw unfit(config, `its primary key has several columns (${primaryKey.join(", ")}). ${advice}`);
  }
  const key = columnOf(config, { catalog, name: config.key });
  if (key.name !== primaryKey[0]) {
    throw unfit(config, `its primary key is ${primaryKey[0]}, not ${key.name}. Set "key" to it.`);
  }
  if (!keyKinds.has(key.kind) || key.isGenerated) {
    throw unfit(config, `its primary key ${key.name} is of type ${key.declaredType}. ${advice}`);
  }
  return key;
}

function markerOf(
  config: SqlTableConfig,
  { catalog, key }: { readonly catalog: Catalog; readonly key: Column },
): Column | null {
  const { markerColumn } = config;
  const table = [catalog.schema, catalog.table]
    .filter((name) => name !== null)
    .map(quote)
    .join(".");
  if (markerColumn === undefined) {
    if (key.kind !== "integer" && !key.hasDefault && config.keyGenerator === undefined) return null;
    throw unfit(
      config,
      "it has no column for Lockstep's marker, and its key makes its own values. Run: " +
        `ALTER TABLE ${table} ADD COLUMN lockstep_id text; ` +
        `CREATE UNIQUE INDEX ${quote(objectName("lockstep_id", catalog.table))} ON ${table} (lockstep_id); ` +
        'and set "markerColumn" to "lockstep_id".',
    );
  }
  const marker = columnOf(config, { catalog, name: markerColumn });
  const isUnique = catalog.uniques.some((columns) => columns.length === 1 && columns[0] === marker.name);
  if (marker.kind !== "text" || !marker.isNullable || marker.isGenerated || !isUnique) {
    throw unfit(
      config,
      `its marker column ${marker.name} has to be a nullable text column with a unique index of its own (without a ` +
        `condition), and is ${marker.declaredType}${marker.isNullable ? "" : " NOT NULL"}${isUnique ? "" : ", not unique"}.`,
    );
  }
  return marker;
}

const softDeleteKinds: Readonly<Record<"timestamp" | "boolean", ReadonlySet<ColumnKind>>> = {
  timestamp: new Set(["day", "local", "instant", "moment"]),
  boolean: new Set(["boolean"]),
};

function softDeleteOf(config: SqlTableConfig, catalog: Catalog): Column | null {
  if (config.softDelete === undefined) return null;
  const { column: name, kind } = config.softDelete;
  const column = columnOf(config, { catalog, name });
  // SQLite's tables often keep times as plain text, and truth as a number.
  const isLoose = catalog.schema === null && column.kind === (kind === "timestamp" ? "text" : "integer");
  if (softDeleteKinds[kind].has(column.kind) || isLoose) return column;
  throw unfit(config, `its column ${name} is of type ${column.declaredType}, which is no ${kind}.`);
}

function fieldsOf(
  config: SqlTableConfig,
  { catalog, own }: { readonly catalog: Catalog; readonly own: ReadonlySet<string> },
): { readonly fields: readonly Column[]; readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  const { installation } = catalog;
  const present = new Set(catalog.columns.map((column) => column.name));
  // A column that is dropped while it is synced lets its field rest; one that never was there is a mistake.
  const isGone = (name: string) => installation?.columns.includes(name) === true && !present.has(name);
  const wanted =
    config.columns === "all"
      ? catalog.columns.filter((column) => !own.has(column.name))
      : config.columns.filter((name) => !isGone(name)).map((name) => columnOf(config, { catalog, name }));
  const fields = wanted.filter((column) => {
    if (config.columns === "all" && column.kind === "binary") {
      warnings.push(`Column ${column.name} holds bytes and is left out; bytes cannot be synced.`);
      return false;
    }
    // What the triggers do not watch would be read, and its later changes missed.
    if (installation === null || column.isGenerated || installation.columns.includes(column.name))
      return true;
    warnings.push(
      `Column ${column.name} is not captured yet and is left out. Install the capture again to add it.`,
    );
    return false;
  });
  for (const name of installation?.columns ?? []) {
    if (isGone(name)) {
      warnings.push(`Column ${name} was captured and is gone. Install the capture again.`);
    }
  }
  if (installation === null)
    warnings.push("The capture is not installed: nothing can be pulled or written yet.");
  return { fields, warnings };
}

function columnOf(
  config: SqlTableConfig,
  { catalog, name }: { readonly catalog: Catalog; readonly name: string },
): Column {
  const column = catalog.columns.find((each) => each.name === name);
  if (column !== undefined) return column;
  const names = catalog.columns.map((each) => each.name).join(", ");
  throw unfit(config, `it has no column ${name}. It has: ${names}.`);
}

function unfit(config: SqlTableConfig, why: string): LockstepError {
  return new LockstepError("SQL_TABLE_UNFIT", `Table ${config.table} cannot be synced: ${why}`);
}
