import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { afterAll } from "vitest";
import { pull } from "../../src/connector/connector.suite.ts";
import type { Checkpoint, RecordWrite, WriteOutcome } from "../../src/connector/connector.ts";
import type { WritableWorld } from "../../src/connector/writing.suite.ts";
import type { SqlTableConfig } from "../../src/connectors/sql/config.ts";
import { createSqlConnector, type SqlConnector } from "../../src/connectors/sql/connector.ts";
import type { SourceRecord } from "../../src/core/record.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";

export type Product = "sqlite" | "postgres";

export const products: readonly Product[] = ["sqlite", "postgres"];

/** Another program's connection. */
export interface Session extends AsyncDisposable {
  /** The rows of the last statement. */
  run(sql: string, values?: readonly (string | number | null)[]): Promise<readonly Record<string, unknown>[]>;
}

export interface SqlWorld extends AsyncDisposable {
  readonly product: Product;
  readonly url: string;
  /** The administrator's, or the file's. */
  readonly run: Session["run"];
  session(): Promise<Session>;
  /** Until everything that was written is visible to readers of changes, whatever other tests do on the server. */
  settle(): Promise<void>;
  /** Disposed with the world. Unless it is told to be impatient, it lets the world settle before it pulls. */
  connect(config: Partial<SqlTableConfig>, options?: { readonly isPatient?: boolean }): SqlConnector;
}

/** Time that passes by itself: for watching. */
const clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    }),
};

const taskTable = {
  sqlite: `CREATE TABLE tasks (id INTEGER PRIMARY KEY, title TEXT, note TEXT, score REAL, done BOOLEAN,
    deleted_at DATETIME, lockstep_id TEXT UNIQUE)`,
  postgres: `CREATE TABLE tasks (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text, note text,
    score double precision, done boolean, deleted_at timestamptz, lockstep_id text UNIQUE)`,
};

export const taskConfig = {
  table: "tasks",
  key: "id",
  columns: "all",
  markerColumn: "lockstep_id",
  softDelete: { column: "deleted_at", kind: "timestamp" },
} as const;

/** `ddl`: run before anything else; "tasks": the table that most tests use. */
export type OpenSqlWorld = (product: Product, ddl?: string | "tasks") => Promise<SqlWorld>;

/** Worlds for the tests of one file: each a file of its own, or a schema of its own in the file's Postgres database. */
export function useSqlWorlds(): OpenSqlWorld {
  let database: Promise<TestDatabase> | null = null;
  let schemas = 0;
  afterAll(async () => {
    await (await database)?.[Symbol.asyncDispose]();
  });
  return async (product, ddl = "tasks") => {
    if (product === "sqlite") return openWorld(product, { place: await sqlitePlace(), ddl });
    database ??= createDatabase();
    schemas += 1;
    return openWorld(product, { place: await postgresPlace(await database, `world_${schemas}`), ddl });
  };
}

interface Place extends AsyncDisposable {
  readonly url: string;
  session(): Promise<Session>;
  /** Until everything that was written is visible to readers of changes, whatever other tests do on the server. */
  settle(): Promise<void>;
}

