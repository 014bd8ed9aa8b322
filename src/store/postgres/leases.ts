import type { Lease, Store } from "../store.ts";
import type { Database, Session } from "./database.ts";

export type LeaseTopic = Pick<Store, "acquireLease" | "renewLease" | "releaseLease" | "getLease">;

const selectLease = "SELECT name, owner, fence, until_ms AS until FROM leases WHERE name = $1";

/** A released lease keeps its row, with `until_ms` 0: its fence is never given out again. */
export function leaseTopic(database: Database): LeaseTopic {
  async function setUntil(until: number, { name, owner, fence }: Lease): Promise<boolean> {
    const updated = await database.run(
      "UPDATE leases SET until_ms = $1 WHERE name = $2 AND owner = $3 AND fence = $4 AND until_ms > 0",
      until,
      name,
      owner,
      fence,
    );
    return updated === 1;
  }

  return {
    async acquireLease({ name, owner, now, ttlMs, isDead }) {
      return database.write(async (session) => {
        const last = await lockLease(session, name);
        if (last.until !== 0 && last.until >= now && !isDead(last.owner)) return { heldBy: last };
        const lease = { name, owner, fence: last.fence + 1, until: now + ttlMs };
        await session.run(
          "UPDATE leases SET owner = $2, fence = $3, until_ms = $4 WHERE name = $1",
          lease.name,
          lease.owner,
          lease.fence,
          lease.until,
        );
        return { lease };
      });
    },
    renewLease: (lease, until) => setUntil(until, lease),
    async releaseLease(lease) {
      await setUntil(0, lease);
    },
    async getLease(name) {
      return (await database.get<Lease>(selectLease, name)) ?? null;
    },
  };
}

/** A lease that nobody ever held gets its row first, so that two who want it at once wait for each other. */
async function lockLease(session: Session, name: string): Promise<Lease> {
  await session.run("INSERT INTO leases VALUES ($1, '', 0, 0) ON CONFLICT DO NOTHING", name);
  const [lease] = await session.all<Lease>(`${selectLease} FOR UPDATE`, name);
  if (lease === undefined) throw new TypeError(`lease ${name} has no row`);
  return lease;
}

/**
 * The fence of the lease's holder, null when nobody holds it. It stays with the holder until the end of the
 * transaction: who wants to take it over waits.
 */
export async function holdLease(session: Session, name: string): Promise<number | null> {
  const row = await session.get<{ fence: number }>(
    "SELECT fence FROM leases WHERE name = $1 AND until_ms > 0 FOR UPDATE",
    name,
  );
  return row?.fence ?? null;
}
