import type { CaptureDialect } from "./capture.ts";
import type { SqlFailure } from "./failures.ts";
import type { Catalog, ColumnKind } from "./table.ts";

/** What goes into a statement: always as a parameter, never into its text. */
export type SqlInput = null | boolean | number | bigint | string | readonly SqlInput[];
/** What comes out: Postgres gives text only, SQLite its own types. */
export type SqlOutput = null | number | bigint | string | Uint8Array;
export type SqlRow = Readonly<Record<string, SqlOutput>>;

/** Statements within one transaction. Parameters are `$1`, `$2` … in both databases. */
export interface Sql {
  query(text: string, values?: readonly SqlInput[]): Promise<readonly SqlRow[]>;
}

/** `doubt`: the connection broke while the commit was under way. */
export type Written<T> =
  | { readonly kind: "committed"; readonly value: T }
  | { readonly kind: "doubt"; readonly value: T };

/** The few places where the two databases speak differently. */
export interface Dialect {
  /** Who changes come from when it is not said: "postgres", "sqlite". */
  readonly name: "postgres" | "sqlite";
  /** Columns that order changes by when they became visible, in the change table and in the row table. */
  readonly tick: { readonly changes: string; readonly rows: string };
  /** How long a committed change may wait for older transactions (ms). */
  readonly visibleAfterMs: number;
  /** Appended to a SELECT that is to keep the row until the end of the transaction. */
  readonly forUpdate: string;
  /** The row's key as text. */
  keyText(column: string): string;
  /** A key given as text, as a value of the key column. */
  keyValue(text: string, kind: ColumnKind): string;
  /** True for the one row with this key value, whatever the column's collation. */
  keyEquals(column: string, value: string): string;
  /** True for keys that a row can be known by. */
  keyIsUsable(column: string, kind: ColumnKind): string;
  /** A column as the codec reads it. */
  read(column: string, kind: ColumnKind): string;
  /** Asks for the tick from which on changes become visible later; all before are visible now. Takes a bare name. */
  readonly horizon: (changes: string) => string;
  readonly capture: CaptureDialect;
  readCatalog(sql: Sql, table: string): Promise<Catalog | null>;
  /** Does `work` and marks the changes that it makes as ours. */
  signed<T>(
    sql: Sql,
    tables: { readonly changes: string; readonly rows: string },
    work: () => Promise<T>,
  ): Promise<T>;
  failureOf(error: unknown): SqlFailure;
}

/** Called at most once per burst of changes; a hint, never a value. */
export type OnChange = () => void;

/** One database. No transaction stays open while anything but the database is waited for. */
export interface SqlDatabase {
  readonly dialect: Dialect;
  /** For messages: which database, without its password. */
  readonly label: string;
  /** All statements of `work` see one state of the database. */
  read<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** All or nothing; what `work` throws undoes it. */
  write<T>(work: (sql: Sql) => Promise<T>): Promise<Written<T>>;
  /** Runs a script outside any transaction of ours. */
  script(text: string): Promise<void>;
  /** Calls `onChange` after other connections' commits, until aborted. `changes`: the table they are captured in. */
  watch(changes: string, onChange: OnChange, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export function textIn(row: SqlRow, column: string): string | null {
  const value = row[column];
  return value === null || value === undefined ? null : String(value);
}

/** Sequence numbers stay far below 2^53: they count microseconds since 1970 at most. */
export function numberIn(row: SqlRow, column: string): number {
  return Number(row[column] ?? 0);
}

export function isTrueIn(row: SqlRow, column: string): boolean {
  return ["1", "t", "true"].includes(String(row[column]));
}
