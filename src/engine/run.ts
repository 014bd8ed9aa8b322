import type { Checkpoint, PullBatch, PullEnd, PullMode } from "../connector/connector.ts";
import { LockstepError } from "../core/errors.ts";
import type { Run, RunStatus, SyncState } from "../store/store.ts";
import { type Binding, bindSync } from "./binding.ts";
import { certifyAbsent } from "./certify.ts";
import { holdLease } from "./lease.ts";
import { dryLedger, durableLedger, type Ledger } from "./ledger.ts";
import { type Observed, planSteps, type ReconcileContext, type Step } from "./reconcile.ts";
import type { EngineDeps, OnProgress, SyncDefinition } from "./sync.ts";
import { Tally } from "./tally.ts";

/** A batch whose tasks keep moving under us is planned again this often before the run gives up. */
const replansMax = 5;

export interface RunOptions {
  readonly trigger: string;
  /** Read everything again, whatever the checkpoint says. */
  readonly isFull: boolean;
  readonly allowDeletes: number | null;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
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
  await using held = await holdLease(deps, sync.id, sync.name);
  const state = await deps.store.getSync(sync.id);
  const started = startedRun(deps, sync, options.trigger, state);
  await deps.store.startRun(started);
  const { store, clock } = deps;
  const ledger = durableLedger({ store, clock, syncId: sync.id, runId: started.id, lease: held.lease });
  const signal = options.signal === undefined ? held.signal : AbortSignal.any([options.signal, held.signal]);
  const work = new Work({ deps, sync, ledger, state, options: { ...options, signal }, onStep: () => {} });
  const before = sync.meter();
  const outcome = await work.carryOut();
  const after = sync.meter();
  const totals = await store.getTotals(sync.id);
  const finished: Run = {
    ...started,
    ...outcome,
    endedAt: new Date(clock.now()).toISOString(),
    counts: work.tally.counts(),
    calls: after.calls - before.calls,
    retries: after.retries - before.retries,
    warnings: work.warnings,
    checkpointAfter: (await store.getSync(sync.id))?.checkpoint ?? null,
    certificate: work.tally.certificate(totals.live),
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
  options: Omit<RunOptions, "trigger"> & { readonly onStep: (step: Step) => void },
): Promise<DryRun> {
  const state = await deps.store.getSync(sync.id);
  const { onStep } = options;
  const ledger = dryLedger({ store: deps.store, clock: deps.clock, syncId: sync.id });
  const work = new Work({ deps, sync, ledger, state, options: { ...options, trigger: "plan" }, onStep });
  const refusal = await work.perform();
  return { refusal, warnings: work.warnings, unchanged: work.tally.counts().unchanged };
}

interface WorkInput {
  readonly deps: EngineDeps;
  readonly sync: SyncDefinition;
  readonly ledger: Ledger;
  readonly state: SyncState | null;
  readonly options: RunOptions;
  readonly onStep: (step: Step) => void;
}

/** The work of one run, real or dry, and what it has counted so far. */
class Work {
  readonly tally = new Tally();
  readonly warnings: string[] = [];
  private readonly input: WorkInput;

  constructor(input: WorkInput) {
    this.input = input;
  }

  /** Performs the work and says how it ended; never throws for what belongs into the evidence. */
  async carryOut(): Promise<{ status: RunStatus; errors: Run["errors"] }> {
    try {
      const refusal = await this.perform();
      if (refusal === null) return { status: "succeeded", errors: [] };
      return { status: "refused", errors: [{ code: "GUARD_REFUSED", message: refusal }] };
    } catch (error) {
      const { code, message } = describeError(error, this.input.options.signal);
      return { status: code === "CANCELLED" ? "cancelled" : "failed", errors: [{ code, message }] };
    }
  }

