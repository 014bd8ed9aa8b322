import type { ErrorCode } from "../../core/errors.ts";
import { type SqlFailure, shorten } from "./failures.ts";

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const refusals: Readonly<Record<string, ErrorCode>> = {
  "23505": "SQL_UNIQUE",
  "23P01": "SQL_UNIQUE",
  "23502": "SQL_NOT_NULL",
  "23514": "SQL_CHECK",
  "23503": "SQL_FOREIGN_KEY",
  "23001": "SQL_FOREIGN_KEY",
  "22001": "VALUE_TOO_LONG",
  "22003": "VALUE_INVALID",
  "22007": "VALUE_INVALID",
  "22008": "VALUE_INVALID",
  "22021": "VALUE_INVALID",
  "22P02": "VALUE_INVALID",
  "22P05": "VALUE_INVALID",
  "42804": "VALUE_INVALID",
  "428C9": "VALUE_INVALID",
  P0001: "SQL_RAISED",
  "42501": "SQL_NOT_PERMITTED",
};

/** Deadlock, serialization, lock and statement time limits, too many connections, resources. */
const busy = /^(40001|40P01|55P03|57014|53|54000)/;
/** No such table, schema, database or column; not allowed; wrong password; no such role. */
const access = /^(42P01|3F000|3D000|42501|28)/;
/** SQLSTATE: five letters and digits. What else an error carries as `code` is the socket's. */
const sqlState = /^[0-9A-Z]{5}$/;
/** Connection exceptions, shutdowns, crashes. */
const connection = /^(08|57P0|58|XX)/;

export function postgresFailure(error: unknown): SqlFailure {
  const text = (name: string) => {
    const value = error instanceof Error ? Object.getOwnPropertyDescriptor(error, name)?.value : undefined;
    return typeof value === "string" ? value : "";
  };
  const state = text("code");
  const message = error instanceof Error ? error.message : String(error);
  const kind = kindOf(state);
  return {
    kind,
    code: kind === "busy" ? "SQL_BUSY" : (refusals[state] ?? "SQL_FAILED"),
    said: shorten(withoutValues(state, message)),
    constraint: text("constraint") || null,
    columns: columnsIn(text("column"), text("detail")),
  };
}

function kindOf(state: string): SqlFailure["kind"] {
  if (!sqlState.test(state) || connection.test(state)) return "connection";
  if (busy.test(state)) return "busy";
  return access.test(state) ? "access" : "refused";
}

/** Messages about a value quote it: `invalid input syntax for type integer: "…"`. */
function withoutValues(state: string, message: string): string {
  if (!state.startsWith("22")) return message;
  return message.replace(/:\s*".*"$/s, "").replace(/".*"/s, "…");
}

/** `Key (team, email)=(…) already exists.`: the values behind stay out. */
function columnsIn(column: string, detail: string): readonly string[] {
  if (column !== "") return [column];
  const names = /\(([^=]*?)\)=\(/.exec(detail)?.[1];
  return names === undefined ? [] : names.split(", ");
}
