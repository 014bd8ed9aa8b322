import type { ErrorCode } from "../../core/errors.ts";
import { type SqlFailure, shorten } from "./failures.ts";

/** https://sqlite.org/rescode.html */
const refusals: Readonly<Record<number, ErrorCode>> = {
  2067: "SQL_UNIQUE",
  1555: "SQL_UNIQUE",
  2579: "SQL_UNIQUE",
  1299: "SQL_NOT_NULL",
  275: "SQL_CHECK",
  787: "SQL_FOREIGN_KEY",
  3091: "VALUE_INVALID",
  1811: "SQL_RAISED",
  20: "VALUE_INVALID",
  18: "VALUE_TOO_LONG",
};

/** Primary codes: the last byte of an extended one. */
const BUSY = 5;
const LOCKED = 6;
const READ_ONLY = 8;
const IO_ERROR = 10;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;

export function sqliteFailure(error: unknown): SqlFailure {
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) : 0;
  const message = error instanceof Error ? error.message : String(error);
  const primary = code % 256;
  const refused = refusals[code] ?? "SQL_FAILED";
  return {
    kind: kindOf(primary, message),
    code:
      primary === BUSY || primary === LOCKED
        ? "SQL_BUSY"
        : primary === READ_ONLY
          ? "SQL_NOT_PERMITTED"
          : refused,
    said: shorten(message),
    ...named(message),
  };
}

function kindOf(primary: number, message: string): SqlFailure["kind"] {
  if (primary === BUSY || primary === LOCKED || primary === FULL) return "busy";
  if (primary === IO_ERROR) return "connection";
  if (primary === CANNOT_OPEN || primary === NOT_A_DATABASE || /^no such table/.test(message))
    return "access";
  return "refused";
}

/** "UNIQUE constraint failed: tasks.email, tasks.team", "CHECK constraint failed: positive" */
function named(message: string): { readonly constraint: string | null; readonly columns: readonly string[] } {
  const found = /^(UNIQUE|NOT NULL|CHECK) constraint failed: (.+)$/s.exec(message);
  const [, kind, rest = ""] = found ?? [];
  if (kind === undefined) {
    const typed = /cannot store \w+ value in \w+ column (.+)$/s.exec(message)?.[1];
    return { constraint: null, columns: typed === undefined ? [] : [afterDot(typed)] };
  }
  if (kind === "CHECK") return { constraint: shorten(rest), columns: [] };
  return { constraint: null, columns: rest.split(", ").map(afterDot) };
}

const afterDot = (name: string) => name.slice(name.indexOf(".") + 1);
