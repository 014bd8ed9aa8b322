import { once } from "node:events";
import { createServer } from "node:net";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { LockstepError } from "../../src/core/errors.ts";
import { hasDatabase } from "../../src/store/postgres/database.ts";
import { storeFailure } from "../../src/store/postgres/failures.ts";
import { migrate } from "../../src/store/postgres/migrations.ts";
import { openPostgresStore } from "../../src/store/postgres/open.ts";
import { beginSync, change, countingIds, draft, minute } from "../../src/store/suite/case.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";

const ids = countingIds();
const openAt = (url: string) => openPostgresStore({ url, ids, lockTimeoutMs: 100 });

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

/** Everything in the database that is not Postgres's own, as text. */
async function schemaOf(database: TestDatabase): Promise<string> {
  const rows = await database.run(`
    SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, NULL) AS type
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE n.nspname !~ '^pg_|^information_schema' ORDER BY 1, 2, 3`);
  return JSON.stringify(rows);
}

describe("openPostgresStore", () => {
  it("makes its schema in an empty database, and finds its data again", async () => {
    await using database = await createDatabase();
    expect(await hasDatabase({ url: database.url })).toBe(false);
    const first = await openAt(database.url);
    const task = await first.createTask({ projectScopeId: "work", version: draft(), at: minute(0) });
    await first.close();
    expect(await hasDatabase({ url: database.url })).toBe(true);
    const before = await schemaOf(database);
    await using second = await openAt(database.url);
    expect(await second.getTask(task.id)).toEqual(task);
    expect(await schemaOf(database)).toBe(before);
    expect(before).not.toContain('"public"');
  });

  it("works for a user who may use the schema but not make one", async () => {
    await using database = await createDatabase();
    await (await openAt(database.url)).close();
    const user = `reader_${database.url.slice(-12)}`;
    await database.run(`
      CREATE USER ${user} PASSWORD 'dummy';
      GRANT USAGE ON SCHEMA lockstep TO ${user};
      GRANT ALL ON ALL TABLES IN SCHEMA lockstep TO ${user}`);
    try {
      const url = database.url.replace("postgres:dummy", `${user}:dummy`);
      await using store = await openAt(url);
      const { id } = await store.createTask({ projectScopeId: "work", version: draft(), at: minute(0) });
      expect(await store.getTask(id)).toMatchObject({ id });
    } finally {
      await database.run(`DROP OWNED BY ${user}; DROP USER ${user}`);
    }
  });

  it("keeps every text as it was written, also what Postgres cannot hold", async () => {
    await using database = await createDatabase();
    await using store = await openAt(database.url);
    const titles = [
      "a\u0000b",
      "\u{10fffe}0",
      "\u0000\u{10fffe}1\u0000",
      'quotes "{,}" \\ NULL',
      "NULL",
      "",
      "🧭",
    ];
    for (const title of titles) {
      const { id } = await store.createTask({
        projectScopeId: "work",
        version: draft({ title }),
        at: minute(0),
      });
      expect((await store.getTask(id))?.current.title).toBe(title);
    }
    const words = { text: "a\u0000B" };
    expect((await store.listTasks(words, { after: null, limit: 10 })).items).toHaveLength(1);
  });

  it("can be closed twice, and says so when it is used after that", async () => {
    await using database = await createDatabase();
    const store = await openAt(database.url);
    await store.close();
    await store.close();
    const message = expect.stringContaining("used after it was closed");
    await expect(store.getTask("x")).rejects.toMatchObject({ code: "STORE_FAILED", message });
    const create = store.createTask({ projectScopeId: "work", version: draft(), at: minute(0) });
    await expect(create).rejects.toMatchObject({ code: "STORE_FAILED", message });
  });

  it.each([
    {
      what: "a schema of another program",
      says: /holds tables of another program/,
      sql: "CREATE SCHEMA lockstep; CREATE TABLE lockstep.notes (text text)",
    },
    {
      what: "a store of a newer Lockstep",
      says: /schema 99, made by a newer Lockstep; this one knows up to \d+\. Upgrade/,
      sql: "INSERT INTO lockstep.schema_migrations VALUES (99)",
      isStore: true,
    },
    {
      what: "an unfinished copy",
      says: /unfinished copy of another store .*DROP SCHEMA "lockstep" CASCADE/,
      sql: "CREATE TABLE lockstep.unfinished_copy ()",
      isStore: true,
    },
  ])("refuses $what with advice and leaves it as it is", async ({ sql, says, isStore = false }) => {
    await using database = await createDatabase();
    if (isStore) await (await openAt(database.url)).close();
    await database.run(sql);
    const before = await schemaOf(database);
    await expect(openAt(database.url)).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringMatching(says),
    });
    expect(await schemaOf(database)).toBe(before);
  });

  it("refuses a database that cannot hold every character", async () => {
    await using database = await createDatabase();
    const name = `latin_${database.url.slice(-12)}`;
    await database.run(
      `CREATE DATABASE ${name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc TEMPLATE template0`,
    );
    try {
      const url = database.url.replace(/[^/]+$/, name);
      await expect(openAt(url)).rejects.toMatchObject({
        code: "STORE_FAILED",
        message: expect.stringContaining("encoding UTF8"),
      });
    } finally {
      await database.run(`DROP DATABASE ${name} WITH (FORCE)`);
    }
  });

  it.each([
    {
      of: "a wrong password",
      change: (url: string) => url.replace(":dummy@", ":hunter2@"),
      says: /PGPASSWORD/,
    },
    {
      of: "no password",
      change: (url: string) => url.replace(":dummy@", "@"),
      says: /Set PGPASSWORD in the environment/,
    },
    {
      of: "a missing database",
      change: (url: string) => `${url}_x`,
      says: /does not exist.*Create the database/,
    },
    {
      of: "nobody listening",
      change: (url: string) => url.replace(/:\d+\//, ":1/"),
      says: /Nothing listens/,
    },
    { of: "no such host", change: (url: string) => url.replace("127.0.0.1", "x.invalid"), says: /host/ },
    {
      of: "an address that is none",
      change: () => "postgres://u:hunter2@[/x",
      says: /expected postgres:\/\//,
    },
    {
      of: "no database named",
      change: (url: string) => url.replace(/[^/]+$/, ""),
      says: /name of the database/,
    },
  ])("gives advice on $of, and shows no password", async ({ change, says }) => {
    await using database = await createDatabase();
    const error = await openAt(change(database.url)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LockstepError);
    expect(error).toMatchObject({ code: "STORE_FAILED", message: expect.stringMatching(says) });
    const shown = JSON.stringify({
      ...(error instanceof LockstepError ? error : {}),
      message: String(error),
    });
    expect(shown).not.toMatch(/hunter2|dummy/);
  });

  it("says that the server went away, and works again when it is back", async () => {
    await using database = await createDatabase();
    await using store = await openAt(database.url);
    const { id } = await store.createTask({ projectScopeId: "work", version: draft(), at: minute(0) });
    const killed = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'lockstep' AND datname = current_database()`;
    await withClient(database.url, async (client) => {
      await client.query("BEGIN; LOCK TABLE lockstep.task_versions");
      const waiting = store.appendVersion({ taskId: id, baseVersionNum: 1, version: draft(), at: minute(1) });
      const refused = expect(waiting).rejects.toMatchObject({ code: "STORE_FAILED", retry: "safe" });
      await expect
        .poll(async () => (await client.query("SELECT 1 FROM pg_locks WHERE NOT granted")).rowCount)
        .toBe(1);
      await client.query(killed);
      await refused;
      await client.query("ROLLBACK");
    });
    expect(await store.getHistory(id, { fromVersion: 1, limit: 10 })).toHaveLength(1);
  });

  it("says that a lock is held, and that trying again is safe", async () => {
    await using database = await createDatabase();
    await using store = await openAt(database.url);
    const { id } = await store.createTask({ projectScopeId: "work", version: draft(), at: minute(0) });
    const write = () =>
      store.appendVersion({ taskId: id, baseVersionNum: 1, version: draft(), at: minute(1) });
    await withClient(database.url, async (client) => {
      await client.query("BEGIN; SELECT 1 FROM lockstep.tasks FOR UPDATE");
      await expect(write()).rejects.toMatchObject({ code: "STORE_FAILED", retry: "safe" });
    });
    expect(await write()).toMatchObject({ versionNum: 2 });
  });

  it("gives up on a server that does not answer", async () => {
    const sockets = new Set<{ destroy(): unknown }>();
    const silent = createServer((socket) => sockets.add(socket)).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const address = silent.address();
    const port = typeof address === "object" ? address?.port : 0;
    const opening = openPostgresStore({ url: `postgres://127.0.0.1:${port}/x`, ids, connectTimeoutMs: 50 });
    await expect(opening).rejects.toMatchObject({ code: "STORE_FAILED", retry: "safe" });
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
});

describe("storeFailure of Postgres", () => {
  it("leaves our own errors and bugs alone", () => {
    for (const error of [new LockstepError("LEASE_LOST", "lost"), new TypeError("bug"), "text"]) {
      expect(storeFailure("store", error)).toBe(error);
    }
  });
});

describe("migrate of Postgres", () => {
  const steps = [
    "CREATE TABLE a (b integer); INSERT INTO a VALUES (1)",
    "ALTER TABLE a ADD COLUMN c integer; UPDATE a SET c = b + 1",
  ];
  const place = { schema: "steps", name: "store" };
  async function open(url: string): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query("SET search_path = steps");
    return client;
  }

  it("runs the missing steps once and in order, and keeps the store as it was when one fails", async () => {
    await using database = await createDatabase();
    const client = await open(database.url);
    const rows = async () => (await client.query("SELECT * FROM a")).rows;
    try {
      expect(await migrate(client, place, steps.slice(0, 1))).toEqual({ from: 0, to: 1 });
      await expect(migrate(client, place, [...steps, "CREATE TABLE a (b integer)"])).rejects.toThrow(
        "already exists",
      );
      expect(await rows()).toEqual([{ b: 1 }]);
      expect(await migrate(client, place, steps)).toEqual({ from: 1, to: 2 });
      expect(await migrate(client, place, steps)).toEqual({ from: 2, to: 2 });
      expect(await rows()).toEqual([{ b: 1, c: 2 }]);
    } finally {
      await client.end();
    }
  });

  it("runs each step once when eight connections migrate an empty database at once", async () => {
    await using database = await createDatabase();
    const clients = await Promise.all(Array.from({ length: 8 }, () => open(database.url)));
    try {
      const changes = await Promise.all(clients.map((client) => migrate(client, place, steps)));
      expect(changes.map(({ from }) => from).sort()).toEqual([0, 2, 2, 2, 2, 2, 2, 2]);
      expect(await database.run("SELECT * FROM steps.a")).toEqual([{ b: 1, c: 2 }]);
    } finally {
      await Promise.all(clients.map((client) => client.end()));
    }
  });
});

