import { createReadStream } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readExport } from "../../../src/recipes/library/exports/read-export.ts";
import { type Origin, orderPlaces, primaryPlace, settleField } from "../../../src/recipes/library/model.ts";
import { noSources, placeBooks } from "../../../src/recipes/library/place-books.ts";
import { parsePosition } from "../../../src/recipes/library/position.ts";
import { seriesOf } from "../../../src/recipes/library/shelf.ts";
import { exportedBook, place } from "./books.ts";

const volume = (asin: string, position: string | null) => {
  return { asin, title: `Title of ${asin}`, position: parsePosition(position), released: null };
};
const showPlaces = (books: ReturnType<typeof placeBooks>) =>
  books.map(({ series }) =>
    series.map((each) => [each.name, each.position?.raw ?? null, each.asin, each.origin]),
  );

describe("placeBooks", () => {
  it("takes the export's word first, and completes it from the companion", () => {
    const exported = [exportedBook("B1", { series: [place("Legend of Drizzt", null)] })];
    const companion = [
      { asin: "S1", title: "Legend of Drizzt", owned: [volume("B1", "7")], missing: [] },
      { asin: "S2", title: "Legacy of the Drow", owned: [volume("B1", "1")], missing: [] },
    ];
    expect(showPlaces(placeBooks(exported, { ...noSources, companion }))).toEqual([
      [
        ["Legend of Drizzt", "7", "S1", "audible"],
        ["Legacy of the Drow", "1", "S2", "audible"],
      ],
    ]);
  });

  it("asks the companion, then Open Library, then the title", () => {
    const exported = ["B1", "B2", "B3"].map((asin) => exportedBook(asin, { subtitle: "Heuristics, Book 3" }));
    const companion = [{ asin: "S1", title: "Companion", owned: [volume("B1", "1")], missing: [] }];
    const openLibrary = new Map(
      ["B1", "B2"].map((asin) => {
        return [
          asin,
          [{ ...place("Open Library", "2"), origin: "open-library" as const, confidence: 0.7 }],
        ] as const;
      }),
    );
    expect(showPlaces(placeBooks(exported, { companion, openLibrary }))).toEqual([
      [["Companion", "1", "S1", "audible"]],
      [["Open Library", "2", null, "open-library"]],
      [["Heuristics", "3", null, "heuristic"]],
    ]);
  });

  it("fills in a position that the export leaves out, from the title, for the same series only", () => {
    const exported = [
      exportedBook("B1", { subtitle: "Dune, Book 2", series: [place("Dune")] }),
      exportedBook("B2", { subtitle: "Dune, Book 3", series: [place("Arrakis")] }),
    ];
    expect(showPlaces(placeBooks(exported))).toEqual([
      [["Dune", "2", null, "audible"]],
      [["Arrakis", null, null, "audible"]],
    ]);
  });

  it("gives a series that was read the ASIN that it has beside other books of the author", () => {
    const exported = [
      exportedBook("B1", { series: [place("The Expanse", "1", "S1")] }),
      exportedBook("B2", { subtitle: "Expanse, Book 2" }),
      exportedBook("B3", { subtitle: "Expanse, Book 2", authors: ["Somebody Else"] }),
    ];
    expect(showPlaces(placeBooks(exported)).slice(1)).toEqual([
      [["The Expanse", "2", "S1", "heuristic"]],
      [["Expanse", "2", null, "heuristic"]],
    ]);
  });

  it("says where each field comes from", () => {
    const [told, read] = placeBooks([
      exportedBook("B1", { series: [place("Dune", "1")], lengthMinutes: 60 }),
      exportedBook("B2", { subtitle: "Dune, Book 2" }),
    ]);
    expect(told?.provenance).toMatchObject({
      title: { origin: "audible" },
      lengthMinutes: { origin: "audible" },
    });
    expect(told?.provenance.series).toEqual({ origin: "audible", confidence: 1 });
    expect(told?.provenance).not.toHaveProperty("released");
    expect(read?.provenance.series?.origin).toBe("heuristic");
  });

  it("reads the same out of an export every time", async () => {
    const file = join(import.meta.dirname, "../../fixtures/audible/audible-cli-export/library.csv");
    const [once, again] = await Promise.all(
      [1, 2].map(async () => (await readExport(createReadStream(file))).books),
    );
    expect(placeBooks(once ?? [])).toEqual(placeBooks(again ?? []));
    const reversed = placeBooks([...(again ?? [])].reverse());
    expect(new Set(showPlaces(reversed).map(String))).toEqual(
      new Set(showPlaces(placeBooks(once ?? [])).map(String)),
    );
  });

  it("puts a performance into its own series where Audible has one", async () => {
    const file = join(import.meta.dirname, "../../fixtures/audible/audible-cli-export/library.csv");
    const { books } = await readExport(createReadStream(file));
    const potter = placeBooks(books).filter(({ title }) => title.startsWith("Harry Potter"));
    expect(potter.map(({ series }) => [series[0]?.name, series[0]?.position?.raw]).sort()).toEqual(
      ["2", "3", "4", "5", "6", "7"].map((position) => ["Harry Potter (Full-Cast Editions)", position]),
    );
  });
});

