import { describe, expect, it } from "vitest";
import type { CollectionCommit, CollectionWrite } from "../../core/collection/record.ts";
import { collectionChainFlaw } from "../../core/collection/write.ts";
import { checkCase, type OpenStore } from "../store.suite.ts";
import type { Store } from "../store.ts";
import { collect, minute, type StoreCase } from "./case.ts";

const audible = { origin: "audible", confidence: 1 } as const;
const person = { origin: "person", confidence: 1 } as const;

export function recordWrite(id: string, fields: Partial<CollectionWrite> = {}): CollectionWrite {
  return { collection: "books", id, expected: 0, fields: { title: `Book ${id}` }, reason: "read", ...fields };
}

export function commitOf(
  store: Store,
  writes: readonly CollectionWrite[],
  as: Partial<CollectionCommit> = {},
) {
  return store.collections.commitRecords({ by: "import", runId: "run-1", at: minute(1), ...as, writes });
}

const allOf = (store: Store, collection = "books") =>
  store.collections.changesSince(collection, { revision: 0, limit: 1_000 });
const one = async (store: Store, id: string) => (await store.collections.getRecords("books", [id]))[0];

const writing: readonly StoreCase[] = [
  {
    name: "makes records, and changes of one only what a write names",
    async check(store) {
      const fields = { title: "Dune", order: 1, tags: ["b", "a"], place: { z: 1, a: null } };
      const made = await commitOf(store, [recordWrite("B1", { fields, provenance: { title: audible } })]);
      expect(made.stale).toEqual([]);
      expect(made.records).toEqual([await one(store, "B1")]);
      expect(await one(store, "B1")).toMatchObject({
        collection: "books",
        id: "B1",
        marker: null,
        status: "live",
        fields,
        provenance: { title: audible },
        revision: 1,
        createdAt: minute(1),
        updatedAt: minute(1),
        head: { seq: 1 },
      });
      const change = { expected: 1, fields: { order: null, title: "Dune 1" }, provenance: { title: person } };
      await commitOf(store, [recordWrite("B1", change)], { at: minute(2) });
      expect(await one(store, "B1")).toMatchObject({
        fields: { title: "Dune 1", tags: ["b", "a"], place: { z: 1, a: null } },
        provenance: { title: person },
        revision: 2,
        createdAt: minute(1),
        updatedAt: minute(2),
      });
      expect((await one(store, "B1"))?.fields).not.toHaveProperty("order");
    },
  },
  {
    name: "counts the changes of each collection without gaps, and tells how many records there are",
    async check(store) {
      await commitOf(store, [
        recordWrite("B1"),
        recordWrite("S1", { collection: "series" }),
        recordWrite("B2"),
      ]);
      await commitOf(store, [recordWrite("B1", { expected: 1, fields: { title: "New" } })]);
      await commitOf(store, [recordWrite("B2", { expected: 2, fields: {}, status: "trashed" })]);
      expect((await allOf(store)).map(({ id, revision }) => [id, revision])).toEqual([
        ["B1", 3],
        ["B2", 4],
      ]);
      expect(await store.collections.getCollectionTotals("books")).toEqual({
        live: 1,
        trashed: 1,
        revision: 4,
      });
      expect(await store.collections.getCollectionTotals("series")).toEqual({
        live: 1,
        trashed: 0,
        revision: 1,
      });
      expect(await store.collections.getCollectionTotals("none")).toEqual({
        live: 0,
        trashed: 0,
        revision: 0,
      });
    },
  },
  {
    name: "keeps nothing of a commit of which one write is stale, and names every stale one",
    async check(store) {
      await commitOf(store, [
        recordWrite("B1"),
        recordWrite("B2"),
        recordWrite("S1", { collection: "series" }),
      ]);
      const result = await commitOf(store, [
        recordWrite("B1", { expected: 1, fields: { title: "Good" } }),
        recordWrite("B2", { expected: 1, fields: { title: "Planned on another one" } }),
        recordWrite("S1", { collection: "series", fields: { title: "Taken for new" } }),
        recordWrite("B9", { expected: 5, fields: { title: "Not there" } }),
      ]);
      expect(result).toEqual({
        stale: [
          { collection: "books", id: "B2" },
          { collection: "series", id: "S1" },
          { collection: "books", id: "B9" },
        ],
        records: [],
      });
      expect((await allOf(store)).map(({ fields }) => fields.title)).toEqual(["Book B1", "Book B2"]);
      expect(await store.collections.getCollectionTotals("books")).toMatchObject({ live: 2, revision: 2 });
    },
  },
  {
    name: "leaves no trace of a write that changes nothing",
    async check(store) {
      const fields = { title: "Dune", place: { b: 1, a: 2 } };
      await commitOf(store, [recordWrite("B1", { fields, provenance: { title: audible } })]);
      const same = {
        expected: 1,
        fields: { place: { a: 2, b: 1 }, order: null },
        provenance: { title: audible },
        status: "live",
      } as const;
      const { records } = await commitOf(store, [recordWrite("B1", same)], { at: minute(9) });
      expect(records).toEqual(await allOf(store));
      expect(await one(store, "B1")).toMatchObject({ revision: 1, updatedAt: minute(1), head: { seq: 1 } });
    },
  },
  {
    name: "refuses as a bug what no plan can mean",
    async check(store) {
      const twice = commitOf(store, [recordWrite("B1"), recordWrite("B1")]);
      await expect(twice).rejects.toThrow(TypeError);
      const own = commitOf(store, [recordWrite("B1", { fields: { $status: "live" } })]);
      await expect(own).rejects.toThrow(TypeError);
      expect(await allOf(store)).toEqual([]);
    },
  },
  {
    name: "keeps what it was given, whatever its callers do with it or with what they get",
    async check(store) {
      const fields = { tags: ["a"] };
      await commitOf(store, [recordWrite("B1", { fields })]);
      fields.tags.push("b");
      const [got] = await allOf(store);
      if (got === undefined || !Array.isArray(got.fields.tags)) throw new Error("the record is not there");
      Reflect.set(got.fields.tags, 0, "c");
      expect(await one(store, "B1")).toMatchObject({ fields: { tags: ["a"] } });
    },
  },
];

