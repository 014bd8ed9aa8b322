import type { RecordWrite, WriteOutcome } from "../../connector/connector.ts";
import type { Json } from "../../core/json.ts";
import type { SqlInput } from "./database.ts";
import { refused } from "./refused.ts";
import { type Column, isDerived, type Target } from "./table.ts";
import { encodeValue } from "./values.ts";

/** What columns are set to: parameters, or SQL of ours. */
export type Assignments = readonly (
  | { readonly column: string; readonly value: SqlInput }
  | { readonly column: string; readonly sql: string }
)[];

interface Refusal {
  readonly refused: WriteOutcome & { readonly kind: "refused" };
}

/** The columns that a write sets, or why it cannot. Nothing of a write that names a wrong field is carried out. */
export function assignments(
  target: Target,
  {
    write,
    newKey,
  }: {
    readonly write: RecordWrite & { readonly kind: "create" | "update" | "restore" };
    /** Makes a new row's key where the table does not. null: the row is there. */
    readonly newKey: (() => string) | null;
  },
): Assignments | Refusal {
  const fields = Object.fromEntries(Object.entries(write.fields));
  if (newKey !== null) Object.assign(fields, keyField(target, { write, newKey }));
  const set: { column: string; value: SqlInput }[] = [];
  for (const [id, value] of Object.entries(fields)) {
    const column =
      target.fields.find((each) => each.name === id) ?? (id === target.key.name ? target.key : undefined);
    const encoded = encodeField(target, { id, value, column, isNew: newKey !== null });
    if ("refused" in encoded) return encoded;
    set.push({ column: id, value: encoded.value });
  }
  if (target.marker !== null && write.marker !== undefined) {
    set.push({ column: target.marker.name, value: write.marker });
  }
  const alive = write.kind === "restore" ? aliveAgain(target) : [];
  if (newKey === null || set.some(({ column }) => column === target.key.name) || target.key.hasDefault) {
    return [...set, ...alive];
  }
  return {
    refused: refused(
      "SQL_NOT_NULL",
      `Tried to create a row of table ${target.config.table}, whose key ${target.key.name} has no default. Map a field to ` +
        'it, or set keyGenerator to "uuid".',
    ),
  };
}

/** The key that we make for a new row; none where the database or a field brings it. */
function keyField(
  { key, marker, config }: Target,
  { write, newKey }: { readonly write: RecordWrite; readonly newKey: () => string },
): Readonly<Record<string, Json>> {
  if (write.kind === "create" && marker === null) return { [key.name]: write.marker };
  return config.keyGenerator === "uuid" ? { [key.name]: newKey() } : {};
}

function aliveAgain({ softDelete, config }: Target): Assignments {
  if (softDelete === null) return [];
  return [{ column: softDelete.name, sql: config.softDelete?.kind === "boolean" ? "FALSE" : "NULL" }];
}

function encodeField(
  target: Target,
  {
    id,
    value,
    column,
    isNew,
  }: {
    readonly id: string;
    readonly value: Json;
    readonly column: Column | undefined;
    readonly isNew: boolean;
  },
): { readonly value: SqlInput } | Refusal {
  const { table } = target.config;
  if (column === undefined) {
    const isOurs = id === target.marker?.name || id === target.softDelete?.name;
    return isOurs
      ? {
          refused: refused(
            "FIELD_READ_ONLY",
            `Tried to write column ${id} of table ${table}, which Lockstep keeps itself.`,
          ),
        }
      : {
          refused: refused(
            "FIELD_UNKNOWN",
            `Tried to write column ${id} of table ${table}, which has none such among its fields.`,
          ),
        };
  }
  const isKey = column.name === target.key.name;
  if (isKey ? !isNew : isDerived(target, column)) {
    const why = isKey ? "is its key" : "is computed by the database";
    return {
      refused: refused("FIELD_READ_ONLY", `Tried to write column ${id} of table ${table}, which ${why}.`),
    };
  }
  const encoded = encodeValue(column, value);
  if ("value" in encoded) return encoded;
  return {
    refused: refused(
      "VALUE_INVALID",
      `Tried to write column ${id} of table ${table}, which ${encoded.problem}. Correct the value where it comes from.`,
    ),
  };
}
