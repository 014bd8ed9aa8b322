import type { Lease, Store } from "../store.ts";
import type { Database } from "./database.ts";

export type LeaseTopic = Pick<Store, "acquireLease" | "renewLease" | "releaseLease" | "getLease">;

/** A released lease keeps its row, with `until_ms` 0: its fence is never given out again. */
export function leaseTopic(database: Database): LeaseTopic {
  const byName = database.query<Lease>(
    "SELECT name, owner, fence, until_ms AS until FROM leases WHERE name = ?",
  );
  const take = database.query(`
    INSERT INTO leases VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT DO UPDATE SET owner = ?2, fence = ?3, until_ms = ?4`);
  const setUntil = database.query(
    "UPDATE leases SET until_ms = ? WHERE name = ? AND owner = ? AND fence = ? AND until_ms > 0",
  );

  return {
    async acquireLease({ name, owner, now, ttlMs, isDead }) {
      return database.write(() => {
        const last = byName.get(name);
        const isHeld = last !== undefined && last.until !== 0 && last.until >= now && !isDead(last.owner);
        if (isHeld) return { heldBy: { ...last } };
        const lease = { name, owner, fence: (last?.fence ?? 0) + 1, until: now + ttlMs };
        take.run(lease.name, lease.owner, lease.fence, lease.until);
        return { lease };
      });
    },
    async renewLease({ name, owner, fence }, until) {
      return database.write(() => setUntil.run(until, name, owner, fence)) === 1;
    },
    async releaseLease({ name, owner, fence }) {
      database.write(() => setUntil.run(0, name, owner, fence));
    },
    async getLease(name) {
      const lease = database.read(() => byName.get(name));
      return lease === undefined ? null : { ...lease };
    },
  };
}
