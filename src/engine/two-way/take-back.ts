import type { RecordWrite, WriteOutcome } from "../../connector/connector.ts";
import { LockstepError } from "../../core/errors.ts";
import { deletesAllowed } from "../../core/guard.ts";
import type { Json } from "../../core/json.ts";
import { otherSide } from "../../core/two-way/mapping.ts";
import type { Run } from "../../store/store.ts";
import { holdLease } from "../lease.ts";
import type { BoundMapping, PairDefinition, PairDeps, PassOptions } from "./definition.ts";
import { inverseOf } from "./history.ts";
import { equalJson, openPair, type Pair, recordId } from "./link.ts";
import { startedRun } from "./pass.ts";
import { readState } from "./state.ts";
import { PassTally } from "./tally.ts";
import type { UndoStep } from "./undo.ts";

/** A field that stays as it is, and why. */
export interface LeftField {
  readonly field: string;
  readonly reason: "changed since" | "nobody knows what was there" | "the other side decides it";
}

/** What taking a run back does, or would do, to one side of one pair. */
export interface TakenBack {
  readonly pair: Pair;
  readonly side: UndoStep["side"];
  readonly kind: UndoStep["kind"];
  readonly fields: UndoStep["fields"];
  readonly left: readonly LeftField[];
  /** null: it was only looked at, or there is nothing left to do. */
  readonly outcome: WriteOutcome["kind"] | null;
}

export interface TakeBackOptions extends Pick<PassOptions, "allowDeletes" | "signal"> {
  readonly isCommitted: boolean;
}

export interface TakeBackReport {
  readonly steps: readonly TakenBack[];
  /** null: nothing was written. */
  readonly run: Run | null;
}

/**
 * Takes back what a run wrote, where it still stands: each record is read first. What it writes counts as an edit made on
 * that side, so that the next run carries it to the other one. Taking back once more, or after dying half-way, finds what
 * is left to do. Throws GUARD_REFUSED when it would delete more than may go without a person's word.
 */
export async function takeBackRun(
  deps: PairDeps,
  pair: PairDefinition,
  { runId, ...options }: TakeBackOptions & { readonly runId: string },
): Promise<TakeBackReport> {
  const mapping = await boundBefore(deps, pair);
  const steps: TakenBack[] = [];
  for await (const step of inverseOf(deps.store, runId)) {
    const planned = await planStep(deps, pair, { mapping, step });
    if (planned !== null) steps.push(planned);
  }
  if (!options.isCommitted || steps.length === 0) return { steps, run: null };
  await demandAllowed(deps, pair, { steps, allowed: options.allowDeletes });
  await using held = await holdLease(deps, pair.id, pair.name);
  const started: Run = { ...startedRun(deps, pair, "undo"), sourceId: runId };
  await deps.store.startRun(started);
  const tally = new PassTally();
  const done: TakenBack[] = [];
  for (const step of steps) {
    held.signal.throwIfAborted();
    options.signal?.throwIfAborted();
    const taken = await takeOne(deps, pair, { mapping, step });
    if (taken.outcome !== null) tally.wrote(step.kind, taken.outcome);
    done.push(taken);
  }
  const run: Run = {
    ...started,
    status: "succeeded",
    endedAt: new Date(deps.clock.now()).toISOString(),
    counts: tally.counts(),
    certificate: { ...tally.evidence(), undoes: runId },
  };
  await deps.store.saveRun(run);
  return { steps: done, run };
}

/** The mapping as the last run knew it. */
async function boundBefore({ store }: PairDeps, pair: PairDefinition): Promise<BoundMapping> {
  const { sides, binding } = readState(await store.pairs.getState(pair.id));
  const { left, right } = { left: sides.left.description, right: sides.right.description };
  if (left !== null && right !== null) return pair.bind({ left, right }, binding);
  throw new LockstepError("RUN_NOT_FOUND", `"${pair.name}" has never run, so there is nothing to take back.`);
}

