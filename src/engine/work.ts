import type { Checkpoint, PullBatch, PullEnd, PullMode } from "../connector/connector.ts";
import { LockstepError } from "../core/errors.ts";
import type { SyncState } from "../store/store.ts";
import { type Binding, bindSync } from "./binding.ts";
import { certifyAbsent } from "./certify.ts";
import type { Ledger } from "./ledger.ts";
import type { ReconcileContext, Step } from "./reconcile.ts";
import type { EngineDeps, OnProgress, SyncDefinition } from "./sync.ts";
import { Tally } from "./tally.ts";
import { Writer } from "./writer.ts";

/** Conflicts that a run's warnings name one by one; all of them are in the store. */
const conflictWarningsMax = 20;

export interface WorkOptions {
  /** Read everything again, whatever the checkpoint says. */
  readonly isFull: boolean;
  readonly allowDeletes: number | null;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
}

export interface WorkInput {
  readonly deps: EngineDeps;
  readonly sync: SyncDefinition;
  readonly ledger: Ledger;
  /** What the last run left. */
  readonly state: SyncState | null;
  readonly options: WorkOptions;
  readonly onStep: (step: Step) => void;
  /** For a dry run: say which task fields change. */
  readonly showsFields: boolean;
}

interface Reading {
  readonly mode: PullMode;
  readonly checkpoint: Checkpoint;
  /** Remember which records were seen, so that absent ones can be found. */
  readonly isMarking: boolean;
}

/** The work of one run, real or dry, and what it has counted so far. */
export class Work {
  readonly tally = new Tally();
  readonly warnings: string[] = [];
  private readonly input: WorkInput;

  constructor(input: WorkInput) {
    this.input = input;
  }

  /** Returns why the guard refused something, null when nothing was refused. Throws when it cannot go on. */
  async perform(): Promise<string | null> {
    const { deps, sync, ledger, options } = this.input;
    options.onProgress("connecting", 0);
    const { live } = await deps.store.getTotals(sync.id);
    const isSweepDue = this.isSweepDue();
    let binding = await this.bind(isSweepDue || options.isFull);
    // From the first row on: a first run that is cut off must know its columns, and its mapping, again.
    if (this.input.state === null) await ledger.saveBinding(binding.stored);
    let reading = await this.beginReading(binding, live);
    let end = await this.pull(binding, reading);
    if (end.isSchemaChanged && !binding.isFresh) {
      // The columns changed since the remembered description: read again with the names as they are now.
      binding = await this.bind(true);
      reading = await this.beginReading(binding, live);
      this.tally.readAgain();
      end = await this.pull(binding, reading);
    }
    this.warnings.push(...binding.warnings);
    this.conclude(end);
    await ledger.commit([], [], end.checkpoint);
    if (binding.isFresh) await ledger.saveBinding(binding.stored);

    if (reading.isMarking) return this.certify(binding, end, live);
    if (reading.mode === "changes" && isSweepDue) return this.sweep(binding, end.checkpoint, live);
    // Everything was read in one go into an empty store: nothing can be absent.
    if (reading.mode === "full" && reading.checkpoint === null) await ledger.finishSweep();
    return null;
  }

  private async beginReading({ isRemapped }: Binding, live: number): Promise<Reading> {
    const { ledger, state, options } = this.input;
    const reading = chooseReading({ state, live, isFull: options.isFull || isRemapped });
    if (reading.isMarking) await ledger.startSweep();
    return reading;
  }

  private bind(mustDescribe: boolean): Promise<Binding> {
    const { sync, state, options } = this.input;
    return bindSync(sync, state?.binding ?? null, { mustDescribe, signal: options.signal });
  }

  private async sweep(binding: Binding, checkpoint: Checkpoint, live: number): Promise<string | null> {
    await this.input.ledger.startSweep();
    this.tally.readAgain();
    const end = await this.pull(binding, { mode: "sweep", checkpoint, isMarking: true });
    this.conclude(end);
    return this.certify(binding, end, live);
  }

