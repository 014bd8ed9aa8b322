import type { DatabaseSync } from "node:sqlite";
import { LockstepError } from "../../core/errors.ts";
import type { SchemaChange } from "../tables.ts";
import { answerSchema } from "./answers.ts";
import { collectionSchema } from "./collection-schema.ts";
import { pairSchema } from "./pair-schema.ts";
import { firstSchema } from "./schema.ts";

/** "LOCK": marks the file as ours, also for file(1). https://sqlite.org/pragma.html#pragma_application_id */
const applicationId = 0x4c_4f_43_4b;
/** "LOC?": a store that another one is being copied into. */
const unfinishedId = 0x4c_4f_43_3f;

/** Migration n turns schema n into schema n + 1. Appended to, never edited: stores out there have run them. */
const migrations: readonly string[] = [firstSchema, pairSchema, answerSchema, collectionSchema];

/** Brings the schema up to date in one transaction. Refuses newer stores and files that are not stores. */
export function migrate(connection: DatabaseSync, path: string, steps = migrations): SchemaChange {
  const schemaNow = () => schemaOf(connection, path, steps.length);
  const seen = schemaNow();
  if (seen === steps.length) return { from: seen, to: seen };
  connection.exec("BEGIN IMMEDIATE");
  try {
    // Read again under the lock: another process may have migrated meanwhile.
    const from = schemaNow();
    for (const statements of steps.slice(from)) connection.exec(statements);
    connection.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${steps.length};`);
    connection.exec("COMMIT");
    return { from, to: steps.length };
  } catch (error) {
    if (connection.isTransaction) connection.exec("ROLLBACK");
    throw error;
  }
}

/** From now on nothing but the copy itself opens this store. */
export function markUnfinished(connection: DatabaseSync): void {
  connection.exec(`PRAGMA application_id = ${unfinishedId}`);
}

export function markFinished(connection: DatabaseSync): void {
  connection.exec(`PRAGMA application_id = ${applicationId}`);
}

function schemaOf(connection: DatabaseSync, path: string, known: number): number {
  const number = (sql: string) => Number(Object.values(connection.prepare(sql).get() ?? {})[0]);
  const schema = number("PRAGMA user_version");
  const isEmpty = schema === 0 && number("SELECT count(*) FROM sqlite_master") === 0;
  const program = number("PRAGMA application_id");
  if (program === unfinishedId) {
    throw new LockstepError(
      "STORE_FAILED",
      `the store ${path} is the unfinished copy of another store and cannot be used. To start over, delete the file, ` +
        `and ${path}-wal and ${path}-shm beside it, and copy again.`,
    );
  }
  if (!isEmpty && program !== applicationId) {
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
