import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { copyStore } from "../../src/app/store-copy.ts";
import { openStore } from "../../src/app/stores.ts";
import { collectionChainFlaw } from "../../src/core/collection/write.ts";
import { openPostgresStore } from "../../src/store/postgres/open.ts";
import type { Store } from "../../src/store/store.ts";
import { countingIds } from "../../src/store/suite/case.ts";
import { commitOf, describeCollections, recordWrite } from "../../src/store/suite/collections.suite.ts";
import { createDatabase } from "../support/postgres.ts";
import { temporaryFolder } from "./folder.ts";

describeCollections("collections of a postgres store", async ({ ids }) => {
  const database = await createDatabase();
  const store = await openPostgresStore({ url: database.url, ids });
  return {
    ...store,
    async [Symbol.asyncDispose]() {
      await store.close();
      await database[Symbol.asyncDispose]();
    },
  };
});

it("commits that come at once count on without gaps, and one of two for the same record is stale", async () => {
  await using database = await createDatabase();
  await using one = await openPostgresStore({ url: database.url, ids: countingIds() });
  await using two = await openPostgresStore({ url: database.url, ids: countingIds() });
  await commitOf(one, [recordWrite("shared")]);
  const write = async (store: Store, n: number) => {
    const [shared] = await store.collections.getRecords("books", ["shared"]);
    const expected = shared?.revision ?? 0;
    const onShared = commitOf(store, [recordWrite("shared", { expected, fields: { n } })]);
    return [await onShared, await commitOf(store, [recordWrite(`own ${n}`)])] as const;
  };
  const results = await Promise.all(Array.from({ length: 40 }, (_, n) => write(n % 2 === 0 ? one : two, n)));
  const won = results.filter(([shared]) => shared.stale.length === 0).length;
  const { revision, live } = await one.collections.getCollectionTotals("books");
  expect([live, revision]).toEqual([41, 41 + won]);
  const versions = await two.collections.listRecordVersions("books", "shared", { after: 0, limit: 100 });
  expect(versions).toHaveLength(1 + won);
  const [shared] = await two.collections.getRecords("books", ["shared"]);
  expect(collectionChainFlaw(versions, shared?.head ?? { seq: 0, hash: "" })).toBeNull();
});

it("copyStore moves collections from SQLite to Postgres and back, with their history", async () => {
  await using folder = await temporaryFolder();
  await using database = await createDatabase();
  const [from, there, back] = [
    `sqlite:${folder.path("source.db")}`,
    database.url,
    `sqlite:${folder.path("back.db")}`,
  ];
  const open = (url: string) => openStore(url, { ids: countingIds(), isReadOnly: false });
  const odd = "NUL \u0000, 🧭, \u{10fffe}";
  const tell = async (store: Store) => ({
    records: await store.collections.changesSince("books", { revision: 0, limit: 1_000 }),
    versions: await store.collections.listRecordVersions("books", "B1", { after: 0, limit: 10 }),
    totals: await store.collections.getCollectionTotals("books"),
  });
  let told: Awaited<ReturnType<typeof tell>>;
  {
    await using store = await open(from);
    await commitOf(
      store,
      Array.from({ length: 620 }, (_, n) => recordWrite(`B${n}`, { marker: odd })),
    );
    await commitOf(store, [recordWrite("B1", { expected: 2, fields: { title: odd }, status: "trashed" })]);
    told = await tell(store);
  }
  for (const [source, to] of [
    [from, there],
    [there, back],
  ] as const) {
    const report = await copyStore({ from: source, to });
    expect(report.isEqual).toBe(true);
    expect(report.tables.find(({ table }) => table === "collection_versions")?.to.rows).toBe(621);
    await using store = await open(to);
    expect(await tell(store)).toEqual(told);
  }
  await using store = await open(back);
  const { stale } = await commitOf(store, [recordWrite("B1", { expected: 621, fields: { title: "on" } })]);
  expect(stale).toEqual([]);
});

const forgeries = [
  "UPDATE collection_versions SET reason = 'forged'",
  "DELETE FROM collection_versions",
  "DELETE FROM collection_records",
  "INSERT INTO collection_versions SELECT collection, record_id, 3, revision, fields, prior, provenance, prior_provenance, written_by, reason, run_id, at, prev_hash, hash FROM collection_versions",
  "INSERT INTO collection_versions SELECT collection, record_id, 2, revision, fields, prior, provenance, prior_provenance, written_by, reason, run_id, at, prev_hash, hash FROM collection_versions",
];

it("no hand changes a version, takes one away, breaks a chain or deletes a record", async () => {
  await using folder = await temporaryFolder();
  await using database = await createDatabase();
  await using inPostgres = await openPostgresStore({ url: database.url, ids: countingIds() });
  await using inSqlite = await openStore(`sqlite:${folder.path("store.db")}`, {
    ids: countingIds(),
    isReadOnly: false,
  });
  for (const store of [inPostgres, inSqlite]) await commitOf(store, [recordWrite("B1")]);
  for (const sql of forgeries) {
    const byHand = `SET search_path = lockstep; SET session_replication_role = replica; ${sql}`;
    await expect(database.run(byHand)).rejects.toThrow(/append-only|never deleted/);
    const file = new DatabaseSync(folder.path("store.db"), { enableForeignKeyConstraints: false });
    expect(() => file.exec(sql)).toThrow(/append-only|never deleted/);
    file.close();
  }
});
