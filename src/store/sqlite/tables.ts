import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import {
  notEmpty,
  orderOf,
  type StoreTables,
  strayRow,
  type Table,
  type TableReader,
  type TableRow,
} from "../tables.ts";
import { openDatabase } from "./database.ts";
import { storeFailure } from "./failures.ts";
import { markFinished, markUnfinished } from "./migrations.ts";

const busyTimeoutMs = 10_000;
/** Rows held at once. */
const rowsPerRead = 500;

/** Opens or creates the file as a store, brings it up to date, and gives access to its tables. */
export async function openSqliteTables(path: string): Promise<StoreTables> {
  const database = openDatabase(path, busyTimeoutMs);
  database.close();
  const connection = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: false });
  const guarded = async <T>(work: () => T | Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (connection.isTransaction) connection.exec("ROLLBACK");
      throw storeFailure(path, error);
    }
  };
  const write = (work: () => void) =>
    guarded(() => {
      connection.exec("BEGIN IMMEDIATE");
      work();
      connection.exec("COMMIT");
    });

  return {
    name: `sqlite:${path}`,
    schema: database.schema,
    read: (work) =>
      guarded(async () => {
        connection.exec("BEGIN");
        const result = await work(readerOf(connection));
        connection.exec("COMMIT");
        return result;
      }),
    startCopy: () =>
      write(() => {
        for (const { name } of tablesOf(connection)) {
          if (connection.prepare(`SELECT 1 FROM "${name}" LIMIT 1`).get() !== undefined)
            throw notEmpty(path, name);
        }
        markUnfinished(connection);
      }),
    insert: ({ name, columns }, rows) =>
      write(() => {
        const insert = connection.prepare(
          `INSERT INTO "${name}" (${listOf(columns)}) VALUES (${columns.map(() => "?").join(", ")})`,
        );
        for (const row of rows) insert.run(...row);
      }),
    finishCopy: (counters) =>
      write(() => {
        const [stray] = connection.prepare("PRAGMA foreign_key_check").all();
        if (stray !== undefined) throw strayRow(path, String(stray.table));
        setCounters(connection, counters);
        markFinished(connection);
      }),
    async [Symbol.asyncDispose]() {
      connection.close();
    },
  };
}

function tablesOf(connection: DatabaseSync): Table[] {
  const names = connection
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    .all();
  return names.map((row) => {
    const name = String(row.name);
    const columns = connection.prepare("SELECT name FROM pragma_table_info(?) ORDER BY name").all(name);
    return { name, columns: columns.map((column) => String(column.name)) };
  });
}

function readerOf(connection: DatabaseSync): TableReader {
  return {
    tables: async () => tablesOf(connection),
    count: async ({ name }) =>
      Number(connection.prepare(`SELECT count(*) AS count FROM "${name}"`).get()?.count ?? 0),
    rows: (table) => rowsOf(connection, table),
    counters: async () => countersOf(connection),
  };
}

/** Page by page after the last row's key, which stands before the columns in what is selected. */
async function* rowsOf(
  connection: DatabaseSync,
  { name, columns }: Table,
): AsyncIterable<readonly TableRow[]> {
  const order = orderOf(name);
  const key = order === "arrival" ? "rowid" : listOf(order);
  const keyLength = order === "arrival" ? 1 : order.length;
  const select = `SELECT ${key}, ${listOf(columns)} FROM "${name}"`;
  const first = connection.prepare(`${select} ORDER BY ${key} LIMIT ${rowsPerRead}`);
  const next = connection.prepare(
    `${select} WHERE (${key}) > (${Array.from({ length: keyLength }, () => "?").join(", ")})
    ORDER BY ${key} LIMIT ${rowsPerRead}`,
  );
  first.setReturnArrays(true);
  next.setReturnArrays(true);
  let after: readonly SQLInputValue[] | null = null;
  for (;;) {
    const found: unknown = after === null ? first.all() : next.all(...after);
    // With `setReturnArrays`, rows are lists of values; every column of a store is a number, a text or null.
    const rows = found as TableRow[];
    if (rows.length > 0) yield rows.map((row) => row.slice(keyLength));
    if (rows.length < rowsPerRead) return;
    after = rows.at(-1)?.slice(0, keyLength) ?? null;
  }
}

function countersOf(connection: DatabaseSync): ReadonlyMap<string, number> {
  const rows = connection.prepare("SELECT name, seq FROM sqlite_sequence").all();
  return new Map(rows.map((row) => [String(row.name), Number(row.seq)]));
}

function setCounters(connection: DatabaseSync, counters: ReadonlyMap<string, number>): void {
  const remove = connection.prepare("DELETE FROM sqlite_sequence WHERE name = ?");
  const insert = connection.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)");
  for (const [name, last] of counters) {
    remove.run(name);
    insert.run(name, last);
  }
}

function listOf(columns: readonly string[]): string {
  return columns.map((column) => `"${column}"`).join(", ");
}
