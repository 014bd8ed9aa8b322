import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { LockstepError } from "../../src/core/errors.ts";
import { storeFailure } from "../../src/store/sqlite/failures.ts";
import { migrate } from "../../src/store/sqlite/migrations.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { beginSync, change, countingIds, draft, minute } from "../../src/store/suite/case.ts";
import { temporaryFolder } from "./folder.ts";

const ids = countingIds();
const openAt = (path: string) => openSqliteStore({ path, ids, busyTimeoutMs: 20 });

function withDatabase<T>(path: string, use: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(path);
  try {
    return use(database);
  } finally {
    database.close();
  }
}

describe("openSqliteStore", () => {
  it("makes a file for this user alone, in WAL mode, and finds its data again", async () => {
    await using folder = await temporaryFolder();
    const path = folder.path("store.db");
    const first = await openAt(path);
    const task = await first.createTask({ projectScopeId: "work", version: draft(), at: minute(0) });
    for (const file of [path, `${path}-wal`, `${path}-shm`])
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    await first.close();
    await using second = await openAt(path);
    expect(await second.getTask(task.id)).toEqual(task);
    const mode = withDatabase(path, (database) => database.prepare("PRAGMA journal_mode").get());
    expect({ ...mode }).toEqual({ journal_mode: "wal" });
  });

  it("takes over an empty file", async () => {
    await using folder = await temporaryFolder();
    await writeFile(folder.path("store.db"), "");
    await using store = await openAt(folder.path("store.db"));
    expect(await store.listRuns({ limit: 1 })).toEqual([]);
  });

  it("can be closed twice, and says so when it is used after that", async () => {
    const store = await openAt(":memory:");
    await store.close();
    await store.close();
    await expect(store.getTask("x")).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringContaining("used after it was closed"),
    });
  });

  it.each([
    {
      name: "missing/store.db",
      says: /cannot open the store .*Its folder must exist/,
      prepare: async () => {},
    },
    {
      name: "folder.db",
      says: /cannot be opened/,
      prepare: (path: string) => mkdir(path),
    },
    {
      name: "notes.txt",
      says: /not an SQLite database/,
      prepare: (path: string) => writeFile(path, "just some notes ".repeat(100)),
    },
    {
      name: "other.db",
      says: /database of another program/,
      prepare: async (path: string) => withDatabase(path, (other) => other.exec("CREATE TABLE notes (text)")),
    },
    {
      name: "numbered.db",
      says: /database of another program/,
      prepare: async (path: string) => withDatabase(path, (other) => other.exec("PRAGMA user_version = 1")),
    },
    {
      name: "newer.db",
      says: /schema 99, made by a newer Lockstep; this one knows up to \d+\. Upgrade/,
      prepare: async (path: string) => {
        await (await openAt(path)).close();
        withDatabase(path, (newer) => newer.exec("PRAGMA user_version = 99"));
      },
    },
  ])("refuses $name with advice and leaves it as it is", async ({ name, says, prepare }) => {
    await using folder = await temporaryFolder();
    const path = folder.path(name);
    await prepare(path);
    const before = await readFile(path).catch(() => null);
    await expect(openAt(path)).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringMatching(says),
    });
    expect(await readFile(path).catch(() => null)).toEqual(before);
  });

  it("says what to do about a damaged file", async () => {
    await using folder = await temporaryFolder();
    const path = folder.path("store.db");
    await (await openAt(path)).close();
    const bytes = await readFile(path);
    await writeFile(path, bytes.fill(0xaa, bytes.length / 8));
    const use = async () => {
      await using store = await openAt(path);
      await store.createTask({ projectScopeId: "work", version: draft(), at: minute(0) });
    };
    await expect(use()).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringContaining("damaged"),
    });
  });

  it("says that another process holds the lock, and that trying again is safe", async () => {
    await using folder = await temporaryFolder();
    const path = folder.path("store.db");
    await using store = await openAt(path);
    const write = () => store.createTask({ projectScopeId: "work", version: draft(), at: minute(0) });
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    await expect(write()).rejects.toMatchObject({ code: "STORE_FAILED", retry: "safe" });
    other.close();
    expect(await write()).toMatchObject({ current: { versionNum: 1 } });
  });
});

describe("storeFailure", () => {
  const failures: { of: string; path?: string; fail: (database: DatabaseSync) => void; says: RegExp }[] = [
    {
      of: "a full disk",
      fail: (database) => database.exec("PRAGMA max_page_count = 2; CREATE TABLE a (b); CREATE TABLE c (d)"),
      says: /disk is full/,
    },
    {
      of: "a read-only store",
      fail: (database) =>
        database.exec("CREATE TABLE a (b); PRAGMA query_only = 1; INSERT INTO a VALUES (1)"),
      says: /read-only/,
    },
    { of: "anything else", fail: (database) => database.exec("SELEKT"), says: /syntax error.*please report/ },
  ];

  it.each(failures)("gives advice on $of", ({ fail, says }) => {
    const database = new DatabaseSync(":memory:");
    try {
      fail(database);
      expect.unreachable();
    } catch (error) {
      const failure = storeFailure("store.db", error);
      expect(failure).toBeInstanceOf(LockstepError);
      expect(failure).toMatchObject({
        code: "STORE_FAILED",
        message: expect.stringMatching(says),
        cause: error,
      });
    } finally {
      database.close();
    }
  });

  it("leaves our own errors and bugs alone", () => {
    for (const error of [new LockstepError("LEASE_LOST", "lost"), new TypeError("bug"), "text"]) {
      expect(storeFailure("store.db", error)).toBe(error);
    }
  });
});

describe("migrate", () => {
  const steps = [
    "CREATE TABLE a (b); INSERT INTO a VALUES (1)",
    "ALTER TABLE a ADD COLUMN c; UPDATE a SET c = b + 1",
  ];
  const rows = (database: DatabaseSync) =>
    database
      .prepare("SELECT * FROM a")
      .all()
      .map((row) => ({ ...row }));

  it("runs the missing steps once and in order", () => {
    withDatabase(":memory:", (database) => {
      migrate(database, "store.db", steps.slice(0, 1));
      expect(rows(database)).toEqual([{ b: 1 }]);
      migrate(database, "store.db", steps);
      migrate(database, "store.db", steps);
      expect(rows(database)).toEqual([{ b: 1, c: 2 }]);
    });
  });

  it("keeps the store as it was when a step fails", () => {
    withDatabase(":memory:", (database) => {
      migrate(database, "store.db", steps.slice(0, 1));
      expect(() => migrate(database, "store.db", [...steps, "CREATE TABLE a (b)"])).toThrow("already exists");
      expect(rows(database)).toEqual([{ b: 1 }]);
      migrate(database, "store.db", steps);
      expect(rows(database)).toEqual([{ b: 1, c: 2 }]);
    });
  });
});

describe("a commit that fails half-way", () => {
  it("keeps nothing, and the store goes on working", async () => {
    await using folder = await temporaryFolder();
    let repeatsIds = false;
    const counting = countingIds();
    const next = () => (repeatsIds ? "the same id again" : counting.next());
    await using store = await openSqliteStore({ path: folder.path("store.db"), ids: { ...counting, next } });
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
});
