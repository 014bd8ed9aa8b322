import { type ChainHead, chainStart } from "../../core/two-way/version-chain.ts";
import {
  checkFence,
  checkPairCommit,
  checkVersions,
  judgeLinks,
  type LinkHead,
  mergeHold,
} from "../pair-rules.ts";
import type { Hold, PairCommit, PairCommitResult, PairConflict, PairLink, PairStore } from "../pair-store.ts";
import { bodyOf, bodyText } from "./bodies.ts";
import type { Database, Decision } from "./database.ts";
import { handledChanges } from "./inbox.ts";
import { keyName, textIn } from "./items.ts";
import { keyText, ordinal } from "./keys.ts";
import { heldFence } from "./leases.ts";
import {
  type Claim,
  claimsOf,
  linkItem,
  openedItem,
  pairPlaces,
  type StoredLink,
  storedLink,
} from "./pair-places.ts";
import { runIndexChanges } from "./run-index.ts";
import { added, type Change, type Counts, type Head } from "./scopes.ts";
import { knowSync, listSyncs, syncHead } from "./syncs.ts";

/** What of the store a commit is judged by. */
interface Found {
  /** By id: the commit's links, and those that its versions belong to. */
  readonly links: ReadonlyMap<string, StoredLink>;
  /** Stored links that hold a record or a key of a link of the commit, and links of other syncs with an id of it. */
  readonly others: readonly LinkHead[];
  readonly conflicts: ReadonlyMap<string, PairConflict>;
  readonly holds: ReadonlyMap<string, Hold>;
}

export function pairCommitTopic(database: Database): Pick<PairStore, "commit"> {
  return {
    async commit(commit) {
      checkPairCommit(commit);
      await knowSync(database, commit.syncId);
      return database.write([syncHead(database, commit.syncId)], async ([head]) => {
        if (head === undefined) throw new TypeError("a write came without its head");
        checkFence(commit, heldFence(commit.syncId, head.item));
        return decide(database, commit, head);
      });
    },
  };
}

async function decide(
  database: Database,
  commit: PairCommit,
  head: Head,
): Promise<Decision<PairCommitResult>> {
  const found = await find(database, commit);
  const stored = [...found.links.values()].map(({ link }) => link);
  const result = judgeLinks(commit, [...stored, ...found.others]);
  if (result.stale.length > 0 || result.taken.length > 0) return { result, writes: [] };
  const heads = new Map<string, ChainHead>(commit.links.map(({ id }) => [id, chainStart]));
  for (const [id, { head: last }] of found.links) heads.set(id, last);
  checkVersions(commit.versions, heads);
  const changes = [
    ...linkChanges(database, commit, found),
    ...claimChanges(database, commit, found),
    ...versionChanges(database, commit, head),
    ...openedChanges(database, commit, found),
    ...(await handledChanges(database, commit)),
    ...stateChanges(database, commit, head),
  ];
  const counts = { ...added(head.counts, countChanges(commit, found)), "pairs.known": 1 };
  return { result, writes: [{ head, counts, changes }] };
}

async function find(database: Database, commit: PairCommit): Promise<Found> {
  const { syncId } = commit;
  const places = pairPlaces(database);
  const ids = [
    ...new Set([...commit.links.map(({ id }) => id), ...commit.versions.map(({ linkId }) => linkId)]),
  ];
  const items = await database.getAll([
    ...ids.map((id) => places.link(syncId, id)),
    ...commit.conflicts.map(({ id }) => places.conflict(syncId, id)),
    ...commit.holds.map(({ id }) => places.hold(syncId, id)),
  ]);
  const inPartition = (pk: string) => items.filter((item) => item.pk === pk);
  const links = new Map(
    inPartition(places.links(syncId).pk).map((item) => {
      const stored = storedLink(item);
      return [stored.link.id, stored];
    }),
  );
  const entries = <T extends { readonly id: string }>(pk: string) =>
    new Map(inPartition(pk).map((item) => [bodyOf<T>(item).id, bodyOf<T>(item)]));
  return {
    links,
    others: [
      ...(await findOwners(database, commit, links)),
      ...(await findElsewhere(
        database,
        syncId,
        ids.filter((id) => !links.has(id)),
      )),
    ],
    conflicts: entries<PairConflict>(places.conflicts(syncId).pk),
    holds: entries<Hold>(places.holds(syncId).pk),
  };
}

/** Only of what a link newly claims: what it has already, no other link has. */
async function findOwners(
  database: Database,
  { syncId, links }: PairCommit,
  stored: ReadonlyMap<string, StoredLink>,
): Promise<LinkHead[]> {
  const places = pairPlaces(database);
  const claims = links.flatMap((link) => newClaims(link, stored.get(link.id)?.link));
  const owners = await database.getAll(claims.map((claim) => places.claim(syncId, claim)));
  const ids = owners.flatMap((item) => textIn(item, "owner") ?? []).filter((id) => !stored.has(id));
  const items = await database.getAll(ids.map((id) => places.link(syncId, id)));
  return items.map((item) => storedLink(item).link);
}

