import { LockstepError } from "../../core/errors.ts";
import type { RunSql, SqlRow, TaskDatabase } from "./database.ts";
import { migrations } from "./table.ts";

/** Any number that others are unlikely to use: "TASK". */
const ADVISORY_LOCK = 0x54_41_53_4b;

/**
 * Brings the tables up to date, in one transaction, also when several processes start at once. Refuses a table of tasks
 * that is somebody else's, and one made by a newer Lockstep.
 */
export async function migrateTasks(
  database: TaskDatabase,
  steps: readonly string[] = migrations[database.product],
): Promise<{ readonly from: number; readonly to: number }> {
  return database.write(async (sql) => {
    if (database.product === "postgres") await sql("SELECT pg_advisory_xact_lock($1)", [ADVISORY_LOCK]);
    const from = await schemaNow(database, sql);
    if (from > steps.length) {
      throw new LockstepError(
        "STORE_FAILED",
        `The task tables have schema ${from}, made by a newer Lockstep; this one knows up to ${steps.length}. Upgrade it.`,
      );
    }
    for (const [index, statements] of steps.entries()) {
      if (index < from) continue;
      await sql(statements);
      await sql("INSERT INTO task_migrations (number) VALUES ($1)", [index + 1]);
    }
    return { from, to: steps.length };
  });
}

async function schemaNow(database: TaskDatabase, sql: RunSql): Promise<number> {
  const { hasMigrations, hasTasks } = await look(database, sql);
  if (hasTasks && !hasMigrations) {
    throw new LockstepError(
      "SQL_TABLE_UNFIT",
      "There is a table tasks in this database already, which Lockstep did not make; it was left as it is. Map it as an " +
        "existing table, or point the pipeline at another database or schema.",
    );
  }
  if (!hasMigrations) {
    const now = database.product === "sqlite" ? "CURRENT_TIMESTAMP" : "now()";
    await sql(
      `CREATE TABLE task_migrations (number integer PRIMARY KEY, applied_at timestamp NOT NULL DEFAULT ${now})`,
    );
  }
  const [newest] = await sql("SELECT coalesce(max(number), 0) AS number FROM task_migrations", []);
  return Number(newest?.number ?? 0);
}

async function look(
  { product }: TaskDatabase,
  sql: RunSql,
): Promise<{ readonly hasMigrations: boolean; readonly hasTasks: boolean }> {
  const isThere = async (table: string) => {
    const rows: readonly SqlRow[] =
      product === "sqlite"
        ? await sql("SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = $1", [table])
        : await sql("SELECT 1 AS found WHERE to_regclass($1) IS NOT NULL", [table]);
    return rows.length > 0;
  };
  return { hasMigrations: await isThere("task_migrations"), hasTasks: await isThere("tasks") };
}
