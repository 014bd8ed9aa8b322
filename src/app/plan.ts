import { LockstepError } from "../core/errors.ts";
import type { Step } from "../engine/reconcile.ts";
import { dryRun } from "../engine/run.ts";
import type { EngineDeps, OnProgress, SyncDefinition } from "../engine/sync.ts";
import type { BackupPlanReport, PlannedAction } from "./lockstep.ts";

/** A plan lists this many actions in full; its counts cover all of them. */
const actionsShownMax = 200;

/** What a run of this sync would do now, in the words that faces show. Writes nothing. */
export async function planSource(
  deps: EngineDeps,
  sync: SyncDefinition,
  options: {
    isFull?: boolean;
    allowDeletes?: number;
    onProgress: OnProgress;
    signal?: AbortSignal | undefined;
  },
): Promise<BackupPlanReport> {
  const counts = { ...noActions };
  try {
    const shown: PlannedStep[] = [];
    const planned = new Set<string>();
    const { refusal, warnings, unchanged } = await dryRun(deps, sync, {
      isFull: options.isFull === true,
      allowDeletes: options.allowDeletes ?? null,
      onProgress: options.onProgress,
      signal: options.signal,
      onStep(step) {
        // A sweep plans again what the poll before it has planned, because a dry run writes nothing in between.
        // Without a change it is known already: what is missing, for one, stays so run after run.
        if (step.kind === "unchanged" || step.change === null || planned.has(step.sourceId)) return;
        planned.add(step.sourceId);
        counts[step.kind] += 1;
        if (shown.length < actionsShownMax) shown.push({ step, kind: step.kind });
      },
    });
    const actions: PlannedAction[] = [];
    for (const planned of shown) actions.push(await describeStep(deps, planned));
    return {
      type: "import",
      sync: sync.name,
      actions,
      counts,
      unchanged,
      refusal,
      warnings,
      calls: sync.meter().calls,
      error: null,
    };
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return { ...planFailed(sync.name, error), calls: sync.meter().calls };
  }
}

/** The plan of a sync that could not be looked at. */
export function planFailed(sync: string, { code, message }: LockstepError): BackupPlanReport {
  return {
    type: "import",
    sync,
    actions: [],
    counts: noActions,
    unchanged: 0,
    refusal: null,
    calls: 0,
    warnings: [],
    error: { code, message },
  };
}

const noActions = { create: 0, update: 0, delete: 0, revive: 0, missing: 0, leave: 0 };

interface PlannedStep {
  readonly step: Step;
  readonly kind: PlannedAction["kind"];
}

async function describeStep(deps: EngineDeps, { step, kind }: PlannedStep): Promise<PlannedAction> {
  const taskId = step.change?.taskId ?? null;
  const task = taskId === null ? null : await deps.store.getTask(taskId);
  return {
    kind,
    sourceId: step.sourceId,
    taskId,
    title: step.change?.version?.title ?? task?.current.title ?? "",
    fields: step.fields,
    isConflict: (step.change?.conflicts.length ?? 0) > 0,
  };
}
