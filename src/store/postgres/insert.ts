import type { Session } from "./database.ts";
import type { SqlScalar } from "./values.ts";

export interface InsertPlan {
  readonly table: string;
  /** Columns in the order of a row's values, and their types. */
  readonly columns: Readonly<Record<string, string>>;
  /** What follows the rows: ON CONFLICT … */
  readonly otherwise?: string;
}

/**
 * All rows in one statement, in their order: one list for each column, taken apart by Postgres. Returns how many were
 * written.
 */
export async function insertRows(session: Session, plan: InsertPlan, rows: Rows): Promise<number> {
  return rows.length === 0 ? 0 : session.run(insertSql(plan), ...columnLists(plan, rows));
}

/** The same for a plan that ends with RETURNING. */
export async function insertReturning<Row extends object>(
  session: Session,
  plan: InsertPlan,
  rows: Rows,
): Promise<Row[]> {
  return rows.length === 0 ? [] : session.all<Row>(insertSql(plan), ...columnLists(plan, rows));
}

type Rows = readonly (readonly SqlScalar[])[];

function insertSql({ table, columns, otherwise = "" }: InsertPlan): string {
  const names = Object.keys(columns).map((name) => `"${name}"`);
  const lists = Object.values(columns).map((type, n) => `$${n + 1}::${type}[]`);
  return `INSERT INTO "${table}" (${names.join(", ")}) SELECT * FROM unnest(${lists.join(", ")}) ${otherwise}`;
}

function columnLists({ columns }: InsertPlan, rows: Rows): SqlScalar[][] {
  return Object.keys(columns).map((_, n) => rows.map((row) => row[n] ?? null));
}
