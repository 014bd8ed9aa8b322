import { expect } from "vitest";
import type { Json } from "../../core/json.ts";
import type { PairLink } from "../pair-store.ts";
import type { Store } from "../store.ts";
import { minute, type StoreCase } from "./case.ts";
import {
  applied,
  beginPair,
  type CommitParts,
  history,
  hold,
  idsOf,
  inboxEvent,
  leftId,
  linkId,
  pairConflict,
  pairLink,
  readPairs,
  storeLinks,
} from "./pairs-case.ts";

/** One of everything, for link `n` as it was first made. */
async function everything(store: Store, n: number): Promise<CommitParts> {
  await store.pairs.putInbox([inboxEvent(`event-${n}`)]);
  const events = await store.pairs.listInbox("pair", 100);
  return {
    links: [pairLink(n, { openConflicts: 1, dueAt: 5 })],
    versions: history(n, { until: 2 }),
    conflicts: [pairConflict(`conflict-${n}`, n)],
    holds: [hold(`hold-${n}`)],
    handled: events.filter(({ eventId }) => eventId === `event-${n}`).map(({ seq }) => seq),
    state: { cursor: n },
  };
}

const readAll = (store: Store) => readPairs(store, ["pair", "other"], ["run-1"]);

const revisionsOf = async (store: Store) => {
  const { syncs } = await readAll(store);
  return syncs.flatMap(({ links }) => links.map(({ id, revision }) => [id, revision]));
};