  /** Returns why the guard refused something, null when nothing was refused. */
  async perform(): Promise<string | null> {
    const { deps, sync, ledger, state, options } = this.input;
    options.onProgress("connecting", 0);
    const { live } = await deps.store.getTotals(sync.id);
    const isSweepDue = this.isSweepDue();
    let binding = await bindSync(sync, state?.binding ?? null, {
      mustDescribe: isSweepDue || options.isFull,
      signal: options.signal,
    });
    const plan = readingPlan({ state, live, isFull: options.isFull || binding.isRemapped });
    if (plan.isMarking) await ledger.startSweep();
    let end = await this.pull(binding, plan);
    if (end.isSchemaChanged && !binding.isFresh) {
      // The columns changed since the remembered description: read again with the names as they are now.
      binding = await bindSync(sync, state?.binding ?? null, { mustDescribe: true, signal: options.signal });
      this.tally.readAgain();
      end = await this.pull(binding, plan);
    }
    this.warnings.push(...binding.warnings);
    this.tally.pulled(end);
    if (!end.isComplete) throw incomplete(sync, end);
    await ledger.commit([], [], end.checkpoint);
    if (binding.isFresh) await ledger.saveBinding(binding.stored);

    if (plan.isMarking) return this.certify(binding, end, live);
    if (plan.mode === "changes" && isSweepDue) return this.sweep(binding, end.checkpoint, live);
    // Everything was read in one go into an empty store: nothing can be absent.
    if (plan.mode === "full" && plan.checkpoint === null) await ledger.finishSweep();
    return null;
  }

  private async sweep(binding: Binding, checkpoint: Checkpoint, live: number): Promise<string | null> {
    await this.input.ledger.startSweep();
    this.tally.readAgain();
    const end = await this.pull(binding, { mode: "sweep", checkpoint, isMarking: true });
    this.tally.pulled(end);
    if (!end.isComplete) throw incomplete(this.input.sync, end);
    return this.certify(binding, end, live);
  }

  private async certify(binding: Binding, end: PullEnd, live: number): Promise<string | null> {
    const { sync, ledger, options } = this.input;
    const context = this.contextFor(binding);
    let suspects = 0;
    const certified = await certifyAbsent({
      left: sync.left,
      ledger,
      context,
      limits: { ...sync.guard, allowed: options.allowDeletes },
      live,
      signal: options.signal,
      onSuspect: () => options.onProgress("certifying", ++suspects),
    });
    await this.apply(context, certified.steps, []);
    this.tally.swept(end, certified.counts);
    if (certified.refusal === null) await ledger.finishSweep();
    return certified.refusal;
  }

  private async pull(binding: Binding, { mode, checkpoint, isMarking }: Reading): Promise<PullEnd> {
    const { sync, ledger, options } = this.input;
    const context = this.contextFor(binding);
    const memosOf = (ids: readonly string[]) => ledger.memosOf(ids);
    const knownFields = binding.fields;
    const pulling = sync.left.pull({ mode, checkpoint, memosOf, knownFields, signal: options.signal });
    let rows = 0;
    for (;;) {
      const next = await pulling.next();
      if (next.done === true) return next.value;
      options.signal?.throwIfAborted();
      await this.reconcile(context, next.value, isMarking);
      rows += rowsOf(next.value);
      this.tally.read(rowsOf(next.value));
      options.onProgress(mode === "sweep" ? "sweeping" : "reading", rows);
    }
  }

  private async reconcile(context: ReconcileContext, batch: PullBatch, isMarking: boolean): Promise<void> {
    const observed = batch.records.map(
      (record): Observed => ({ sourceId: record.id, left: record.presence, record }),
    );
    const seen = isMarking ? [...batch.records, ...batch.same, ...batch.unreadable].map((row) => row.id) : [];
    this.tally.addUnreadable(batch.unreadable);
    this.tally.same(batch.same.length);
    await this.apply(context, await planSteps(context, observed), seen, {
      observed,
      resumeAt: batch.resumeAt,
    });
  }

