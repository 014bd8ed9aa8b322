import type { PairConfig } from "../config/config.ts";
import { LockstepError } from "../core/errors.ts";
import { deletesAllowed } from "../core/guard.ts";
import type { PairPlan } from "../core/two-way/pair.ts";
import { type PlannedPair, planPass } from "../engine/two-way/plan-pass.ts";
import { readState } from "../engine/two-way/state.ts";
import { tableMemory } from "../recipes/table/recipe.ts";
import { createMemoryStore } from "../store/memory.ts";
import type { PairTotals } from "../store/pair-store.ts";
import type { Lockstep } from "./lockstep.ts";
import { titleOf } from "./pair-title.ts";
import { labelsOf, pairProgress } from "./run-pairs.ts";
import type { SyncWorld } from "./run-syncs.ts";
import type { PairPlanReport, PlannedRecord, PlannedWrite } from "./two-way.ts";

/** A plan lists this many records in full; its counts cover all of them. */
const recordsShownMax = 200;
const dayMs = 86_400_000;

const noCounts = { create: 0, update: 0, delete: 0, revive: 0, conflict: 0, waiting: 0, unlink: 0 };
const countOf = { create: "create", update: "update", trash: "delete", restore: "revive" } as const;

/** What a run of a two-way sync would do now, in the words that faces show. Writes nothing. */
export async function planPair(
  world: SyncWorld,
  table: PairConfig,
  options: Parameters<Lockstep["plan"]>[1],
): Promise<PairPlanReport> {
  try {
    return await planOrThrow(world, table, options);
  } catch (error) {
    if (!(error instanceof LockstepError) || error.code === "SECRET_MISSING") throw error;
    return { ...emptyPlan(table), error: { code: error.code, message: error.message } };
  }
}

async function planOrThrow(
  { deps, pairs }: SyncWorld,
  table: PairConfig,
  { isFull = false, allowDeletes = 0, onProgress, signal }: Parameters<Lockstep["plan"]>[1],
): Promise<PairPlanReport> {
  const source = await pairs.resolve(table, { isDry: true, signal });
  const definition = await pairs.definitionOf(source);
  const before = definition.sides.left.meter().calls;
  await using scratch = createMemoryStore({ ids: deps.ids });
  const planned: PlannedPair[] = [];
  const counts = { ...noCounts };
  let told = 0;
  const warnings = await planPass(deps, definition, {
    scratch,
    isFull,
    signal,
    onProgress: pairProgress(definition, onProgress),
    onPlanned(one) {
      if (!isWorthTelling(one.plan)) return;
      told += 1;
      count(counts, one.plan);
      if (planned.length < recordsShownMax) planned.push(one);
    },
  });
  const stored = readState(await deps.store.pairs.getState(source.syncId));
  const thought = readState(await scratch.pairs.getState(source.syncId));
  const { titleField } = tableMemory(thought.binding);
  const totals = await scratch.pairs.getPairTotals(source.syncId);
  const recent = stored.deletions.filter(({ at }) => at > deps.clock.now() - dayMs);
  const deleted = recent.reduce((sum, each) => sum + each.count, 0);
  return {
    ...emptyPlan(table),
    records: planned.map((one) => describe(one, titleField)),
    recordCount: told,
    counts,
    unchanged: Math.max(0, totals.live + totals.pending - told),
    mustBeAccepted: stored.acceptedPrint !== thought.acceptedPrint,
    refusal: refusalOf(counts.delete, { table, totals, deleted, allowDeletes }),
    warnings,
    calls: definition.sides.left.meter().calls - before,
  };
}

function emptyPlan(table: PairConfig): PairPlanReport {
  return {
    type: "two-way",
    sync: table.name,
    sides: labelsOf(table),
    records: [],
    recordCount: 0,
    counts: noCounts,
    unchanged: 0,
    mustBeAccepted: false,
    refusal: null,
    calls: 0,
    warnings: [],
    error: null,
  };
}

function isWorthTelling({ writes, conflicts, unmappable, outcome }: PairPlan): boolean {
  const hasWrites = writes.left !== null || writes.right !== null;
  return hasWrites || conflicts.length > 0 || unmappable.length > 0 || outcome === "unlink";
}

function count(counts: Record<keyof typeof noCounts, number>, plan: PairPlan): void {
  for (const write of [plan.writes.left, plan.writes.right])
    if (write !== null) counts[countOf[write.kind]] += 1;
  counts.conflict += plan.conflicts.length;
  counts.waiting += plan.unmappable.length;
  if (plan.outcome === "unlink") counts.unlink += 1;
}

function describe({ pair, plan }: PlannedPair, titleField: string | null): PlannedRecord {
  const { id, leftId, rightId } = pair.link;
  return {
    linkId: id,
    leftId,
    rightId,
    title: titleOf(pair, titleField),
    writes: (["left", "right"] as const).flatMap((side): PlannedWrite[] => {
      const write = plan.writes[side];
      if (write === null) return [];
      const fields = Object.entries(write.fields).map(([field, { value, expected }]) => ({
        field,
        from: expected ?? null,
        to: value,
      }));
      return [{ side, kind: write.kind, fields }];
    }),
    conflicts: plan.conflicts,
    waiting: plan.unmappable.map(({ field, message }) => ({ field, message })),
    isUnlinked: plan.outcome === "unlink",
  };
}

/** As the guard will judge; what a person decided in the meantime it will know better. */
function refusalOf(
  deletes: number,
  by: {
    readonly table: PairConfig;
    readonly totals: PairTotals;
    readonly deleted: number;
    readonly allowDeletes: number;
  },
): string | null {
  const { table, totals, deleted, allowDeletes } = by;
  const limit = deletesAllowed(totals.live, { ...table.guard, allowed: null });
  if (deletes === 0 || deletes + deleted <= limit || deletes <= allowDeletes) return null;
  return (
    `${deletes} records would be deleted, with ${deleted} deletions carried out in the last 24 hours; expected at most ` +
    `${limit}. A run would carry out everything else. If it is meant: lockstep sync ${table.name} --allow-deletes ${deletes}`
  );
}