/** Ids are unique over all syncs. A new one is asked for in each of the others. */
async function findElsewhere(
  database: Database,
  syncId: string,
  ids: readonly string[],
): Promise<LinkHead[]> {
  if (ids.length === 0) return [];
  const places = pairPlaces(database);
  const others = (await listSyncs(database)).filter((other) => other !== syncId);
  const items = await database.getAll(others.flatMap((other) => ids.map((id) => places.link(other, id))));
  return items.map((item) => storedLink(item).link);
}

function newClaims(link: PairLink, stored: PairLink | undefined): Claim[] {
  return claimsOf(link).filter(({ kind, value }) => stored?.[kind] !== value);
}

/** The commit's links as they are stored, and those that only get versions, with the new end of their history. */
function linkChanges(database: Database, { syncId, links, versions }: PairCommit, found: Found): Change[] {
  const places = pairPlaces(database);
  const lastOf = new Map(
    versions.map(({ linkId, seq, hash }): [string, ChainHead] => [linkId, { seq, hash }]),
  );
  const next = new Map<string, StoredLink>();
  for (const id of lastOf.keys()) {
    const stored = found.links.get(id);
    if (stored !== undefined) next.set(id, stored);
  }
  for (const link of links) {
    const stored = found.links.get(link.id);
    const merged = {
      ...link,
      revision: link.revision + 1,
      sweptLeft: Math.max(link.sweptLeft, stored?.link.sweptLeft ?? 0),
      sweptRight: Math.max(link.sweptRight, stored?.link.sweptRight ?? 0),
    };
    next.set(link.id, { link: merged, head: stored?.head ?? chainStart });
  }
  return [...next.values()].map(({ link, head }) => ({
    kind: found.links.has(link.id) ? "replace" : "insert",
    table: database.sync,
    item: linkItem(places.link(syncId, link.id), { link, head: lastOf.get(link.id) ?? head }),
  }));
}

/** Claims are never deleted: one that is given up has no owner. So a late hand cannot bring an old one back. */
function claimChanges(database: Database, { syncId, links }: PairCommit, found: Found): Change[] {
  const places = pairPlaces(database);
  const changes = new Map<string, Change>();
  const set = (claim: Claim, owner: string | null) => {
    const { table, pk, sk } = places.claim(syncId, claim);
    const item = { pk, sk, ...(owner === null ? {} : { owner }) };
    changes.set(keyName({ table, pk, sk }), { kind: "replace", table, item });
  };
  for (const link of links) {
    const stored = found.links.get(link.id)?.link;
    if (stored === undefined) continue;
    for (const claim of claimsOf(stored)) if (link[claim.kind] !== claim.value) set(claim, null);
  }
  for (const link of links) {
    for (const claim of newClaims(link, found.links.get(link.id)?.link)) set(claim, link.id);
  }
  return [...changes.values()];
}

function versionChanges(database: Database, { syncId, versions }: PairCommit, head: Head): Change[] {
  const places = pairPlaces(database);
  const kept = versions.map((version): Change => {
    const { table, pk } = places.versions(version.linkId);
    return { kind: "insert", table, item: { pk, sk: ordinal(version.seq), body: bodyText(version) } };
  });
  const commit = `${keyText(syncId)}#${ordinal(head.generation + 1)}`;
  const runs = Map.groupBy(versions, ({ runId }) => runId);
  const indexes = [...runs].flatMap(([runId, ofRun]) => {
    const entries = ofRun.map(({ linkId, seq }) => [linkId, seq]);
    return runIndexChanges(database.sync, { pk: places.run(runId).pk, commit, entries });
  });
  return [...kept, ...indexes];
}

function openedChanges(database: Database, { syncId, conflicts, holds }: PairCommit, found: Found): Change[] {
  const places = pairPlaces(database);
  const merged = new Map(found.holds);
  for (const hold of holds) merged.set(hold.id, mergeHold(merged.get(hold.id), hold));
  const items = [
    ...new Map(conflicts.map((each) => [each.id, each]))
      .values()
      .map((conflict) => openedItem(places.conflict(syncId, conflict.id), conflict)),
    ...merged.values().map((hold) => openedItem(places.hold(syncId, hold.id), hold)),
  ];
  return items.map((item) => ({ kind: "replace", table: database.sync, item }));
}

/** The first commit leaves a state, if an empty one: by it the sync is known as one of pairs. */
function stateChanges(database: Database, { syncId, state }: PairCommit, { counts }: Head): Change[] {
  if (state === undefined && counts["pairs.known"] === 1) return [];
  const { table, pk, sk } = pairPlaces(database).state(syncId);
  return [{ kind: "replace", table, item: { pk, sk, body: bodyText(state ?? null) } }];
}

/** What the commit does to the numbers of the sync's links. */
function countChanges({ links }: PairCommit, found: Found): Counts {
  const counts: Record<string, number> = {};
  const count = (link: PairLink, difference: number) => {
    for (const name of countedAs(link)) counts[name] = (counts[name] ?? 0) + difference;
  };
  for (const link of links) {
    const stored = found.links.get(link.id);
    if (stored !== undefined) count(stored.link, -1);
    count(link, 1);
  }
  return counts;
}

/** What a sync's head counts a link as. */
export function countedAs(link: PairLink): string[] {
  return [
    `pairs.${link.status}`,
    ...(link.dueAt === null ? [] : ["pairs.due"]),
    ...(link.problem === null ? [] : ["pairs.problems"]),
  ];
}