  /** Makes the steps durable, and plans those again whose task was edited in the meantime. */
  private async apply(
    context: ReconcileContext,
    planned: readonly Step[],
    seen: readonly string[],
    batch: { observed: readonly Observed[]; resumeAt?: Checkpoint | undefined } = { observed: [] },
  ): Promise<void> {
    let steps = planned;
    for (let attempt = 0; attempt < replansMax; attempt++) {
      const changes = steps.flatMap((step) => (step.change === null ? [] : [step.change]));
      const stale = new Set(await this.input.ledger.commit(changes, seen, batch.resumeAt));
      for (const step of steps) {
        if (stale.has(step.sourceId)) continue;
        this.tally.done(step);
        this.warnOfConflicts(step);
        this.input.onStep(step);
      }
      if (stale.size === 0) return;
      steps = await planSteps(
        context,
        batch.observed.filter((each) => stale.has(each.sourceId)),
      );
    }
    this.warnings.push(
      `${steps.length} rows kept being edited while they were written; the next run takes them up`,
    );
  }

  private warnOfConflicts(step: Step): void {
    for (const conflict of step.change?.conflicts ?? []) {
      this.warnings.push(
        `conflict on ${step.sourceId}, field ${conflict.field}: changed in Notion and in the task; Notion's value was taken, ` +
          `the other is kept in version ${step.change?.expectedVersionNum}`,
      );
    }
  }

  private contextFor({ recipe, isRemapped }: Binding): ReconcileContext {
    const { deps, sync, ledger } = this.input;
    const at = () => new Date(deps.clock.now()).toISOString();
    return { ledger, recipe, projectScopeId: sync.projectScopeId, isRemapped, at };
  }

  private isSweepDue(): boolean {
    const { deps, sync, state } = this.input;
    const last = state?.lastSweepAt ?? null;
    return last === null || deps.clock.now() - Date.parse(last) >= sync.sweepEveryMs;
  }
}

interface Reading {
  readonly mode: PullMode;
  readonly checkpoint: Checkpoint;
  /** Remember which records were seen, so that absent ones can be found. */
  readonly isMarking: boolean;
}

/**
 * How to read this time. Nothing known: everything. A backfill that was cut off: the rest of it. Otherwise what
 * changed. Reading everything also marks what was seen, when there is something that could be absent.
 */
function readingPlan(known: { state: SyncState | null; live: number; isFull: boolean }): Reading {
  const checkpoint = known.state?.checkpoint ?? null;
  if (known.isFull) return { mode: "full", checkpoint: null, isMarking: known.live > 0 };
  if (checkpoint === null || checkpoint.kind === "full")
    return { mode: "full", checkpoint, isMarking: false };
  return { mode: "changes", checkpoint, isMarking: false };
}

function startedRun(deps: EngineDeps, sync: SyncDefinition, trigger: string, state: SyncState | null): Run {
  return {
    id: deps.ids.next(),
    syncId: sync.id,
    type: "import",
    source: "notion",
    sourceId: sync.sourceId,
    trigger,
    status: "running",
    startedAt: new Date(deps.clock.now()).toISOString(),
    endedAt: null,
    counts: new Tally().counts(),
    calls: 0,
    retries: 0,
    errors: [],
    warnings: [],
    checkpointBefore: state?.checkpoint ?? null,
    checkpointAfter: null,
    certificate: null,
  };
}

function incomplete(sync: SyncDefinition, end: PullEnd): LockstepError {
  return new LockstepError(
    "SWEEP_INCOMPLETE",
    `"${sync.name}" could not be read to its end: ${end.reason ?? "no reason given"}. ` +
      "Nothing was deleted and the checkpoint stays; what was read is saved.",
    { retry: "safe" },
  );
}

function describeError(error: unknown, signal: AbortSignal | undefined): { code: string; message: string } {
  if (error instanceof LockstepError) return { code: error.code, message: error.message };
  if (signal?.aborted === true)
    return { code: "CANCELLED", message: "the run was cancelled; what was read is saved" };
  const message = error instanceof Error ? error.message : String(error);
  return { code: "UNEXPECTED", message: `unexpected failure: ${message}` };
}

function rowsOf(batch: PullBatch): number {
  return batch.records.length + batch.same.length + batch.unreadable.length;
}
