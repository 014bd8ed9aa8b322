import type pg from "pg";
import type { SchemaChange } from "../tables.ts";
import { defaultSchema, postgresName } from "./address.ts";
import { type Connections, type DatabaseOptions, openConnections } from "./connections.ts";
import { isRepeatable, storeClosed, storeFailure } from "./failures.ts";
import { isStore, migrate } from "./migrations.ts";
import { encodeValue, type SqlValue } from "./values.ts";

/** Statements on one connection, or each on any connection as a transaction of its own. */
export interface Session {
  /** `Row` describes the columns it selects. */
  all<Row extends object>(sql: string, ...values: SqlValue[]): Promise<Row[]>;
  get<Row extends object>(sql: string, ...values: SqlValue[]): Promise<Row | undefined>;
  /** Returns how many rows were inserted, updated or deleted. */
  run(sql: string, ...values: SqlValue[]): Promise<number>;
}

/** Some connections to one schema of one database. */
export interface Database extends Session {
  /** How messages call it: its address without any secret. */
  readonly name: string;
  /** What opening it did to its schema. */
  readonly schema: SchemaChange;
  /** One read-only transaction in which every statement sees the same moment. */
  snapshot<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /**
   * One transaction. `work` runs again from its start when Postgres gave the transaction up for another's sake, so it
   * may do nothing but read and write here.
   */
  write<T>(work: (session: Session) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const attemptsMax = 10;

/** Connects, brings the schema up to date, or refuses with STORE_FAILED. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { url, schema = defaultSchema } = options;
  const name = postgresName(url, schema);
  const connections = openConnections(options);
  try {
    const client = await connections.pool.connect();
    try {
      return wrap(connections, name, await migrate(client, { schema, name }));
    } finally {
      client.release();
    }
  } catch (error) {
    await connections.end();
    throw storeFailure(name, error);
  }
}

/** Whether there is a Lockstep store at this address. Changes nothing. */
export async function hasDatabase(options: DatabaseOptions): Promise<boolean> {
  const { url, schema = defaultSchema } = options;
  const { pool, end } = openConnections(options);
  try {
    return await isStore(pool, schema);
  } catch (error) {
    throw storeFailure(postgresName(url, schema), error);
  } finally {
    await end();
  }
}

function wrap({ pool, end }: Connections, name: string, schema: SchemaChange): Database {
  let isClosed = false;

  async function guarded<T>(work: () => Promise<T>): Promise<T> {
    if (isClosed) throw storeClosed(name);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (!isRepeatable(error) || attempt === attemptsMax) throw storeFailure(name, error);
      }
    }
  }

  const transaction = <T>(begin: string, work: (session: Session) => Promise<T>) =>
    guarded(() => inTransaction(pool, begin, work));

  return {
    name,
    schema,
    ...sessionOf((sql, values) => guarded(() => pool.query(sql, values))),
    snapshot: (work) => transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", work),
    write: (work) => transaction("BEGIN ISOLATION LEVEL READ COMMITTED", work),
    async close() {
      if (isClosed) return;
      isClosed = true;
      await end();
    },
  };
}

async function inTransaction<T>(
  pool: pg.Pool,
  begin: string,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query(begin);
    const result = await work(sessionOf((sql, values) => client.query(sql, values)));
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK").catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    // A connection that cannot even roll back is closed, and Postgres rolls back by itself.
    client.release(broken);
  }
}

type Send = (sql: string, values: (SqlValue | Buffer)[]) => Promise<pg.QueryResult>;

function sessionOf(send: Send): Session {
  return {
    all: async (sql, ...values) => (await send(sql, values.map(encodeValue))).rows,
    get: async (sql, ...values) => (await send(sql, values.map(encodeValue))).rows[0],
    run: async (sql, ...values) => (await send(sql, values.map(encodeValue))).rowCount ?? 0,
  };
}
