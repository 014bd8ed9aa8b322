import { LockstepError } from "../core/errors.ts";
import type { Run, RunCounts } from "../store/store.ts";
import type { EngineDeps } from "./sync.ts";

/** What a run is about. */
export interface RunAbout extends Pick<Run, "syncId" | "type" | "source" | "sourceId" | "trigger"> {
  /** Absent: made up. */
  readonly id?: string | undefined;
}

const noCounts: RunCounts = {
  read: 0,
  created: 0,
  updated: 0,
  deleted: 0,
  revived: 0,
  unchanged: 0,
  conflicts: 0,
  missing: 0,
};

/** The evidence of a run that has only just begun. */
export function begunRun({ ids, clock }: Pick<EngineDeps, "ids" | "clock">, { id, ...about }: RunAbout): Run {
  return {
    id: id ?? ids.next(),
    ...about,
    status: "running",
    startedAt: new Date(clock.now()).toISOString(),
    endedAt: null,
    counts: noCounts,
    calls: 0,
    retries: 0,
    errors: [],
    warnings: [],
    checkpointBefore: null,
    checkpointAfter: null,
    certificate: null,
  };
}

/** What ended a run, for its evidence. `saved`: what a cancelled one keeps ("what was read"). */
export function failureOf(error: unknown, signal: AbortSignal, saved: string): Run["errors"][number] {
  // A lost lease aborts the run's requests too: then the loss is the reason, not the cancelled request.
  const cause = signal.aborted && signal.reason instanceof LockstepError ? signal.reason : error;
  if (cause instanceof LockstepError) return { code: cause.code, message: cause.message };
  if (signal.aborted) return { code: "CANCELLED", message: `the run was cancelled; ${saved} is saved` };
  const message = error instanceof Error ? error.message : String(error);
  return { code: "UNEXPECTED", message: `unexpected failure: ${message}` };
}
