import type { Clock, Ids } from "../../core/clock.ts";
import { LockstepError } from "../../core/errors.ts";
import type { SqlTableConfig } from "./config.ts";
import { numberIn, type Sql, type SqlDatabase } from "./database.ts";
import { asLockstepError } from "./failures.ts";
import { type Catalog, type Installation, resolveTarget, type Target } from "./table.ts";

/** One table, and everything that working on it takes. */
export interface SqlTable {
  readonly config: SqlTableConfig;
  readonly database: SqlDatabase;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** The table as the database has it now. Throws ACCESS_LOST when it is not there or may not be read. */
export async function readCatalog({ config, database }: SqlTable, sql: Sql): Promise<Catalog> {
  const catalog = await database.dialect.readCatalog(sql, config.table);
  if (catalog !== null) return catalog;
  throw new LockstepError(
    "ACCESS_LOST",
    `Looked for table ${config.table} in ${database.label}, which is not there or may not be read. Nothing is concluded ` +
      "from rows that cannot be seen. Check the table's name and the rights of the user in the URL.",
  );
}

export async function readTarget(table: SqlTable, sql: Sql): Promise<Target> {
  return resolveTarget(table.config, await readCatalog(table, sql));
}

/** One look at the table, in one state of the database. Throws ACCESS_LOST, SQL_TABLE_UNFIT, SQL_FAILED or CANCELLED. */
export async function look<T>(
  table: SqlTable,
  work: (sql: Sql, target: Target) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const { config, database } = table;
  if (signal?.aborted) {
    throw new LockstepError("CANCELLED", `Cancelled before table ${config.table} was read.`);
  }
  try {
    return await database.read(async (sql) => work(sql, await readTarget(table, sql)));
  } catch (error) {
    const what = `to read table ${config.table} in ${database.label}`;
    throw asLockstepError(error, { what, failureOf: database.dialect.failureOf });
  }
}

/** Why changes of the table may be going unseen; null: none do. */
export function captureProblem({ catalog, captured }: Target): string | null {
  const { installation, table } = catalog;
  if (installation === null) return `no capture is installed for table ${table}; install it first`;
  if (!installation.isWhole) {
    return `the capture's triggers on table ${table} are missing or disabled; install it again`;
  }
  const missing = captured.find((column) => !installation.columns.includes(column.name));
  if (missing === undefined) return null;
  return `the capture of table ${table} does not watch column ${missing.name}; install it again`;
}

/** The installation, when it sees everything. */
export function wholeInstallation(target: Target): Installation | { readonly problem: string } {
  const problem = captureProblem(target);
  if (problem !== null) return { problem };
  return target.catalog.installation ?? { problem: "no capture is installed" };
}

/** Everything that became visible before it can be read now; whatever comes later counts from here on. */
export async function readHorizon({ database }: SqlTable, sql: Sql, target: Target): Promise<number> {
  const [row] = await sql.query(database.dialect.horizon(target.names.changes));
  return row === undefined ? 0 : numberIn(row, "horizon");
}
