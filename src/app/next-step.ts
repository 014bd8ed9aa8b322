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
  RATE_LIMITED: "wait, then run again; a lower notion.ratePerMinute leaves room for others",
  UPSTREAM_FAILED: "run again later; status.notion.so shows whether Notion has a problem",
  UPSTREAM_TIMEOUT: "run again; raise notion.timeoutMs if it stays",
  CIRCUIT_OPEN: "wait until the time named above, then run again",
  ACCESS_LOST: "share the database with the connection again; nothing was deleted",
  SCHEMA_DRIFT: "adapt fieldMappings to the properties as they are now called",
  SWEEP_INCOMPLETE: "run again; nothing was deleted",
  GUARD_REFUSED:
    "look at `lockstep plan`; if the deletions are meant, a person allows them with `lockstep sync --allow-deletes N`",
  RUN_IN_PROGRESS: "wait for the other run; `lockstep status` shows it",
  LEASE_LOST: "another process has taken over; see `lockstep runs`",
  STORE_FAILED: "read the message: the file must be writable, the disk not full, no other program holding it",
  TASKS_BUSY: "run again when the tasks are not being edited so often",
  RECORD_NOT_FOUND:
    "check the reference: a task id, a Notion page id or link, the beginning of one, or words of a title",
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

/** The step for a code that comes as text, as in the evidence of a run; null for one that is not known. */
export function nextStepOf(code: string): string | null {
  return Object.hasOwn(nextSteps, code) ? nextSteps[code as ErrorCode] : null;
}

function unexpected(thrown: unknown): LockstepError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new LockstepError("UNEXPECTED", `Unexpected failure: ${message}`, { cause: thrown });
}
