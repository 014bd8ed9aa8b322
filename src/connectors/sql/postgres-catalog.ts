import { isTrueIn, numberIn, type Sql, type SqlRow, textIn } from "./database.ts";
import { captureNames, quote } from "./names.ts";
import { postgresTriggers } from "./postgres-capture.ts";
import type { Catalog, Column, ColumnKind, Installation } from "./table.ts";

/** null: there is no such table in sight. A name without schema is looked for as Postgres does, in the search path. */
export async function readPostgresCatalog(sql: Sql, wanted: string): Promise<Catalog | null> {
  const [schema, name] = splitAtDot(wanted);
  const [found] = await sql.query(
    `SELECT c.oid::text AS oid, n.nspname, c.relname, c.relkind, c.relpersistence,
       row_security_active(c.oid)::text AS has_row_security,
       EXISTS (SELECT 1 FROM pg_inherits i WHERE i.inhparent = c.oid OR i.inhrelid = c.oid)::text AS has_family
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT') AND c.relkind IN ('r', 'v', 'm', 'f', 'p') AND
       ((c.relname = $1 AND pg_table_is_visible(c.oid)) OR (n.nspname = $2 AND c.relname = $3))
     ORDER BY c.relname = $1 DESC LIMIT 1`,
    [wanted, schema, name],
  );
  if (found === undefined) return null;
  const oid = textIn(found, "oid") ?? "";
  const place = { schema: textIn(found, "nspname") ?? "", table: textIn(found, "relname") ?? "" };
  const uniques = await uniquesOf(sql, oid);
  return {
    ...place,
    unfit: unfitness(found),
    columns: await columnsOf(sql, oid),
    primaryKey: uniques.find((unique) => unique.isPrimary)?.columns ?? [],
    uniques: uniques.map((unique) => unique.columns),
    foreignKeys: [],
    installation: await installationOf(sql, { ...place, oid }),
  };
}

function splitAtDot(wanted: string): readonly [string | null, string] {
  const dot = wanted.indexOf(".");
  return dot === -1 ? [null, wanted] : [wanted.slice(0, dot), wanted.slice(dot + 1)];
}

function unfitness(row: SqlRow): string | null {
  const kinds: Record<string, string> = {
    v: "it is a view",
    m: "it is a materialized view",
    f: "it is a foreign table",
    p: "it is a partitioned table",
  };
  const kind = kinds[textIn(row, "relkind") ?? ""];
  if (kind !== undefined) return `${kind}, and not all changes of its rows can be captured.`;
  if (textIn(row, "relpersistence") !== "p") {
    return "it is not logged (UNLOGGED or TEMPORARY), so a crash empties it without a deletion.";
  }
  if (isTrueIn(row, "has_family"))
    return "it takes part in inheritance, so its rows change without its triggers.";
  if (isTrueIn(row, "has_row_security")) {
    return "row-level security hides rows from this user, so that a row that is not seen proves nothing. Give the user BYPASSRLS.";
  }
  return null;
}

async function columnsOf(sql: Sql, oid: string): Promise<readonly Column[]> {
  const rows = await sql.query(
    `SELECT a.attname, format_type(a.atttypid, a.atttypmod) AS declared,
       format_type(CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END, NULL) AS base,
       a.attnotnull::text AS is_required, (a.atthasdef OR a.attidentity <> '')::text AS has_default,
       (a.attgenerated <> '' OR a.attidentity = 'a')::text AS is_generated, a.attidentity AS identity
     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
     WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [oid],
  );
  return rows.map((row) => ({
    name: textIn(row, "attname") ?? "",
    declaredType: textIn(row, "declared") ?? "",
    kind: kinds.get(textIn(row, "base") ?? "") ?? "other",
    isNullable: !isTrueIn(row, "is_required"),
    hasDefault: isTrueIn(row, "has_default"),
    // GENERATED ALWAYS AS IDENTITY may still be the key.
    isGenerated: isTrueIn(row, "is_generated") && textIn(row, "identity") === "",
  }));
}

const kinds: ReadonlyMap<string, ColumnKind> = new Map([
  ["text", "text"],
  ["character varying", "text"],
  ["character", "text"],
  ["smallint", "integer"],
  ["integer", "integer"],
  ["bigint", "integer"],
  ["numeric", "decimal"],
  ["real", "float"],
  ["double precision", "float"],
  ["boolean", "boolean"],
  ["date", "day"],
  ["timestamp without time zone", "local"],
  ["timestamp with time zone", "instant"],
  ["json", "json"],
  ["jsonb", "json"],
  ["text[]", "texts"],
  ["character varying[]", "texts"],
  ["uuid", "uuid"],
  ["bytea", "binary"],
]);

interface Unique {
  readonly isPrimary: boolean;
  readonly columns: readonly string[];
}

/** Valid unique indexes on plain columns, without conditions. */
async function uniquesOf(sql: Sql, oid: string): Promise<readonly Unique[]> {
  const rows = await sql.query(
    `SELECT i.indisprimary::text AS is_primary,
       (SELECT json_agg(a.attname ORDER BY k.place)::text
        FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
        WHERE k.place <= i.indnkeyatts) AS columns
     FROM pg_index i WHERE i.indrelid = $1::oid AND i.indisunique AND i.indisvalid
       AND i.indpred IS NULL AND i.indexprs IS NULL`,
    [oid],
  );
  return rows.map((row) => ({
    isPrimary: isTrueIn(row, "is_primary"),
    columns: JSON.parse(textIn(row, "columns") ?? "[]") as string[],
  }));
}

async function installationOf(
  sql: Sql,
  { schema, table, oid }: { readonly schema: string; readonly table: string; readonly oid: string },
): Promise<Installation | null> {
  const capture = `${quote(schema)}.${quote(captureNames(table).capture)}`;
  const [there] = await sql.query(
    `SELECT (to_regclass($1) IS NOT NULL)::text AS is_there,
       (SELECT count(*) FROM pg_trigger WHERE tgrelid = $2::oid AND tgname = ANY ($3::text[]) AND tgenabled IN ('O', 'A'))
         AS triggers`,
    [capture, oid, [...postgresTriggers]],
  );
  if (there === undefined || !isTrueIn(there, "is_there")) return null;
  const [row] = await sql.query(
    `SELECT installation, columns, installed_at::text AS installed_at, trimmed FROM ${capture}
     ORDER BY installation DESC LIMIT 1`,
  );
  if (row === undefined) return null;
  return {
    id: numberIn(row, "installation"),
    columns: JSON.parse(textIn(row, "columns") ?? "[]") as string[],
    trimmed: numberIn(row, "trimmed"),
    installedAt: textIn(row, "installed_at") ?? "",
    isWhole: numberIn(there, "triggers") === postgresTriggers.length,
  };
}
