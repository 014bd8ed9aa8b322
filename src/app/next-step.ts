import { type ErrorCode, LockstepError } from "../core/errors.ts";

/** What to do about an error, in one line; docs/errors.md says more about each. */
const nextSteps: Record<ErrorCode, string> = {
  CONFIG_INVALID: "correct the places named above; docs/config.md lists every key",
  CONFIG_NOT_FOUND: "create lockstep.config.json here, or name one with --config FILE",
  SECRET_MISSING: "set the variable named above in the environment, never in the configuration file",
  NOTION_UNAUTHORIZED:
    "check NOTION_TOKEN: copy it again from the connection's page at notion.so/profile/integrations",
  NOTION_FORBIDDEN: "give the connection the capability to read content, in its settings in Notion",
  NOTION_NOT_FOUND: "share the database with the connection (… → Connections), and check the id",
  NOTION_REFUSED: "check the database and data source ids in the configuration",
  NOTION_UNEXPECTED: "run again; if it stays, report it with the request id above",
  GITHUB_UNAUTHORIZED: "check GITHUB_TOKEN, or the App's id and key",
  GITHUB_FORBIDDEN: "grant the right that the message names; `lockstep doctor` lists all that are missing",
  GITHUB_NOT_FOUND: "check the repository's name, and that the token covers it",
  GITHUB_REFUSED: "correct what GitHub names, then run again",
  RATE_LIMITED: "wait, then run again; a lower notion.ratePerMinute leaves room for others",
  UPSTREAM_FAILED:
    "run again later; the status page of the service (status.notion.so for Notion) shows whether it has a problem",
  UPSTREAM_TIMEOUT: "run again; raise notion.timeoutMs if it stays",
  CIRCUIT_OPEN: "wait until the time named above, then run again",
  ACCESS_LOST:
    "share the database with the connection again, or mend the table's address and the user's rights; nothing was deleted",
  SCHEMA_DRIFT: "adapt fieldMappings to the properties as they are now called",
  SWEEP_INCOMPLETE: "run again; nothing was deleted",
  GUARD_REFUSED:
    "do what the message says; for a sync, look at `lockstep plan`, and if it is meant, a person lets it: `lockstep sync --yes` for a first run or a changed mapping, `lockstep sync --allow-deletes N` for deletions, `lockstep conflicts` for what is held back",
  RUN_IN_PROGRESS: "wait for the other run; `lockstep status` shows it",
  LEASE_LOST: "another process has taken over; see `lockstep runs`",
  STORE_FAILED: "read the message: it says what the store needs",
  TASKS_BUSY: "run again when the tasks are not being edited so often",
  RECORD_INCOMPLETE:
    "share what the record refers to with the connection, or leave the field out of the mapping",
  RECORD_NOT_FOUND:
    "check the reference: a task id, a Notion page id or link, the beginning of one, or words of a title",
  RECORD_TRASHED: "nothing to do: the next run reads the record again",
  FIELD_UNKNOWN: "adapt the mapping to the columns that are there",
  FIELD_READ_ONLY: "let the side that computes the field own it in the mapping",
  VALUE_INVALID: "correct the value named above where it comes from",
  VALUE_TOO_LONG: "shorten the value named above, or map it to a field that holds more",
  OPTION_UNKNOWN: "add the option in Notion, or map the value to one that is there",
  SENT_TOO_LATE: "nothing to do: the next run reads the record again",
  SQL_FAILED: "check that the database runs, and run again",
  SQL_TABLE_UNFIT: "do what the message says; docs/sql-connector.md lists what a table needs",
  SQL_UNIQUE: "change the value named above, or the other row that has it",
  SQL_NOT_NULL: "fill in the value named above, map a field to the column, or give it a default",
  SQL_CHECK: "correct the value where it comes from; the message names the constraint",
  SQL_FOREIGN_KEY: "create the row it refers to first, or correct the value",
  SQL_RAISED: "read the message: it is the table's own trigger that refused",
  SQL_NOT_PERMITTED: "grant the database user what docs/sql-connector.md lists",
  SQL_BUSY: "nothing to do: it is tried again",
  SQL_NO_DELETE: "set softDelete or hardDelete for the table, or let deletions stay on their side",
  BOOK_UNSETTLED: "nothing to do: the step comes again by itself",
  BOOK_REFUSED:
    "see `lockstep conflicts` for what is wrong with the page, mend it, and import the file again",
  AUDIBLE_SIGN_IN_NEEDED: "sign in: `lockstep audible sign-in`",
  AUDIBLE_SIGN_IN_FAILED: "begin anew with `lockstep audible sign-in`; docs/audible.md shows the steps",
  RUN_NOT_FOUND: "see `lockstep runs` for the ids of runs",
  SYNC_NOT_FOUND: "see `lockstep status` for the names of syncs",
  USAGE: "see `lockstep --help`",
  UNAUTHENTICATED: "send the header `Authorization: Bearer <LOCKSTEP_ADMIN_TOKEN>`",
  CANCELLED: "run again when ready; what was read is saved",
  UNEXPECTED: "this is a defect: run again with LOCKSTEP_DEBUG=1 and report the trace",
};

/** Any thrown thing as a LockstepError with the step that helps, for the faces to show. */
export function explainError(thrown: unknown): { readonly error: LockstepError; readonly nextStep: string } {
  const error = thrown instanceof LockstepError ? thrown : unexpected(thrown);
  return { error, nextStep: nextSteps[error.code] };
}

/** Why a record of a two-way sync waits, when that is no error of anybody. */
const waitingSteps: Readonly<Record<string, string>> = {
  RECORD_MISSING:
    "one side cannot be seen: share it with the connection again, or bring the row back; nothing is deleted",
  AMBIGUOUS_KEY:
    "several records of one side have the value that they are matched by: make it unique, or delete the spare ones",
  OSCILLATION:
    "somebody else keeps undoing what is written: find out which automation, or give the field one owner",
  DUPLICATE_RECORD: "two records are the same one, and both were edited: delete the one that is not needed",
};

/** The step for a code that comes as text, as in the evidence of a run; null for one that is not known. */
export function nextStepOf(code: string): string | null {
  if (Object.hasOwn(nextSteps, code)) return nextSteps[code as ErrorCode];
  return waitingSteps[code] ?? null;
}

function unexpected(thrown: unknown): LockstepError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new LockstepError("UNEXPECTED", `Unexpected failure: ${message}`, { cause: thrown });
}
