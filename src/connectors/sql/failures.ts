import { type ErrorCode, LockstepError } from "../../core/errors.ts";

/**
 * What went wrong in a database, in our words.
 * - `refused`: the statement or its values; trying again does not help
 * - `busy`: somebody else's lock or a time limit; certainly without effect, and may go well later
 * - `access`: the table or the right to it is not there
 * - `connection`: the database did not answer
 */
export interface SqlFailure {
  readonly kind: "refused" | "busy" | "access" | "connection";
  /** Of the refusal, when it is one of a write. */
  readonly code: ErrorCode;
  /** The database's own words, without values of the row. */
  readonly said: string;
  readonly constraint: string | null;
  readonly columns: readonly string[];
}

/** The database's own words go into messages, but never many of them. */
const SAID_LENGTH_MAX = 300;

/** Cut short, on one line. */
export function shorten(text: string): string {
  return text.replace(/\s+/g, " ").trim().slice(0, SAID_LENGTH_MAX);
}

/** For reads, and for whatever else expects no refusal. Errors of our own pass as they are. */
export function asLockstepError(
  error: unknown,
  { what, failureOf }: { readonly what: string; readonly failureOf: (error: unknown) => SqlFailure },
): LockstepError {
  if (error instanceof LockstepError) return error;
  const { kind, said } = failureOf(error);
  if (kind === "access") {
    return new LockstepError(
      "ACCESS_LOST",
      `Tried ${what}, which is not there or may not be read: ${said}. Nothing is concluded from rows that cannot be ` +
        "read. Check the table's name and the rights of the user in the URL.",
      { cause: error },
    );
  }
  return new LockstepError("SQL_FAILED", `Tried ${what}; the database answered: ${said}. ${advice[kind]}`, {
    cause: error,
    retry: kind === "refused" ? "never" : "safe",
  });
}

const advice = {
  refused: "Not normal: trying again will not help.",
  busy: "Another program holds a lock or the database is slow: run again.",
  connection: "Nothing was concluded from it. Check that the database runs, and run again.",
} as const;
