import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyChain } from "../../src/core/two-way/version-chain.ts";
import { openPostgresStore } from "../../src/store/postgres/open.ts";
import type { Store } from "../../src/store/store.ts";
import { countingIds, minute } from "../../src/store/suite/case.ts";
import {
  applied,
  beginPair,
  type CommitParts,
  history,
  linkId,
  pairConflict,
  pairLink,
} from "../../src/store/suite/pairs-case.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";

// Two stores with connections of their own stand for two processes.

let database: TestDatabase;
let first: Store;
let second: Store;
beforeAll(async () => {
  database = await createDatabase();
  // Before the stores connect, so that they notice a deadlock soon.
  await database.run(`ALTER DATABASE ${database.url.split("/").at(-1)} SET deadlock_timeout = '200ms'`);
  first = await openPostgresStore({ url: database.url, ids: countingIds() });
  second = await openPostgresStore({ url: database.url, ids: countingIds() });
});
afterAll(async () => {
  await Promise.all([first.close(), second.close()]);
  await database[Symbol.asyncDispose]();
});

/** The same holder of the same lease, on both connections. */
async function beginBoth(syncId: string) {
  const begun = await beginPair(first, syncId);
  const { fence } = begun;
  const empty = { links: [], versions: [], conflicts: [], holds: [], handled: [] };
  const commitsOf = [first, second].map((store) => (parts: CommitParts) => {
    return store.pairs.commit({ ...empty, syncId, fence, at: minute(1), ...parts });
  });
  return { ...begun, commitsOf };
}

/** A connection of somebody who does not ask the store. */
async function byHand<T>(use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query("SET search_path = lockstep");
    return await use(client);
  } finally {
    await client.end();
  }
}

/** Resolves once a connection of the stores waits for a lock. */
async function someoneWaits(client: pg.Client): Promise<void> {
  const waiting = `SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'lockstep' AND wait_event_type = 'Lock'`;
  while ((await client.query(waiting)).rowCount === 0) await new Promise(setImmediate);
}

describe("two processes that commit to one sync at once", () => {
  it("are let through one after the other: of one link, exactly one wins, 500 times", async () => {
    const syncId = "one link";
    const { commit, commitsOf } = await beginBoth(syncId);
    const link = pairLink(1, { syncId });
    await commit({ links: [link] });
    for (let round = 1; round <= 500; round += 1) {
      const versions = history(1, { after: round - 1, until: round });
      const results = await Promise.all(
        commitsOf.map((send, by) =>
          send({ links: [{ ...link, revision: round, doc: { round, by } }], versions }),
        ),
      );
      const winners = results.flatMap(({ stale }, by) => (stale.length === 0 ? [by] : []));
      expect(winners, `round ${round}`).toHaveLength(1);
      expect(results[1 - (winners[0] ?? 0)]).toEqual({ stale: [link.id], taken: [] });
      const [stored] = await second.pairs.getLinks(syncId, [link.id]);
      expect(stored).toMatchObject({ revision: round + 1, doc: { round, by: winners[0] } });
    }
    const versions = await first.pairs.listVersions(link.id, { after: 0, limit: 1_000 });
    expect(versions).toHaveLength(500);
    expect(verifyChain(versions)).toBeNull();
  });

  it.each(["leftId", "rightId", "key"] as const)(
    "make one link of a %s that both have found, and the other is told whose it is",
    async (claim) => {
      const syncId = `one ${claim}`;
      const { commitsOf } = await beginBoth(syncId);
      for (let round = 0; round < 40; round += 1) {
        const ids = [0, 1].map((by) => `${claim} ${round} ${by}`);
        const results = await Promise.all(
          commitsOf.map((send, by) => {
            const own = { id: ids[by] ?? "", leftId: `left ${ids[by]}`, rightId: null };
            return send({ links: [pairLink(0, { syncId, ...own, [claim]: `same ${round}` })] });
          }),
        );
        const winner = results.findIndex(({ taken }) => taken.length === 0);
        expect(results[winner]).toEqual(applied);
        const taken = [{ linkId: ids[1 - winner], by: ids[winner] }];
        expect(results[1 - winner]).toEqual({ stale: [], taken });
        expect(await first.pairs.getLinks(syncId, ids)).toMatchObject([{ id: ids[winner] }]);
      }
    },
  );

  it("keep to the lease: once it is taken over, nothing of the holder before appears", async () => {
    for (let round = 0; round < 60; round += 1) {
      const syncId = `taken over ${round}`;
      const { commit } = await beginPair(first, syncId);
      const link = pairLink(2_000 + round, { syncId });
      const stored = () => second.pairs.getLinks(syncId, [link.id]);
      const takeOver = async () => {
        await second.acquireLease({ name: syncId, owner: "host:2", now: 1, ttlMs: 1, isDead: () => true });
        return stored();
      };
      const [committed, before] = await Promise.all([
        commit({ links: [link] }).catch((error: unknown) => error),
        takeOver(),
      ]);
      expect(await stored()).toEqual(before);
      if (before.length === 1) expect(committed).toEqual(applied);
      else expect(committed).toMatchObject({ code: "LEASE_LOST" });
    }
  });
});

