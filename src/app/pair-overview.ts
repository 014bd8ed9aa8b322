import type { PairConfig } from "../config/config.ts";
import { readState } from "../engine/two-way/state.ts";
import type { Store } from "../store/store.ts";
import { lookupKey } from "./data-sources.ts";
import type { RunReport, Verification } from "./lockstep.ts";
import { flawOf } from "./pair-history.ts";
import { readFollowState } from "./planning-ledger.ts";
import { isPlanningPair } from "./right-side.ts";
import { labelsOf } from "./run-pairs.ts";
import type { SyncWorld } from "./run-syncs.ts";
import { verificationOf } from "./run-verification.ts";
import type { PairStatus } from "./two-way.ts";

/** How a two-way sync stands. Asks the store only. */
export async function pairStatusOf({ deps, pairs }: SyncWorld, table: PairConfig): Promise<PairStatus> {
  const { store, clock, isDead } = deps;
  const source = await pairs.known(table);
  const syncId = source?.syncId ?? lookupKey(table.notion.id);
  const [lastRun = null] = await store.listRuns({ syncId, limit: 1 });
  const lease = await store.getLease(syncId);
  return {
    sync: table.name,
    sides: labelsOf(table),
    notionId: table.notion.id,
    isEnabled: table.isEnabled,
    isRunning: source !== null && lease !== null && lease.until > clock.now() && !isDead(lease.owner),
    pollSeconds: table.isEnabled && table.isFollowed ? table.pollSeconds : null,
    isAccepted: readState(await store.pairs.getState(syncId)).acceptedPrint !== null,
    lastRun,
    totals: await store.pairs.getPairTotals(syncId),
    ...(isPlanningPair(table) ? { leftOut: (await readFollowState(deps, syncId)).troubles } : {}),
  };
}

/** Whether what a two-way run wrote into history is still exactly that, and the history of each record it touched whole. */
export async function verifyPairRun(
  { pairs }: Pick<Store, "pairs">,
  report: RunReport,
): Promise<Verification> {
  const links = new Set<string>();
  let versions = 0;
  for await (const version of pairs.iterateVersionsOfRun(report.run.id)) {
    versions += 1;
    links.add(version.linkId);
  }
  const flaws: string[] = [];
  for (const linkId of links) {
    const flaw = await flawOf(pairs, linkId);
    if (flaw !== null) flaws.push(`record ${linkId}, ${flaw}`);
  }
  return verificationOf(report, { versions, records: links.size, flaws });
}
