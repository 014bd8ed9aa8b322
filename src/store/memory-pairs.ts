import { chainStart } from "../core/two-way/version-chain.ts";
import {
  append,
  byId,
  claims,
  createPairShelf,
  disown,
  enter,
  enterSync,
  newestFirst,
  type PairShelf,
  type PairSync,
  recordOf,
  storeLink,
  sweptOf,
} from "./memory-pair-shelf.ts";
import { compare } from "./memory-shelf.ts";
import { checkPairCommit, checkVersions, judgeLinks, mergeHold } from "./pair-rules.ts";
import type { PairCommit, PairLink, PairStore, StoredInboxEvent } from "./pair-store.ts";
import { idForms } from "./rules.ts";
import type { Lease } from "./store.ts";

/** The reference pair store. `leases`: those of the store that it is part of. */
export function createMemoryPairs(leases: ReadonlyMap<string, Lease>): PairStore {
  const shelf = createPairShelf(leases);
  return {
    ...linkTopic(shelf),
    ...dueTopic(shelf),
    ...commitTopic(shelf),
    ...sweepTopic(shelf),
    ...inboxTopic(shelf),
    ...historyTopic(shelf),
    ...conflictTopic(shelf),
    ...holdTopic(shelf),
    ...totalsTopic(shelf),
  };
}

function linkTopic(
  shelf: PairShelf,
): Pick<PairStore, "getLinks" | "findLinks" | "findLinksByKey" | "searchLinks" | "iterateLinks"> {
  function linksBy(syncId: string, ids: Iterable<string | undefined>): PairLink[] {
    const links = shelf.syncs.get(syncId)?.links;
    const found = [...new Set(ids)].flatMap((id) => (id === undefined ? [] : (links?.get(id) ?? [])));
    return found.sort(byId);
  }
  function linksByOwned(syncId: string, claim: (typeof claims)[number], values: readonly string[]) {
    const owners = shelf.syncs.get(syncId)?.owners[claim];
    return linksBy(
      syncId,
      values.map((value) => owners?.get(value)),
    );
  }
  return {
    async getLinks(syncId, ids) {
      return linksBy(syncId, ids);
    },
    async findLinks(syncId, side, recordIds) {
      return linksByOwned(syncId, recordOf[side], recordIds);
    },
    async findLinksByKey(syncId, keys) {
      return linksByOwned(syncId, "key", keys);
    },
    async searchLinks(reference, limit) {
      const forms = idForms(reference);
      const find = (matches: (id: string, form: string) => boolean) =>
        [...shelf.links.values()].filter(({ id, leftId, rightId }) =>
          [id, leftId, rightId].some((each) => each !== null && forms.some((form) => matches(each, form))),
        );
      const exact = find((id, form) => id === form);
      const found = exact.length > 0 ? exact : find((id, form) => id.startsWith(form));
      return found.sort(byId).slice(0, limit);
    },
    async *iterateLinks(syncId) {
      const links = shelf.syncs.get(syncId)?.links;
      for (const id of [...(links?.keys() ?? [])].sort(compare)) {
        const link = links?.get(id);
        if (link !== undefined) yield link;
      }
    },
  };
}

function dueTopic(shelf: PairShelf): Pick<PairStore, "listDue" | "nextDue"> {
  const dueOf = (syncId: string) => [...(shelf.syncs.get(syncId)?.due.values() ?? [])];
  const byUrgency = (a: PairLink, b: PairLink) =>
    a.priority - b.priority || (a.dueAt ?? 0) - (b.dueAt ?? 0) || byId(a, b);
  return {
    async listDue(syncId, { now, limit }) {
      const due = dueOf(syncId).filter(({ dueAt }) => dueAt !== null && dueAt <= now);
      return due.sort(byUrgency).slice(0, limit);
    },
    async nextDue(syncId) {
      const due = dueOf(syncId).reduce(
        (earliest, { dueAt }) => Math.min(earliest, dueAt ?? earliest),
        Infinity,
      );
      return due === Infinity ? null : due;
    },
  };
}