const reading: readonly StoreCase[] = [
  {
    name: "lists what changed since a revision, page by page, each record once and as it is now",
    async check(store) {
      const ids = Array.from({ length: 7 }, (_, n) => `B${n}`);
      await commitOf(
        store,
        ids.map((id) => recordWrite(id)),
      );
      await commitOf(store, [recordWrite("B2", { expected: 3, fields: { title: "Moved" } })]);
      for (const limit of [1, 2, 3, 7, 100]) {
        const read: string[] = [];
        for (let revision = 0; ; ) {
          const page = await store.collections.changesSince("books", { revision, limit });
          read.push(...page.map(({ id }) => id));
          revision = page.at(-1)?.revision ?? revision;
          if (page.length < limit) break;
        }
        expect(read).toEqual(["B0", "B1", "B3", "B4", "B5", "B6", "B2"]);
      }
      expect(await store.collections.changesSince("books", { revision: 8, limit: 5 })).toEqual([]);
      expect(await store.collections.changesSince("books", { revision: 7, limit: 5 })).toMatchObject([
        { id: "B2", fields: { title: "Moved" } },
      ]);
    },
  },
  {
    name: "gives records by id, those that are there, of that collection alone",
    async check(store) {
      await commitOf(store, [
        recordWrite("B2"),
        recordWrite("B1"),
        recordWrite("B1", { collection: "series" }),
      ]);
      const found = await store.collections.getRecords("books", ["B2", "B1", "B9", "B1"]);
      expect(found.map(({ collection, id }) => [collection, id])).toEqual([
        ["books", "B1"],
        ["books", "B2"],
      ]);
      expect(await store.collections.getRecords("books", [])).toEqual([]);
    },
  },
  {
    name: "finds records by their marker, trashed ones too, oldest first",
    async check(store) {
      await commitOf(store, [recordWrite("B2", { marker: "page" })], { at: minute(1) });
      await commitOf(store, [recordWrite("B1", { marker: "page" }), recordWrite("B3")], { at: minute(2) });
      await commitOf(store, [recordWrite("B2", { expected: 1, fields: {}, status: "trashed" })]);
      const found = await store.collections.findByMarker("books", "page");
      expect(found.map(({ id, status }) => [id, status])).toEqual([
        ["B2", "trashed"],
        ["B1", "live"],
      ]);
      await commitOf(store, [recordWrite("B1", { expected: 2, fields: {}, marker: null })]);
      expect((await store.collections.findByMarker("books", "page")).map(({ id }) => id)).toEqual(["B2"]);
      expect(await store.collections.findByMarker("series", "page")).toEqual([]);
    },
  },
];

