import { numberIn, type Sql, textIn } from "./database.ts";
import { captureNames, quote } from "./names.ts";
import { sqliteTriggers } from "./sqlite-capture.ts";
import type { Catalog, Column, ColumnKind, Installation } from "./table.ts";

/** null: there is no such table. SQLite's names are equal whatever their case; the catalog's spelling is used. */
export async function readSqliteCatalog(sql: Sql, wanted: string): Promise<Catalog | null> {
  const name = wanted.replace(/^main\./i, "");
  const [found] = await sql.query(
    "SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND name = $1 COLLATE NOCASE",
    [name],
  );
  if (found === undefined) return null;
  const table = textIn(found, "name") ?? name;
  const type = textIn(found, "type");
  const columns = await columnsOf(sql, table);
  return {
    schema: null,
    table,
    unfit: type === "table" ? null : `it is a ${type}, and changes of its rows cannot be captured.`,
    ...columns,
    uniques: [columns.primaryKey, ...(await uniquesOf(sql, table))].filter((each) => each.length > 0),
    foreignKeys: await foreignKeysOf(sql, table),
    installation: await installationOf(sql, table),
  };
}

async function columnsOf(
  sql: Sql,
  table: string,
): Promise<{ readonly columns: readonly Column[]; readonly primaryKey: readonly string[] }> {
  const rows = await sql.query(
    'SELECT name, type, "notnull" AS is_required, dflt_value, pk, hidden FROM pragma_table_xinfo($1) WHERE hidden <> 1',
    [table],
  );
  const primaryKey = rows
    .filter((row) => numberIn(row, "pk") > 0)
    .sort((a, b) => numberIn(a, "pk") - numberIn(b, "pk"))
    .map((row) => textIn(row, "name") ?? "");
  const columns = rows.map((row): Column => {
    const declaredType = textIn(row, "type") ?? "";
    const isRowId = numberIn(row, "pk") > 0 && primaryKey.length === 1 && /^integer$/i.test(declaredType);
    return {
      name: textIn(row, "name") ?? "",
      declaredType,
      kind: sqliteKind(declaredType),
      isNullable: numberIn(row, "is_required") === 0,
      hasDefault: row.dflt_value !== null || isRowId,
      isGenerated: numberIn(row, "hidden") > 1,
    };
  });
  return { columns, primaryKey };
}

/** By the words people use, and by SQLite's own rules of affinity: https://sqlite.org/datatype3.html */
function sqliteKind(declaredType: string): ColumnKind {
  const type = declaredType.toUpperCase();
  if (type === "" || type === "ANY") return "any";
  if (type.includes("BOOL")) return "boolean";
  if (/^DATE$/.test(type)) return "day";
  if (/DATETIME|TIMESTAMP/.test(type)) return "moment";
  if (/JSON/.test(type)) return "json";
  if (type.includes("INT")) return "integer";
  if (/CHAR|CLOB|TEXT|UUID/.test(type)) return "text";
  if (type.includes("BLOB")) return "binary";
  return /REAL|FLOA|DOUB/.test(type) ? "float" : "decimal";
}

/** Unique indexes on plain columns. One with a condition or an expression only forbids, it does not name a row. */
async function uniquesOf(sql: Sql, table: string): Promise<readonly (readonly string[])[]> {
  const indexes = await sql.query(
    `SELECT name FROM pragma_index_list($1) WHERE "unique" = 1 AND partial = 0`,
    [table],
  );
  const uniques: string[][] = [];
  for (const index of indexes) {
    const columns = await sql.query("SELECT name FROM pragma_index_info($1) ORDER BY seqno", [
      textIn(index, "name"),
    ]);
    const names = columns.map((column) => textIn(column, "name"));
    if (names.every((each) => each !== null)) uniques.push(names);
  }
  return uniques;
}

async function foreignKeysOf(sql: Sql, table: string): Promise<readonly string[]> {
  const rows = await sql.query('SELECT "from" AS own, "table" AS other FROM pragma_foreign_key_list($1)', [
    table,
  ]);
  return rows.map((row) => `${textIn(row, "own")} → ${textIn(row, "other")}`);
}

async function installationOf(sql: Sql, table: string): Promise<Installation | null> {
  const names = captureNames(table);
  const expected = Object.values(sqliteTriggers(table));
  const objects = await sql.query(
    "SELECT name FROM sqlite_master WHERE name = $1 OR (type = 'trigger' AND tbl_name = $2)",
    [names.capture, table],
  );
  const present = new Set(objects.map((row) => textIn(row, "name")));
  if (!present.has(names.capture)) return null;
  const [row] = await sql.query(
    `SELECT installation, columns, installed_at, trimmed FROM ${quote(names.capture)} ORDER BY installation DESC LIMIT 1`,
  );
  if (row === undefined) return null;
  return {
    id: numberIn(row, "installation"),
    columns: JSON.parse(textIn(row, "columns") ?? "[]") as string[],
    trimmed: numberIn(row, "trimmed"),
    installedAt: textIn(row, "installed_at") ?? "",
    isWhole: expected.every((name) => present.has(name)),
  };
}
