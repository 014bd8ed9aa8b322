import { createMemoryStore } from "../../src/store/memory.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import type { SeedsOrder, SeedsReport } from "./pool.ts";
import { profileNamed } from "./profiles.ts";
import type { Regression } from "./regressions.ts";
import { shrink } from "./shrink.ts";
import { caseOf, type HowToRun, simulate } from "./simulate.ts";

/** Stacks cost more than the rest of an aborted wait, and nobody reads them here. */
const STACK_LINES = 0;

export const stores: Readonly<Record<"memory" | "sqlite", HowToRun["openStore"]>> = {
  memory: async (ids) => createMemoryStore({ ids }),
  sqlite: (ids) => openSqliteStore({ path: ":memory:", ids }),
};

/** Every `step`-th seed from `from` on; one report each. */
export async function runSeeds(order: SeedsOrder, onReport: (report: SeedsReport) => void): Promise<void> {
  Error.stackTraceLimit = STACK_LINES;
  const how: HowToRun = { isTraced: false, openStore: stores[order.store] };
  for (let seed = order.from; seed < order.to; seed += order.step) {
    const { violations, hash, events, calls, edits } = await simulate(
      caseOf(seed, profileNamed(order.profile)),
      how,
    );
    onReport({ seed, violations, hash, events, calls: calls.left + calls.right, edits });
  }
}

/** The smallest case found that fails as this seed does. */
export async function shrinkSeed(order: SeedsOrder, seed: number): Promise<Regression> {
  const how: HowToRun = { isTraced: false, openStore: stores[order.store] };
  const { case: smallest, result } = await shrink(caseOf(seed, profileNamed(order.profile)), how);
  const { invariant, message } = result.violations[0] ?? { invariant: "none", message: "nothing is wrong" };
  const name = order.mutant ?? `${order.profile}-${seed}`;
  return { name, invariant, message, case: smallest };
}