export const pairCommitCases: readonly StoreCase[] = [
  {
    name: "makes links, versions, conflicts, holds, handled events and the state durable together",
    async check(store) {
      const { commit } = await beginPair(store);
      expect(await store.pairs.getState("pair")).toBeNull();
      const parts = await everything(store, 1);
      expect(await commit(parts)).toEqual(applied);
      const link = { ...pairLink(1, { openConflicts: 1, dueAt: 5 }), revision: 1 };
      const { syncs, runs } = await readAll(store);
      expect(syncs[0]).toEqual({
        links: [link],
        versions: [parts.versions],
        state: { cursor: 1 },
        due: [link],
        nextDue: 5,
        inbox: [],
        conflicts: parts.conflicts,
        holds: parts.holds,
        totals: {
          live: 1,
          dead: 0,
          unlinked: 0,
          pending: 0,
          due: 1,
          problems: 0,
          openConflicts: 1,
          openHolds: 1,
          inbox: 0,
        },
      });
      expect(runs[0]).toHaveLength(2);
    },
  },
  {
    name: "replaces a link with what a commit says, under the next revision each time",
    async check(store) {
      const { commit } = await storeLinks(store, 1);
      const fields = {
        rightId: null,
        key: "a key",
        status: "dead",
        dueAt: 7,
        priority: 2,
        problem: "ACCESS_LOST",
        openConflicts: 3,
        sweptLeft: 4,
        doc: { seen: [1] },
      } as const;
      for (const revision of [1, 2, 3]) {
        expect(await commit({ links: [pairLink(1, { ...fields, revision })] })).toEqual(applied);
        const stored = pairLink(1, { ...fields, revision: revision + 1 });
        expect(await store.pairs.getLinks("pair", [linkId(1)])).toEqual([stored]);
      }
    },
  },
  {
    name: "keeps nothing of a commit of which one link is stale",
    async check(store) {
      const { commit } = await storeLinks(store, 1);
      const parts = await everything(store, 2);
      const before = await readAll(store);
      const links = [...(parts.links ?? []), pairLink(1, { status: "dead", revision: 0 })];
      expect(await commit({ ...parts, links })).toEqual({ stale: [linkId(1)], taken: [] });
      expect(await readAll(store)).toEqual(before);
    },
  },
  {
    name: "keeps nothing of a commit of which one link claims what is taken",
    async check(store) {
      const { commit } = await storeLinks(store, 1);
      const parts = await everything(store, 2);
      const before = await readAll(store);
      const links = [...(parts.links ?? []), pairLink(3, { leftId: leftId(1) })];
      expect(await commit({ ...parts, links })).toEqual({
        stale: [],
        taken: [{ linkId: linkId(3), by: linkId(1) }],
      });
      expect(await readAll(store)).toEqual(before);
    },
  },
  {
    name: "names every link that was changed or made since it was read, or that is another sync's",
    async check(store) {
      await storeLinks(store, 1, { syncId: "other" });
      const { commit } = await beginPair(store);
      await commit({ links: [pairLink(2), pairLink(3), pairLink(4)] });
      await commit({ links: [pairLink(3, { revision: 1 })] });
      const links = [
        pairLink(1, { leftId: null, rightId: null }),
        pairLink(2),
        pairLink(3, { revision: 1 }),
        pairLink(4, { revision: 1 }),
        pairLink(5, { revision: 1 }),
        pairLink(6),
      ];
      expect(await commit({ links })).toEqual({ stale: [1, 2, 3, 5].map(linkId), taken: [] });
      expect(await revisionsOf(store)).toEqual([
        [linkId(2), 1],
        [linkId(3), 2],
        [linkId(4), 1],
        [linkId(1), 1],
      ]);
    },
  },
  {
    name: "gives a record of either side and a key to one link of a sync only, and names it",
    async check(store) {
      const { commit } = await beginPair(store);
      await commit({ links: [pairLink(1, { key: "a" }), pairLink(2, { key: "b" })] });
      const none = { leftId: null, rightId: null, key: null };
      const taken: [Partial<PairLink>, number[]][] = [
        [{ leftId: leftId(2) }, [2]],
        [{ rightId: "row-1" }, [1]],
        [{ key: "b" }, [2]],
        [{ leftId: leftId(1), rightId: "row-2", key: "a" }, [1, 2]],
        [{ leftId: "row-1", rightId: leftId(1), key: "row-1" }, []],
      ];
      for (const [claims, owners] of taken) {
        const { taken } = await commit({ links: [pairLink(3, { ...none, ...claims })] });
        expect(taken).toEqual(owners.map((by) => ({ linkId: linkId(3), by: linkId(by) })));
      }
      const other = await beginPair(store, "other");
      const same = pairLink(9, { syncId: "other", leftId: leftId(1), rightId: "row-1", key: "a" });
      expect(await other.commit({ links: [same] })).toEqual(applied);
    },
  },
  {
    name: "gives what two links of one commit claim to the first of them",
    async check(store) {
      const { commit } = await beginPair(store);
      for (const claim of ["leftId", "rightId", "key"] as const) {
        const links = [
          pairLink(1, { [claim]: "x" }),
          pairLink(2, { [claim]: "x" }),
          pairLink(3, { [claim]: "x" }),
        ];
        expect(await commit({ links })).toEqual({
          stale: [],
          taken: [2, 3].map((n) => ({ linkId: linkId(n), by: linkId(1) })),
        });
      }
      expect(await revisionsOf(store)).toEqual([]);
    },
  },
  {
    name: "lets links without a record or a key be many",
    async check(store) {
      const { commit } = await beginPair(store);
      const none = { leftId: null, rightId: null, key: null };
      const links = [1, 2].map((n) => pairLink(n, none));
      expect(await commit({ links: [...links, pairLink(3, { key: "" })] })).toEqual(applied);
      const again = links.map((link) => ({ ...link, revision: 1 }));
      expect(await commit({ links: again })).toEqual(applied);
      expect(idsOf(await store.pairs.findLinksByKey("pair", [""]))).toEqual([linkId(3)]);
    },
  },
  {
    name: "lets a record and a key pass from one link to another, and be exchanged, in one commit",
    async check(store) {
      const { commit } = await beginPair(store);
      await commit({ links: [pairLink(1, { key: "a" }), pairLink(2, { key: "b" })] });
      const exchanged = [
        pairLink(1, { leftId: leftId(2), key: "b", revision: 1 }),
        pairLink(2, { leftId: leftId(1), key: "a", revision: 1 }),
      ];
      expect(await commit({ links: exchanged })).toEqual(applied);
      const passed = [
        pairLink(3, { leftId: leftId(2), key: "b", rightId: "row-1" }),
        pairLink(1, { leftId: null, key: null, rightId: null, revision: 2 }),
      ];
      expect(await commit({ links: passed })).toEqual(applied);
      const ownerOf = async (side: "left" | "right", id: string) =>
        idsOf(await store.pairs.findLinks("pair", side, [id]));
      expect(await ownerOf("left", leftId(1))).toEqual([linkId(2)]);
      expect(await ownerOf("left", leftId(2))).toEqual([linkId(3)]);
      expect(await ownerOf("right", "row-1")).toEqual([linkId(3)]);
      expect(idsOf(await store.pairs.findLinksByKey("pair", ["a", "b"]))).toEqual([linkId(2), linkId(3)]);
      const back = pairLink(1, { leftId: null, rightId: "row-1", revision: 3 });
      expect((await commit({ links: [back] })).taken).toEqual([{ linkId: linkId(1), by: linkId(3) }]);
    },
  },
  {
    name: "refuses every write of a holder whose lease another has taken or that is released",
    async check(store) {
      const old = await storeLinks(store, 1);
      const parts = await everything(store, 2);
      const before = await readAll(store);
      const refused = { code: "LEASE_LOST" };
      const held = await beginPair(store);
      await expect(old.commit(parts)).rejects.toMatchObject(refused);
      await expect(old.mark("left", 9, [leftId(1)])).rejects.toMatchObject(refused);
      await store.releaseLease(held.lease);
      await expect(held.commit(parts)).rejects.toMatchObject(refused);
      await expect(held.mark("left", 9, [leftId(1)])).rejects.toMatchObject(refused);
      expect(await readAll(store)).toEqual(before);
    },
  },
  {
    name: "refuses to write to a sync of which nobody ever held the lease",
    async check(store) {
      const mark = { syncId: "pair", fence: 0, side: "left", sweep: 1, recordIds: [] } as const;
      await expect(store.pairs.markSwept(mark)).rejects.toMatchObject({ code: "LEASE_LOST" });
    },
  },
  {
    name: "refuses as a bug what no plan can mean, and keeps nothing of it",
    async check(store) {
      await storeLinks(store, 1, { syncId: "other" });
      const { commit } = await beginPair(store);
      await commit({ links: [pairLink(2), pairLink(3)], versions: history(2, { until: 2 }) });
      const parts = await everything(store, 4);
      const before = await readAll(store);
      const [third] = history(2, { after: 2, until: 3 });
      const forged = history(2, { after: 2, until: 3 }).map((version) => ({ ...version, prevHash: "0" }));
      const bugs: [string, CommitParts][] = [
        ["a link twice", { links: [pairLink(5), pairLink(5)] }],
        ["a link of another sync", { links: [pairLink(5, { syncId: "other" })] }],
        ["a hold of another sync", { holds: [hold("h", { syncId: "other" })] }],
        [
          "a conflict of another sync",
          { links: [pairLink(5)], conflicts: [pairConflict("c", 5, { syncId: "x" })] },
        ],
        ["a conflict without its link", { conflicts: [pairConflict("c", 2)] }],
        ["half a millisecond", { links: [pairLink(5, { dueAt: 0.5 })] }],
        ["half a priority", { links: [pairLink(5, { priority: 0.5 })] }],
        ["a version of an unknown link", { versions: history(9, { until: 1 }) }],
        ["a version of another sync's link", { versions: history(1, { until: 1 }) }],
        ["a gap", { versions: history(2, { after: 3, until: 4 }) }],
        ["a gap within the commit", { versions: history(3, { until: 3 }).filter(({ seq }) => seq !== 2) }],
        ["a number that is taken", { versions: history(2, { after: 1, until: 2 }) }],
        ["a number twice", { versions: [third, third].flatMap((version) => version ?? []) }],
        ["versions in the wrong order", { versions: history(3, { until: 2 }).reverse() }],
        ["another history", { versions: forged }],
      ];
      for (const [bug, wrong] of bugs) {
        const links = [...(parts.links ?? []), ...(wrong.links ?? [])];
        await expect(commit({ ...parts, ...wrong, links }), bug).rejects.toThrow(TypeError);
      }
      expect(await readAll(store)).toEqual(before);
      expect(await commit(parts)).toEqual(applied);
    },
  },
  {
    name: "leaves the state as it is when a commit brings none, and clears it when told to",
    async check(store) {
      const { commit } = await beginPair(store);
      await commit({ state: { left: { cursor: "x" } } });
      await commit({ links: [pairLink(1)] });
      expect(await store.pairs.getState("pair")).toEqual({ left: { cursor: "x" } });
      expect(await store.pairs.getState("other")).toBeNull();
      await commit({ state: null });
      expect(await store.pairs.getState("pair")).toBeNull();
    },
  },
  {
    name: "keeps what it was given, whatever its callers do with it or with what they get",
    async check(store) {
      const { commit } = await beginPair(store);
      const doc = { list: [1], of: { deep: "value" } };
      const parts = await everything(store, 1);
      await commit({ ...parts, links: [pairLink(1, { doc, openConflicts: 1 })], state: doc });
      const before = structuredClone(await readAll(store));
      doc.of.deep = "changed";
      doc.list.push(2);
      const spoil = (value: unknown) => {
        if (typeof value !== "object" || value === null) return;
        for (const key of Object.keys(value)) {
          spoil(Reflect.get(value, key));
          Reflect.set(value, key, "spoiled");
        }
      };
      spoil(await readAll(store));
      expect(await readAll(store)).toEqual(before);
    },
  },
  {
    name: "keeps documents of a megabyte, and text of every script, as they are",
    async check(store) {
      const { commit } = await beginPair(store);
      const text = "Ünïcödé 日本語 🧭 \u{1d11e} e\u0301 \u202eRTL ' \" \\ \n\t%_";
      const doc: Json = {
        text: `${text} \u0000`,
        big: "x".repeat(1 << 20),
        list: [null, true, -1, 0.1, 1e300, {}, []],
        "": { __proto__x: 1, constructor: "c" },
      };
      const link = pairLink(1, { leftId: text, rightId: `${text}2`, key: text, problem: text, doc });
      const versions = history(1, { until: 1 });
      const conflict = pairConflict("c", 1, { field: text, left: doc, leftActor: text });
      const event = inboxEvent(text, { recordId: text, changed: [text], prior: { [text]: doc } });
      await store.pairs.putInbox([event]);
      expect(await commit({ links: [link], versions, conflicts: [conflict], state: doc })).toEqual(applied);
      expect(await store.pairs.findLinks("pair", "left", [text])).toEqual([{ ...link, revision: 1 }]);
      expect(await store.pairs.findLinksByKey("pair", [text])).toHaveLength(1);
      expect(await store.pairs.getState("pair")).toEqual(doc);
      expect(await store.pairs.listConflicts({ limit: 9 })).toEqual([conflict]);
      expect(await store.pairs.listInbox("pair", 9)).toEqual([{ ...event, seq: expect.any(Number) }]);
      const taken = pairLink(2, { leftId: text, rightId: null });
      expect((await commit({ links: [taken] })).taken).toHaveLength(1);
    },
  },
  {
    name: "takes a thousand links with their versions in one commit",
    async check(store) {
      const { commit } = await beginPair(store);
      const numbers = Array.from({ length: 1000 }, (_, n) => n + 1);
      const links = numbers.map((n) => pairLink(n, { key: `key ${n}`, doc: { n } }));
      const versions = numbers.flatMap((n) => history(n, { until: 2 }));
      expect(await commit({ links, versions, at: minute(3) })).toEqual(applied);
      const again = links.map((link) => ({ ...link, status: "dead", revision: 1 }) as const);
      const more = numbers.flatMap((n) => history(n, { after: 2, until: 3 }));
      expect(await commit({ links: again, versions: more })).toEqual(applied);
      expect(await store.pairs.getPairTotals("pair")).toMatchObject({ live: 0, dead: 1000 });
      expect(await store.pairs.listVersions(linkId(1000), { after: 0, limit: 9 })).toHaveLength(3);
    },
  },
];
