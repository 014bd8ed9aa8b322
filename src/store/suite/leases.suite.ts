import { expect } from "vitest";
import type { Store } from "../store.ts";
import type { StoreCase } from "./case.ts";

const ttlMs = 1000;

function acquire(store: Store, owner: string, now: number, dead: readonly string[] = []) {
  return store.acquireLease({ name: "tasks", owner, now, ttlMs, isDead: (other) => dead.includes(other) });
}

const first = { name: "tasks", owner: "a", fence: 1, until: 6000 };

export const leaseCases: readonly StoreCase[] = [
  {
    name: "gives a lease to one holder and names it to all others, the same owner included",
    async check(store) {
      expect(await store.getLease("tasks")).toBeNull();
      expect(await acquire(store, "a", 5000)).toEqual({ lease: first });
      for (const owner of ["b", "a"]) {
        for (const now of [5000, 6000]) expect(await acquire(store, owner, now)).toEqual({ heldBy: first });
      }
      expect(await store.getLease("tasks")).toEqual(first);
    },
  },
  {
    name: "gives a lease anew when its time is over or its owner is dead, with a higher fence",
    async check(store) {
      await acquire(store, "a", 5000);
      expect(await acquire(store, "b", 6001)).toEqual({
        lease: { name: "tasks", owner: "b", fence: 2, until: 7001 },
      });
      expect(await acquire(store, "c", 6002, ["a"])).toMatchObject({ heldBy: { owner: "b", fence: 2 } });
      expect(await acquire(store, "c", 6002, ["b"])).toMatchObject({
        lease: { owner: "c", fence: 3, until: 7002 },
      });
    },
  },
  {
    name: "gives a released lease at once, and never an old fence",
    async check(store) {
      await acquire(store, "a", 5000);
      await store.releaseLease(first);
      expect(await store.getLease("tasks")).toEqual({ ...first, until: 0 });
      expect(await acquire(store, "a", 5000)).toMatchObject({ lease: { fence: 2 } });
    },
  },
  {
    name: "renews a lease for its holder only",
    async check(store) {
      await acquire(store, "a", 5000);
      expect(await store.renewLease(first, 9000)).toBe(true);
      expect(await acquire(store, "b", 8000)).toMatchObject({ heldBy: { owner: "a", until: 9000 } });
      expect(await store.renewLease({ ...first, owner: "b" }, 9999)).toBe(false);
      await acquire(store, "b", 9001);
      expect(await store.renewLease(first, 20_000)).toBe(false);
      expect(await store.getLease("tasks")).toMatchObject({ owner: "b", until: 10_001 });
      expect(await store.renewLease({ ...first, name: "books" }, 20_000)).toBe(false);
    },
  },
  {
    name: "does not renew a released lease, nor release one that another holds",
    async check(store) {
      await acquire(store, "a", 5000);
      await store.releaseLease(first);
      expect(await store.renewLease(first, 9000)).toBe(false);
      await acquire(store, "b", 5000);
      await store.releaseLease(first);
      expect(await acquire(store, "c", 5000)).toMatchObject({ heldBy: { owner: "b", fence: 2 } });
    },
  },
  {
    name: "keeps leases of different names apart",
    async check(store) {
      await acquire(store, "a", 5000);
      const other = await store.acquireLease({
        name: "books",
        owner: "a",
        now: 5000,
        ttlMs,
        isDead: () => false,
      });
      expect(other).toMatchObject({ lease: { name: "books", fence: 1 } });
    },
  },
];
