import type { LockstepError } from "../core/errors.ts";
import { startedRun } from "../engine/run.ts";
import type { EngineDeps, SyncDefinition } from "../engine/sync.ts";
import type { Run } from "../store/store.ts";
import type { RunReport } from "./lockstep.ts";

/** A sync of which a run could not begin. */
export type Failed = Pick<SyncDefinition, "id" | "name" | "sourceId" | "meter"> &
  Partial<Pick<Run, "type" | "source">>;

/** Leaves evidence of a run that could not begin. */
export async function recordFailure(
  deps: EngineDeps,
  sync: Failed,
  trigger: string,
  error: LockstepError,
): Promise<RunReport> {
  const { calls, retries } = sync.meter();
  const begun = startedRun(deps, sync, trigger, null);
  const run: Run = {
    ...begun,
    type: sync.type ?? begun.type,
    source: sync.source ?? begun.source,
    status: error.code === "RUN_IN_PROGRESS" ? "refused" : "failed",
    endedAt: begun.startedAt,
    calls,
    retries,
    errors: [{ code: error.code, message: error.message }],
  };
  await deps.store.startRun(run);
  return { sync: sync.name, run };
}