function commitTopic(shelf: PairShelf): Pick<PairStore, "commit" | "getState"> {
  function judge(commit: PairCommit, { owners }: PairSync) {
    const concerned = commit.links.flatMap((link) => [
      link.id,
      ...claims.flatMap((claim) => owners[claim].get(link[claim] ?? "") ?? []),
    ]);
    return judgeLinks(
      commit,
      concerned.flatMap((id) => shelf.links.get(id) ?? []),
    );
  }

  /** Before anything is written: what throws here leaves no trace. */
  function checkHistory({ links, versions }: PairCommit, sync: PairSync): void {
    const heads = new Map(links.map((link) => [link.id, chainStart]));
    for (const { linkId } of versions) {
      const head = shelf.versions.get(linkId)?.at(-1) ?? chainStart;
      if (sync.links.has(linkId)) heads.set(linkId, head);
    }
    checkVersions(versions, heads);
  }

  function apply(commit: PairCommit, sync: PairSync): void {
    for (const link of commit.links) disown(sync, link.id);
    for (const link of commit.links) {
      const stored = sync.links.get(link.id);
      storeLink(shelf, sync, {
        ...link,
        revision: link.revision + 1,
        sweptLeft: Math.max(link.sweptLeft, stored?.sweptLeft ?? 0),
        sweptRight: Math.max(link.sweptRight, stored?.sweptRight ?? 0),
      });
    }
    for (const version of shelf.freeze(commit.versions)) {
      append(shelf.versions, version.linkId, version);
      append(shelf.versionsOfRun, version.runId, version);
    }
    for (const conflict of commit.conflicts) enter(shelf.conflicts, conflict);
    for (const hold of commit.holds) enter(shelf.holds, mergeHold(shelf.holds.all.get(hold.id), hold));
    for (const seq of commit.handled) {
      if (shelf.waiting.get(seq)?.syncId === commit.syncId) shelf.waiting.delete(seq);
    }
    if (commit.state !== undefined) sync.state = shelf.freeze(commit.state);
  }

  return {
    async getState(syncId) {
      return shelf.syncs.get(syncId)?.state ?? null;
    },
    async commit(commit) {
      checkPairCommit(commit);
      const sync = enterSync(shelf, commit);
      const result = judge(commit, sync);
      if (result.stale.length > 0 || result.taken.length > 0) return result;
      checkHistory(commit, sync);
      apply(commit, sync);
      return result;
    },
  };
}

function sweepTopic(shelf: PairShelf): Pick<PairStore, "markSwept" | "listUnswept"> {
  return {
    async markSwept({ syncId, fence, side, sweep, recordIds }) {
      const sync = enterSync(shelf, { syncId, fence });
      for (const recordId of recordIds) {
        const link = sync.links.get(sync.owners[recordOf[side]].get(recordId) ?? "");
        if (link === undefined || link[sweptOf[side]] >= sweep) continue;
        storeLink(shelf, sync, { ...link, [sweptOf[side]]: sweep });
      }
    },
    async listUnswept(syncId, { side, sweep, after, limit }) {
      const unswept = [...(shelf.syncs.get(syncId)?.links.values() ?? [])].filter(
        (link) =>
          (link.status === "live" || link.status === "none") &&
          link[recordOf[side]] !== null &&
          link[sweptOf[side]] < sweep &&
          (after === null || link.id > after),
      );
      return unswept.sort(byId).slice(0, limit);
    },
  };
}