async function openWorld(
  product: Product,
  { place, ddl }: { readonly place: Place; readonly ddl: string | "tasks" },
): Promise<SqlWorld> {
  const connectors: SqlConnector[] = [];
  const session = await place.session();
  await session.run(ddl === "tasks" ? taskTable[product] : ddl);
  return {
    product,
    url: place.url,
    run: session.run,
    session: place.session,
    settle: place.settle,
    connect(config, { isPatient = true } = {}) {
      let next = 0;
      const connector = createSqlConnector({
        config: { url: place.url, ...taskConfig, ...config },
        clock,
        ids: {
          next() {
            next += 1;
            return `01890000-0000-7000-8000-${String(next).padStart(12, "0")}`;
          },
          random: () => 0.5,
        },
      });
      connectors.push(connector);
      if (!isPatient) return connector;
      return {
        ...connector,
        async *pull(request) {
          await place.settle();
          return yield* connector.pull(request);
        },
      };
    },
    async [Symbol.asyncDispose]() {
      for (const connector of connectors) await connector[Symbol.asyncDispose]();
      await session[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    },
  };
}

async function sqlitePlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "lockstep-sql-"));
  const path = join(folder, "user's own.db");
  return {
    url: `sqlite:${path}`,
    session: async () => sqliteSession(path),
    settle: async () => {},
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

function sqliteSession(path: string): Session {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  return {
    async run(sql, values) {
      if (values !== undefined) {
        return database
          .prepare(sql)
          .all(Object.fromEntries(values.map((value, index) => [`$${index + 1}`, value])));
      }
      if (/;\s*\S/.test(sql) || !/^\s*(SELECT|PRAGMA)|RETURNING/i.test(sql)) {
        database.exec(sql);
        return [];
      }
      return database.prepare(sql).all();
    },
    async [Symbol.asyncDispose]() {
      database.close();
    },
  };
}

async function postgresPlace(database: TestDatabase, schema: string): Promise<Place> {
  const url = `${database.url}?options=${encodeURIComponent(`-c search_path=${schema}`)}`;
  await database.run(`CREATE SCHEMA ${schema}`);
  const watcher = await postgresSession(url);
  return {
    url,
    session: () => postgresSession(url),
    async settle() {
      const [own] = await watcher.run("SELECT pg_current_xact_id()::text AS id");
      const oldest = "SELECT pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8 AS is_over";
      for (;;) {
        const [row] = await watcher.run(oldest, [String(own?.id)]);
        if (row?.is_over === true) return;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    async [Symbol.asyncDispose]() {
      await watcher[Symbol.asyncDispose]();
      await database.run(`DROP SCHEMA ${schema} CASCADE`);
    },
  };
}

async function postgresSession(url: string): Promise<Session> {
  const client = new pg.Client({ connectionString: url, application_name: "another program" });
  client.on("error", () => {});
  await client.connect();
  return {
    async run(sql, values) {
      const result = await client.query<Record<string, unknown>>(
        sql,
        values === undefined ? undefined : [...values],
      );
      const last = Array.isArray(result) ? result.at(-1) : result;
      return last?.rows ?? [];
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}

/** The suite's world: a table of tasks, other programs' statements behind the connector's back. */
export async function suiteWorld(world: SqlWorld): Promise<WritableWorld> {
  const { product } = world;
  const connector = world.connect({ url: product === "sqlite" ? world.url : await limitedUrl(world) });
  await world.connect({}).capture.install();
  if (product === "postgres") await world.run(grantRead);
  const [before] = await world.run(
    "SELECT count(*) AS n FROM lockstep_changes_tasks WHERE editor = 'lockstep'",
  );
  let written = Number(before?.n);
  const recount = async () => {
    const [now] = await world.run(
      "SELECT count(*) AS n FROM lockstep_changes_tasks WHERE editor = 'lockstep'",
    );
    written = Number(now?.n);
  };
  const insert = async (title: string) => {
    const [row] = await world.run("INSERT INTO tasks (title) VALUES ($1) RETURNING id", [title]);
    return String(row?.id);
  };
  return {
    connector: {
      ...connector,
      async apply(write, options) {
        const outcome = await connector.apply(write, options);
        await recount().catch(() => {});
        return outcome;
      },
    },
    sample: {
      title: { field: "title", values: ["One", "Zwei ☃ '\"; DROP TABLE tasks; --", ""] },
      other: { field: "done", values: [true, false, null] },
    },
    writesSeen: () => written,
    loseAnswer: null,
    add: insert,
    async addMany(count) {
      const titles = Array.from({ length: count }, (_, index) => `('Row ${index}')`);
      const rows = await world.run(`INSERT INTO tasks (title) VALUES ${titles.join(", ")} RETURNING id`, []);
      return rows.map((row) => String(row.id));
    },
    edit: async (id, title) =>
      void (await world.run("UPDATE tasks SET title = $1 WHERE id = $2", [title, id])),
    trash: async (id) =>
      void (await world.run("UPDATE tasks SET deleted_at = CURRENT_TIMESTAMP WHERE id = $1", [id])),
    restore: async (id) => void (await world.run("UPDATE tasks SET deleted_at = NULL WHERE id = $1", [id])),
    remove: async (id) => void (await world.run("DELETE FROM tasks WHERE id = $1", [id])),
    async hideField(id) {
      const value = product === "sqlite" ? "9e999" : "'NaN'";
      await world.run(`UPDATE tasks SET score = ${value} WHERE id = ${id}`);
      return "score";
    },
    async obstruct() {
      await world.run(
        product === "sqlite"
          ? "DROP TRIGGER lockstep_update_tasks"
          : "ALTER TABLE tasks DISABLE TRIGGER lockstep_capture",
      );
    },
    async revokeAccess() {
      await world.run(
        product === "sqlite" ? "ALTER TABLE tasks RENAME TO elsewhere" : "REVOKE ALL ON tasks FROM limited",
      );
    },
    advance: () => {},
    titleOf: (record) => String(record.fields.title),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

/** What the capture needs the user to read. */
export const grantRead =
  "GRANT SELECT ON lockstep_capture_tasks, lockstep_changes_tasks, lockstep_rows_tasks TO limited";

/** A user with no more rights than the documents ask for. */
export async function limitedUrl({ run, url }: SqlWorld): Promise<string> {
  await run(`DO $$ BEGIN CREATE ROLE limited LOGIN PASSWORD 'dummy';
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`);
  const [place] = await run("SELECT current_schema AS name");
  await run(`GRANT USAGE ON SCHEMA ${String(place?.name)} TO limited`);
  await run("GRANT SELECT, INSERT, UPDATE, DELETE ON tasks TO limited");
  const limited = new URL(url);
  limited.username = "limited";
  limited.password = "dummy";
  return limited.href;
}

export const inTime = { sendBy: Number.POSITIVE_INFINITY };

export function recordIn(outcome: WriteOutcome): SourceRecord {
  if (outcome.kind !== "applied")
    throw new Error(`expected the write to be applied: ${JSON.stringify(outcome)}`);
  return outcome.record;
}

/** Applies and expects success. */
export async function applied(connector: SqlConnector, write: RecordWrite): Promise<SourceRecord> {
  return recordIn(await connector.apply(write, inTime));
}

/** A connector with its capture installed and everything read. */
export async function reading(
  world: SqlWorld,
  options?: { readonly isPatient: boolean },
): Promise<{ connector: SqlConnector; checkpoint: Checkpoint }> {
  const connector = world.connect({}, options);
  await connector.capture.install();
  return { connector, checkpoint: (await pull(connector, "full")).end.checkpoint };
}

export const shown = (records: readonly SourceRecord[]) =>
  records.map(({ id, presence, fields, memo }) => [id, memo === null ? presence : "gone", fields.title]);

export const priorsOf = (records: readonly SourceRecord[]) => records.map((record) => record.raw.prior);
