import {
  notEmpty,
  orderOf,
  type StoreTables,
  type Table,
  type TableReader,
  type TableRow,
} from "../tables.ts";
import { openDatabase, type Session } from "./database.ts";
import { insertRows } from "./insert.ts";

/** Rows held at once. */
const rowsPerRead = 500;

/** Connects to the store, made when missing, brings it up to date, and gives access to its tables. */
export async function openPostgresTables(url: string): Promise<StoreTables> {
  const database = await openDatabase({ url });
  const types = await typesOf(database);
  let references: readonly Reference[] = [];

  return {
    name: database.name,
    schema: database.schema,
    read: (work) =>
      database.snapshot(async (session) => {
        // While this side waits for the other one, which may take its time.
        await session.run("SET LOCAL idle_in_transaction_session_timeout = 0");
        return work(readerOf(session, types));
      }),
    async startCopy() {
      references = await database.write(async (session) => {
        for (const name of types.keys()) {
          if ((await session.run(`SELECT 1 FROM "${name}" LIMIT 1`)) > 0) throw notEmpty(database.name, name);
        }
        await session.run("CREATE TABLE unfinished_copy ()");
        return dropReferences(session);
      });
    },
    async insert({ name, columns }, rows) {
      const typeOf = types.get(name);
      const plan = Object.fromEntries(columns.map((column) => [column, typeOf?.get(column) ?? "text"]));
      await database.write((session) => insertRows(session, { table: name, columns: plan }, rows));
    },
    async finishCopy(counters) {
      await database.write(async (session) => {
        for (const { table, name, definition } of references) {
          await session.run(`ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition}`);
        }
        for (const { name, column } of await numberedTables(session)) {
          const last = counters.get(name) ?? 0;
          if (last > 0)
            await session.run(`SELECT setval(pg_get_serial_sequence($1, $2), $3)`, name, column, last);
        }
        await session.run("DROP TABLE unfinished_copy");
      });
      await database.run(`ANALYZE ${listOf([...types.keys()])}`);
    },
    [Symbol.asyncDispose]: database.close,
  };
}

/** Column types by table and column, without the columns that number rows by arrival: those never leave a database. */
type TableTypes = ReadonlyMap<string, ReadonlyMap<string, string>>;

async function typesOf(session: Session): Promise<TableTypes> {
  const rows = await session.all<{ table: string; column: string; type: string }>(`
    SELECT c.relname::text AS table, a.attname::text AS column, format_type(a.atttypid, NULL) AS type
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND c.relname <> 'schema_migrations'
      AND a.attnum > 0 AND NOT a.attisdropped AND a.attidentity <> 'a'
    ORDER BY c.relname, a.attname COLLATE "C"`);
  const types = new Map<string, Map<string, string>>();
  for (const { table, column, type } of rows) {
    const columns = types.get(table) ?? new Map<string, string>();
    types.set(table, columns.set(column, type));
  }
  return types;
}

function readerOf(session: Session, types: TableTypes): TableReader {
  return {
    tables: async () => [...types].map(([name, columns]) => ({ name, columns: [...columns.keys()] })),
    async count({ name }) {
      const row = await session.get<{ count: number }>(`SELECT count(*) AS count FROM "${name}"`);
      return row?.count ?? 0;
    },
    rows: (table) => rowsOf(session, table),
    counters: () => countersOf(session),
  };
}

/** Page by page after the last row's key. */
async function* rowsOf(session: Session, { name, columns }: Table): AsyncIterable<readonly TableRow[]> {
  const order = orderOf(name);
  const key = order === "arrival" ? ["position"] : order;
  const selected = [...new Set([...columns, ...key])];
  const select = `SELECT ${listOf(selected)} FROM "${name}"`;
  const after = `(${listOf(key)}) > (${key.map((_, n) => `$${n + 1}`).join(", ")})`;
  let last: Record<string, string | number | null> | null = null;
  for (;;) {
    const values: (string | number | null)[] = key.map((column) => last?.[column] ?? null);
    const rows: Record<string, string | number | null>[] = await session.all(
      `${select} ${last === null ? "" : `WHERE ${after}`} ORDER BY ${listOf(key)} LIMIT ${rowsPerRead}`,
      ...(last === null ? [] : values),
    );
    if (rows.length > 0) yield rows.map((row) => columns.map((column) => row[column] ?? null));
    if (rows.length < rowsPerRead) return;
    last = rows.at(-1) ?? null;
  }
}

/** Tables whose rows have numbers that are part of what they say, and the column that holds them. */
function numberedTables(session: Session): Promise<{ name: string; column: string }[]> {
  return session.all(`
    SELECT c.relname::text AS name, a.attname::text AS column
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attidentity = 'd'`);
}

async function countersOf(session: Session): Promise<ReadonlyMap<string, number>> {
  const counters = new Map<string, number>();
  for (const { name, column } of await numberedTables(session)) {
    const row = await session.get<{ last: number | null }>(
      "SELECT pg_sequence_last_value(pg_get_serial_sequence($1, $2)::regclass) AS last",
      name,
      column,
    );
    if (row?.last != null) counters.set(name, row.last);
  }
  return counters;
}

interface Reference {
  readonly table: string;
  readonly name: string;
  readonly definition: string;
}

/** Tables point to each other in circles, which no order of whole tables satisfies: checked at the end, all at once. */
async function dropReferences(session: Session): Promise<readonly Reference[]> {
  const references = await session.all<Reference>(`
    SELECT conrelid::regclass::text AS table, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition
    FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace`);
  for (const { table, name } of references) await session.run(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`);
  return references;
}

function listOf(columns: readonly string[]): string {
  return columns.map((column) => `"${column}"`).join(", ");
}