const history: readonly StoreCase[] = [
  {
    name: "keeps every version of a record with what was before, chained, and pages through them",
    async check(store) {
      await commitOf(store, [recordWrite("B1", { provenance: { title: audible } }), recordWrite("B2")]);
      const trash = { expected: 1, fields: {}, status: "trashed", provenance: { title: null } } as const;
      await commitOf(store, [recordWrite("B1", { ...trash, reason: "sold" })], { by: "Notion", runId: null });
      for (let n = 3; n <= 9; n += 1)
        await commitOf(store, [recordWrite("B1", { expected: n === 3 ? 3 : n, fields: { title: `T${n}` } })]);
      const list = (after: number, limit: number) =>
        store.collections.listRecordVersions("books", "B1", { after, limit });
      const versions = await list(0, 100);
      expect(versions.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(versions[0]).toMatchObject({
        fields: { title: "Book B1", $status: "live" },
        prior: { title: null, $status: null },
        provenance: { title: audible },
        priorProvenance: { title: null },
      });
      expect(versions[1]).toMatchObject({
        fields: { $status: "trashed" },
        prior: { $status: "live" },
        provenance: { title: null },
        priorProvenance: { title: audible },
        by: "Notion",
        reason: "sold",
        runId: null,
        revision: 3,
      });
      const head = (await one(store, "B1"))?.head ?? { seq: 0, hash: "" };
      expect(collectionChainFlaw(versions, head)).toBeNull();
      expect(collectionChainFlaw(versions.slice(1), head)).toBe("version 1 is missing");
      expect([...(await list(0, 4)), ...(await list(4, 4)), ...(await list(8, 4))]).toEqual(versions);
    },
  },
  {
    name: "streams the versions of a run by collection, record and number",
    async check(store) {
      const ids = Array.from({ length: 450 }, (_, n) => `B${String(n).padStart(3, "0")}`);
      await commitOf(
        store,
        ids.map((id) => recordWrite(id)),
        { runId: "run-a" },
      );
      await commitOf(store, [recordWrite("S1", { collection: "series" })], { runId: "run-b" });
      await commitOf(store, [recordWrite("B001", { expected: 2, fields: { title: "x" } })], {
        runId: "run-a",
      });
      await commitOf(
        store,
        [recordWrite("S1", { collection: "series", expected: 1, fields: { title: "y" } })],
        {
          runId: "run-a",
        },
      );
      const read = await collect(store.collections.iterateRecordVersionsOfRun("run-a"));
      expect(read.map(({ recordId, seq }) => `${recordId} ${seq}`)).toEqual([
        ...ids.flatMap((id) => (id === "B001" ? ["B001 1", "B001 2"] : [`${id} 1`])),
        "S1 2",
      ]);
      expect(await collect(store.collections.iterateRecordVersionsOfRun("run-c"))).toEqual([]);
    },
  },
];

/** What the `collections` of every store do. A plain list, so that deliberately broken stores can be run through it, too. */
export const collectionCases: readonly StoreCase[] = [...writing, ...reading, ...history];

/** The behavioural suite of the CollectionStore contract, for every implementation. */
export function describeCollections(name: string, open: OpenStore): void {
  describe(name, () => {
    for (const each of collectionCases) it(each.name, () => checkCase(each, open));
  });
}
