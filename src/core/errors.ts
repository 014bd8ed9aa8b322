import type { Json } from "./json.ts";

/** Every code has a paragraph in docs/errors.md; a test keeps the two in step. */
export const errorCodes = [
  "CONFIG_INVALID",
  "CONFIG_NOT_FOUND",
  "SECRET_MISSING",
  "NOTION_UNAUTHORIZED",
  "NOTION_FORBIDDEN",
  "NOTION_NOT_FOUND",
  "NOTION_REFUSED",
  "NOTION_UNEXPECTED",
  "GITHUB_UNAUTHORIZED",
  "GITHUB_FORBIDDEN",
  "GITHUB_NOT_FOUND",
  "GITHUB_REFUSED",
  "RATE_LIMITED",
  "UPSTREAM_FAILED",
  "UPSTREAM_TIMEOUT",
  "CIRCUIT_OPEN",
  "ACCESS_LOST",
  "SCHEMA_DRIFT",
  "SWEEP_INCOMPLETE",
  "GUARD_REFUSED",
  "RUN_IN_PROGRESS",
  "LEASE_LOST",
  "STORE_FAILED",
  "TASKS_BUSY",
  "RECORD_NOT_FOUND",
  "RECORD_INCOMPLETE",
  "RECORD_TRASHED",
  "FIELD_UNKNOWN",
  "FIELD_READ_ONLY",
  "VALUE_INVALID",
  "VALUE_TOO_LONG",
  "OPTION_UNKNOWN",
  "SENT_TOO_LATE",
  "SQL_FAILED",
  "SQL_TABLE_UNFIT",
  "SQL_UNIQUE",
  "SQL_NOT_NULL",
  "SQL_CHECK",
  "SQL_FOREIGN_KEY",
  "SQL_RAISED",
  "SQL_NOT_PERMITTED",
  "SQL_BUSY",
  "SQL_NO_DELETE",
  "BOOK_UNSETTLED",
  "BOOK_REFUSED",
  "AUDIBLE_SIGN_IN_NEEDED",
  "AUDIBLE_SIGN_IN_FAILED",
  "RUN_NOT_FOUND",
  "SYNC_NOT_FOUND",
  "USAGE",
  "UNAUTHENTICATED",
  "CANCELLED",
  "UNEXPECTED",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** Whether trying again can help: never, at once, or not before so many milliseconds. */
export type Retry = "never" | "safe" | { readonly afterMs: number };

/**
 * The one error of Lockstep. `message` says what was tried, what was expected, what came and what to do;
 * it never holds a token or a whole body.
 */
export class LockstepError extends Error {
  readonly code: ErrorCode;
  readonly retry: Retry;
  readonly details: { readonly [key: string]: Json };

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; retry?: Retry; details?: { readonly [key: string]: Json } } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "LockstepError";
    this.code = code;
    this.retry = options.retry ?? "never";
    this.details = options.details ?? {};
  }
}
