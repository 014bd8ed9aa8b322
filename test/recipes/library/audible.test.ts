import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/core/json.ts";
import { readLibraryItem } from "../../../src/recipes/library/audible/read-item.ts";
import { toSeriesList, volumesOfSeries } from "../../../src/recipes/library/audible/read-series.ts";
import { readCompanion, writeCompanion } from "../../../src/recipes/library/companion.ts";
import { readExport } from "../../../src/recipes/library/exports/read-export.ts";
import { writeExport } from "../../../src/recipes/library/exports/write-export.ts";
import type { ExportedBook } from "../../../src/recipes/library/model.ts";
import {
  itemLike,
  recordedItems,
  recordedItemsWithoutTitles,
  recordedItemWithRelations,
  recordedProducts,
} from "../../support/audible/recorded.ts";
import { exportedBook, place } from "./books.ts";

const denver = "America/Denver";

function read(changes: { readonly [key: string]: Json }, zone = denver): ExportedBook {
  const book = readLibraryItem(itemLike(changes), zone);
  if (book === null) throw new Error("it is a book");
  return book;
}

describe("an item of Audible's library", () => {
  it("is read as it was recorded", () => {
    expect(recordedItems.map((item) => readLibraryItem(item, denver))[0]).toEqual({
      asin: "B0BLZNZ47B",
      title: "Azarinth Healer: Book One",
      subtitle: "A LitRPG Adventure",
      authors: ["Rhaegar"],
      narrators: ["Andrea Parsneau"],
      series: [place("Azarinth Healer", "1", "B0BM43PT68")],
      lengthMinutes: 1493,
      released: "2022-12-08",
      purchased: "2026-01-02",
      language: "english",
      coverUrl: "https://m.media-amazon.com/images/I/51pZyUM49GL._SL500_.jpg",
      status: "inProgress",
      kind: "book",
      source: "audible",
    });
  });

  it("names a series once, whether its own list or its relations name it, and parts of a recording never", () => {
    const [item] = recordedItemWithRelations;
    const names = (changes: Json) => read({ ...item, ...(changes as object) }).series.map(({ name }) => name);
    expect(names({})).toEqual(["Azarinth Healer"]);
    expect(names({ series: null })).toEqual(["Azarinth Healer"]);
    expect(recordedProducts.map((product) => readLibraryItem(product, denver)?.series.length)).toEqual([
      1, 1, 0, 1, 1, 1, 1, 1, 1,
    ]);
  });

  it("without a title or an ASIN is none", () => {
    expect(recordedItemsWithoutTitles.map((item) => readLibraryItem(item, denver))).toEqual(
      recordedItemsWithoutTitles.map(() => null),
    );
    expect(readLibraryItem(itemLike({ asin: null }), denver)).toBeNull();
  });

  it.each([
    ["2026-01-02T06:59:59.000Z", denver, "2026-01-01"],
    ["2026-01-02T07:00:00.000Z", denver, "2026-01-02"],
    ["2026-01-02T06:59:59.000Z", "Europe/Berlin", "2026-01-02"],
    ["2026-01-02", denver, "2026-01-02"],
    ["soon", denver, null],
    [null, denver, null],
  ])("bought at %s is bought, in %s, on %s", (purchase, zone, day) => {
    expect(read({ purchase_date: purchase, library_status: null }, zone).purchased).toBe(day);
  });

  it.each([
    [{ is_finished: true, percent_complete: 3 }, "finished"],
    [{ is_finished: false, listening_status: { is_finished: true } }, "finished"],
    [{ is_finished: false, percent_complete: 0, listening_status: { percent_complete: 0.4 } }, "inProgress"],
    [{ is_finished: false, percent_complete: 0, listening_status: null }, "notStarted"],
    [{ is_finished: null, percent_complete: null, listening_status: null }, null],
  ] as const)("with %j is %s", (changes, status) => {
    expect(read(changes).status).toBe(status);
  });

  it.each([
    ["Product", "SinglePartBook", "book"],
    ["Product", "MultiPartBook", "book"],
    ["Podcast", "PodcastParent", "podcast"],
    ["Episode", "PodcastEpisode", "podcast"],
    ["Newspaper / Magazine", "Periodical", "podcast"],
  ])("of type %s, delivered as %s, is a %s", (type, delivery, kind) => {
    expect(read({ content_type: type, content_delivery_type: delivery }).kind).toBe(kind);
  });
});

