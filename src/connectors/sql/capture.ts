import type { Checkpoint } from "../../connector/connector.ts";
import { LockstepError } from "../../core/errors.ts";
import { readCheckpoint } from "./checkpoint.ts";
import { tablesOf } from "./codec.ts";
import type { Sql, SqlDatabase } from "./database.ts";
import { asLockstepError } from "./failures.ts";
import type { Catalog, Target } from "./table.ts";

/** What a database is told to install and to remove, as scripts that people can read first. */
export interface CaptureDialect {
  installScript(target: Target): string;
  removeScript(catalog: Catalog): string;
}

/** What is installed beside the table, so that no write to it by any program is missed. */
export interface SqlCapture {
  /** Exactly what `install` runs. Can be run again at any time: it then takes up the columns as they are now. */
  installSql(): Promise<string>;
  install(): Promise<void>;
  removeSql(): Promise<string>;
  /** The marker column stays: it is the table's own. */
  remove(): Promise<void>;
  /** Forgets changes that this checkpoint has read. Returns how many. A side that has read less has to read all again. */
  trim(checkpoint: Checkpoint): Promise<number>;
}

export interface CaptureSource {
  readonly database: SqlDatabase;
  /** Throws ACCESS_LOST when the table is out of reach. */
  readonly catalog: (sql: Sql) => Promise<Catalog>;
  /** Throws SQL_TABLE_UNFIT when the table cannot be used as configured. */
  readonly resolve: (catalog: Catalog) => Target;
}

export function createCapture({ database, catalog, resolve }: CaptureSource): SqlCapture {
  const { dialect, label } = database;
  const guarded = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw asLockstepError(error, { what: `${what} in ${label}`, failureOf: dialect.failureOf });
    }
  };
  // As if for the first time: with the columns that are there now.
  const installScriptOf = (found: Catalog) =>
    dialect.capture.installScript(resolve({ ...found, installation: null }));
  const installSql = () =>
    guarded("reading the table", async () => installScriptOf(await database.read((sql) => catalog(sql))));
  const removeSql = () =>
    guarded("reading the table", async () =>
      dialect.capture.removeScript(await database.read((sql) => catalog(sql))),
    );
  return {
    installSql,
    removeSql,
    async install() {
      const script = await installSql();
      await guarded("installing the capture", () => database.script(script));
    },
    async remove() {
      const script = await removeSql();
      await guarded("removing the capture", () => database.script(script));
    },
    trim: (checkpoint) =>
      guarded("forgetting read changes", async () => {
        const { value } = await database.write(async (sql) =>
          trim({ sql, target: resolve(await catalog(sql)) }, { database, checkpoint }),
        );
        return value;
      }),
  };
}

async function trim(
  { sql, target }: { readonly sql: Sql; readonly target: Target },
  { database, checkpoint }: { readonly database: SqlDatabase; readonly checkpoint: Checkpoint },
): Promise<number> {
  const position = readCheckpoint(checkpoint);
  const { installation } = target.catalog;
  if (position?.kind !== "changes" || position.installation !== installation?.id) {
    throw new LockstepError(
      "USAGE",
      `Tried to forget changes of table ${target.catalog.table} by a checkpoint of another capture. Nothing was forgotten.`,
    );
  }
  const { changes, capture } = tablesOf(target);
  const { tick } = database.dialect;
  await sql.query(`UPDATE ${capture} SET trimmed = $1 WHERE installation = $2 AND trimmed < $1`, [
    position.at,
    position.installation,
  ]);
  const gone = await sql.query(`DELETE FROM ${changes} WHERE ${tick.changes} < $1 RETURNING seq`, [
    position.at,
  ]);
  return gone.length;
}
