import type { Secrets, SqlPairConfig } from "../config/config.ts";
import { createSqlConnector, type SqlConnector } from "../connectors/sql/connector.ts";
import type { Clock, Ids } from "../core/clock.ts";
import { LockstepError } from "../core/errors.ts";

/** The table's side of a two-way sync. Nothing is opened before its first use. */
export function openSqlTable(
  { table, columns }: Pick<SqlPairConfig, "table"> & { readonly columns: readonly string[] | "all" },
  { databaseUrls }: Pick<Secrets, "databaseUrls">,
  { clock, ids }: { readonly clock: Clock; readonly ids: Ids },
): SqlConnector {
  const { name, key, markerColumn, softDelete, keyGenerator, isHardDeleting } = table;
  return createSqlConnector({
    clock,
    ids,
    config: {
      url: urlOf(table.url, databaseUrls),
      table: name,
      key,
      columns,
      hardDelete: isHardDeleting,
      ...(markerColumn === null ? {} : { markerColumn }),
      ...(softDelete === null ? {} : { softDelete }),
      ...(keyGenerator === null ? {} : { keyGenerator }),
    },
  });
}

/** Throws SECRET_MISSING when it comes from a variable that is not set. */
export function urlOf(url: SqlPairConfig["table"]["url"], databaseUrls: Secrets["databaseUrls"]): string {
  if ("url" in url) return url.url;
  const found = databaseUrls[url.variable];
  if (found !== undefined) return found;
  throw new LockstepError(
    "SECRET_MISSING",
    `${url.variable} is not set, and the configuration takes the address of a table's database from it. Put it into the ` +
      `environment: ${url.variable}=postgres://USER:PASSWORD@HOST:PORT/DATABASE`,
  );
}
