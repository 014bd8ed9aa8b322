import type { Store } from "../store.ts";
import type { Database } from "./database.ts";

interface LeaseRow {
  /** null: released. The row stays, so that its fence is never given out again. */
  owner: string | null;
  fence: number;
  until: number;
}

export type LeaseTopic = Pick<Store, "acquireLease" | "renewLease" | "releaseLease">;

export function leaseTopic(database: Database): LeaseTopic {
  const byName = database.query<LeaseRow>(
    "SELECT owner, fence, until_ms AS until FROM leases WHERE name = ?",
  );
  const take = database.query(`
    INSERT INTO leases VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT DO UPDATE SET owner = ?2, fence = ?3, until_ms = ?4`);
  const extend = database.query("UPDATE leases SET until_ms = ? WHERE name = ? AND owner = ? AND fence = ?");
  const release = database.query("UPDATE leases SET owner = NULL WHERE name = ? AND owner = ? AND fence = ?");

  return {
    async acquireLease({ name, owner, now, ttlMs, isDead }) {
      return database.write(() => {
        const held = byName.get(name);
        if (held !== undefined && held.owner !== null && held.until >= now && !isDead(held.owner)) {
          return { heldBy: { name, owner: held.owner, fence: held.fence, until: held.until } };
        }
        const lease = { name, owner, fence: (held?.fence ?? 0) + 1, until: now + ttlMs };
        take.run(lease.name, lease.owner, lease.fence, lease.until);
        return { lease };
      });
    },
    async renewLease({ name, owner, fence }, until) {
      return database.write(() => extend.run(until, name, owner, fence)) === 1;
    },
    async releaseLease({ name, owner, fence }) {
      database.write(() => release.run(name, owner, fence));
    },
  };
}
