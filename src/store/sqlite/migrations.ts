import type { DatabaseSync } from "node:sqlite";
import { LockstepError } from "../../core/errors.ts";
import { firstSchema } from "./schema.ts";

/** "LOCK": marks the file as ours, also for file(1). https://sqlite.org/pragma.html#pragma_application_id */
const applicationId = 0x4c_4f_43_4b;

/** Migration n turns schema n into schema n + 1. Appended to, never edited: stores out there have run them. */
const migrations: readonly string[] = [firstSchema];

/** Brings the schema up to date in one transaction. Refuses newer stores and files that are not stores. */
export function migrate(connection: DatabaseSync, path: string, steps = migrations): void {
  const schemaNow = () => schemaOf(connection, path, steps.length);
  if (schemaNow() === steps.length) return;
  connection.exec("BEGIN IMMEDIATE");
  try {
    // Read again under the lock: another process may have migrated meanwhile.
    for (const statements of steps.slice(schemaNow())) connection.exec(statements);
    connection.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${steps.length};`);
    connection.exec("COMMIT");
  } catch (error) {
    if (connection.isTransaction) connection.exec("ROLLBACK");
    throw error;
  }
}

function schemaOf(connection: DatabaseSync, path: string, known: number): number {
  const number = (sql: string) => Number(Object.values(connection.prepare(sql).get() ?? {})[0]);
  const schema = number("PRAGMA user_version");
  const isEmpty = schema === 0 && number("SELECT count(*) FROM sqlite_master") === 0;
  if (!isEmpty && number("PRAGMA application_id") !== applicationId) {
    throw new LockstepError(
      "STORE_FAILED",
      `${path} is an SQLite database of another program, not a Lockstep store; it was left as it is. ` +
        "Point the store at another path.",
    );
  }
  if (schema > known) {
    throw new LockstepError(
      "STORE_FAILED",
      `the store ${path} has schema ${schema}, made by a newer Lockstep; this one knows up to ${known}. ` +
        "Upgrade Lockstep, or use the version that wrote the store.",
      { details: { schema, known } },
    );
  }
  return schema;
}
