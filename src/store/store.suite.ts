import { describe, it } from "vitest";
import type { Ids } from "../core/clock.ts";
import type { Store } from "./store.ts";
import { answerCases } from "./suite/answers.suite.ts";
import { countingIds, type StoreCase } from "./suite/case.ts";
import { commitCases } from "./suite/commits.suite.ts";
import { leaseCases } from "./suite/leases.suite.ts";
import { runCases } from "./suite/runs.suite.ts";
import { sweepCases } from "./suite/sweeps.suite.ts";
import { taskCases } from "./suite/tasks.suite.ts";

/** What every store does. A plain list, so that deliberately broken stores can be run through it, too. */
export const storeCases: readonly StoreCase[] = [
  ...taskCases,
  ...commitCases,
  ...sweepCases,
  ...runCases,
  ...leaseCases,
  ...answerCases,
];

/** Opens an empty store with these ids. */
export type OpenStore = (options: { readonly ids: Ids }) => Promise<Store>;

export async function checkCase({ check }: StoreCase, open: OpenStore): Promise<void> {
  await using store = await open({ ids: countingIds() });
  await check(store);
}

/** The behavioural suite: part of the Store contract, for every implementation. */
export function describeStore(name: string, open: OpenStore): void {
  describe(name, () => {
    for (const each of storeCases) it(each.name, () => checkCase(each, open));
  });
}
