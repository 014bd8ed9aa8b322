import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { Clock } from "../../../src/core/clock.ts";
import {
  openTaskDatabase,
  type Product,
  type SqlRow,
  type TaskDatabase,
} from "../../../src/recipes/pipeline/database.ts";
import { migrateTasks } from "../../../src/recipes/pipeline/migrate.ts";
import { createTaskQueue, type TaskQueue } from "../../../src/recipes/pipeline/queue.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";

export const products: readonly Product[] = ["sqlite", "postgres"];

/** Time that passes by itself: for waiting. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const timer = setTimeout(resolve, ms);
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", stop, { once: true });
    }),
};

export interface TaskWorld extends AsyncDisposable {
  readonly product: Product;
  readonly url: string;
  readonly database: TaskDatabase;
  /** Another program's statement. */
  run(sql: string, values?: readonly (string | number | null)[]): Promise<readonly SqlRow[]>;
  /** Until everything that was written is visible to readers of changes, whatever other tests do on the server. */
  settle(): Promise<void>;
  /** A worker's own connection, disposed of with the world. `now`: in place of the database's clock. */
  queue(now?: () => number): TaskQueue;
  /** Inserts a task that is complete; gives its id. */
  addTask(columns?: Readonly<Record<string, string>>): Promise<string>;
}

/** Databases with the pipeline's tables, for the tests of one file. */
export function useTaskWorlds(): (product: Product, isMigrated?: boolean) => Promise<TaskWorld> {
  let shared: Promise<TestDatabase> | null = null;
  let schemas = 0;
  afterAll(async () => {
    await (await shared)?.[Symbol.asyncDispose]();
  });
  const places = {
    async sqlite() {
      const folder = await mkdtemp(join(tmpdir(), "lockstep-tasks-"));
      const remove = () => rm(folder, { recursive: true, force: true });
      return { url: `sqlite:${join(folder, "tasks.db")}`, remove };
    },
    async postgres() {
      shared ??= createDatabase();
      const database = await shared;
      schemas += 1;
      const schema = `tasks_${schemas}`;
      await database.run(`CREATE SCHEMA ${schema}`);
      const url = `${database.url}?options=${encodeURIComponent(`-c search_path=${schema}`)}`;
      return { url, remove: async () => void (await database.run(`DROP SCHEMA ${schema} CASCADE`)) };
    },
  };
  return async (product, isMigrated = true) => {
    const place = await places[product]();
    const database = openTaskDatabase(place.url, realClock);
    if (isMigrated) await migrateTasks(database);
    return openWorld({ product, place, database });
  };
}

function openWorld({
  product,
  place,
  database,
}: {
  readonly product: Product;
  readonly place: { readonly url: string; readonly remove: () => Promise<void> };
  readonly database: TaskDatabase;
}): TaskWorld {
  const open: TaskDatabase[] = [database];
  const run: TaskWorld["run"] = (sql, values) => database.write((statement) => statement(sql, values ?? []));
  return {
    product,
    url: place.url,
    database,
    run,
    async settle() {
      if (product === "sqlite") return;
      const [own] = await run("SELECT pg_current_xact_id()::text AS id");
      const oldest = "SELECT pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8 AS is_over";
      for (;;) {
        const [row] = await run(oldest, [String(own?.id)]);
        if (row?.is_over === true) return;
        await realClock.sleep(5);
      }
    },
    queue(now) {
      const own = openTaskDatabase(place.url, realClock);
      open.push(own);
      return createTaskQueue({ database: own, random: () => 0, ...(now === undefined ? {} : { now }) });
    },
    async addTask(columns = {}) {
      const row = { title: "A title", topic: "A topic", ...columns };
      const names = Object.keys(row);
      const [made] = await run(
        `INSERT INTO tasks (${names.join(", ")}) VALUES (${names.map((_, index) => `$${index + 1}`).join(", ")}) RETURNING id`,
        Object.values(row),
      );
      return String(made?.id);
    },
    async [Symbol.asyncDispose]() {
      for (const each of open) await each[Symbol.asyncDispose]();
      await place.remove();
    },
  };
}
