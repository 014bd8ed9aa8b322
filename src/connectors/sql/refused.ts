import type { RecordWrite, WriteOutcome } from "../../connector/connector.ts";
import { type ErrorCode, LockstepError } from "../../core/errors.ts";
import type { SqlTableConfig } from "./config.ts";
import type { SqlFailure } from "./failures.ts";
import type { Target } from "./table.ts";

type Refused = WriteOutcome & { readonly kind: "refused" };

export function refused(code: ErrorCode, message: string, retryAfterMs: number | null = null): Refused {
  return { kind: "refused", code, message, retryAfterMs };
}

/** What the database answered to a write that was undone as a whole. Throws ACCESS_LOST when the table is out of reach. */
export function outcomeOfFailure(
  failure: SqlFailure,
  {
    config,
    target,
    write,
    retryAfterMs,
  }: {
    readonly config: SqlTableConfig;
    /** null: the failure came before the table was looked at. */
    readonly target: Target | null;
    readonly write: RecordWrite;
    readonly retryAfterMs: number;
  },
): Refused {
  const tried = `Tried to ${write.kind} a row of table ${config.table}`;
  const { kind, code, said } = failure;
  if (kind === "access" && (code !== "SQL_NOT_PERMITTED" || target === null)) {
    throw new LockstepError("ACCESS_LOST", `${tried}, which is out of reach: ${said}.`);
  }
  const where = whereOf(failure, { target, write });
  const message =
    `${tried}; the database refused: ${said}${where}. Nothing was written. ${advice[code] ?? ""}`.trim();
  return refused(code, message, kind === "busy" || kind === "connection" ? retryAfterMs : null);
}

/** Names columns and constraint, as far as the database's own words leave them out. */
function whereOf(
  { code, said, columns, constraint }: SqlFailure,
  { target, write }: { readonly target: Target | null; readonly write: RecordWrite },
): string {
  const named = columns.length > 0 ? columns : suspects({ code, said }, { target, write });
  const parts = [
    ...(named.length === 0 ? [] : [`column ${named.join(", ")}`]),
    ...(constraint === null || said.includes(constraint) ? [] : [`constraint ${constraint}`]),
    ...(code === "SQL_FOREIGN_KEY" && columns.length === 0 ? (target?.catalog.foreignKeys ?? []) : []),
  ];
  return parts.length === 0 ? "" : ` (${parts.join("; ")})`;
}

/** The database names the type of a value it cannot take, not the column: written columns of that type. */
function suspects(
  { code, said }: { readonly code: ErrorCode; readonly said: string },
  { target, write }: { readonly target: Target | null; readonly write: RecordWrite },
): readonly string[] {
  if (target === null || write.kind === "trash" || !/^VALUE/.test(code)) return [];
  const written = target.fields.filter((field) => Object.hasOwn(write.fields, field.name));
  return written.filter((field) => said.includes(field.declaredType)).map((field) => field.name);
}

const advice: Partial<Record<ErrorCode, string>> = {
  SQL_UNIQUE: "Another row has this value: change it on the side it comes from, or there.",
  SQL_NOT_NULL: "Fill in the value, map a field to the column, or give it a default.",
  SQL_CHECK: "Correct the value on the side it comes from.",
  SQL_FOREIGN_KEY: "The row that is referred to has to be there first.",
  SQL_NOT_PERMITTED: "Grant the database user the right to do this.",
  SQL_BUSY: "It is tried again.",
  VALUE_INVALID: "Correct the value on the side it comes from.",
  VALUE_TOO_LONG: "Nothing is cut off: shorten the value, or widen the column.",
};
