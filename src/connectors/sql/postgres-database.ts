import type { Pool, PoolClient } from "pg";
import type { Clock } from "../../core/clock.ts";
import { LockstepError } from "../../core/errors.ts";
import type { Dialect, Sql, SqlDatabase, SqlInput, SqlRow, Written } from "./database.ts";
import { quote } from "./names.ts";
import { postgresCapture } from "./postgres-capture.ts";
import { readPostgresCatalog } from "./postgres-catalog.ts";
import { postgresFailure } from "./postgres-failures.ts";

const CONNECTIONS_MAX = 4;
const CONNECT_TIMEOUT_MS = 10_000;
const RECONNECT_AFTER_MS = 5_000;

/** Values are read and written the same way whatever the server's and the user's own settings are. */
const settings = `SET LOCAL statement_timeout = '60s'; SET LOCAL lock_timeout = '5s';
SET LOCAL idle_in_transaction_session_timeout = '60s'; SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL intervalstyle = 'iso_8601'; SET LOCAL extra_float_digits = 1; SET LOCAL standard_conforming_strings = on;`;
const beginRead = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${settings}`;
const beginWrite = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; ${settings} SET LOCAL lockstep.writer = 'lockstep';`;

const dialect: Dialect = {
  name: "postgres",
  // Sequence numbers are given before the commit, so they become visible out of order; transactions below the oldest
  // one that is still running are all over.
  tick: { changes: "transaction_id", rows: "transaction_id" },
  // No bound: a change waits for every older transaction of the server that writes. Nothing is missed meanwhile.
  visibleAfterMs: 1_000,
  // Rows that refer to this one may still be written.
  forUpdate: " FOR NO KEY UPDATE",
  capture: postgresCapture,
  keyText: (column) => `${column}::text`,
  keyValue: (text, kind) => (kind === "text" ? text : `(${text})::${kind === "uuid" ? "uuid" : "bigint"}`),
  keyEquals: (column, value) => `${column} = ${value}`,
  keyIsUsable: () => "true",
  read: (column, kind) => {
    if (kind === "binary") return `CASE WHEN ${column} IS NOT NULL THEN '' END`;
    return kind === "texts" ? `to_json(${column})::text` : `${column}::text`;
  },
  horizon: () => "SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon",
  readCatalog: readPostgresCatalog,
  // The trigger sees `lockstep.writer`.
  signed: (_sql, _tables, work) => work(),
  failureOf: postgresFailure,
};

/** Connections are made when they are needed; the driver is loaded only then. */
export function openPostgresDatabase({
  url,
  clock,
}: {
  readonly url: string;
  readonly clock: Clock;
}): SqlDatabase {
  let pool: Promise<Pool> | null = null;
  const connect = async (): Promise<PoolClient> => {
    pool ??= createPool(url);
    return (await pool).connect();
  };
  const transaction = async <T>(begin: string, work: (sql: Sql) => Promise<T>): Promise<Written<T>> => {
    const client = await connect();
    let isBroken = false;
    try {
      await client.query(begin);
      const value = await work(sqlOn(client));
      return { kind: await commit(client), value };
    } catch (error) {
      isBroken = postgresFailure(error).kind === "connection" && !(error instanceof LockstepError);
      if (!isBroken) await client.query("ROLLBACK").catch(() => (isBroken = true));
      throw error;
    } finally {
      client.release(isBroken);
    }
  };
  return {
    dialect,
    label: labelOf(url),
    read: async (work) => (await transaction(beginRead, work)).value,
    write: (work) => transaction(beginWrite, work),
    async script(text) {
      const client = await connect();
      try {
        await client.query(text);
      } catch (error) {
        await client.query("ROLLBACK").catch(() => {});
        throw error;
      } finally {
        client.release();
      }
    },
    watch: (changes, onChange, signal) => watch({ url, changes, clock }, onChange, signal),
    async close() {
      const open = await pool?.catch(() => null);
      pool = null;
      await open?.end();
    },
  };
}

/** An answer that never came leaves open whether the transaction was committed; a refusal does not. */
async function commit(client: PoolClient): Promise<"committed" | "doubt"> {
  try {
    await client.query("COMMIT");
    return "committed";
  } catch (error) {
    if (postgresFailure(error).kind === "connection") return "doubt";
    throw error;
  }
}

function sqlOn(client: PoolClient): Sql {
  return {
    async query(text, values = []) {
      const { rows } = await client.query<SqlRow>({ text, values: values.map(textOf) });
      return rows;
    },
  };
}

/** Everything as text: the server gives it the type of its column. */
function textOf(value: SqlInput): unknown {
  return typeof value === "bigint" || typeof value === "number" ? String(value) : value;
}

/** No type is parsed: what the driver makes of dates and large numbers loses digits. */
const asText = { getTypeParser: () => (value: string) => value };

async function createPool(url: string): Promise<Pool> {
  const { default: pg } = await import("pg");
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: "lockstep",
    allowExitOnIdle: true,
    types: asText,
  });
  // A connection that breaks while nobody uses it says so here; who uses it gets an error of its own.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

async function watch(
  { url, changes, clock }: { readonly url: string; readonly changes: string; readonly clock: Clock },
  onChange: () => void,
  signal: AbortSignal,
): Promise<void> {
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    await listen({ url, channel: changes, isFirst }, onChange, signal).catch(() => {});
    if (!signal.aborted) await clock.sleep(RECONNECT_AFTER_MS, signal).catch(() => {});
  }
}

/** Returns when the connection ends, whoever ended it. */
async function listen(
  { url, channel, isFirst }: { readonly url: string; readonly channel: string; readonly isFirst: boolean },
  onChange: () => void,
  signal: AbortSignal,
): Promise<void> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: url, application_name: "lockstep", keepAlive: true });
  const ended = new Promise<void>((resolve) => client.on("end", resolve));
  client.on("error", () => {});
  client.on("notification", onChange);
  const end = () => void client.end().catch(() => {});
  signal.addEventListener("abort", end, { once: true });
  try {
    await client.connect();
    await client.query(`LISTEN ${quote(channel)}`);
    // Whatever was announced while nobody listened.
    if (!isFirst) onChange();
    await ended;
  } finally {
    signal.removeEventListener("abort", end);
    await client.end().catch(() => {});
  }
}

/** Without user and password. */
function labelOf(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? "Postgres" : `Postgres ${parsed.host}${parsed.pathname}`;
}
