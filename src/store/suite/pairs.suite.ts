import { describe, it } from "vitest";
import { checkCase, type OpenStore } from "../store.suite.ts";
import type { StoreCase } from "./case.ts";
import { pairCommitCases } from "./pairs-commit.suite.ts";
import { pairDecisionCases } from "./pairs-decisions.suite.ts";
import { pairHistoryCases } from "./pairs-history.suite.ts";
import { pairInboxCases } from "./pairs-inbox.suite.ts";
import { pairLinkCases } from "./pairs-links.suite.ts";
import { pairSweepCases } from "./pairs-sweeps.suite.ts";

/** What the `pairs` of every store do. A plain list, so that deliberately broken stores can be run through it, too. */
export const pairCases: readonly StoreCase[] = [
  ...pairCommitCases,
  ...pairLinkCases,
  ...pairSweepCases,
  ...pairInboxCases,
  ...pairHistoryCases,
  ...pairDecisionCases,
];

/** The behavioural suite of the PairStore contract, for every implementation. */
export function describePairs(name: string, open: OpenStore): void {
  describe(name, () => {
    for (const each of pairCases) it(each.name, () => checkCase(each, open));
  });
}