describe("a commit to Postgres", () => {
  it("tells whose a record is that somebody links at the same moment without the lease", async () => {
    const syncId = "by hand";
    const { commit } = await beginPair(first, syncId);
    await commit({});
    const committed = await byHand(async (client) => {
      await client.query("BEGIN");
      await client.query(`
        INSERT INTO pair_links (id, sync_id, left_id, status, priority, open_conflicts, swept_left, swept_right, revision)
        VALUES ('by hand', '${syncId}', 'record', 'live', 1, 0, 0, 0, 1)`);
      const committing = commit({ links: [pairLink(4_000, { syncId, leftId: "record" })] });
      await someoneWaits(client);
      await client.query("COMMIT");
      return await committing;
    });
    expect(committed).toEqual({ stale: [], taken: [{ linkId: linkId(4_000), by: "by hand" }] });
  });

  it("gives an id that two syncs make at once to one of them, and is stale for the other", async () => {
    const begun = await Promise.all([beginPair(first, "sync a"), beginPair(second, "sync b")]);
    for (let round = 0; round < 30; round += 1) {
      const id = linkId(5_000 + round);
      const results = await Promise.all(
        begun.map(({ commit, lease: { name: syncId } }) => {
          return commit({ links: [pairLink(5_000 + round, { syncId })] });
        }),
      );
      const winner = results.findIndex(({ stale }) => stale.length === 0);
      expect(results[1 - winner]).toEqual({ stale: [id], taken: [] });
      const links = await first.pairs.getLinks(begun[winner]?.lease.name ?? "", [id]);
      expect(links).toMatchObject([{ revision: 1 }]);
    }
  });

  it("runs again as a whole when Postgres gives it up in a deadlock", async () => {
    const syncId = "deadlock";
    const { commit } = await beginPair(first, syncId);
    const links = [pairLink(6_001, { syncId }), pairLink(6_002, { syncId })];
    await commit({ links });
    const lock = (n: number) => `SELECT 1 FROM pair_links WHERE id = '${links[n]?.id}' FOR UPDATE`;
    const committed = await byHand(async (client) => {
      // Patient: it is the commit that Postgres gives up.
      await client.query("SET deadlock_timeout = '10s'; BEGIN");
      await client.query(lock(1));
      const committing = commit({ links: links.map((link) => ({ ...link, revision: 1, doc: "again" })) });
      await someoneWaits(client);
      // Locked by the commit, which gets no further: given up, it frees it.
      await client.query(lock(0));
      await client.query("COMMIT");
      return await committing;
    });
    expect(committed).toEqual(applied);
    const ids = links.map(({ id }) => id);
    const stored = { revision: 2, doc: "again" };
    expect(await first.pairs.getLinks(syncId, ids)).toMatchObject([stored, stored]);
  });

  it("replaces a conflict by the last of several under one id", async () => {
    const syncId = "twice";
    const { commit } = await beginPair(first, syncId);
    const link = pairLink(7_000, { syncId });
    const conflicts = ["one", "two"].map((left) => ({
      ...pairConflict("twice", 0, { syncId, left }),
      linkId: link.id,
    }));
    expect(await commit({ links: [link], conflicts })).toEqual(applied);
    expect(await first.pairs.listConflicts({ syncId, limit: 9 })).toMatchObject([{ left: "two" }]);
  });
});