describe("whatever Audible may answer", () => {
  const keys = [...Object.keys(recordedItemWithRelations[0] ?? {}), "asin", "title", "series"];
  const hostile = fc.dictionary(
    fc.constantFrom(...keys),
    fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>,
  );
  const text = fc.string({ unit: "grapheme", maxLength: 40 });
  const told = fc.record({
    title: text,
    subtitle: text,
    authors: fc.array(fc.record({ name: text }), { maxLength: 3 }),
    narrators: fc.array(fc.record({ name: text }), { maxLength: 3 }),
    series: fc.array(fc.record({ title: text, sequence: text, asin: fc.constantFrom("B000000001", "") }), {
      maxLength: 3,
    }),
    language: text,
    product_images: fc.dictionary(fc.constantFrom("500", "1215"), text),
    runtime_length_min: fc.double(),
  });

  it("is read without an error, or not at all", () => {
    fc.assert(fc.property(hostile, (item) => void readLibraryItem(itemLike(item), denver)));
    fc.assert(fc.property(hostile, (item) => void volumesOfSeries(item)));
  });

  it("comes out of the exported file as it went in", async () => {
    await fc.assert(
      fc.asyncProperty(told, async (changes) => {
        const book = readLibraryItem(itemLike(changes), denver);
        if (book === null) return;
        const file = Buffer.from([...writeExport([book])].join(""));
        const { books, problems } = await readExport(Readable.from([file]));
        expect({ books, problems }).toEqual({ books: [book], problems: [] });
      }),
    );
  });
});

describe("a series", () => {
  const child = (asin: string, sequence: string | null, sort: string): Json => ({
    asin,
    sequence,
    sort,
    relationship_to_product: "child",
    relationship_type: "series",
  });
  const series = {
    asin: "B000SERIES",
    relationships: [
      child("B000000010", "10", "10"),
      child("B000000002", "1-2", "2"),
      child("B000000002", "1-2", "2"),
      child("B00000000X", null, "99"),
      child("B000000011", "11", "11"),
      child("B000000012", "12", "12"),
      { ...(child("B000000PAR", "1", "1") as object), relationship_type: "component" },
      child("bad", "1", "1"),
    ],
  };

  it("lists its volumes once, in its order, parts of recordings left out", () => {
    expect(volumesOfSeries(series)).toEqual([
      { asin: "B000000002", position: "1-2" },
      { asin: "B000000010", position: "10" },
      { asin: "B000000011", position: "11" },
      { asin: "B000000012", position: "12" },
      { asin: "B00000000X", position: null },
    ]);
  });

  it("has what is owned, what is missing, and nothing that cannot be bought; a file gives it back", () => {
    const owned = exportedBook("B000000002", {
      series: [place("S", "1-2", "B000SERIES")],
      released: "2020-01-01",
    });
    const forgotten = exportedBook("B0000FORGO", { series: [place("S", "0", "B000SERIES")] });
    const list = toSeriesList({
      asin: "B000SERIES",
      title: "S",
      volumes: volumesOfSeries(series),
      library: new Map([owned, forgotten, exportedBook("B0000OTHER")].map((book) => [book.asin, book])),
      products: new Map(
        [
          { asin: "B000000010", title: "Ten", release_date: "2031-05-06" },
          // What another marketplace has, and what has no date yet.
          { asin: "B00000000X" },
          { asin: "B000000011", title: "Eleven", sku: "PL_HLDR_1", release_date: "2200-01-01" },
          { asin: "B000000012", title: "Twelve", release_date: "2200-01-01" },
        ].map((product) => [product.asin, product]),
      ),
    });
    const shown = (volumes: typeof list.owned) =>
      volumes.map(({ asin, position, released }) => [asin, position?.raw, released]);
    expect(shown(list.owned)).toEqual([
      ["B0000FORGO", "0", null],
      ["B000000002", "1-2", "2020-01-01"],
    ]);
    expect(shown(list.missing)).toEqual([["B000000010", "10", "2031-05-06"]]);
    expect(readCompanion(JSON.parse(writeCompanion([list])))).toEqual({ series: [list], problems: [] });
  });
});
