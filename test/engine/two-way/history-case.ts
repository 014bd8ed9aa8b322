import { chainStart, chainVersion } from "../../../src/core/two-way/version-chain.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import type { PairVersion } from "../../../src/store/pair-store.ts";
import type { Store } from "../../../src/store/store.ts";
import { countingIds, minute } from "../../../src/store/suite/case.ts";
import { beginPair, linkId, pairLink } from "../../../src/store/suite/pairs-case.ts";
import type { PairWorld } from "./world.ts";

export const later = (world: PairWorld) => world.clock.advance(120_000);
export const nowOf = (world: PairWorld) => new Date(world.clock.now()).toISOString();

/** A store with one link whose history is as given: each version one minute after the one before, unless it says more. */
export async function storeWith(drafts: readonly Partial<PairVersion>[]): Promise<Store> {
  const store = createMemoryStore({ ids: countingIds() });
  const { commit } = await beginPair(store);
  const versions: PairVersion[] = [];
  for (const [n, draft] of drafts.entries()) {
    const whole = {
      linkId: linkId(1),
      side: "left",
      origin: "person",
      actor: null,
      detectedBy: "poll",
      fields: {},
      prior: {},
      reason: "seen",
      recordRevision: "",
      runId: "run-1",
      at: minute(n),
      ...draft,
    } as const;
    versions.push(chainVersion(whole, versions.at(-1) ?? chainStart));
  }
  await commit({ links: [pairLink(1)], versions });
  return store;
}
