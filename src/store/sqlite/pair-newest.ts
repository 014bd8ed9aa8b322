import type { Database, Query } from "./database.ts";

export interface NewestFilter {
  /** Column values that are asked for; undefined: any. */
  readonly equal: Readonly<Record<string, string | undefined>>;
  /** Without an end, or with one. undefined: either. */
  readonly isOpen: boolean | undefined;
  readonly limit: number;
}

/**
 * Lists what is opened and closed, newest first. One prepared statement for each combination of conditions, so that each
 * has the index made for it.
 */
export function newestFirst<Row>(database: Database, select: string): (filter: NewestFilter) => Row[] {
  const queries = new Map<string, Query<Row>>();
  function queryOf(conditions: readonly string[]): Query<Row> {
    const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    const query =
      queries.get(where) ??
      database.query<Row>(`${select} ${where} ORDER BY opened_at DESC, id DESC LIMIT ?`);
    queries.set(where, query);
    return query;
  }
  return ({ equal, isOpen, limit }) => {
    const asked = Object.entries(equal).flatMap(([column, value]) =>
      value === undefined ? [] : [{ column, value }],
    );
    const openness = isOpen === undefined ? [] : [`closed_at IS ${isOpen ? "" : "NOT "}NULL`];
    const query = queryOf([...asked.map(({ column }) => `${column} = ?`), ...openness]);
    return database.read(() => query.all(...asked.map(({ value }) => value), limit));
  };
}
