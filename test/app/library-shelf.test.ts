import { describe, expect, it } from "vitest";
import { readShelf } from "../../src/app/library-change.ts";
import { openLibraryShelf, seriesPages } from "../../src/app/library-shelf.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import type { FieldProvenance } from "../../src/core/collection/record.ts";
import { statusField } from "../../src/core/collection/write.ts";
import type { Json } from "../../src/core/json.ts";
import { closePair, newPair } from "../../src/engine/two-way/link.ts";
import { arrivalsIn, settleArrivals } from "../../src/recipes/library/arrivals.ts";
import { collectionNames } from "../../src/recipes/library/collections.ts";
import { libraryPairs } from "../../src/recipes/library/config.ts";
import { Draft } from "../../src/recipes/library/draft.ts";
import { SERIES_FIELD } from "../../src/recipes/library/series-field.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { PairLink } from "../../src/store/pair-store.ts";
import { countingIds } from "../../src/store/suite/case.ts";
import { manualClock } from "../engine/manual-clock.ts";

const syncId = "series-sync";
const databaseIds = ["2b000000000040008000000000000001", "2b000000000040008000000000000002"] as const;
const at = "2026-11-21T10:00:00.000Z";
const person: FieldProvenance = { origin: "person", confidence: 1 };
const rule: FieldProvenance = { origin: "heuristic", confidence: 1 };

const writing = { intentId: "intent", sendBy: Number.MAX_SAFE_INTEGER };

type Shelved = "live" | { readonly trashedBy: FieldProvenance };

/** A library in memory, and its books as their sync sees them. */
async function openShelf() {
  const ids = countingIds();
  const clock = manualClock();
  const store = createMemoryStore({ ids });
  const deps = { store, clock, ids, owner: "test", isDead: () => false };
  const { library } = resolveConfig(
    { library: { notion: { series: databaseIds[0], books: databaseIds[1] } } },
    "/lockstep.config.json",
  );
  if (library === undefined) throw new Error("no library is configured");
  const books = libraryPairs(library).find(({ shelf }) => shelf === "books");
  if (books === undefined) throw new Error("a library has books");
  const known = async () => ({ syncId });
  const shelf = openLibraryShelf(deps, books, known);
  const pages = seriesPages(store, library, known);
  const names = collectionNames(library.name);
  const leased = await store.acquireLease({
    name: syncId,
    owner: "test",
    now: 0,
    ttlMs: 1,
    isDead: () => false,
  });
  if (!("lease" in leased)) throw new Error("nobody else is here");
  const { fence } = leased.lease;
  return {
    shelf,
    pages,
    draft: async () => new Draft(await readShelf(deps, library)),
    async putSeries(id: string, shelved: Shelved) {
      const expected = (await store.collections.getRecords(names.series, [id]))[0]?.revision ?? 0;
      const status = shelved === "live" ? "live" : "trashed";
      const provenance = shelved === "live" ? {} : { [statusField]: shelved.trashedBy };
      const write = {
        collection: names.series,
        id,
        expected,
        fields: { name: id },
        status,
        provenance,
      } as const;
      await store.collections.commitRecords({
        by: "test",
        runId: null,
        at,
        writes: [{ ...write, reason: "test" }],
      });
    },
    async putBook(id: string, series: Json) {
      const write = {
        collection: names.books,
        id,
        expected: 0,
        fields: { title: id, series },
        reason: "test",
      };
      await store.collections.commitRecords({ by: "test", runId: null, at, writes: [write] });
    },
    async link(rightId: string, told: Pick<PairLink, "leftId" | "status">) {
      const link = { ...closePair(newPair(syncId, ids.next())), rightId, ...told };
      const nothing = { versions: [], conflicts: [], holds: [], handled: [] };
      await store.pairs.commit({ syncId, fence, at, links: [link], ...nothing });
    },
    /** Ids of what was written. */
    async commit(draft: Draft) {
      const { writes } = draft.plan();
      const { records } = await store.collections.commitRecords({ by: "test", runId: null, at, writes });
      return records.map(({ id }) => id);
    },
    async recordOf(id: string) {
      const observed = await shelf.get(id);
      if (!("record" in observed)) throw new Error(`there is no ${id}`);
      return observed.record;
    },
    /** Where the book stands, as its record keeps it. */
    async placesOf(id: string) {
      return (await store.collections.getRecords(names.books, [id]))[0]?.fields.series ?? null;
    },
  };
}