describe("the primary series", () => {
  it("is a person's choice, else the better source's, else the numbered one, else the first", () => {
    const from = (name: string, origin: Origin, position: string | null) => {
      return { ...place(name, position), origin, confidence: 1 };
    };
    const names = (...places: readonly ReturnType<typeof from>[]) =>
      orderPlaces(places).map(({ name }) => name);
    expect(names(from("A", "audible", "1"), from("B", "person", null))).toEqual(["B", "A"]);
    expect(names(from("A", "heuristic", "1"), from("B", "audible", null))).toEqual(["B", "A"]);
    expect(names(from("A", "audible", null), from("B", "audible", "1"))).toEqual(["B", "A"]);
    expect(names(from("A", "audible", "2"), from("B", "audible", "1"))).toEqual(["A", "B"]);
    expect(primaryPlace({ series: [] })).toBeNull();
  });
});

describe("seriesOf", () => {
  it("orders books by their number, and knows a series by its ASIN", () => {
    const books = placeBooks([
      exportedBook("B3", { series: [place("Dune", "10", "S1")] }),
      exportedBook("B1", { series: [place("Dune", "2", "S1")] }),
      exportedBook("B4", { series: [place("Dune", null, "S1")] }),
      exportedBook("B2", { series: [place("Dune Chronicles", "2.5", "S1"), place("Arrakis", "1")] }),
    ]);
    expect(seriesOf(books)).toEqual([
      { key: "arrakis", asin: null, title: "Arrakis", books: ["B2"] },
      { key: "S1", asin: "S1", title: "Dune", books: ["B1", "B2", "B3", "B4"] },
    ]);
  });
});

describe("settleField", () => {
  const value = (text: string | null, origin: Origin, confidence = 1) => ({
    value: text,
    origin,
    confidence,
  });
  const cases = [
    {
      name: "a person's word stays",
      known: value("P", "person"),
      incoming: value("A", "audible"),
      kept: "P",
    },
    {
      name: "a person's later word counts",
      known: value("P", "person"),
      incoming: value("Q", "person"),
      kept: "Q",
    },
    {
      name: "a person may empty a field",
      known: value("A", "audible"),
      incoming: value(null, "person"),
      kept: null,
    },
    {
      name: "Audible replaces a guess",
      known: value("H", "heuristic"),
      incoming: value("A", "audible"),
      kept: "A",
    },
    {
      name: "a guess does not replace Audible",
      known: value("A", "audible"),
      incoming: value("H", "heuristic"),
      kept: "A",
    },
    {
      name: "a newer value of one source counts",
      known: value("A", "audible"),
      incoming: value("B", "audible"),
      kept: "B",
    },
    {
      name: "a less sure guess does not count",
      known: value("H", "heuristic", 0.9),
      incoming: value("I", "heuristic", 0.5),
      kept: "H",
    },
    {
      name: "silence denies nothing",
      known: value("H", "heuristic"),
      incoming: value(null, "audible"),
      kept: "H",
    },
    {
      name: "something is more than nothing",
      known: value(null, "audible"),
      incoming: value("H", "heuristic"),
      kept: "H",
    },
  ];
  it.each(cases)("$name", ({ known, incoming, kept }) => {
    expect(settleField(known, incoming).value).toBe(kept);
  });
});
