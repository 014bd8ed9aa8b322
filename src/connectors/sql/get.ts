import type { Found, Observation } from "../../connector/connector.ts";
import type { SourceRecord } from "../../core/record.ts";
import { look, type SqlTable, wholeInstallation } from "./access.ts";
import { decodeRow, hasKey, isPossibleKey, recordColumns, recordTables, tablesOf } from "./codec.ts";
import { type Dialect, numberIn, type Sql } from "./database.ts";
import { quote } from "./names.ts";
import type { Target } from "./table.ts";

/**
 * What one row is now. The table is known to be readable and captured in the same state of the database, so a row that
 * is not there is gone: a certificate, unlike another vendor's 404.
 */
export function observeRow(table: SqlTable, id: string, signal?: AbortSignal): Promise<Observation> {
  return look(
    table,
    async (sql, target): Promise<Observation> => {
      const installation = wholeInstallation(target);
      if ("problem" in installation) return { presence: "unknown", reason: installation.problem };
      if (!isPossibleKey(target, id)) {
        return { presence: "unknown", reason: `no row of table ${target.catalog.table} can have such a key` };
      }
      const record = await readRow({ sql, target, dialect: table.database.dialect }, id);
      if (record !== null) return { presence: record.presence === "trashed" ? "trashed" : "live", record };
      const [last] = await sql.query(`SELECT version FROM ${tablesOf(target).rows} WHERE key = $1`, [id]);
      const certificate =
        last === undefined
          ? `table ${target.catalog.table} was read and has no row with this key`
          : `deleted by change ${numberIn(last, "version")}`;
      return { presence: "gone", certificate };
    },
    signal,
  );
}

export interface Reading {
  readonly sql: Sql;
  readonly target: Target;
  readonly dialect: Dialect;
}

export async function readRow({ sql, target, dialect }: Reading, id: string): Promise<SourceRecord | null> {
  const [row] = await sql.query(
    `SELECT ${recordColumns(target, dialect)} FROM ${recordTables(target, dialect)}
     WHERE ${hasKey(target, dialect, "$1")}`,
    [id],
  );
  return row === undefined ? null : decodeRow(target, row);
}

/** Every row with this marker; there is one at most, because markers are unique. */
export function findRows(table: SqlTable, marker: string, signal?: AbortSignal): Promise<Found> {
  return look(
    table,
    async (sql, target) => {
      const record = await readMarked({ sql, target, dialect: table.database.dialect }, marker);
      return {
        records: record === null ? [] : [record],
        accessProof: `table ${target.catalog.table} was searched`,
      };
    },
    signal,
  );
}

export async function readMarked(reading: Reading, marker: string): Promise<SourceRecord | null> {
  const { sql, target, dialect } = reading;
  if (target.marker === null) return isPossibleKey(target, marker) ? readRow(reading, marker) : null;
  const [row] = await sql.query(
    `SELECT ${recordColumns(target, dialect)} FROM ${recordTables(target, dialect)}
     WHERE t.${quote(target.marker.name)} = $1`,
    [marker],
  );
  return row === undefined ? null : decodeRow(target, row);
}
