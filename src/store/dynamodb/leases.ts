import type { Lease, Store } from "../store.ts";
import type { Database } from "./database.ts";
import { isConditionFailed } from "./failures.ts";
import { type Item, numberIn, textIn } from "./items.ts";
import { headOf } from "./scopes.ts";
import { knowSync, syncHead } from "./syncs.ts";

// A lease is part of the head of the sync that has its name. Taking and releasing it moves the head on, so that whatever an
// older holder planned before is overtaken, and finds that it has lost the lease when it plans anew.

export type LeaseTopic = Pick<Store, "acquireLease" | "renewLease" | "releaseLease" | "getLease">;

/** The lease in a sync's head; null: nobody ever had it. */
export function leaseIn(name: string, item: Item | null): Lease | null {
  const owner = textIn(item, "holder");
  if (owner === null) return null;
  return { name, owner, fence: numberIn(item, "fence"), until: numberIn(item, "heldUntil") };
}

/** The fence of the one who holds it now; null: nobody does. */
export function heldFence(name: string, item: Item | null): number | null {
  const lease = leaseIn(name, item);
  return lease === null || lease.until === 0 ? null : lease.fence;
}

const names = { "#holder": "holder", "#fence": "fence", "#until": "heldUntil" };

/** Others that may take it first, one after another, before this gives up on the race. */
const racesMax = 50;

export function leaseTopic(database: Database): LeaseTopic {
  return {
    async acquireLease({ name, owner, now, ttlMs, isDead }) {
      await knowSync(database, name);
      for (let race = 1; ; race += 1) {
        await database.settle();
        const item = await database.get(syncHead(database, name));
        const last = leaseIn(name, item);
        const isHeld = last !== null && last.until !== 0 && last.until >= now && !isDead(last.owner);
        if (isHeld) return { heldBy: last };
        const lease = { name, owner, fence: (last?.fence ?? 0) + 1, until: now + ttlMs };
        if (await take(database, lease, item)) return { lease };
        if (race === racesMax) throw new Error(`the lease ${name} was taken and released ${racesMax} times`);
      }
    },
    renewLease: (lease, until) => change(database, lease, { until, isLast: false }),
    async releaseLease(lease) {
      await change(database, lease, { until: 0, isLast: true });
    },
    async getLease(name) {
      return leaseIn(name, await database.get(syncHead(database, name)));
    },
  };
}

/** False: somebody else was first, its holder has renewed it, or something is unfinished. */
async function take(database: Database, lease: Lease, item: Item | null): Promise<boolean> {
  const { name, owner, fence, until } = lease;
  const { generation } = headOf(syncHead(database, name), item);
  const last = leaseIn(name, item);
  const claim = database.ids.next();
  const conditions = [
    generation === 0 ? "attribute_not_exists(#generation)" : "#generation = :read",
    last === null ? "attribute_not_exists(#until)" : "#until = :last",
    "attribute_not_exists(#pending)",
  ];
  try {
    await database.update({
      key: syncHead(database, name),
      expression:
        "SET #holder = :holder, #fence = :fence, #until = :until, #generation = :next, #claim = :claim",
      condition: conditions.join(" AND "),
      names: { ...names, "#generation": "generation", "#pending": "pending", "#claim": "claim" },
      values: {
        ":holder": owner,
        ":fence": fence,
        ":until": until,
        ":next": generation + 1,
        ":claim": claim,
        ...(generation === 0 ? {} : { ":read": generation }),
        ...(last === null ? {} : { ":last": last.until }),
      },
    });
    return true;
  } catch (error) {
    if (!isConditionFailed(error)) throw error;
    // The answer to a first try may have been lost.
    return (await database.get(syncHead(database, name)))?.claim === claim;
  }
}

/** For its holder alone, while it holds it. */
async function change(
  database: Database,
  lease: Lease,
  { until, isLast }: { readonly until: number; readonly isLast: boolean },
): Promise<boolean> {
  try {
    await database.update({
      key: syncHead(database, lease.name),
      expression: `SET #until = :until${isLast ? " ADD #generation :one" : ""}`,
      condition: "#holder = :holder AND #fence = :fence AND #until <> :zero",
      names: { ...names, ...(isLast ? { "#generation": "generation" } : {}) },
      values: {
        ":holder": lease.owner,
        ":fence": lease.fence,
        ":until": until,
        ":zero": 0,
        ...(isLast ? { ":one": 1 } : {}),
      },
    });
    return true;
  } catch (error) {
    if (isConditionFailed(error)) return false;
    throw error;
  }
}