describe("a commit to Postgres that fails half-way", () => {
  it("keeps nothing, and the store goes on working", async () => {
    await using database = await createDatabase();
    let repeatsIds = false;
    const counting = countingIds();
    const next = () => (repeatsIds ? "the same id again" : counting.next());
    await using store = await openPostgresStore({ url: database.url, ids: { ...counting, next } });
    const { commit } = await beginSync(store, "tasks");
    repeatsIds = true;
    await expect(commit([change("a"), change("b")], { checkpoint: { page: 1 } })).rejects.toMatchObject({
      code: "STORE_FAILED",
    });
    repeatsIds = false;
    expect(await store.getTotals("tasks")).toMatchObject({ live: 0 });
    expect(await store.getSync("tasks")).toBeNull();
    expect(await commit([change("a"), change("b")])).toEqual({ stale: [] });
  });

  it("is done again as a whole when Postgres gave it up for another's sake", async () => {
    await using database = await createDatabase();
    await using store = await openPostgresStore({ url: database.url, ids: countingIds() });
    const { commit, fence } = await beginSync(store, "tasks");
    await commit([change("a")]);
    const link = (await store.getLinks("tasks", ["a"])).get("a");
    await withClient(database.url, async (client) => {
      // The other holds the task and then wants the lease; the commit holds the lease and wants the task.
      await client.query("SET deadlock_timeout = '10s'; BEGIN; SELECT 1 FROM lockstep.tasks FOR UPDATE");
      const committing = commit([change("a", { taskId: link?.taskId ?? "", expectedVersionNum: 1 })]);
      await expect
        .poll(async () => (await client.query("SELECT 1 FROM pg_locks WHERE NOT granted")).rowCount)
        .toBe(1);
      const other = client.query("SELECT 1 FROM lockstep.leases FOR UPDATE");
      await other;
      await client.query("COMMIT");
      expect(await committing).toEqual({ stale: [] });
    });
    expect((await store.getLinks("tasks", ["a"])).get("a")).toMatchObject({ currentVersionNum: 2 });
    expect((await store.getLease("tasks"))?.fence).toBe(fence);
  });
});
