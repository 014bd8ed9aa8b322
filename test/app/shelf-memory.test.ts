import { describe, expect, it } from "vitest";
import { readRecords, ShelfMemory } from "../../src/app/shelf-memory.ts";
import type { CollectionStore } from "../../src/store/collection-store.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { countingIds } from "../../src/store/suite/case.ts";

const collections = { series: "series", books: "books" } as const;

function emptyStore(): CollectionStore {
  return createMemoryStore({ ids: countingIds() }).collections;
}

async function write(store: CollectionStore, collection: string, titles: Readonly<Record<string, string>>) {
  const known = await store.getRecords(collection, Object.keys(titles));
  const writes = Object.entries(titles).map(([id, title]) => ({
    collection,
    id,
    expected: known.find((record) => record.id === id)?.revision ?? 0,
    fields: { title },
    reason: "test",
  }));
  await store.commitRecords({ by: "test", runId: "run-1", at: "2026-11-21T10:00:00.000Z", writes });
}

/** The store, and how many records it was made to hand out. */
function counted(store: CollectionStore) {
  const seen = { records: 0 };
  const changesSince: CollectionStore["changesSince"] = async (collection, page) => {
    const records = await store.changesSince(collection, page);
    seen.records += records.length;
    return records;
  };
  return { seen, store: { ...store, changesSince } };
}

async function whole(store: CollectionStore) {
  const [series, books] = await Promise.all([readRecords(store, "series"), readRecords(store, "books")]);
  return { collections, series, books };
}

describe("a shelf that is read again and again", () => {
  it("is what a whole read shows, in its order, and costs what changed", async () => {
    const { store, seen } = counted(emptyStore());
    const memory = new ShelfMemory(store, collections);
    expect(await memory.read()).toEqual({ collections, series: [], books: [] });
    await write(
      store,
      "books",
      Object.fromEntries(Array.from({ length: 600 }, (_, n) => [`B${n}`, `t${n}`])),
    );
    await write(store, "series", { S1: "One" });
    expect(await memory.read()).toEqual(await whole(store));
    await write(store, "books", { B3: "changed", B601: "new" });
    await write(store, "series", { S1: "Other" });
    const before = seen.records;
    const read = await memory.read();
    expect(seen.records - before).toBe(3);
    expect(read).toEqual(await whole(store));
    const after = seen.records;
    await memory.read();
    expect(seen.records).toBe(after);
  });

  it("is never put back by a read that began earlier", async () => {
    const store = emptyStore();
    await write(store, "books", { B1: "old" });
    const first = Promise.withResolvers<void>();
    let reads = 0;
    const slow: CollectionStore = {
      ...store,
      async changesSince(collection, page) {
        const records = await store.changesSince(collection, page);
        if (collection === "books" && reads++ === 0) await first.promise;
        return records;
      },
    };
    const memory = new ShelfMemory(slow, collections);
    const early = memory.read();
    const late = early.then(() => write(store, "books", { B1: "new" })).then(() => memory.read());
    const beside = memory.read();
    first.resolve();
    expect((await early).books.map(({ fields }) => fields.title)).toEqual(["old"]);
    await beside;
    expect((await late).books.map(({ fields }) => fields.title)).toEqual(["new"]);
    expect((await memory.read()).books.map(({ fields }) => fields.title)).toEqual(["new"]);
  });

  it("begins anew when the collection has gone back, or when it is told to forget", async () => {
    const old = emptyStore();
    await write(old, "books", { B1: "one" });
    await write(old, "books", { B2: "two" });
    const other = emptyStore();
    await write(other, "books", { B9: "nine" });
    let current = old;
    const store: CollectionStore = {
      ...old,
      getCollectionTotals: (collection) => current.getCollectionTotals(collection),
      changesSince: (collection, page) => current.changesSince(collection, page),
    };
    const memory = new ShelfMemory(store, collections);
    expect((await memory.read()).books.map(({ id }) => id)).toEqual(["B1", "B2"]);
    current = other;
    expect((await memory.read()).books.map(({ id }) => id)).toEqual(["B9"]);
    const { seen, store: countedOther } = counted(other);
    current = countedOther;
    memory.forget();
    await memory.read();
    expect(seen.records).toBe(1);
  });
});
