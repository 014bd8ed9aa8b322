import { Socket } from "node:net";
import pg from "pg";
import { defaultSchema } from "./address.ts";
import { decodeText } from "./values.ts";

export interface DatabaseOptions {
  /** postgres://user@host:port/database; its password usually comes from PGPASSWORD. */
  readonly url: string;
  /** A schema of the database, made when missing. Lower-case letters, digits and underscores. */
  readonly schema?: string;
  /** How long a write waits for another's transaction before it fails with STORE_FAILED. */
  readonly lockTimeoutMs?: number;
  /** How long a new connection may take. */
  readonly connectTimeoutMs?: number;
}

export interface Connections {
  readonly pool: pg.Pool;
  end(): Promise<void>;
}

const connectionsMax = 5;
/** A process that stops in the middle of a transaction (a laptop that sleeps) holds others up for so long at most. */
const idleInTransactionTimeoutMs = 60_000;

/**
 * Each statement here finds a page of rows, or named ones, by an index. Postgres knows the tables' sizes only some time
 * after they grew, and a first run fills them in seconds: left alone, it reads whole tables for every page.
 */
const indexSettings = ["enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin"].map(
  (name) => [name, "off"] as const,
);

/** Servers may answer a commit before it is on disk. What the store says it has kept is kept; a stricter setting stays. */
const durableCommits = `
  SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`;

/** Connects when there is something to do. */
export function openConnections({
  url,
  schema = defaultSchema,
  lockTimeoutMs = 10_000,
  connectTimeoutMs = 10_000,
}: DatabaseOptions): Connections {
  const settings = new Map([
    ["search_path", `"${schema}"`],
    ["lock_timeout", String(lockTimeoutMs)],
    ["idle_in_transaction_session_timeout", String(idleInTransactionTimeoutMs)],
    ...indexSettings,
  ]);
  const sockets = new Set<Socket>();
  const pool = new pg.Pool({
    connectionString: url,
    max: connectionsMax,
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: "lockstep",
    keepAlive: true,
    types: { getTypeParser },
    stream: () => {
      const socket = new Socket();
      sockets.add(socket);
      return socket.once("close", () => sockets.delete(socket));
    },
    // Here and not in the connection's `options`, which an address may set.
    onConnect: (client) =>
      client.query(
        `SELECT set_config(name, value, false) FROM unnest($1::text[], $2::text[]) AS setting (name, value)
        UNION ALL ${durableCommits}`,
        [[...settings.keys()], [...settings.values()]],
      ),
  });
  // A connection that breaks says so to whoever uses it, and the pool makes a new one. Unheard, it would end the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return {
    pool,
    async end() {
      await pool.end();
      // The driver leaves a connection open that failed before it was made, for want of a password.
      for (const socket of sockets) socket.destroy();
    },
  };
}

const textTypes: ReadonlySet<number> = new Set([pg.types.builtins.TEXT, pg.types.builtins.VARCHAR]);

function getTypeParser(type: number, format?: "text" | "binary"): (text: string) => unknown {
  if (textTypes.has(type)) return decodeText;
  // Counts and times in milliseconds: far below the integers that a number holds exactly.
  if (type === pg.types.builtins.INT8) return Number;
  return pg.types.getTypeParser(type, format);
}
