import type { ClientBase } from "pg";
import { LockstepError } from "../../core/errors.ts";
import type { SchemaChange } from "../tables.ts";
import { answerSchema } from "./answers.ts";
import { collectionSchema } from "./collection-schema.ts";
import { pairSchema } from "./pair-schema.ts";
import { firstSchema } from "./schema.ts";

/** Migration n turns schema n into schema n + 1. Appended to, never edited: stores out there have run them. */
const migrations: readonly string[] = [firstSchema, pairSchema, answerSchema, collectionSchema];

interface Place {
  readonly schema: string;
  /** What messages call the store. */
  readonly name: string;
}

/** Serializes migrations in one database, whatever their schema. Any number that others are unlikely to use. */
const advisoryLock = 0x4c_4f_43_4b;
/** Others may be migrating a large store. */
const lockTimeout = "10min";
const oldestServer = 140_000;

/**
 * Brings the schema up to date in one transaction, also when several processes start at once. Refuses newer stores,
 * schemas of another program, and servers that cannot hold a store.
 */
export async function migrate(client: ClientBase, place: Place, steps = migrations): Promise<SchemaChange> {
  await checkServer(client, place.name);
  const seen = await schemaOf(client, place, steps.length);
  if (seen === steps.length) return { from: seen, to: seen };
  await client.query("BEGIN");
  try {
    await client.query(
      `SET LOCAL lock_timeout = '${lockTimeout}'; SELECT pg_advisory_xact_lock(${advisoryLock})`,
    );
    // Read again under the lock: another process may have migrated meanwhile.
    const from = await schemaOf(client, place, steps.length);
    await runSteps(
      client,
      place.schema,
      steps.slice(from).map((statements, n) => [from + n + 1, statements]),
    );
    await client.query("COMMIT");
    return { from, to: steps.length };
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

/** Runs statements; what a client and a pool of them have in common. */
type Queryable = Pick<ClientBase, "query">;

/** Whether the schema holds a store, of whatever age. */
export async function isStore(connection: Queryable, schema: string): Promise<boolean> {
  const { rows } = await connection.query<{ isStore: boolean }>(
    `SELECT to_regclass('"${schema}".schema_migrations') IS NOT NULL AS "isStore"`,
  );
  return rows[0]?.isStore === true;
}

async function checkServer(client: ClientBase, name: string): Promise<void> {
  const { rows } = await client.query<{ version: number; encoding: string }>(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding`,
  );
  const { version = 0, encoding = "" } = rows[0] ?? {};
  const refuse = (expected: string, came: string) =>
    new LockstepError(
      "STORE_FAILED",
      `the store ${name} cannot be used: expected ${expected}, and it is ${came}.`,
    );
  if (version < oldestServer) throw refuse("Postgres 14 or newer", `number ${version}`);
  if (encoding !== "UTF8")
    throw refuse("a database with encoding UTF8", `${encoding}. Create one that has it`);
}

interface SchemaState {
  readonly hasTables: boolean;
  readonly isStore: boolean;
  readonly isUnfinished: boolean;
}

/** The number of the schema that is there, 0 for none. Refuses what is no store or cannot be used. */
async function schemaOf(client: ClientBase, { schema, name }: Place, known: number): Promise<number> {
  // In one statement, which sees another process's migration as a whole or not at all.
  const { rows: states } = await client.query<SchemaState>(
    `SELECT count(*) > 0 AS "hasTables", count(*) FILTER (WHERE c.relname = 'schema_migrations') > 0 AS "isStore",
      count(*) FILTER (WHERE c.relname = 'unfinished_copy') > 0 AS "isUnfinished"
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1`,
    [schema],
  );
  const { hasTables = false, isStore = false, isUnfinished = false } = states[0] ?? {};
  if (isUnfinished) throw unfinished(schema, name);
  if (!isStore && hasTables) throw notOurs(schema, name);
  if (!isStore) return 0;
  const { rows } = await client.query<{ number: number }>(
    `SELECT max(number) AS number FROM "${schema}".schema_migrations`,
  );
  const { number = 0 } = rows[0] ?? {};
  if (number > known) throw tooNew(name, number, known);
  return number;
}

function unfinished(schema: string, name: string): LockstepError {
  return new LockstepError(
    "STORE_FAILED",
    `the store ${name} is the unfinished copy of another store and cannot be used. To start over, run ` +
      `DROP SCHEMA "${schema}" CASCADE in its database, and copy again.`,
  );
}

function notOurs(schema: string, name: string): LockstepError {
  return new LockstepError(
    "STORE_FAILED",
    `the schema "${schema}" of ${name} holds tables of another program, not a Lockstep store; it was left as it is. ` +
      "Point the store at another database.",
  );
}

function tooNew(name: string, schema: number, known: number): LockstepError {
  return new LockstepError(
    "STORE_FAILED",
    `the store ${name} has schema ${schema}, made by a newer Lockstep; this one knows up to ${known}. ` +
      "Upgrade Lockstep, or use the version that wrote the store.",
    { details: { schema, known } },
  );
}

async function runSteps(
  client: ClientBase,
  schema: string,
  steps: readonly (readonly [number: number, statements: string])[],
): Promise<void> {
  // Asked first, because even IF NOT EXISTS needs the right to create one.
  const { rows } = await client.query("SELECT 1 WHERE to_regnamespace($1) IS NULL", [`"${schema}"`]);
  if (rows.length > 0) await client.query(`CREATE SCHEMA "${schema}"`);
  await client.query(`
    CREATE TABLE IF NOT EXISTS "${schema}".schema_migrations (
      number integer PRIMARY KEY,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`);
  for (const [number, statements] of steps) {
    await client.query(statements);
    await client.query(`INSERT INTO "${schema}".schema_migrations (number) VALUES ($1)`, [number]);
  }
}
