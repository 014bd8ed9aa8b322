import { expect } from "vitest";
import type { PairLink } from "../pair-store.ts";
import type { Store } from "../store.ts";
import { collect, type StoreCase } from "./case.ts";
import {
  beginPair,
  hold,
  idsOf,
  inboxEvent,
  leftId,
  linkId,
  pairConflict,
  pairLink,
  storeLinks,
} from "./pairs-case.ts";

async function dueOf(store: Store, now: number, limit = 100): Promise<string[]> {
  return idsOf(await store.pairs.listDue("pair", { now, limit }));
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

export const pairLinkCases: readonly StoreCase[] = [
  {
    name: "finds links by their id, by a record of a side and by their key: each once, by id, of the sync only",
    async check(store) {
      const other = await beginPair(store, "other");
      await other.commit({ links: [pairLink(9, { syncId: "other", leftId: leftId(1), key: "key 1" })] });
      const { commit } = await beginPair(store);
      await commit({ links: [3, 1, 2].map((n) => pairLink(n, { key: `key ${n}` })) });
      const { pairs } = store;
      const asked = [3, 1, 3, 9, 7];
      expect(idsOf(await pairs.getLinks("pair", asked.map(linkId)))).toEqual([1, 3].map(linkId));
      expect(idsOf(await pairs.findLinks("pair", "left", asked.map(leftId)))).toEqual([1, 3].map(linkId));
      const rows = asked.map((n) => `row-${n}`);
      expect(idsOf(await pairs.findLinks("pair", "right", rows))).toEqual([1, 3].map(linkId));
      expect(await pairs.findLinks("pair", "left", rows)).toEqual([]);
      const keys = asked.map((n) => `key ${n}`);
      expect(idsOf(await pairs.findLinksByKey("pair", keys))).toEqual([1, 3].map(linkId));
      expect(idsOf(await pairs.findLinksByKey("other", keys))).toEqual([linkId(9)]);
      expect(await pairs.getLinks("nothing", [linkId(1)])).toEqual([]);
      expect(await pairs.getLinks("pair", [])).toEqual([]);
    },
  },
  {
    name: "finds a link by where its record is now, not where it was",
    async check(store) {
      const { commit } = await storeLinks(store, 1, { key: "old" });
      await commit({ links: [pairLink(1, { leftId: "new", rightId: null, key: null, revision: 1 })] });
      const { pairs } = store;
      expect(idsOf(await pairs.findLinks("pair", "left", ["new"]))).toEqual([linkId(1)]);
      expect(await pairs.findLinks("pair", "left", [leftId(1)])).toEqual([]);
      expect(await pairs.findLinks("pair", "right", ["row-1"])).toEqual([]);
      expect(await pairs.findLinksByKey("pair", ["old"])).toEqual([]);
    },
  },
  {
    name: "searches link ids and record ids of all syncs, whole or by their beginning, with or without dashes",
    async check(store) {
      const other = await beginPair(store, "other");
      await other.commit({ links: [pairLink(20, { syncId: "other", rightId: "row-2" })] });
      await storeLinks(store, 12);
      const search = async (reference: string, limit = 100) =>
        idsOf(await store.pairs.searchLinks(reference, limit));
      for (const form of [linkId(5), linkId(5).replaceAll("-", ""), linkId(5).toUpperCase()]) {
        expect(await search(form)).toEqual([linkId(5)]);
      }
      for (const form of [leftId(5), leftId(5).replaceAll("-", ""), ` ${leftId(5)} `]) {
        expect(await search(form)).toEqual([linkId(5)]);
      }
      expect(await search("row-3")).toEqual([linkId(3)]);
      expect(await search("row-1")).toEqual([linkId(1)]);
      expect(await search("row-2")).toEqual([2, 20].map(linkId));
      expect(await search("row-")).toHaveLength(13);
      expect(await search("2b0000")).toHaveLength(13);
      expect(await search("2b00000000004000", 3)).toEqual([1, 2, 3].map(linkId));
      expect(await search("0191000000007", 2)).toEqual([1, 2].map(linkId));
      for (const nothing of ["", "  ", "zzz", "row-99", "%", "_"]) expect(await search(nothing)).toEqual([]);
    },
  },
  {
    name: "streams ten thousand links by id",
    async check(store) {
      const { commit } = await beginPair(store);
      for (let n = 10_000; n > 0; n -= 1000) {
        await commit({ links: numbers(1000).map((k) => pairLink(n - k + 1, { doc: { n: n - k + 1 } })) });
      }
      const links = await collect(store.pairs.iterateLinks("pair"));
      expect(idsOf(links)).toEqual(numbers(10_000).map(linkId));
      expect(links[4321]).toEqual(pairLink(4322, { doc: { n: 4322 }, revision: 1 }));
      expect(await collect(store.pairs.iterateLinks("other"))).toEqual([]);
    },
  },
  {
    name: "streams on while its links are changed",
    async check(store) {
      const { commit } = await storeLinks(store, 1000);
      const ids: string[] = [];
      for await (const link of store.pairs.iterateLinks("pair")) {
        ids.push(link.id);
        if (ids.length % 100 === 0) await commit({ links: [{ ...link, status: "dead" }] });
      }
      expect(ids).toEqual(numbers(1000).map(linkId));
      expect(await store.pairs.getPairTotals("pair")).toMatchObject({ live: 990, dead: 10 });
    },
  },
  {
    name: "lists what is due by priority, then by time, then by id, up to now and to the limit",
    async check(store) {
      const { commit } = await beginPair(store);
      const due: [number, number | null, number][] = [
        [1, 10, 2],
        [2, 30, 0],
        [3, 20, 0],
        [4, null, 0],
        [5, 20, 1],
        [6, 5, 1],
        [7, 20, 0],
        [8, 99, 0],
        [9, -5, 2],
      ];
      await commit({ links: due.map(([n, dueAt, priority]) => pairLink(n, { dueAt, priority })).reverse() });
      const other = await beginPair(store, "other");
      await other.commit({ links: [pairLink(20, { syncId: "other", dueAt: 1, priority: 0 })] });
      expect(await dueOf(store, 98)).toEqual([3, 7, 2, 6, 5, 9, 1].map(linkId));
      expect(await dueOf(store, 98, 4)).toEqual([3, 7, 2, 6].map(linkId));
      expect(await dueOf(store, 20)).toEqual([3, 7, 6, 5, 9, 1].map(linkId));
      expect(await dueOf(store, 5)).toEqual([6, 9].map(linkId));
      expect(await dueOf(store, -6)).toEqual([]);
      expect(await dueOf(store, 98, 0)).toEqual([]);
    },
  },
  {
    name: "tells the earliest due time of all, whatever its priority, until nothing is due",
    async check(store) {
      const { commit } = await beginPair(store);
      expect(await store.pairs.nextDue("pair")).toBeNull();
      await commit({
        links: [
          pairLink(1, { dueAt: 70, priority: 0 }),
          pairLink(2, { dueAt: 50, priority: 2 }),
          pairLink(3, { dueAt: 60, priority: 1 }),
          pairLink(4),
        ],
      });
      for (const [n, next] of [
        [2, 60],
        [3, 70],
        [1, null],
      ] as const) {
        expect(await store.pairs.nextDue("pair")).not.toBe(next);
        await commit({ links: [pairLink(n, { revision: 1 })] });
        expect(await store.pairs.nextDue("pair")).toBe(next);
      }
      expect(await dueOf(store, 1000)).toEqual([]);
      expect(await store.pairs.nextDue("other")).toBeNull();
    },
  },
  {
    name: "counts links by status, what is due or has a problem, and what is open",
    async check(store) {
      const other = await beginPair(store, "other");
      await other.commit({ links: [pairLink(20, { syncId: "other", dueAt: 1, problem: "ACCESS_LOST" })] });
      const { commit } = await beginPair(store);
      const statuses: PairLink["status"][] = ["live", "live", "live", "dead", "dead", "unlinked", "none"];
      const links = statuses.map((status, n) =>
        pairLink(n, { status, dueAt: n > 4 ? n : null, problem: n === 1 ? "FIELD_READ_ONLY" : null }),
      );
      const closed = { closedAt: "2026-01-01T00:00:00.000Z" };
      await store.pairs.putInbox(["a", "b", "c"].map((id) => inboxEvent(id)));
      await store.pairs.putInbox([inboxEvent("a", { syncId: "other" })]);
      const [first] = await store.pairs.listInbox("pair", 1);
      await commit({
        links,
        conflicts: [pairConflict("c1", 0), pairConflict("c2", 0), pairConflict("c3", 1, closed)],
        holds: [hold("h1"), hold("h2", closed), hold("h3", closed)],
        handled: first === undefined ? [] : [first.seq],
      });
      expect(await store.pairs.getPairTotals("pair")).toEqual({
        live: 3,
        dead: 2,
        unlinked: 1,
        pending: 1,
        due: 2,
        problems: 1,
        openConflicts: 2,
        openHolds: 1,
        inbox: 2,
      });
      const nothing = {
        live: 0,
        dead: 0,
        unlinked: 0,
        pending: 0,
        due: 0,
        problems: 0,
        openConflicts: 0,
        openHolds: 0,
      };
      expect(await store.pairs.getPairTotals("nothing")).toEqual({ ...nothing, inbox: 0 });
    },
  },
];
