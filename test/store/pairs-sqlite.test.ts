import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { migrate } from "../../src/store/sqlite/migrations.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { firstSchema } from "../../src/store/sqlite/schema.ts";
import { countingIds, minute } from "../../src/store/suite/case.ts";
import {
  applied,
  beginPair,
  history,
  hold,
  inboxEvent,
  linkId,
  pairConflict,
  pairLink,
  readPairs,
} from "../../src/store/suite/pairs-case.ts";
import { temporaryFolder } from "./folder.ts";

const openAt = (path: string) => openSqliteStore({ path, ids: countingIds(), busyTimeoutMs: 20 });

function withDatabase<T>(path: string, use: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  try {
    return use(database);
  } finally {
    database.close();
  }
}

/** A store with one link of three versions, a conflict, a hold and an event, closed again. */
async function filledStore(path: string) {
  await using store = await openAt(path);
  const { commit } = await beginPair(store);
  await store.pairs.putInbox([inboxEvent("a"), inboxEvent("b")]);
  await commit({
    links: [pairLink(1, { dueAt: 5, doc: { deep: [1] } }), pairLink(2)],
    versions: history(1, { until: 3 }),
    conflicts: [pairConflict("c", 1)],
    holds: [hold("h")],
    state: { cursor: "x" },
  });
  await store.pairs.decideHold({ id: "h", decision: "rejected", by: "grace", at: minute(4) });
  return await readPairs(store, ["pair"], ["run-1"]);
}

describe("pairs in a file", () => {
  it("are found again, all of them", async () => {
    await using folder = await temporaryFolder();
    const path = folder.path("store.db");
    const before = await filledStore(path);
    await using store = await openAt(path);
    expect(await readPairs(store, ["pair"], ["run-1"])).toEqual(before);
    const { commit } = await beginPair(store);
    expect(await commit({ links: [pairLink(2, { revision: 1 })] })).toEqual(applied);
  });

  it("find their tables in a store that was made before them, which keeps what it had", async () => {
    await using folder = await temporaryFolder();
    const path = folder.path("store.db");
    withDatabase(path, (database) => {
      migrate(database, path, [firstSchema]);
      database.exec("INSERT INTO leases VALUES ('tasks', 'host:1', 7, 0)");
    });
    await using store = await openAt(path);
    expect(await store.getLease("tasks")).toMatchObject({ fence: 7 });
    const { commit } = await beginPair(store);
    expect(await commit({ links: [pairLink(1)], versions: history(1, { until: 1 }) })).toEqual(applied);
  });

  it("refuse calls that wait for the disk when the store is closed first", async () => {
    const store = await openAt(":memory:");
    const put = store.pairs.putInbox([inboxEvent("a")]);
    await store.close();
    await expect(put).rejects.toMatchObject({ code: "STORE_FAILED" });
  });

  it("keep every event that was acknowledged before the process was killed", async () => {
    await using folder = await temporaryFolder();
    const path = folder.path("store.db");
    const taker = spawn(process.execPath, [join(import.meta.dirname, "children/pairs-inbox.ts"), path]);
    const acknowledged: string[] = [];
    for await (const eventId of createInterface({ input: taker.stdout })) {
      acknowledged.push(eventId);
      if (acknowledged.length === 500) taker.kill("SIGKILL");
    }
    if (taker.exitCode === null && taker.signalCode === null) await once(taker, "exit");
    expect(taker.signalCode).toBe("SIGKILL");
    await using store = await openAt(path);
    const kept = new Set((await store.pairs.listInbox("pair", 1_000_000)).map(({ eventId }) => eventId));
    expect(acknowledged.length).toBeGreaterThanOrEqual(500);
    expect(acknowledged.filter((eventId) => !kept.has(eventId))).toEqual([]);
  });
});

const forge = (verb: string, seq: number, prevHash: string) => `
  ${verb} INTO pair_versions
  SELECT link_id, ${seq}, side, origin, 'eve', detected_by, fields, prior, reason, record_revision, run_id, at,
    ${prevHash}, hash
  FROM pair_versions WHERE seq = 1`;

const newestHash = "(SELECT hash FROM pair_versions ORDER BY seq DESC LIMIT 1)";

describe("history of pairs, by hand with plain SQL and foreign keys off,", () => {
  it.each([
    ["refuses an update", "UPDATE pair_versions SET actor = 'eve' WHERE seq = 1"],
    ["refuses a delete", "DELETE FROM pair_versions"],
    ["refuses to replace a version", forge("REPLACE", 1, "''")],
    ["refuses an upsert", `${forge("INSERT", 1, "''")} ON CONFLICT DO UPDATE SET actor = 'eve'`],
    ["refuses a number that leaves a gap", forge("INSERT", 5, newestHash)],
    ["refuses a number that is taken", forge("INSERT", 3, newestHash)],
    ["refuses a version that continues another one", forge("INSERT", 4, "prev_hash")],
    ["refuses to delete a link", "DELETE FROM pair_links"],
  ])("%s", async (_, sql) => {
    await using folder = await temporaryFolder();
    const path = folder.path("store.db");
    const before = await filledStore(path);
    expect(() => withDatabase(path, (database) => database.exec(sql))).toThrow(/append-only|never deleted/);
    await using store = await openAt(path);
    expect(await readPairs(store, ["pair"], ["run-1"])).toEqual(before);
  });

  it("takes the next version of a link from any hand", async () => {
    await using folder = await temporaryFolder();
    const path = folder.path("store.db");
    await filledStore(path);
    withDatabase(path, (database) => database.exec(forge("INSERT", 4, newestHash)));
    await using store = await openAt(path);
    const versions = await store.pairs.listVersions(linkId(1), { after: 3, limit: 9 });
    expect(versions).toMatchObject([{ seq: 4, actor: "eve" }]);
  });
});
