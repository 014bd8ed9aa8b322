import { expect } from "vitest";
import type { Store } from "../store.ts";
import { minute, type StoreCase } from "./case.ts";
import { applied, beginPair, hold, idsOf, linkId, pairConflict, pairLink, storeLinks } from "./pairs-case.ts";

const settle = (store: Store, id: string, winner: "left" | "right" = "right") =>
  store.pairs.settleConflict({ id, winner, by: "grace", at: minute(9), now: 50 });

const decide = (store: Store, id: string, decision: "approved" | "rejected" = "approved") =>
  store.pairs.decideHold({ id, decision, by: "grace", at: minute(9) });

const approved = { decision: "approved", decidedBy: "grace", decidedAt: minute(9) } as const;

export const pairDecisionCases: readonly StoreCase[] = [
  {
    name: "lists conflicts newest first, by sync, link and whether they are open",
    async check(store) {
      const other = await beginPair(store, "other");
      await other.commit({
        links: [pairLink(20, { syncId: "other" })],
        conflicts: [pairConflict("z", 20, { syncId: "other", openedAt: minute(2) })],
      });
      const { commit } = await beginPair(store);
      const conflicts = [
        pairConflict("b", 1, {
          openedAt: minute(3),
          field: "$presence",
          base: null,
          left: [1],
          right: { a: null },
        }),
        pairConflict("a", 1, { openedAt: minute(3) }),
        pairConflict("c", 2, { openedAt: minute(1) }),
        pairConflict("d", 2, { openedAt: minute(4), closedAt: minute(5) }),
      ];
      await commit({ links: [pairLink(1), pairLink(2)], conflicts });
      const list = async (
        filter: Omit<Parameters<Store["pairs"]["listConflicts"]>[0], "limit">,
        limit = 100,
      ) => idsOf(await store.pairs.listConflicts({ ...filter, limit }));
      expect(await list({})).toEqual(["d", "b", "a", "z", "c"]);
      expect(await list({}, 2)).toEqual(["d", "b"]);
      expect(await list({ syncId: "pair" })).toEqual(["d", "b", "a", "c"]);
      expect(await list({ syncId: "pair", isOpen: true })).toEqual(["b", "a", "c"]);
      expect(await list({ isOpen: false })).toEqual(["d"]);
      expect(await list({ isOpen: true }, 1)).toEqual(["b"]);
      expect(await list({ linkId: linkId(2) })).toEqual(["d", "c"]);
      expect(await list({ syncId: "pair", linkId: linkId(2), isOpen: true })).toEqual(["c"]);
      expect(await list({ syncId: "other", linkId: linkId(2) })).toEqual([]);
      expect((await store.pairs.listConflicts({ linkId: linkId(1), limit: 1 }))[0]).toEqual(conflicts[0]);
    },
  },
  {
    name: "replaces a conflict by its id, and closes it",
    async check(store) {
      const { commit } = await storeLinks(store, 1);
      await commit({ links: [pairLink(1, { revision: 1 })], conflicts: [pairConflict("a", 1)] });
      const changed = pairConflict("a", 1, { right: "right's", closedAt: minute(4) });
      await commit({ links: [pairLink(1, { revision: 2 })], conflicts: [changed] });
      expect(await store.pairs.listConflicts({ limit: 9 })).toEqual([changed]);
      expect(await settle(store, "a")).toBe(false);
    },
  },
  {
    name: "settles an open conflict once, and makes its link due now and first",
    async check(store) {
      const { commit } = await beginPair(store);
      const conflict = pairConflict("a", 1);
      await commit({
        links: [
          pairLink(1),
          pairLink(2, { dueAt: 40, priority: 2 }),
          pairLink(3, { dueAt: 60, priority: 2 }),
        ],
        conflicts: [conflict, pairConflict("b", 2), pairConflict("c", 3)],
      });
      expect(await settle(store, "nothing")).toBe(false);
      expect(await settle(store, "a")).toBe(true);
      expect(await settle(store, "a", "left")).toBe(false);
      const settled = { ...conflict, winner: "right", settledBy: "grace", settledAt: minute(9) };
      expect(await store.pairs.listConflicts({ linkId: linkId(1), limit: 9 })).toEqual([settled]);
      expect(await settle(store, "b")).toBe(true);
      expect(await settle(store, "c")).toBe(true);
      const due = await store.pairs.listDue("pair", { now: 50, limit: 9 });
      expect(due.map(({ id, dueAt, priority }) => [id, dueAt, priority])).toEqual([
        [linkId(2), 40, 0],
        [linkId(1), 50, 0],
        [linkId(3), 50, 0],
      ]);
    },
  },
  {
    name: "makes stale what was planned on a link before a person settled its conflict",
    async check(store) {
      const { commit } = await beginPair(store);
      await commit({ links: [pairLink(1)], conflicts: [pairConflict("a", 1)] });
      const [read] = await store.pairs.getLinks("pair", [linkId(1)]);
      await settle(store, "a");
      const links = read === undefined ? [] : [read];
      const plan = { links, conflicts: [pairConflict("a", 1, { left: "newer" })] };
      expect(await commit(plan)).toEqual({ stale: [linkId(1)], taken: [] });
      expect(await store.pairs.listConflicts({ limit: 9 })).toMatchObject([
        { winner: "right", left: "left's" },
      ]);
      expect(await store.pairs.getLinks("pair", [linkId(1)])).toMatchObject([{ revision: 2, dueAt: 50 }]);
    },
  },
  {
    name: "lists holds newest first, by sync and whether they are in force",
    async check(store) {
      const other = await beginPair(store, "other");
      await other.commit({ holds: [hold("z", { syncId: "other", openedAt: minute(2) })] });
      const { commit } = await beginPair(store);
      const holds = [
        hold("b", { openedAt: minute(3), kind: "schema", evidence: null }),
        hold("a", { openedAt: minute(3) }),
        hold("c", { openedAt: minute(4), closedAt: minute(5) }),
      ];
      await commit({ holds });
      const list = async (filter: Omit<Parameters<Store["pairs"]["listHolds"]>[0], "limit">, limit = 100) =>
        idsOf(await store.pairs.listHolds({ ...filter, limit }));
      expect(await list({})).toEqual(["c", "b", "a", "z"]);
      expect(await list({}, 1)).toEqual(["c"]);
      expect(await list({ syncId: "pair" })).toEqual(["c", "b", "a"]);
      expect(await list({ isOpen: true })).toEqual(["b", "a", "z"]);
      expect(await list({ syncId: "pair", isOpen: false })).toEqual(["c"]);
      expect(await store.pairs.listHolds({ syncId: "pair", isOpen: true, limit: 1 })).toEqual([holds[0]]);
    },
  },
  {
    name: "decides a hold in force once",
    async check(store) {
      const { commit } = await beginPair(store);
      await commit({ holds: [hold("a"), hold("b"), hold("c", { closedAt: minute(2) })] });
      expect(await decide(store, "nothing")).toBe(false);
      expect(await decide(store, "c")).toBe(false);
      expect(await decide(store, "a")).toBe(true);
      expect(await decide(store, "a", "rejected")).toBe(false);
      expect(await decide(store, "b", "rejected")).toBe(true);
      const rejected = { ...approved, decision: "rejected" };
      const stored = await store.pairs.listHolds({ isOpen: true, limit: 9 });
      expect(stored).toEqual([
        { ...hold("b"), ...rejected },
        { ...hold("a"), ...approved },
      ]);
    },
  },
  {
    name: "keeps a decision when its hold is replaced with the same digest, and asks again for another",
    async check(store) {
      const { commit } = await beginPair(store);
      await commit({ holds: [hold("a"), hold("b")] });
      for (const id of ["a", "b"]) await decide(store, id);
      const again = hold("a", { message: "told better" });
      expect(await commit({ holds: [again, hold("b", { count: 13, digest: "d2" })] })).toEqual(applied);
      expect(await store.pairs.listHolds({ limit: 9 })).toEqual([
        hold("b", { count: 13, digest: "d2" }),
        { ...again, ...approved },
      ]);
      await commit({ holds: [hold("a", { closedAt: minute(10) })] });
      const [closed] = await store.pairs.listHolds({ isOpen: false, limit: 9 });
      expect(closed).toEqual({ ...hold("a", { closedAt: minute(10) }), ...approved });
    },
  },
];
