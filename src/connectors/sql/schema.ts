import type { Description } from "../../connector/connector.ts";
import type { FieldSchema, FieldType } from "../../core/record.ts";
import { captureProblem, look, type SqlTable } from "./access.ts";
import { tablesOf } from "./codec.ts";
import { quote } from "./names.ts";
import { type ColumnKind, isDerived, type Target } from "./table.ts";

/** The table as it is now, and thereby proof of access. */
export function describeTable(table: SqlTable, signal?: AbortSignal): Promise<Description> {
  return look(
    table,
    async (sql, target) => {
      const warnings = [...target.warnings];
      const problem = captureProblem(target);
      if (problem !== null && target.catalog.installation !== null)
        warnings.push(`Nothing can be pulled: ${problem}.`);
      // SQLite lets text keys be NULL.
      if (target.key.isNullable) {
        const nameless = await sql.query(
          `SELECT 1 AS found FROM ${tablesOf(target).table} WHERE ${quote(target.key.name)} IS NULL LIMIT 1`,
        );
        if (nameless.length > 0) warnings.push(`Rows whose key ${target.key.name} is NULL are left out.`);
      }
      return description(table, { target, warnings });
    },
    signal,
  );
}

function description(
  { database }: SqlTable,
  { target, warnings }: { readonly target: Target; readonly warnings: readonly string[] },
): Description {
  const { schema, table } = target.catalog;
  return {
    id: schema === null ? table : `${schema}.${table}`,
    name: table,
    fields: fieldSchemas(target),
    capabilities: {
      canPullChanges: true,
      canSweep: true,
      canCertifyDeaths: true,
      canWrite: true,
      hasPreconditions: true,
      // A transaction is over when its connection is.
      lateWriteMs: 0,
      visibleAfterMs: database.dialect.visibleAfterMs,
    },
    warnings,
  };
}

export function fieldSchemas(target: Target): readonly FieldSchema[] {
  return target.fields.map((column) => ({
    id: column.name,
    name: column.name,
    type: types[column.kind],
    vendorType: column.declaredType,
    isDerived: isDerived(target, column),
  }));
}

const types: Readonly<Record<ColumnKind, FieldType>> = {
  text: "text",
  uuid: "text",
  other: "text",
  integer: "number",
  decimal: "number",
  float: "number",
  boolean: "boolean",
  day: "date",
  local: "date",
  instant: "date",
  moment: "date",
  json: "opaque",
  texts: "opaque",
  binary: "opaque",
  any: "opaque",
};

/** True when the table has other fields than those that are known. null: not to be compared. */
export function hasOtherFields(target: Target, known: readonly FieldSchema[] | null): boolean {
  if (known === null) return false;
  const shown = (fields: readonly FieldSchema[]) =>
    fields
      .map(({ id, vendorType }) => JSON.stringify([id, vendorType]))
      .sort()
      .join();
  return shown(fieldSchemas(target)) !== shown(known);
}