async function planStep(
  { store }: PairDeps,
  { id }: PairDefinition,
  { mapping, step }: { readonly mapping: BoundMapping; readonly step: UndoStep },
): Promise<TakenBack | null> {
  const [link] = await store.pairs.getLinks(id, [step.linkId]);
  if (link === undefined) return null;
  const left: LeftField[] = step.unknown.map((field) => ({ field, reason: "nobody knows what was there" }));
  const fields: Record<string, { from: Json; to: Json }> = {};
  for (const [field, change] of Object.entries(step.fields)) {
    const rule = mapping.rules.find(({ name }) => name === field);
    if (step.changedSince.includes(field)) left.push({ field, reason: "changed since" });
    else if (rule === undefined || rule.owner === otherSide(step.side))
      left.push({ field, reason: "the other side decides it" });
    else fields[field] = change;
  }
  const isParted = step.changedSince.includes("$presence");
  if (isParted) left.push({ field: "$presence", reason: "changed since" });
  const isNothing = isParted || (step.kind === "update" && Object.keys(fields).length === 0);
  if (isNothing && left.length === 0) return null;
  const { side, kind } = step;
  return {
    pair: openPair(link),
    side,
    kind: isNothing ? "update" : kind,
    fields: isNothing ? {} : fields,
    left,
    outcome: null,
  };
}

async function demandAllowed(
  { store }: PairDeps,
  { id, guard, name }: PairDefinition,
  { steps, allowed }: { readonly steps: readonly TakenBack[]; readonly allowed: number | null },
): Promise<void> {
  const deletes = steps.filter(({ kind }) => kind === "trash").length;
  const { live } = await store.pairs.getPairTotals(id);
  const limit = deletesAllowed(live, { ...guard, allowed });
  if (deletes <= limit) return;
  throw new LockstepError(
    "GUARD_REFUSED",
    `Taking this back deletes ${deletes} records of "${name}", which the run had made; expected at most ${limit}. ` +
      `Nothing was written. If it is meant, add --allow-deletes ${deletes}.`,
  );
}

/** A write that is planned on this read is sent within this time, or not at all (ms). */
const freshMs = 2_000;

async function takeOne(
  { clock }: PairDeps,
  pair: PairDefinition,
  { mapping, step }: { readonly mapping: BoundMapping; readonly step: TakenBack },
): Promise<TakenBack> {
  const { side } = step;
  const id = recordId(step.pair.link, side);
  const { connector } = pair.sides[side];
  const isNothing = step.kind === "update" && Object.keys(step.fields).length === 0;
  if (id === null || isNothing) return step;
  const observed = await connector.get(id);
  if (!("record" in observed)) return { ...step, outcome: "refused" };
  const { record } = observed;
  const left = [...step.left];
  const fields: Record<string, Json> = {};
  for (const rule of mapping.rules) {
    const change = step.fields[rule.name];
    if (change === undefined) continue;
    const shown = record.fields[rule[side]];
    const own = shown === undefined ? undefined : rule.forms[side].read(shown);
    if (equalJson(own, change.from)) fields[rule[side]] = rule.forms[side].write(change.to);
    else if (!equalJson(own, change.to)) left.push({ field: rule.name, reason: "changed since" });
  }
  const write = writeOf(step.kind, {
    id,
    fields,
    expected: { revision: record.revision },
    presence: observed.presence,
  });
  if (write === null) return { ...step, left };
  const outcome = await connector.apply(write, { sendBy: clock.monotonic() + freshMs + patienceMs });
  return { ...step, left, outcome: outcome.kind };
}

/** Others may wait for their turn a little longer (ms). */
const patienceMs = 15_000;

/** null: it is so already. */
function writeOf(
  kind: UndoStep["kind"],
  to: {
    readonly id: string;
    readonly fields: Readonly<Record<string, Json>>;
    readonly expected: { readonly revision: string };
    readonly presence: string;
  },
): RecordWrite | null {
  const { id, fields, expected, presence } = to;
  if (kind === "trash") return presence === "live" ? { kind, id, expected } : null;
  const isEmpty = Object.keys(fields).length === 0;
  if (presence === "live") return isEmpty ? null : { kind: "update", id, fields, expected };
  return kind === "restore" ? { kind, id, fields, expected } : null;
}
