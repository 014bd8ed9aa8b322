import { compare } from "../memory-shelf.ts";
import type { Hold, PairConflict, PairLink, PairStore } from "../pair-store.ts";
import { bodyOf } from "./bodies.ts";
import type { Database, Decision } from "./database.ts";
import { endOf, keyText } from "./keys.ts";
import { linkItem, openedItem, pairPlaces, storedLink } from "./pair-places.ts";
import type { QueryOptions } from "./reads.ts";
import { added, type Change, type Head } from "./scopes.ts";
import { listSyncs, syncHead } from "./syncs.ts";

type Opened = PairConflict | Hold;

export function pairConflictTopic(database: Database): Pick<PairStore, "listConflicts" | "settleConflict"> {
  const places = pairPlaces(database);

  function queryOf(syncId: string, linkId: string | undefined): QueryOptions {
    if (linkId === undefined) return places.conflicts(syncId);
    const from = `${keyText(linkId)}#`;
    return { ...places.conflicts(syncId), index: "index3", from, to: endOf(from) };
  }

  return {
    async listConflicts({ syncId, linkId, isOpen, limit }) {
      return listOpened<PairConflict>(database, (each) => queryOf(each, linkId), { syncId, isOpen, limit });
    },
    async settleConflict({ id, winner, by, at, now }) {
      return changeOpened(database, async (syncId, head): Promise<Decision<boolean> | null> => {
        const item = (await database.getAll([places.conflict(syncId, id)]))[0];
        if (item === undefined) return null;
        const conflict = bodyOf<PairConflict>(item);
        if (conflict.closedAt !== null || conflict.winner !== null) return { result: false, writes: [] };
        const settled: PairConflict = { ...conflict, winner, settledBy: by, settledAt: at };
        const key = places.conflict(syncId, id);
        const [link] = await database.getAll([places.link(syncId, conflict.linkId)]);
        const stored = link === undefined ? null : storedLink(link);
        const changes: Change[] = [{ kind: "replace", table: database.sync, item: openedItem(key, settled) }];
        if (stored === null) return { result: true, writes: [{ head, changes }] };
        const due = dueNow(stored.link, now);
        const linkKey = places.link(syncId, due.id);
        changes.push({
          kind: "replace",
          table: database.sync,
          item: linkItem(linkKey, { link: due, head: stored.head }),
        });
        const counts = added(head.counts, stored.link.dueAt === null ? { "pairs.due": 1 } : {});
        return { result: true, writes: [{ head, counts, changes }] };
      });
    },
  };
}

export function holdTopic(database: Database): Pick<PairStore, "listHolds" | "decideHold"> {
  const places = pairPlaces(database);
  return {
    async listHolds({ syncId, isOpen, limit }) {
      return listOpened<Hold>(database, places.holds, { syncId, isOpen, limit });
    },
    async decideHold({ id, decision, by, at }) {
      return changeOpened(database, async (syncId, head): Promise<Decision<boolean> | null> => {
        const key = places.hold(syncId, id);
        const [item] = await database.getAll([key]);
        if (item === undefined) return null;
        const hold = bodyOf<Hold>(item);
        if (hold.closedAt !== null || hold.decision !== null) return { result: false, writes: [] };
        const decided: Hold = { ...hold, decision, decidedBy: by, decidedAt: at };
        const changes: Change[] = [{ kind: "replace", table: database.sync, item: openedItem(key, decided) }];
        return { result: true, writes: [{ head, changes }] };
      });
    },
  };
}

function dueNow(link: PairLink, now: number): PairLink {
  return { ...link, dueAt: Math.min(link.dueAt ?? now, now), priority: 0, revision: link.revision + 1 };
}

/** Only the id is known: each sync is asked whether it is its. `work` says null where it is not. */
async function changeOpened(
  database: Database,
  work: (syncId: string, head: Head) => Promise<Decision<boolean> | null>,
): Promise<boolean> {
  for (const syncId of await listSyncs(database)) {
    const answer = await database.write<boolean | null>([syncHead(database, syncId)], async ([head]) => {
      const decision = head === undefined ? null : await work(syncId, head);
      return decision ?? { result: null, writes: [] };
    });
    if (answer !== null) return answer;
  }
  return false;
}

interface OpenedFilter {
  readonly syncId: string | undefined;
  readonly isOpen: boolean | undefined;
  readonly limit: number;
}

/** Newest first, of one sync or of all. */
async function listOpened<Entry extends Opened>(
  database: Database,
  queryOf: (syncId: string) => QueryOptions,
  { syncId, isOpen, limit }: OpenedFilter,
): Promise<Entry[]> {
  await database.settle();
  const syncs = syncId === undefined ? await listSyncs(database) : [syncId];
  const found: Entry[] = [];
  for (const each of syncs) {
    const query = queryOf(each);
    const index = query.index ?? (isOpen === true ? "index2" : "index1");
    const ofSync: Entry[] = [];
    for await (const page of database.pages({ ...query, index, isDescending: true })) {
      const entries = page.map((item) => bodyOf<Entry>(item));
      ofSync.push(
        ...entries.filter(({ closedAt }) => isOpen === undefined || isOpen === (closedAt === null)),
      );
      if (ofSync.length >= limit) break;
    }
    found.push(...ofSync);
  }
  return found.sort((a, b) => compare(b.openedAt, a.openedAt) || compare(b.id, a.id)).slice(0, limit);
}