  private async certify(binding: Binding, end: PullEnd, live: number): Promise<string | null> {
    const { sync, ledger, options } = this.input;
    let suspects = 0;
    const certified = await certifyAbsent({
      left: sync.left,
      ledger,
      context: this.contextFor(binding),
      limits: { ...sync.guard, allowed: options.allowDeletes },
      live,
      signal: options.signal,
      onSuspect: () => options.onProgress("certifying", ++suspects),
    });
    await this.writerFor(binding).apply(certified.steps);
    this.tally.swept(end, certified.counts);
    // Rows that the list had left out were read after all, one by one.
    this.tally.read(certified.counts.falseAlarms);
    if (certified.refusal === null) await ledger.finishSweep();
    return certified.refusal;
  }

  private async pull(binding: Binding, { mode, checkpoint, isMarking }: Reading): Promise<PullEnd> {
    const { sync, ledger, options } = this.input;
    const memosOf = (ids: readonly string[]) => ledger.memosOf(ids);
    const request = { mode, checkpoint, memosOf, knownFields: binding.fields, signal: options.signal };
    await using pulling = sync.left.pull(request);
    const writer = this.writerFor(binding);
    let rows = 0;
    try {
      for (;;) {
        const next = await pulling.next();
        if (next.done === true) {
          await writer.flush();
          return next.value;
        }
        options.signal?.throwIfAborted();
        await writer.write(next.value, isMarking);
        rows += this.count(next.value);
        options.onProgress(mode === "sweep" ? "sweeping" : "reading", rows);
      }
    } catch (error) {
      // What the source gave until it failed is kept; the failure is what is reported.
      await writer.flush().catch(() => {});
      throw error;
    }
  }

  private count(batch: PullBatch): number {
    const rows = batch.records.length + batch.same.length + batch.unreadable.length;
    this.tally.read(rows);
    this.tally.same(batch.same.length);
    this.tally.addUnreadable(batch.unreadable);
    return rows;
  }

  private conclude(end: PullEnd): void {
    this.tally.pulled(end);
    if (end.isComplete) return;
    throw new LockstepError(
      "SWEEP_INCOMPLETE",
      `"${this.input.sync.name}" could not be read to its end: ${end.reason ?? "no reason given"}. ` +
        "Nothing was deleted and the checkpoint stays; what was read is saved.",
      { retry: "safe" },
    );
  }

  private writerFor(binding: Binding): Writer {
    const { deps, sync, ledger, onStep } = this.input;
    return new Writer({
      ledger,
      context: this.contextFor(binding),
      clock: deps.clock,
      left: sync.left,
      onStep: (step) => {
        this.tally.done(step);
        this.warnOfConflicts(step);
        onStep(step);
      },
    });
  }

  private warnOfConflicts(step: Step): void {
    for (const { field } of step.change?.conflicts ?? []) {
      const { conflicts } = this.tally.counts();
      if (conflicts > conflictWarningsMax) return;
      this.warnings.push(
        `conflict on ${step.sourceId}, field ${field}: changed in Notion and in the task; Notion's value was taken, ` +
          `the other is kept in version ${step.change?.expectedVersionNum}`,
      );
    }
  }

  private contextFor({ recipe, isRemapped }: Binding): ReconcileContext {
    const { deps, sync, ledger, showsFields } = this.input;
    const at = () => new Date(deps.clock.now()).toISOString();
    return { ledger, recipe, projectScopeId: sync.projectScopeId, isRemapped, showsFields, at };
  }

  private isSweepDue(): boolean {
    const { deps, sync, state } = this.input;
    const last = state?.lastSweepAt ?? null;
    return last === null || deps.clock.now() - Date.parse(last) >= sync.sweepEveryMs;
  }
}

/**
 * How to read this time. Nothing known: everything. A backfill that was cut off: the rest of it. Otherwise what
 * changed. Reading everything also marks what was seen, when there is something that could be absent.
 */
function chooseReading(known: { state: SyncState | null; live: number; isFull: boolean }): Reading {
  const checkpoint = known.state?.checkpoint ?? null;
  if (known.isFull) return { mode: "full", checkpoint: null, isMarking: known.live > 0 };
  const isBackfilling = checkpoint === null || checkpoint.kind === "full";
  return { mode: isBackfilling ? "full" : "changes", checkpoint, isMarking: false };
}
