import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import pg from "pg";
import type { Clock } from "../../core/clock.ts";
import { LockstepError } from "../../core/errors.ts";

export type Product = "sqlite" | "postgres";

export type SqlValue = string | number | null;
export type SqlRow = Readonly<Record<string, unknown>>;

/** One statement within a transaction; parameters are `$1`, `$2` … in both databases. */
export type RunSql = (text: string, values?: readonly SqlValue[]) => Promise<readonly SqlRow[]>;

/** The database of the tasks, as a worker holds it. */
export interface TaskDatabase extends AsyncDisposable {
  readonly product: Product;
  /** All or nothing; what `work` throws undoes it. */
  write<T>(work: (sql: RunSql) => Promise<T>): Promise<T>;
  /** Ends at the first sign of a new job, after `ms` at the latest, or when aborted. A hint, never a promise. */
  waitForJob(ms: number, signal?: AbortSignal): Promise<void>;
}

const OPEN_TIMEOUT_MS = 1_000;
/** How long a transaction waits for the one of another connection. */
const BUSY_TIMEOUT_MS = 10_000;
const BUSY_LOOK_EVERY_MS = 5;
/** https://sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5;
const CONNECT_TIMEOUT_MS = 10_000;
const CONNECTIONS_MAX = 3;
/** Reading `data_version` costs microseconds. */
const LOOK_EVERY_MS = 250;
const CHANNEL = "lockstep_task_jobs";

/** `sqlite:PATH` or `postgres://…`. Throws CONFIG_INVALID for any other. */
export function openTaskDatabase(url: string, clock: Clock): TaskDatabase {
  if (url.startsWith("sqlite:")) return openSqlite(url.slice("sqlite:".length), clock);
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgres(url, clock);
  throw new LockstepError(
    "CONFIG_INVALID",
    "The address of the task database has to begin with sqlite: (then a path) or postgres://.",
  );
}

function openSqlite(path: string, clock: Clock): TaskDatabase {
  const connection = new DatabaseSync(path, { timeout: OPEN_TIMEOUT_MS, enableForeignKeyConstraints: true });
  connection.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 0");
  // Several statements at once take no parameters, and no names.
  const run: RunSql = async (text, values) => {
    if (values !== undefined) return connection.prepare(text).all(named(values));
    connection.exec(text);
    return [];
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    product: "sqlite",
    write(work) {
      // One connection, so one transaction at a time.
      const mine = last.then(async () => {
        await begin(connection, clock);
        try {
          const value = await work(run);
          connection.exec("COMMIT");
          return value;
        } catch (error) {
          if (connection.isTransaction) connection.exec("ROLLBACK");
          throw error;
        }
      });
      last = mine.catch(() => {});
      return mine;
    },
    async waitForJob(ms, signal) {
      const version = () => connection.prepare("PRAGMA data_version").get()?.data_version;
      const before = version();
      const until = clock.monotonic() + ms;
      while (signal?.aborted !== true && clock.monotonic() < until && version() === before) {
        await clock.sleep(Math.min(LOOK_EVERY_MS, until - clock.monotonic()), signal).catch(() => {});
      }
    },
    async [Symbol.asyncDispose]() {
      await last;
      if (connection.isOpen) connection.close();
    },
  };
}

/** The driver would wait in place, and so would a transaction of another connection in this process. */
async function begin(connection: DatabaseSync, clock: Clock): Promise<void> {
  const until = clock.monotonic() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      connection.exec("BEGIN IMMEDIATE");
      return;
    } catch (error) {
      const code = error instanceof Error && "errcode" in error ? Number(error.errcode) % 256 : 0;
      if (code !== SQLITE_BUSY || clock.monotonic() >= until) throw error;
    }
    await clock.sleep(BUSY_LOOK_EVERY_MS);
  }
}

function named(values: readonly SqlValue[]): Record<string, SQLInputValue> {
  return Object.fromEntries(values.map((value, index) => [`$${index + 1}`, value]));
}

function openPostgres(url: string, clock: Clock): TaskDatabase {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: "lockstep worker",
    keepAlive: true,
  });
  // A connection that breaks says so to whoever uses it. Unheard, it would end the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return {
    product: "postgres",
    write: (work) => inTransaction(pool, work),
    waitForJob: (ms, signal) => listen(pool, { ms, clock, signal }),
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

async function inTransaction<T>(pool: pg.Pool, work: (sql: RunSql) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query("BEGIN");
    const value = await work(async (text, values) => {
      const { rows } = await client.query<SqlRow>(text, values === undefined ? undefined : [...values]);
      return rows;
    });
    await client.query("COMMIT");
    return value;
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

/** Without a connection there is nothing to hear, and the time passes all the same. */
async function listen(
  pool: pg.Pool,
  {
    ms,
    clock,
    signal,
  }: { readonly ms: number; readonly clock: Clock; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const over = new AbortController();
  const stop = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
  const passed = clock.sleep(ms, stop).catch(() => {});
  const client = await pool.connect().catch(() => null);
  const hear = () => over.abort();
  try {
    client?.on("notification", hear);
    await client?.query(`LISTEN ${CHANNEL}`);
    await passed;
  } catch {
    await passed;
  } finally {
    over.abort();
    client?.off("notification", hear);
    const isBroken = await client?.query(`UNLISTEN ${CHANNEL}`).then(
      () => false,
      () => true,
    );
    client?.release(isBroken);
  }
}
