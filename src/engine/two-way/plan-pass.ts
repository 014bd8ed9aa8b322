import type { PairPlan } from "../../core/two-way/pair.ts";
import type { Store } from "../../store/store.ts";
import { holdLease } from "../lease.ts";
import type { PairDefinition, PairDeps, PassOptions } from "./definition.ts";
import { planAll } from "./drain.ts";
import { closePair, openPair, type Pair } from "./link.ts";
import { perform, stopGently } from "./pass.ts";
import { PassTally } from "./tally.ts";

/** What a run would do to one pair. */
export interface PlannedPair {
  readonly pair: Pair;
  readonly plan: PairPlan;
}

export interface PlanOptions extends Pick<PassOptions, "isFull" | "onProgress" | "signal"> {
  /** An empty store for what is only thought: nothing else is written to. */
  readonly scratch: Store;
  readonly onPlanned: (planned: PlannedPair) => void;
}

/**
 * What a run would do now. It asks both sides for what a run would ask them for, and writes to neither, nor to the store.
 * Returns warnings; throws what would make the run fail.
 */
export async function planPass(
  deps: PairDeps,
  pair: PairDefinition,
  options: PlanOptions,
): Promise<readonly string[]> {
  const { scratch, onPlanned } = options;
  const thinking: PairDeps = { ...deps, store: scratch };
  await using held = await holdLease(thinking, pair.id, pair.name);
  await copy(deps.store, scratch, {
    syncId: pair.id,
    fence: held.lease.fence,
    at: new Date(deps.clock.now()).toISOString(),
  });
  using stopping = stopGently(thinking, options.signal, held.signal);
  const warnings: string[] = [];
  const polls = ["left", "right"] as const;
  const pass: PassOptions = { ...options, polls, trigger: "plan", allowDeletes: null, isAccepted: true };
  const context = {
    deps: thinking,
    pair,
    held,
    tally: new PassTally(),
    runId: "plan",
    options: pass,
    onPage: async () => {},
    ...stopping,
  };
  await perform(context, warnings, async (session) => {
    await planAll(session, (planned, plan) => onPlanned({ pair: planned, plan }));
    return [];
  });
  return warnings;
}

/** The sync as it stands, without its history, which thinking does not need. */
async function copy(
  from: Store,
  to: Store,
  as: { readonly syncId: string; readonly fence: number; readonly at: string },
): Promise<void> {
  const { syncId } = as;
  const empty = { versions: [], handled: [], links: [], conflicts: [], holds: [] };
  const filter = { syncId, isOpen: true, limit: 100_000 };
  const conflictsByLink = Map.groupBy(await from.pairs.listConflicts(filter), ({ linkId }) => linkId);
  const links: ReturnType<typeof closePair>[] = [];
  const flush = async () => {
    if (links.length === 0) return;
    const conflicts = links.flatMap(({ id }) => conflictsByLink.get(id) ?? []);
    await to.pairs.commit({ ...as, ...empty, links: links.splice(0), conflicts });
  };
  for await (const link of from.pairs.iterateLinks(syncId)) {
    const { doc } = openPair(link);
    const forgotten = { ...doc, head: { seq: 0, hash: "" } };
    links.push({ ...closePair({ link, doc: forgotten }), revision: 0 });
    if (links.length >= 500) await flush();
  }
  await flush();
  const holds = await from.pairs.listHolds(filter);
  await to.pairs.commit({ ...as, ...empty, holds, state: await from.pairs.getState(syncId) });
}
