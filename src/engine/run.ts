import type { Run, RunStatus, SyncState } from "../store/store.ts";
import { holdLease } from "./lease.ts";
import { dryLedger, durableLedger } from "./ledger.ts";
import type { Step } from "./reconcile.ts";
import { begunRun, failureOf } from "./run-evidence.ts";
import type { EngineDeps, SyncDefinition } from "./sync.ts";
import { Work, type WorkOptions } from "./work.ts";

export interface RunOptions extends WorkOptions {
  readonly trigger: string;
}

/** What a dry run found. */
export interface DryRun {
  readonly refusal: string | null;
  readonly warnings: readonly string[];
  readonly unchanged: number;
}

/**
 * One run of one sync: pull what changed, plan, guard, apply, checkpoint. It always leaves evidence, also when it
 * fails or is refused; only a lost store can keep it from that. Throws RUN_IN_PROGRESS when another run holds it.
 */
export async function runSync(deps: EngineDeps, sync: SyncDefinition, options: RunOptions): Promise<Run> {
  const { store, clock } = deps;
  await using held = await holdLease(deps, sync.id, sync.name);
  const state = await store.getSync(sync.id);
  const started = startedRun(deps, sync, options.trigger, state);
  await store.startRun(started);
  const ledger = durableLedger({ store, clock, syncId: sync.id, runId: started.id, lease: held.lease });
  const signal = options.signal === undefined ? held.signal : AbortSignal.any([options.signal, held.signal]);
  const work = new Work({
    deps,
    sync,
    ledger,
    state,
    options: { ...options, signal },
    onStep: () => {},
    showsFields: false,
  });
  const before = sync.meter();
  const outcome = await carryOut(work, signal);
  const after = sync.meter();
  const finished: Run = {
    ...started,
    ...outcome,
    endedAt: new Date(clock.now()).toISOString(),
    counts: work.tally.counts(),
    calls: after.calls - before.calls,
    retries: after.retries - before.retries,
    warnings: work.warnings,
    checkpointAfter: (await store.getSync(sync.id))?.checkpoint ?? null,
    certificate: work.tally.certificate((await store.getTotals(sync.id)).live),
  };
  await store.saveRun(finished);
  options.onProgress("done", finished.counts.read);
  return finished;
}

/**
 * What a run would do now, step by step. Writes nothing, and asks the source for the same things a run would ask for.
 */
export async function dryRun(
  deps: EngineDeps,
  sync: SyncDefinition,
  options: WorkOptions & { readonly onStep: (step: Step) => void },
): Promise<DryRun> {
  const { store, clock } = deps;
  const state = await store.getSync(sync.id);
  const ledger = dryLedger({ store, clock, syncId: sync.id });
  // A dry run writes nothing between poll and sweep, so that both plan the same rows: each counts once.
  const changed = new Set<string>();
  const onStep = (step: Step) => {
    if (step.kind === "create" || step.kind === "update" || step.kind === "revive")
      changed.add(step.sourceId);
    options.onStep(step);
  };
  const work = new Work({ deps, sync, ledger, state, options, onStep, showsFields: true });
  const refusal = await work.perform();
  return {
    refusal,
    warnings: work.warnings,
    unchanged: Math.max(0, work.tally.counts().read - changed.size),
  };
}

/** Performs the work and says how it ended; never throws what belongs into the evidence. */
async function carryOut(
  work: Work,
  signal: AbortSignal,
): Promise<{ status: RunStatus; errors: Run["errors"] }> {
  try {
    const refusal = await work.perform();
    if (refusal === null) return { status: "succeeded", errors: [] };
    return { status: "refused", errors: [{ code: "GUARD_REFUSED", message: refusal }] };
  } catch (error) {
    const failure = failureOf(error, signal, "what was read");
    return { status: failure.code === "CANCELLED" ? "cancelled" : "failed", errors: [failure] };
  }
}

/** The evidence of a run that has only just begun. */
export function startedRun(
  deps: EngineDeps,
  sync: Pick<SyncDefinition, "id" | "sourceId">,
  trigger: string,
  state: SyncState | null,
): Run {
  const about = {
    syncId: sync.id,
    type: "import",
    source: "notion",
    sourceId: sync.sourceId,
    trigger,
  } as const;
  return { ...begunRun(deps, about), checkpointBefore: state?.checkpoint ?? null };
}