function inboxTopic(shelf: PairShelf): Pick<PairStore, "putInbox" | "listInbox" | "pruneInbox"> {
  return {
    async putInbox(events) {
      const before = shelf.events.size;
      for (const event of events) {
        const key = JSON.stringify([event.syncId, event.source, event.eventId]);
        if (shelf.events.has(key)) continue;
        shelf.lastSeq += 1;
        const stored = shelf.freeze({ ...event, seq: shelf.lastSeq });
        shelf.events.set(key, stored);
        shelf.waiting.set(stored.seq, stored);
      }
      return shelf.events.size - before;
    },
    async listInbox(syncId, limit) {
      const found: StoredInboxEvent[] = [];
      for (const event of shelf.waiting.values()) {
        if (found.length === limit) break;
        if (event.syncId === syncId) found.push(event);
      }
      return found;
    },
    async pruneInbox(before) {
      const old = [...shelf.events].filter(
        ([, { seq, receivedAt }]) => !shelf.waiting.has(seq) && receivedAt < before,
      );
      for (const [key] of old) shelf.events.delete(key);
      return old.length;
    },
  };
}

function historyTopic(shelf: PairShelf): Pick<PairStore, "listVersions" | "iterateVersionsOfRun"> {
  return {
    async listVersions(linkId, { after, limit }) {
      return (shelf.versions.get(linkId) ?? []).slice(after, after + limit);
    },
    async *iterateVersionsOfRun(runId) {
      yield* [...(shelf.versionsOfRun.get(runId) ?? [])];
    },
  };
}

function conflictTopic(shelf: PairShelf): Pick<PairStore, "listConflicts" | "settleConflict"> {
  return {
    async listConflicts({ syncId, linkId, isOpen, limit }) {
      const conflicts = newestFirst(shelf.conflicts, isOpen).filter(
        (each) =>
          (syncId === undefined || each.syncId === syncId) &&
          (linkId === undefined || each.linkId === linkId),
      );
      return conflicts.slice(0, limit);
    },
    async settleConflict({ id, winner, by, at, now }) {
      const conflict = shelf.conflicts.open.get(id);
      if (conflict === undefined || conflict.winner !== null) return false;
      enter(shelf.conflicts, { ...conflict, winner, settledBy: by, settledAt: at });
      const link = shelf.links.get(conflict.linkId);
      const sync = shelf.syncs.get(conflict.syncId);
      if (link === undefined || sync === undefined) return true;
      const dueAt = Math.min(link.dueAt ?? now, now);
      storeLink(shelf, sync, { ...link, dueAt, priority: 0, revision: link.revision + 1 });
      return true;
    },
  };
}

function holdTopic(shelf: PairShelf): Pick<PairStore, "listHolds" | "decideHold"> {
  return {
    async listHolds({ syncId, isOpen, limit }) {
      const holds = newestFirst(shelf.holds, isOpen);
      return holds.filter((hold) => syncId === undefined || hold.syncId === syncId).slice(0, limit);
    },
    async decideHold({ id, decision, by, at }) {
      const hold = shelf.holds.open.get(id);
      if (hold === undefined || hold.decision !== null) return false;
      enter(shelf.holds, { ...hold, decision, decidedBy: by, decidedAt: at });
      return true;
    },
  };
}

function totalsTopic(shelf: PairShelf): Pick<PairStore, "getPairTotals"> {
  return {
    async getPairTotals(syncId) {
      const sync = shelf.syncs.get(syncId);
      const links = [...(sync?.links.values() ?? [])];
      const count = (status: PairLink["status"]) => links.filter((link) => link.status === status).length;
      const ofSync = (entries: Iterable<{ readonly syncId: string }>) =>
        [...entries].filter((entry) => entry.syncId === syncId).length;
      return {
        live: count("live"),
        dead: count("dead"),
        unlinked: count("unlinked"),
        pending: count("none"),
        due: sync?.due.size ?? 0,
        problems: links.filter((link) => link.problem !== null).length,
        openConflicts: ofSync(shelf.conflicts.open.values()),
        openHolds: ofSync(shelf.holds.open.values()),
        inbox: ofSync(shelf.waiting.values()),
      };
    },
  };
}
