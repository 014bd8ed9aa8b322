import { expect } from "vitest";
import type { Store } from "../store.ts";
import { minute, type StoreCase } from "./case.ts";
import { beginPair, inboxEvent } from "./pairs-case.ts";

async function waitingIn(store: Store, syncId = "pair", limit = 100): Promise<string[]> {
  return (await store.pairs.listInbox(syncId, limit)).map(({ eventId }) => eventId);
}

/** Numbers of the events that wait. */
async function seqsOf(store: Store): Promise<number[]> {
  return (await store.pairs.listInbox("pair", 1000)).map(({ seq }) => seq);
}

export const pairInboxCases: readonly StoreCase[] = [
  {
    name: "keeps events whole, in the order of arrival, until they are handled",
    async check(store) {
      const { commit } = await beginPair(store);
      const events = [
        inboxEvent("b"),
        inboxEvent("a", { recordId: null, occurredAt: null, changed: [], prior: {}, kind: "schema" }),
        inboxEvent("c", { side: "right", source: "sql", detectedBy: "poll", receivedAt: minute(0) }),
      ];
      expect(await store.pairs.putInbox(events)).toBe(3);
      const stored = await store.pairs.listInbox("pair", 100);
      expect(stored).toEqual(events.map((event) => ({ ...event, seq: expect.any(Number) })));
      const [b = 0, a = 0, c = 0] = stored.map(({ seq }) => seq);
      expect([b, a, c]).toEqual([b, a, c].toSorted((x, y) => x - y));
      expect(await waitingIn(store, "pair", 2)).toEqual(["b", "a"]);
      await commit({ handled: [a] });
      expect(await waitingIn(store)).toEqual(["b", "c"]);
      await commit({ handled: [b, a, c, 999_999] });
      expect(await waitingIn(store)).toEqual([]);
    },
  },
  {
    name: "takes an event of a source once per sync, in one call and in many, handled or not",
    async check(store) {
      const { commit } = await beginPair(store);
      const { pairs } = store;
      expect(await pairs.putInbox([inboxEvent("a"), inboxEvent("a", { kind: "deleted" })])).toBe(1);
      expect(await pairs.putInbox([inboxEvent("a"), inboxEvent("b")])).toBe(1);
      expect(await pairs.putInbox([inboxEvent("a", { source: "sql" })])).toBe(1);
      expect(await pairs.putInbox([inboxEvent("a", { syncId: "other" })])).toBe(1);
      expect(await waitingIn(store)).toEqual(["a", "b", "a"]);
      expect(await waitingIn(store, "other")).toEqual(["a"]);
      expect((await pairs.listInbox("pair", 1))[0]).toMatchObject({ kind: "updated" });
      await commit({ handled: await seqsOf(store) });
      expect(await pairs.putInbox([inboxEvent("a"), inboxEvent("b")])).toBe(0);
      expect(await waitingIn(store)).toEqual([]);
      expect(await pairs.putInbox([])).toBe(0);
    },
  },
  {
    name: "takes calls that arrive together, each with its own count",
    async check(store) {
      const calls = Array.from({ length: 50 }, (_, n) =>
        store.pairs.putInbox([inboxEvent(`${n}`), inboxEvent(`${n + 1}`)]),
      );
      const counts = await Promise.all(calls);
      expect(counts).toEqual([2, ...Array.from({ length: 49 }, () => 1)]);
      expect(await waitingIn(store)).toHaveLength(51);
      const seqs = await seqsOf(store);
      expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
    },
  },
  {
    name: "keeps no handled mark of a commit of another sync",
    async check(store) {
      const { commit } = await beginPair(store, "other");
      await store.pairs.putInbox([inboxEvent("a")]);
      await commit({ handled: await seqsOf(store) });
      expect(await waitingIn(store)).toEqual(["a"]);
    },
  },
  {
    name: "forgets handled events that are old, and never gives out their numbers again",
    async check(store) {
      const { commit } = await beginPair(store);
      const { pairs } = store;
      const received = (id: string, n: number) => inboxEvent(id, { receivedAt: minute(n) });
      await pairs.putInbox([
        received("old", 1),
        received("waiting", 1),
        received("new", 5),
        received("last", 2),
      ]);
      const [old = 0, , fresh = 0, last = 0] = await seqsOf(store);
      await commit({ handled: [old, fresh, last] });
      expect(await pairs.pruneInbox(minute(1))).toBe(0);
      expect(await pairs.pruneInbox(minute(3))).toBe(2);
      expect(await pairs.pruneInbox(minute(3))).toBe(0);
      expect(await waitingIn(store)).toEqual(["waiting"]);
      expect(await pairs.putInbox([received("new", 9), received("waiting", 9)])).toBe(0);
      expect(await pairs.putInbox([received("last", 9)])).toBe(1);
      expect((await seqsOf(store)).at(-1)).toBeGreaterThan(last);
    },
  },
];
