import { chainStart, chainVersion } from "../../../src/core/two-way/version-chain.ts";
import type { PairCommit, PairLink, PairStore } from "../../../src/store/pair-store.ts";
import type { Store } from "../../../src/store/store.ts";
import { applied } from "../../../src/store/suite/pairs-case.ts";

/** A pair store that is right but for one thing, and the case that has to notice. */
export interface Broken {
  readonly fault: string;
  readonly noticedBy: string;
  readonly spoil: (pairs: PairStore, store: Store) => Partial<PairStore>;
}

const nothingOf = (commit: PairCommit): PairCommit => ({
  syncId: commit.syncId,
  fence: commit.fence,
  at: commit.at,
  links: [],
  versions: [],
  conflicts: [],
  holds: [],
  handled: [],
});

export const broken: readonly Broken[] = [
  {
    fault: "drops uniqueness: stores a link that claims what is taken, without the claim",
    noticedBy: "gives a record of either side and a key to one link of a sync only, and names it",
    spoil: (pairs) => ({
      async commit(commit) {
        const { stale, taken } = await pairs.commit(commit);
        if (taken.length === 0) return { stale, taken };
        const losers = new Set(taken.map(({ linkId }) => linkId));
        const links = commit.links.map((link) =>
          losers.has(link.id) ? { ...link, leftId: null, rightId: null, key: null } : link,
        );
        return pairs.commit({ ...commit, links });
      },
    }),
  },
  {
    fault: "does not compare the links of one commit with each other",
    noticedBy: "gives what two links of one commit claim to the first of them",
    spoil: (pairs) => ({
      async commit(commit) {
        const result = await pairs.commit(commit);
        const isWithin = result.taken.some(({ by }) => commit.links.some(({ id }) => id === by));
        return isWithin ? applied : result;
      },
    }),
  },
  {
    fault: "judges claims by what is stored, not by what the commit would leave behind",
    noticedBy: "lets a record and a key pass from one link to another, and be exchanged, in one commit",
    spoil: (pairs) => ({
      async commit(commit) {
        for (const link of commit.links) {
          const holders = await pairs.findLinks(
            commit.syncId,
            "left",
            link.leftId === null ? [] : [link.leftId],
          );
          const by = holders.find(({ id }) => id !== link.id);
          if (by !== undefined) return { stale: [], taken: [{ linkId: link.id, by: by.id }] };
        }
        return pairs.commit(commit);
      },
    }),
  },
  {
    fault: "ignores the revision",
    noticedBy: "keeps nothing of a commit of which one link is stale",
    spoil: (pairs) => ({
      async commit(commit) {
        const ids = commit.links.map(({ id }) => id);
        const stored = new Map(
          (await pairs.getLinks(commit.syncId, ids)).map((link) => [link.id, link.revision]),
        );
        const links = commit.links.map((link) => ({ ...link, revision: stored.get(link.id) ?? 0 }));
        return pairs.commit({ ...commit, links });
      },
    }),
  },
  {
    fault: "commits the half that is not stale",
    noticedBy: "keeps nothing of a commit of which one link is stale",
    spoil: (pairs) => ({
      async commit(commit) {
        const result = await pairs.commit(commit);
        const links = commit.links.filter(({ id }) => !result.stale.includes(id));
        if (result.stale.length > 0) await pairs.commit({ ...commit, links });
        return result;
      },
    }),
  },
  {
    fault: "handles events of a commit that it refuses",
    noticedBy: "keeps nothing of a commit of which one link claims what is taken",
    spoil: (pairs) => ({
      async commit(commit) {
        const result = await pairs.commit(commit);
        if (result.taken.length > 0) await pairs.commit({ ...nothingOf(commit), handled: commit.handled });
        return result;
      },
    }),
  },
  {
    fault: "ignores the fence",
    noticedBy: "refuses every write of a holder whose lease another has taken or that is released",
    spoil: (pairs, store) => ({
      async commit(commit) {
        const lease = await store.getLease(commit.syncId);
        return pairs.commit({ ...commit, fence: lease?.fence ?? commit.fence });
      },
    }),
  },
  {
    fault: "ignores the fence of a mark",
    noticedBy: "refuses every write of a holder whose lease another has taken or that is released",
    spoil: (pairs, store) => ({
      async markSwept(mark) {
        const lease = await store.getLease(mark.syncId);
        return pairs.markSwept({ ...mark, fence: lease?.fence ?? mark.fence });
      },
    }),
  },
  {
    fault: "renumbers versions that leave a gap",
    noticedBy: "refuses as a bug what no plan can mean, and keeps nothing of it",
    spoil: (pairs) => ({
      async commit(commit) {
        const versions = [];
        const heads = new Map<string, { seq: number; hash: string }>();
        for (const { seq: _, prevHash: __, hash: ___, ...draft } of commit.versions) {
          const stored = await pairs.listVersions(draft.linkId, { after: 0, limit: 1000 });
          const version = chainVersion(draft, heads.get(draft.linkId) ?? stored.at(-1) ?? chainStart);
          heads.set(draft.linkId, version);
          versions.push(version);
        }
        return pairs.commit({ ...commit, versions });
      },
    }),
  },
  {
    fault: "loses the state of a commit",
    noticedBy: "makes links, versions, conflicts, holds, handled events and the state durable together",
    spoil: (pairs) => ({ commit: ({ state: _, ...rest }) => pairs.commit(rest) }),
  },
  {
    fault: "lowers sweep marks by a commit made on an older reading",
    noticedBy: "changes no revision by a mark, and keeps it when a commit was made on an older reading",
    spoil(pairs) {
      const lowered = new Map<string, PairLink>();
      return {
        async commit(commit) {
          const result = await pairs.commit(commit);
          for (const link of commit.links) lowered.set(link.id, link);
          return result;
        },
        async getLinks(syncId, ids) {
          const links = await pairs.getLinks(syncId, ids);
          return links.map((link) => ({
            ...link,
            sweptLeft: lowered.get(link.id)?.sweptLeft ?? link.sweptLeft,
          }));
        },
      };
    },
  },
  {
    fault: "forgets what a sweep has seen",
    noticedBy: "tells which links a sweep of a side has not seen, page by page and by id",
    spoil: () => ({ async markSwept() {} }),
  },
  {
    fault: "marks a record as swept on both sides",
    noticedBy: "tells which links a sweep of a side has not seen, page by page and by id",
    spoil: (pairs) => ({
      async markSwept(mark) {
        await pairs.markSwept(mark);
        const links = await pairs.findLinks(mark.syncId, mark.side, mark.recordIds);
        const others = links.flatMap(
          ({ leftId, rightId }) => (mark.side === "left" ? rightId : leftId) ?? [],
        );
        await pairs.markSwept({ ...mark, side: mark.side === "left" ? "right" : "left", recordIds: others });
      },
    }),
  },
  {
    fault: "loses inbox events when several come in one call",
    noticedBy: "keeps events whole, in the order of arrival, until they are handled",
    spoil: (pairs) => ({
      async putInbox(events) {
        await pairs.putInbox(events.slice(0, 2));
        return events.length;
      },
    }),
  },
  {
    fault: "takes an event once more",
    noticedBy: "takes an event of a source once per sync, in one call and in many, handled or not",
    spoil(pairs) {
      let calls = 0;
      return {
        putInbox(events) {
          calls += 1;
          return pairs.putInbox(events.map((event) => ({ ...event, source: `${event.source} ${calls}` })));
        },
      };
    },
  },
  {
    fault: "forgets events that nobody has handled",
    noticedBy: "forgets handled events that are old, and never gives out their numbers again",
    spoil: (pairs) => ({
      async listInbox(syncId, limit) {
        return (await pairs.listInbox(syncId, limit)).filter(({ eventId }) => eventId !== "waiting");
      },
    }),
  },
  {
    fault: "lists what is due by time alone",
    noticedBy: "lists what is due by priority, then by time, then by id, up to now and to the limit",
    spoil: (pairs) => ({
      async listDue(syncId, { now, limit }) {
        const due = await pairs.listDue(syncId, { now, limit: 1000 });
        return due.toSorted((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0)).slice(0, limit);
      },
    }),
  },
  {
    fault: "takes the most urgent due time for the earliest",
    noticedBy: "tells the earliest due time of all, whatever its priority, until nothing is due",
    spoil: (pairs) => ({
      async nextDue(syncId) {
        const [first] = await pairs.listDue(syncId, { now: Number.MAX_SAFE_INTEGER, limit: 1 });
        return first?.dueAt ?? null;
      },
    }),
  },
  {
    fault: "streams only the first read of links",
    noticedBy: "streams ten thousand links by id",
    spoil: (pairs) => ({
      async *iterateLinks(syncId) {
        let count = 0;
        for await (const link of pairs.iterateLinks(syncId)) if (++count <= 1000) yield link;
      },
    }),
  },
  {
    fault: "drops the last page of a history",
    noticedBy: "keeps every version of a link as it was written, and pages through them in order",
    spoil: (pairs) => ({
      async listVersions(linkId, page) {
        const versions = await pairs.listVersions(linkId, page);
        return page.after > 0 && versions.length < page.limit ? [] : versions;
      },
    }),
  },
  {
    fault: "returns stale reads",
    noticedBy: "replaces a link with what a commit says, under the next revision each time",
    spoil(pairs) {
      const cache = new Map<string, readonly PairLink[]>();
      return {
        async getLinks(syncId, ids) {
          const key = JSON.stringify([syncId, ids]);
          const links = cache.get(key) ?? (await pairs.getLinks(syncId, ids));
          cache.set(key, links);
          return links;
        },
      };
    },
  },
  {
    fault: "hands out what it keeps",
    noticedBy: "keeps what it was given, whatever its callers do with it or with what they get",
    spoil(pairs) {
      const states = new Map<string, PairCommit["state"]>();
      return {
        async commit(commit) {
          const result = await pairs.commit(commit);
          states.set(commit.syncId, commit.state);
          return result;
        },
        getState: async (syncId) => states.get(syncId) ?? null,
      };
    },
  },
  {
    fault: "settles a conflict without waking its link",
    noticedBy: "settles an open conflict once, and makes its link due now and first",
    spoil: (pairs) => ({ settleConflict: (settled) => pairs.settleConflict({ ...settled, now: 1e12 }) }),
  },
  {
    fault: "lets a commit overwrite a person's word on a conflict",
    noticedBy: "makes stale what was planned on a link before a person settled its conflict",
    spoil: (pairs) => ({
      async commit(commit) {
        const first = await pairs.commit(commit);
        if (first.stale.length === 0) return first;
        const links = commit.links.map((link) => ({ ...link, revision: link.revision + 1 }));
        return pairs.commit({ ...commit, links });
      },
    }),
  },
  {
    fault: "takes an approval for anything the hold becomes",
    noticedBy: "keeps a decision when its hold is replaced with the same digest, and asks again for another",
    spoil: (pairs) => ({
      async commit(commit) {
        const stored = await pairs.listHolds({ limit: 1000 });
        const holds = commit.holds.map((hold) => {
          const {
            decision = null,
            decidedBy = null,
            decidedAt = null,
          } = stored.find(({ id }) => id === hold.id) ?? {};
          return { ...hold, decision, decidedBy, decidedAt };
        });
        return pairs.commit({ ...commit, holds });
      },
    }),
  },
  {
    fault: "counts closed conflicts as open",
    noticedBy: "counts links by status, what is due or has a problem, and what is open",
    spoil: (pairs) => ({
      async getPairTotals(syncId) {
        const conflicts = await pairs.listConflicts({ syncId, limit: 1000 });
        return { ...(await pairs.getPairTotals(syncId)), openConflicts: conflicts.length };
      },
    }),
  },
];
