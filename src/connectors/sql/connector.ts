import type { WritableConnector } from "../../connector/connector.ts";
import type { Clock, Ids } from "../../core/clock.ts";
import { LockstepError } from "../../core/errors.ts";
import { captureProblem, look, readCatalog, type SqlTable } from "./access.ts";
import { applyWrite } from "./apply.ts";
import { createCapture, type SqlCapture } from "./capture.ts";
import { tablesOf } from "./codec.ts";
import type { SqlTableConfig } from "./config.ts";
import type { SqlDatabase } from "./database.ts";
import { asLockstepError } from "./failures.ts";
import { findRows, observeRow } from "./get.ts";
import { openPostgresDatabase } from "./postgres-database.ts";
import { pullTable } from "./pull.ts";
import { describeTable } from "./schema.ts";
import { openSqliteDatabase } from "./sqlite-database.ts";
import { resolveTarget } from "./table.ts";

/** One table of a user's own database, read through triggers that miss no write, and written with preconditions. */
export interface SqlConnector extends WritableConnector, AsyncDisposable {
  readonly capture: SqlCapture;
  /**
   * Calls `onChange` soon after other programs' commits to the table, once per burst, until aborted: a hint to pull, so
   * that changes need not wait for the next poll. Throws when the capture is not there.
   */
  watch(onChange: () => void, signal: AbortSignal): Promise<void>;
}

/** Commits come in bursts; one pull serves them all. */
const DEBOUNCE_MS = 100;

/** Nothing is opened before the first use. Throws CONFIG_INVALID for a URL of another kind. */
export function createSqlConnector({
  config,
  clock,
  ids,
}: {
  readonly config: SqlTableConfig;
  readonly clock: Clock;
  readonly ids: Ids;
}): SqlConnector {
  const database = openDatabase(config, clock);
  const table: SqlTable = { config, database, clock, ids };
  return {
    describe: (signal) => describeTable(table, signal),
    pull: (request) => pullTable(table, request),
    get: (id, signal) => observeRow(table, id, signal),
    find: (marker, signal) => findRows(table, marker, signal),
    apply: (write, options) => applyWrite(table, write, options),
    proveAccess: (signal) =>
      look(
        table,
        async (sql, target) => {
          await sql.query(`SELECT 1 AS found FROM ${tablesOf(target).table} LIMIT 1`);
          return `table ${target.catalog.table} was read`;
        },
        signal,
      ),
    capture: createCapture({
      database,
      resolve: (catalog) => resolveTarget(config, catalog),
      catalog: (sql) => readCatalog(table, sql),
    }),
    async watch(onChange, signal) {
      const changes = await look(
        table,
        async (_, target) => {
          const problem = captureProblem(target);
          if (problem !== null) throw new LockstepError("SQL_TABLE_UNFIT", `Tried to watch: ${problem}.`);
          return target.names.changes;
        },
        signal,
      );
      try {
        await database.watch(changes, debounced({ clock, onChange, signal }), signal);
      } catch (error) {
        const what = `to watch table ${config.table} in ${database.label}`;
        throw asLockstepError(error, { what, failureOf: database.dialect.failureOf });
      }
    },
    [Symbol.asyncDispose]: () => database.close(),
  };
}

function openDatabase({ url }: SqlTableConfig, clock: Clock): SqlDatabase {
  if (url.startsWith("sqlite:")) return openSqliteDatabase({ path: url.slice("sqlite:".length), clock });
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgresDatabase({ url, clock });
  throw new LockstepError(
    "CONFIG_INVALID",
    "The URL of a SQL table has to begin with sqlite: (then a path) or postgres://.",
  );
}

function debounced({
  clock,
  onChange,
  signal,
}: {
  readonly clock: Clock;
  readonly onChange: () => void;
  readonly signal: AbortSignal;
}): () => void {
  let isPending = false;
  return () => {
    if (isPending) return;
    isPending = true;
    clock.sleep(DEBOUNCE_MS, signal).then(
      () => {
        isPending = false;
        onChange();
      },
      () => {},
    );
  };
}
