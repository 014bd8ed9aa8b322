import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrate } from "../../src/store/postgres/migrations.ts";
import { openPostgresStore } from "../../src/store/postgres/open.ts";
import { firstSchema } from "../../src/store/postgres/schema.ts";
import type { Store } from "../../src/store/store.ts";
import { countingIds } from "../../src/store/suite/case.ts";
import {
  applied,
  beginPair,
  history,
  linkId,
  pairLink,
  readPairs,
} from "../../src/store/suite/pairs-case.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let store: Store;
beforeAll(async () => {
  database = await createDatabase();
  store = await openPostgresStore({ url: database.url, ids: countingIds() });
  const { commit } = await beginPair(store);
  await commit({ links: [pairLink(1), pairLink(2)], versions: history(1, { until: 3 }) });
});
afterAll(async () => {
  await store.close();
  await database[Symbol.asyncDispose]();
});

const readAll = () => readPairs(store, ["pair"], ["run-1"]);

const forge = (seq: number, prevHash: string) => `
  INSERT INTO pair_versions
  SELECT link_id, ${seq}, side, origin, 'eve', detected_by, fields, prior, reason, record_revision, run_id, at,
    ${prevHash}, hash
  FROM pair_versions WHERE link_id = '${linkId(1)}' AND seq = 1`;

const newestHash = "(SELECT hash FROM pair_versions ORDER BY seq DESC LIMIT 1)";

describe("history of pairs in Postgres, by the administrator's hand with foreign keys off,", () => {
  it.each([
    ["refuses an update", "UPDATE pair_versions SET actor = 'eve' WHERE seq = 1"],
    ["refuses an update that changes nothing", "UPDATE pair_versions SET actor = actor"],
    ["refuses a delete", "DELETE FROM pair_versions"],
    ["refuses to empty it", "TRUNCATE pair_versions"],
    ["refuses a number again", forge(1, "''")],
    ["refuses an upsert", `${forge(1, "''")} ON CONFLICT (link_id, seq) DO UPDATE SET actor = 'eve'`],
    ["refuses a number that leaves a gap", forge(5, newestHash)],
    ["refuses a number that is taken", forge(3, newestHash)],
    ["refuses a version that continues another one", forge(4, "prev_hash")],
    ["refuses to delete a link", "DELETE FROM pair_links"],
    ["refuses to empty the links", "TRUNCATE pair_links CASCADE"],
  ])("%s", async (_, sql) => {
    const before = await readAll();
    const byHand = `SET search_path = lockstep; SET session_replication_role = replica; ${sql}`;
    await expect(database.run(byHand)).rejects.toThrow(/append-only|duplicate key/);
    expect(await readAll()).toEqual(before);
  });

  it("takes the next version of a link from any hand", async () => {
    await database.run(`SET search_path = lockstep; ${forge(4, newestHash)}`);
    const versions = await store.pairs.listVersions(linkId(1), { after: 3, limit: 9 });
    expect(versions).toMatchObject([{ seq: 4, actor: "eve" }]);
  });
});

describe("a Postgres store that was made before pairs", () => {
  it("gets their tables, and keeps what it had", async () => {
    await using old = await createDatabase();
    const client = new pg.Client({ connectionString: old.url, options: "-c search_path=lockstep" });
    await client.connect();
    try {
      await migrate(client, { schema: "lockstep", name: "old" }, [firstSchema]);
      await client.query("INSERT INTO leases VALUES ('tasks', 'host:1', 7, 0)");
    } finally {
      await client.end();
    }
    await using opened = await openPostgresStore({ url: old.url, ids: countingIds() });
    expect(await opened.getLease("tasks")).toMatchObject({ fence: 7 });
    const { commit } = await beginPair(opened);
    expect(await commit({ links: [pairLink(1)], versions: history(1, { until: 1 }) })).toEqual(applied);
  });
});