type OpenShelf = Awaited<ReturnType<typeof openShelf>>;

/** A person's word on the series of a book, by their pages. */
async function shelve({ shelf, recordOf }: OpenShelf, id: string, pages: readonly string[]) {
  const expected = await recordOf(id);
  const write = { kind: "update", id, fields: { [SERIES_FIELD]: pages }, expected } as const;
  const outcome = await shelf.apply(write, writing);
  expect(outcome).toMatchObject({ kind: "applied" });
  return outcome;
}

describe("the series of a book, as its sync sees them", () => {
  it.each<[string, Shelved, Pick<PairLink, "leftId" | "status"> | null, readonly string[] | null]>([
    ["are the pages that they have", "live", { leftId: "page", status: "live" }, ["page"]],
    ["are unknown, and not none, while one has no page yet", "live", null, null],
    ["are unknown while the page of one is being made", "live", { leftId: null, status: "none" }, null],
    [
      "are unknown while the page of one is on its way back",
      "live",
      { leftId: "page", status: "dead" },
      null,
    ],
    ["are without one in the trash", { trashedBy: rule }, { leftId: "page", status: "dead" }, []],
    ["are without one that went to the trash before it had a page", { trashedBy: rule }, null, []],
    [
      "are without one that went to the trash while its page was being made",
      { trashedBy: rule },
      { leftId: null, status: "none" },
      [],
    ],
    ["are without one whose page has left the database", "live", { leftId: "page", status: "unlinked" }, []],
  ])("%s", async (_, shelved, link, expected) => {
    const world = await openShelf();
    await world.putSeries("S1", shelved);
    if (link !== null) await world.link("S1", link);
    await world.putBook("B1", [{ id: "S1", position: "1" }]);
    const { fields, unobserved } = await world.recordOf("B1");
    expect(fields[SERIES_FIELD] ?? null).toEqual(expected);
    expect(unobserved.includes(SERIES_FIELD)).toBe(expected === null);
  });

  it("keep, beside what a person says, one that a person has thrown away, and none that a run has put away", async () => {
    const world = await openShelf();
    await world.putSeries("thrown", { trashedBy: person });
    await world.link("thrown", { leftId: "thrown-page", status: "dead" });
    await world.putSeries("put-away", { trashedBy: rule });
    await world.link("put-away", { leftId: "put-away-page", status: "dead" });
    await world.putSeries("mine", "live");
    await world.link("mine", { leftId: "mine-page", status: "live" });
    await world.putBook("B1", [
      { id: "put-away", position: "2" },
      { id: "thrown", position: "1" },
    ]);
    await shelve(world, "B1", ["mine-page"]);
    const places = await world.placesOf("B1");
    expect(places).toEqual(
      expect.arrayContaining([
        { id: "thrown", position: "1" },
        { id: "mine", position: null },
      ]),
    );
    expect(places).toHaveLength(2);
  });

  it("are nobody's word when they are what is shown already", async () => {
    const world = await openShelf();
    await world.putSeries("S1", "live");
    await world.link("S1", { leftId: "page", status: "live" });
    await world.putBook("B1", [{ id: "S1", position: "1" }]);
    const { revision } = await world.recordOf("B1");
    await shelve(world, "B1", ["page"]);
    expect(await world.recordOf("B1")).toMatchObject({ revision });
  });

  it("are not written over a look from before one of them came back", async () => {
    const world = await openShelf();
    await world.putSeries("S1", { trashedBy: rule });
    await world.link("S1", { leftId: "page", status: "dead" });
    await world.putBook("B1", [{ id: "S1", position: "1" }]);
    const expected = await world.recordOf("B1");
    await world.putSeries("S1", "live");
    await world.link("S2", { leftId: "other", status: "live" });
    const write = { kind: "update", id: "B1", fields: { [SERIES_FIELD]: ["other"] }, expected } as const;
    expect(await world.shelf.apply(write, writing)).toEqual({ kind: "stale" });
    const titled = { ...write, fields: { title: "Another" } };
    expect(await world.shelf.apply(titled, writing)).toMatchObject({ kind: "applied" });
    expect(await world.placesOf("B1")).toEqual([{ id: "S1", position: "1" }]);
  });

  it("are answered as they were written, also where one has gone to the trash meanwhile", async () => {
    const world = await openShelf();
    await world.putSeries("S1", { trashedBy: rule });
    await world.link("S1", { leftId: "page", status: "dead" });
    await world.putBook("B1", null);
    const answer = await shelve(world, "B1", ["page"]);
    expect(answer).toMatchObject({ record: { fields: { [SERIES_FIELD]: ["page"] } } });
    expect(await world.placesOf("B1")).toEqual([{ id: "S1", position: null }]);
    expect((await world.recordOf("B1")).fields[SERIES_FIELD]).toEqual([]);
  });

  it("are awaited where nothing but a page is known, and known by the next word once they are taken in", async () => {
    const world = await openShelf();
    await world.putBook("B1", null);
    await world.putSeries("S1", "live");
    await world.link("S1", { leftId: "page", status: "live" });
    await shelve(world, "B1", ["new-page"]);
    expect(await world.placesOf("B1")).toEqual([{ id: "page:new-page", position: null }]);
    expect((await world.recordOf("B1")).fields[SERIES_FIELD]).toEqual(["new-page"]);
    await world.putSeries("S2", "live");
    await world.link("S2", { leftId: "new-page", status: "live" });
    await shelve(world, "B1", ["page", "new-page"]);
    // It was the primary one already.
    expect(await world.placesOf("B1")).toEqual(["S2", "S1"].map((id) => ({ id, position: null })));
  });
});

