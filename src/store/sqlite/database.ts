import { accessSync, closeSync, constants, existsSync, openSync } from "node:fs";
import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from "node:sqlite";
import { LockstepError } from "../../core/errors.ts";
import type { SchemaChange } from "../tables.ts";
import { isBusy, storeFailure } from "./failures.ts";
import { migrate } from "./migrations.ts";
import { transactionsOn } from "./transactions.ts";

/** A statement prepared once and kept for the life of the store. `Row` describes the columns it selects. */
export interface Query<Row> {
  get(...values: SQLInputValue[]): Row | undefined;
  all(...values: SQLInputValue[]): Row[];
  /** Returns how many rows were inserted, updated or deleted. */
  run(...values: SQLInputValue[]): number;
}

/** One connection to one store file. Everything on it is synchronous, so transactions never interleave. */
export interface Database {
  /** What opening it did to its schema. */
  readonly schema: SchemaChange;
  query<Row = never>(sql: string): Query<Row>;
  /** Makes a pure function callable from this connection's SQL. */
  define(name: string, pure: (...values: SQLOutputValue[]) => SQLInputValue): void;
  read<T>(work: () => T): T;
  /** One transaction that holds the write lock from its first statement: what it reads stays true until its end. */
  write<T>(work: () => T): T;
  /**
   * What `work` writes, each write whole or not at all, is kept together with one wait for the disk. Only when this returns
   * is any of it kept; when it throws, none is.
   */
  together(work: () => void): void;
  /** Inside `together`. */
  isTogether(): boolean;
  close(): void;
}

const inMemory = ":memory:";
/** Holds three rows with 2 KB of metadata, where the default of 4,096 wastes half a page on each. */
const pageBytes = 8192;
const cacheKibibytes = 16_384;
const walAttemptsMax = 100;

/** Opens or creates the file (mode 0600), brings its schema up to date, or refuses with STORE_FAILED. */
export function openDatabase(path: string, busyTimeoutMs: number): Database {
  try {
    if (path !== inMemory) prepareFile(path);
    const connection = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
    try {
      return wrap(connection, path, configure(connection, path));
    } catch (error) {
      connection.close();
      throw error;
    }
  } catch (error) {
    throw storeFailure(path, error);
  }
}

/** SQLite would create the file readable for everyone, and open an unwritable one without complaint. */
function prepareFile(path: string): void {
  try {
    if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK);
    else closeSync(openSync(path, "a", 0o600));
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new LockstepError(
      "STORE_FAILED",
      `cannot open the store ${path}: ${what}. Its folder must exist, and this user must be allowed to write there.`,
      { cause },
    );
  }
}

function configure(connection: DatabaseSync, path: string): SchemaChange {
  connection.exec(`PRAGMA page_size = ${pageBytes}`);
  const schema = migrate(connection, path);
  enterWalMode(connection);
  connection.exec(`
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -${cacheKibibytes};
    PRAGMA temp_store = MEMORY;
    PRAGMA wal_autocheckpoint = 8000;
  `);
  return schema;
}

/**
 * Only a new file changes its mode, for which SQLite needs it alone and does not wait: when several processes open a new
 * store at once, all but one are told that it is busy. Taking the write lock does wait, until the others are done.
 */
function enterWalMode(connection: DatabaseSync): void {
  for (let attempt = 1; ; attempt += 1) {
    try {
      connection.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (!isBusy(error) || attempt === walAttemptsMax) throw error;
      connection.exec("BEGIN IMMEDIATE; COMMIT");
    }
  }
}

function wrap(connection: DatabaseSync, path: string, schema: SchemaChange): Database {
  const transactions = transactionsOn(connection);
  function read<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storeFailure(path, error);
    }
  }
  return {
    schema,
    read,
    define: (name, pure) => connection.function(name, { deterministic: true }, pure),
    write: (work) => read(() => transactions.write(work)),
    together: (work) => read(() => transactions.together(work)),
    isTogether: transactions.isTogether,
    query<Row>(sql: string) {
      const statement = read(() => connection.prepare(sql));
      return {
        get: (...values) => statement.get(...values) as Row | undefined,
        all: (...values) => statement.all(...values) as Row[],
        run: (...values) => Number(statement.run(...values).changes),
      };
    },
    close: () => {
      if (connection.isOpen) connection.close();
    },
  };
}
