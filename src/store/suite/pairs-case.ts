import type { Side } from "../../core/two-way/mapping.ts";
import { chainStart, chainVersion, type PairVersion } from "../../core/two-way/version-chain.ts";
import type { Hold, InboxEvent, PairCommit, PairConflict, PairLink } from "../pair-store.ts";
import type { Store } from "../store.ts";
import { minute } from "./case.ts";

/** Link `n`; ids sort like their numbers. */
export function linkId(n: number): string {
  return `01910000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;
}

export function leftId(n: number): string {
  return `2b000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
}

export function pairLink(n: number, fields: Partial<PairLink> = {}): PairLink {
  return {
    id: linkId(n),
    syncId: "pair",
    leftId: leftId(n),
    rightId: `row-${n}`,
    key: null,
    status: "live",
    dueAt: null,
    priority: 1,
    problem: null,
    openConflicts: 0,
    sweptLeft: 0,
    sweptRight: 0,
    doc: null,
    revision: 0,
    ...fields,
  };
}

/** The versions of link `n` from `after` to `until`, chained. */
export function history(
  n: number,
  { after = 0, until, runId = "run-1" }: { after?: number; until: number; runId?: string },
): PairVersion[] {
  const versions: PairVersion[] = [];
  for (let seq = 1; seq <= until; seq += 1) {
    const draft = {
      linkId: linkId(n),
      side: seq % 2 === 0 ? "right" : "left",
      origin: "person",
      actor: seq === 1 ? null : "ada",
      detectedBy: "poll",
      fields: { title: `title ${seq}`, tags: ["a", `${seq}`], $presence: "live" },
      prior: seq === 1 ? {} : { title: `title ${seq - 1}` },
      reason: "edited there",
      recordRevision: minute(seq),
      runId,
      at: minute(seq),
    } as const;
    versions.push(chainVersion(draft, versions.at(-1) ?? chainStart));
  }
  return versions.slice(after);
}

export function pairConflict(id: string, n: number, fields: Partial<PairConflict> = {}): PairConflict {
  return {
    id,
    syncId: "pair",
    linkId: linkId(n),
    field: "title",
    base: "old",
    left: "left's",
    right: null,
    leftActor: "ada",
    rightActor: null,
    runId: "run-1",
    openedAt: minute(1),
    winner: null,
    settledBy: null,
    settledAt: null,
    closedAt: null,
    ...fields,
  };
}

export function hold(id: string, fields: Partial<Hold> = {}): Hold {
  return {
    id,
    syncId: "pair",
    kind: "mass-delete",
    message: "12 of 20 records are gone on the left; 5 may go unasked",
    evidence: { sample: ["row-1"] },
    count: 12,
    digest: "d1",
    openedAt: minute(1),
    decision: null,
    decidedBy: null,
    decidedAt: null,
    closedAt: null,
    ...fields,
  };
}

export function inboxEvent(eventId: string, fields: Partial<InboxEvent> = {}): InboxEvent {
  return {
    syncId: "pair",
    source: "notion",
    eventId,
    side: "left",
    recordId: leftId(1),
    kind: "updated",
    changed: ["title"],
    prior: { title: "before" },
    occurredAt: minute(1),
    receivedAt: minute(2),
    detectedBy: "webhook",
    type: "page.properties_updated",
    ...fields,
  };
}

export type CommitParts = Partial<Omit<PairCommit, "syncId">>;

/** Takes the sync's lease and commits with it; `fence` is what later writes need. */
export async function beginPair(store: Store, syncId = "pair") {
  const taken = await store.acquireLease({
    name: syncId,
    owner: "host:1",
    now: 1,
    ttlMs: 60_000,
    isDead: () => true,
  });
  if (!("lease" in taken)) throw new Error(`lease ${syncId} is held by ${taken.heldBy.owner}`);
  const { fence } = taken.lease;
  return {
    lease: taken.lease,
    fence,
    commit: (parts: CommitParts) =>
      store.pairs.commit({
        syncId,
        fence,
        at: minute(1),
        links: [],
        versions: [],
        conflicts: [],
        holds: [],
        handled: [],
        ...parts,
      }),
    mark: (side: Side, sweep: number, recordIds: readonly string[]) =>
      store.pairs.markSwept({ syncId, fence, side, sweep, recordIds }),
  };
}

export const applied = { stale: [], taken: [] };

/** Links `1` to `count`, stored. */
export async function storeLinks(store: Store, count: number, fields: Partial<PairLink> = {}) {
  const pair = await beginPair(store, fields.syncId);
  await pair.commit({ links: Array.from({ length: count }, (_, n) => pairLink(n + 1, fields)) });
  return pair;
}

export const idsOf = (items: readonly { readonly id: string }[]) => items.map(({ id }) => id);

/** Everything a pair store tells of these syncs and runs, but for the numbers of events: stores may leave gaps there. */
export async function readPairs(store: Store, syncIds: readonly string[], runIds: readonly string[]) {
  const { pairs } = store;
  const syncs = [];
  for (const syncId of syncIds) {
    const links = [];
    for await (const link of pairs.iterateLinks(syncId)) links.push(link);
    const versions = [];
    for (const { id } of links) versions.push(await pairs.listVersions(id, { after: 0, limit: 1000 }));
    syncs.push({
      links,
      versions,
      state: await pairs.getState(syncId),
      due: await pairs.listDue(syncId, { now: Number.MAX_SAFE_INTEGER, limit: 1000 }),
      nextDue: await pairs.nextDue(syncId),
      inbox: (await pairs.listInbox(syncId, 1000)).map(({ seq: _, ...event }) => event),
      conflicts: await pairs.listConflicts({ syncId, limit: 1000 }),
      holds: await pairs.listHolds({ syncId, limit: 1000 }),
      totals: await pairs.getPairTotals(syncId),
    });
  }
  const runs = [];
  for (const runId of runIds) {
    const hashes = [];
    for await (const { hash } of pairs.iterateVersionsOfRun(runId)) hashes.push(hash);
    runs.push(hashes.sort());
  }
  return { syncs, runs };
}
