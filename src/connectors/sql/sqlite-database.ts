import { existsSync, statSync } from "node:fs";
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from "node:sqlite";
import type { Clock } from "../../core/clock.ts";
import { LockstepError } from "../../core/errors.ts";
import {
  type Dialect,
  numberIn,
  type Sql,
  type SqlDatabase,
  type SqlInput,
  type SqlRow,
  type Written,
} from "./database.ts";
import { quote, quoteText } from "./names.ts";
import { sqliteCapture, sqliteKeyType } from "./sqlite-capture.ts";
import { readSqliteCatalog } from "./sqlite-catalog.ts";
import { sqliteFailure } from "./sqlite-failures.ts";

/** The driver waits in place, and everything in this process with it. */
const BUSY_TIMEOUT_MS = 1_000;
const STATEMENTS_MAX = 100;
/** Reading `data_version` costs microseconds. */
const WATCH_EVERY_MS = 250;

const dialect: Dialect = {
  name: "sqlite",
  // One writer at a time: numbers are given in the order of commits.
  tick: { changes: "seq", rows: "version" },
  visibleAfterMs: 0,
  forUpdate: "",
  capture: sqliteCapture,
  keyText: (column) => `CAST(${column} AS TEXT)`,
  keyValue: (text, kind) => (kind === "integer" ? `CAST(${text} AS INTEGER)` : text),
  keyEquals: (column, value) => `${column} = ${value} AND ${column} = ${value} COLLATE BINARY`,
  keyIsUsable: (column, kind) => `typeof(${column}) = ${sqliteKeyType(kind)}`,
  read: (column, kind) => (kind === "binary" ? `CASE WHEN ${column} IS NOT NULL THEN '' END` : column),
  // Not the newest change, which may have been trimmed.
  horizon: (changes) => `SELECT seq + 1 AS horizon FROM sqlite_sequence WHERE name = ${quoteText(changes)}`,
  readCatalog: readSqliteCatalog,
  signed,
  failureOf: sqliteFailure,
};

/** Nobody else writes during our transaction, so whatever is new in it is ours. */
async function signed<T>(
  sql: Sql,
  { changes, rows }: { readonly changes: string; readonly rows: string },
  work: () => Promise<T>,
): Promise<T> {
  const [newest] = await sql.query(`SELECT coalesce(max(seq), 0) AS seq FROM ${changes}`);
  const since = newest === undefined ? 0 : numberIn(newest, "seq");
  const result = await work();
  await sql.query(
    `UPDATE ${rows} SET editor = 'lockstep', is_ours = is_ours OR EXISTS (
       SELECT 1 FROM ${changes} AS c WHERE c.seq > $1 AND c.key = ${rows}.key AND c.operation = 'insert')
     WHERE key IN (SELECT key FROM ${changes} WHERE seq > $1)`,
    [since],
  );
  await sql.query(`UPDATE ${changes} SET editor = 'lockstep' WHERE seq > $1`, [since]);
  return result;
}

/** One file, opened at the first use, and again when another file has taken its place. */
export function openSqliteDatabase({
  path,
  clock,
}: {
  readonly path: string;
  readonly clock: Clock;
}): SqlDatabase {
  let connection: Connection | null = null;
  let last: Promise<unknown> = Promise.resolve();
  const current = () => {
    if (connection !== null && !connection.isStale()) return connection;
    connection?.close();
    connection = connect(path);
    return connection;
  };
  // One connection, so one transaction at a time.
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
  const transaction = <T>(begin: string, work: (sql: Sql) => Promise<T>): Promise<Written<T>> =>
    inTurn(async () => {
      const { database, sql } = current();
      database.exec(begin);
      try {
        const value = await work(sql);
        return { kind: commit(database), value };
      } finally {
        // Some failures (full disk, I/O) have rolled back already.
        if (database.isTransaction) database.exec("ROLLBACK");
      }
    });
  return {
    dialect,
    label: `SQLite ${path}`,
    read: async (work) => (await transaction("BEGIN", work)).value,
    write: (work) => transaction("BEGIN IMMEDIATE", work),
    script: (text) =>
      inTurn(async () => {
        const { database } = current();
        try {
          database.exec(text);
        } catch (error) {
          if (database.isTransaction) database.exec("ROLLBACK");
          throw error;
        }
      }),
    watch: (changes, onChange, signal) => watch({ path, changes, clock }, onChange, signal),
    async close() {
      await inTurn(async () => {
        connection?.close();
        connection = null;
      });
    },
  };
}

/** When the disk fails here, nobody knows what of the commit is on it. */
function commit(database: DatabaseSync): "committed" | "doubt" {
  try {
    database.exec("COMMIT");
    return "committed";
  } catch (error) {
    if (sqliteFailure(error).kind === "connection") return "doubt";
    throw error;
  }
}

interface Connection {
  readonly database: DatabaseSync;
  readonly sql: Sql;
  isStale(): boolean;
  close(): void;
}

function connect(path: string): Connection {
  // SQLite would make a new, empty file.
  if (!existsSync(path)) {
    throw new LockstepError(
      "ACCESS_LOST",
      `Tried to open the SQLite file ${path}, which is not there. Check the path.`,
    );
  }
  const { ino } = statSync(path);
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  const statements = new Map<string, StatementSync>();
  const prepare = (text: string) => {
    const known = statements.get(text);
    if (known !== undefined) return known;
    const statement = database.prepare(text);
    statement.setReadBigInts(true);
    if (statements.size >= STATEMENTS_MAX) statements.clear();
    statements.set(text, statement);
    return statement;
  };
  return {
    database,
    sql: {
      async query(text, values = []) {
        const rows = prepare(text).all(
          Object.fromEntries(values.map((value, index) => [`$${index + 1}`, bindable(value)])),
        );
        return rows satisfies readonly Record<string, SQLOutputValue>[] as readonly SqlRow[];
      },
    },
    isStale: () => statSync(path, { throwIfNoEntry: false })?.ino !== ino,
    close: () => {
      if (database.isOpen) database.close();
    },
  };
}

/** The driver binds every number as a floating-point one, which stays one in a column without a type. */
function bindable(value: SqlInput): SQLInputValue {
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (value === null || typeof value === "bigint" || typeof value === "string") return value;
  return JSON.stringify(value);
}

async function watch(
  { path, changes, clock }: { readonly path: string; readonly changes: string; readonly clock: Clock },
  onChange: () => void,
  signal: AbortSignal,
): Promise<void> {
  using database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  const version = database.prepare("PRAGMA data_version");
  const newest = database.prepare(`SELECT max(seq) AS seq FROM ${quote(changes)}`);
  let seen = { version: version.get()?.data_version, seq: newest.get()?.seq };
  while (!signal.aborted) {
    await clock.sleep(WATCH_EVERY_MS, signal).catch(() => {});
    if (signal.aborted) return;
    const now = version.get()?.data_version;
    // Commits to other tables change the version, too.
    if (now === seen.version) continue;
    const seq = newest.get()?.seq;
    const isNew = seq !== seen.seq;
    seen = { version: now, seq };
    if (isNew) onChange();
  }
}