describe("series and their pages", () => {
  const settle = async ({ draft, pages }: OpenShelf) => {
    const drafted = await draft();
    const isChanged = settleArrivals(drafted, await arrivalsIn(drafted, pages));
    return { isChanged, fields: drafted.get("books", "B1")?.fields, drafted };
  };

  it("make a book of the series whose page it was shelved in, once that is taken in, and in it once", async () => {
    const world = await openShelf();
    await world.putBook("B1", [
      { id: "S1", position: "2" },
      { id: "page:a", position: null },
      { id: "page:b", position: null },
    ]);
    for (const [id, leftId] of [
      ["S1", "a"],
      ["S2", "b"],
    ] as const) {
      await world.putSeries(id, "live");
      await world.link(id, { leftId, status: "live" });
    }
    const { isChanged, fields } = await settle(world);
    expect(isChanged).toBe(true);
    expect(fields?.series).toEqual([
      { id: "S1", position: "2" },
      { id: "S2", position: null },
    ]);
  });

  it("leave a note on books that wait for a page, which goes when it is there, so that they are looked at again", async () => {
    const world = await openShelf();
    await world.putSeries("S1", "live");
    await world.putSeries("S2", { trashedBy: rule });
    await world.putBook(
      "B1",
      ["S1", "S2"].map((id) => ({ id, position: null })),
    );
    const waiting = await settle(world);
    expect([waiting.isChanged, waiting.fields?.unshown]).toEqual([true, ["S1"]]);
    const noted = await world.commit(waiting.drafted);
    expect(noted).toEqual(["B1"]);
    expect((await settle(world)).isChanged).toBe(false);
    await world.link("S1", { leftId: "page", status: "live" });
    const arrived = await settle(world);
    expect([arrived.isChanged, arrived.fields?.unshown]).toEqual([true, undefined]);
    expect(await world.commit(arrived.drafted)).toEqual(["B1"]);
  });
});
