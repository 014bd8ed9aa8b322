/** One table of a user's own database as one side of a sync. */
export interface SqlTableConfig {
  /** `sqlite:PATH` or `postgres://…`. May hold a password, so it is never printed. */
  readonly url: string;
  /** As it is spelled in the database; `schema.table` on Postgres. */
  readonly table: string;
  /** The column that is the table's whole primary key. */
  readonly key: string;
  /** Which columns are fields; none other is read or kept. "all": those there are when the capture is installed. */
  readonly columns: readonly string[] | "all";
  /**
   * A nullable text column with a unique index of its own, which keeps our marker. Without one, the marker becomes the
   * primary key of what we create, which needs a text or uuid key that has no default.
   */
  readonly markerColumn?: string;
  /** How the table says that a row is deleted. Without it, trashing is refused, unless `hardDelete` allows a DELETE. */
  readonly softDelete?: { readonly column: string; readonly kind: "timestamp" | "boolean" };
  readonly hardDelete?: boolean;
  /** Where keys of new rows come from; else a field has to bring them. A key column with a default needs nothing said. */
  readonly keyGenerator?: "uuid" | "database";
}
