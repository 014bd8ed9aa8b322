import type { Database } from "./database.ts";

export interface NewestFilter {
  /** Column values that are asked for; undefined: any. */
  readonly equal: Readonly<Record<string, string | undefined>>;
  /** Without an end, or with one. undefined: either. */
  readonly isOpen: boolean | undefined;
  readonly limit: number;
}

/** Lists what is opened and closed, newest first. */
export async function newestFirst<Row extends object>(
  database: Database,
  select: string,
  { equal, isOpen, limit }: NewestFilter,
): Promise<Row[]> {
  const asked = Object.entries(equal).flatMap(([column, value]) =>
    value === undefined ? [] : [{ column, value }],
  );
  const openness = isOpen === undefined ? [] : [`closed_at IS ${isOpen ? "" : "NOT "}NULL`];
  const conditions = [...asked.map(({ column }, n) => `${column} = $${n + 2}`), ...openness];
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  return database.all<Row>(
    `${select} ${where} ORDER BY opened_at DESC, id DESC LIMIT $1`,
    limit,
    ...asked.map(({ value }) => value),
  );
}
