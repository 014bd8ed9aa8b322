import type { Checkpoint, Connector, PullBatch } from "../connector/connector.ts";
import type { Clock } from "../core/clock.ts";
import { LockstepError } from "../core/errors.ts";
import type { Ledger } from "./ledger.ts";
import { type Observed, observedFrom, planSteps, type ReconcileContext, type Step } from "./reconcile.ts";

/**
 * Pages are made durable together: a transaction waits for the disk, and the random places that links go to are
 * written once instead of once a page. Bounded in rows (memory) and in time (what a crash reads again).
 */
const rowsPerCommitMax = 1_000;
const commitAfterMs = 1_000;
/** Rows whose tasks keep moving under us are planned again this often. */
const replansMax = 5;

/** Plans batches as they come and makes them durable, in order; resuming positions never run ahead of their rows. */
export class Writer {
  private readonly ledger: Ledger;
  private readonly context: ReconcileContext;
  private readonly clock: Clock;
  private readonly left: Connector;
  private readonly onStep: (step: Step) => void;
  /** Planned, not yet durable. Holds drafts only, so that the pages they came from can go. */
  private steps: Step[] = [];
  /** Records of `steps`. */
  private pending = new Set<string>();
  private seen: string[] = [];
  private resumeAt: Checkpoint | undefined;
  private lastCommitAt: number;

  constructor(input: {
    readonly ledger: Ledger;
    readonly context: ReconcileContext;
    readonly clock: Clock;
    /** Asked again for records whose task has moved on since they were planned. */
    readonly left: Connector;
    /** Called for each step once it is durable. */
    readonly onStep: (step: Step) => void;
  }) {
    this.ledger = input.ledger;
    this.context = input.context;
    this.clock = input.clock;
    this.left = input.left;
    this.onStep = input.onStep;
    this.lastCommitAt = input.clock.monotonic();
  }

  async write(batch: PullBatch, isMarking: boolean): Promise<void> {
    // A record that is listed twice is planned again on what its first plan has written.
    if (batch.records.some((record) => this.pending.has(record.id))) await this.flush();
    const observed = batch.records.map(
      (record): Observed => ({ sourceId: record.id, left: record.presence, record }),
    );
    for (const step of await planSteps(this.context, observed)) {
      if (step.change === null) this.onStep(step);
      else {
        this.steps.push(step);
        this.pending.add(step.sourceId);
      }
    }
    if (isMarking) {
      for (const row of [...batch.records, ...batch.same, ...batch.unreadable]) this.seen.push(row.id);
    }
    if (batch.resumeAt !== undefined) this.resumeAt = batch.resumeAt;
    const isDue = this.clock.monotonic() - this.lastCommitAt >= commitAfterMs;
    const isFull = Math.max(this.steps.length, this.seen.length) >= rowsPerCommitMax;
    // A resuming position without rows to write is only worth a transaction together with some.
    if (isFull || (isDue && this.steps.length + this.seen.length > 0)) await this.flush();
  }

  /** Steps that were planned elsewhere; they are not planned again when they turn out stale. */
  async apply(steps: readonly Step[]): Promise<void> {
    this.steps.push(...steps);
    await this.flush();
  }

  /** Makes everything so far durable. Throws TASKS_BUSY, before any checkpoint moves, when tasks will not hold still. */
  async flush(): Promise<void> {
    const { seen, resumeAt } = this;
    let steps: readonly Step[] = this.steps;
    this.steps = [];
    this.pending = new Set();
    this.seen = [];
    this.resumeAt = undefined;
    for (let attempt = 0; attempt < replansMax && (steps.length > 0 || seen.length > 0); attempt++) {
      const changes = steps.flatMap((step) => (step.change === null ? [] : [step.change]));
      const stale = new Set(await this.ledger.commit(changes, seen, resumeAt));
      for (const step of steps) if (!stale.has(step.sourceId)) this.onStep(step);
      this.lastCommitAt = this.clock.monotonic();
      if (stale.size === 0) return;
      const again = await planSteps(this.context, await this.look(stale));
      // Deletions pass the guard together, which this one would not: the next sweep finds it again.
      steps = again.filter((step) => step.kind !== "delete");
    }
    if (steps.length === 0) return;
    throw new LockstepError(
      "TASKS_BUSY",
      `${steps.length} tasks kept being edited while the run wrote them, ${replansMax} times over; ` +
        "everything else is saved and the checkpoint stays, so that the next run takes them up",
      { retry: "safe" },
    );
  }

  private async look(sourceIds: Iterable<string>): Promise<Observed[]> {
    const observed: Observed[] = [];
    for (const id of sourceIds) observed.push(observedFrom(id, await this.left.get(id)));
    return observed;
  }
}
