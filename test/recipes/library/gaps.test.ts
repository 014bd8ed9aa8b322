import { describe, expect, it } from "vitest";
import { readCompanion, type SeriesList } from "../../../src/recipes/library/companion.ts";
import { findGaps, type SeriesSlot } from "../../../src/recipes/library/gaps.ts";
import { parsePosition } from "../../../src/recipes/library/position.ts";
import { book, place } from "./books.ts";

const today = "2026-11-21";
const show = (slots: readonly SeriesSlot[]) =>
  slots.map(({ number, asins }) => `${number ?? "?"}:${asins.join("+")}`);
const owned = (asin: string, position: string | null) => book(asin, { series: [place("S", position, "S1")] });

function listOf(
  missing: readonly (readonly [asin: string, position: string | null, released?: string])[],
): SeriesList {
  return {
    asin: "S1",
    title: "S",
    owned: [],
    missing: missing.map(([asin, position, released = "2020-01-01"]) => {
      return { asin, title: `Title of ${asin}`, position: parsePosition(position), released };
    }),
  };
}

function gaps(books: readonly ReturnType<typeof book>[], list: SeriesList | null) {
  const found = findGaps({ key: "S1", books, list, today });
  return {
    owned: show(found.owned),
    missing: show(found.missing),
    upcoming: show(found.upcoming),
    next: found.nextRelease,
  };
}

describe("findGaps", () => {
  it("tells owned, missing and upcoming volumes", () => {
    const list = listOf([
      ["M2", "2"],
      ["M4", "4", "2026-12-01"],
      ["M5", "5", "2027-03-01"],
    ]);
    expect(gaps([owned("B1", "1"), owned("B3", "3")], list)).toEqual({
      owned: ["1:B1", "3:B3"],
      missing: ["2:M2"],
      upcoming: ["4:M4", "5:M5"],
      next: "2026-12-01",
    });
  });

  it("counts what is released today as out", () => {
    expect(gaps([owned("B1", "1")], listOf([["M2", "2", today]])).missing).toEqual(["2:M2"]);
  });

  it("takes the parts of an owned omnibus for owned", () => {
    const list = listOf([
      ["M1", "1"],
      ["M2", "2"],
      ["M3", "3"],
      ["M4", "4"],
    ]);
    expect(gaps([owned("BX", "1-3")], list)).toMatchObject({
      owned: ["1:BX", "2:BX", "3:BX"],
      missing: ["4:M4"],
    });
  });

  it("does not miss an omnibus whose parts are owned, nor offers it where the part itself can be had", () => {
    const list = listOf([
      ["MX", "1-3"],
      ["M3", "3"],
    ]);
    expect(gaps([owned("B1", "1"), owned("B2", "2")], list)).toMatchObject({ missing: ["3:M3"] });
    expect(gaps([owned("B1", "1"), owned("B2", "2"), owned("B3", "3")], list).missing).toEqual([]);
  });

  it("offers an omnibus when nothing else has the part", () => {
    expect(gaps([owned("B1", "1")], listOf([["MX", "1-2"]])).missing).toEqual(["2:MX"]);
  });

  it("misses no other recording of what is owned, and counts recordings of one volume once", () => {
    const list = listOf([
      ["M1", "1"],
      ["M2", "2"],
      ["N2", "2"],
    ]);
    expect(gaps([owned("B1", "1")], list)).toMatchObject({ owned: ["1:B1"], missing: ["2:M2+N2"] });
  });

  it("keeps novellas and the book before the first apart", () => {
    expect(gaps([owned("B0", "0"), owned("B1", "1.5")], listOf([["M1", "1"]]))).toMatchObject({
      owned: ["0:B0", "1.5:B1"],
      missing: ["1:M1"],
    });
  });

  it("lists volumes without a number by their titles", () => {
    expect(gaps([owned("B1", null)], listOf([["M1", null]]))).toMatchObject({
      owned: ["?:B1"],
      missing: ["?:M1"],
    });
  });

  it("knows the holes between owned volumes where no list is", () => {
    expect(gaps([owned("B2", "2"), owned("B5", "4-5")], null).missing).toEqual(["1:", "3:"]);
    expect(gaps([owned("B1", "204")], null).missing).toEqual([]);
  });

  it("does not take a synthetic row for owned", () => {
    const synthetic = book("M2", { isOwned: false, series: [place("S", "2", "S1")] });
    expect(gaps([owned("B1", "1"), synthetic], null)).toMatchObject({ owned: ["1:B1"], missing: ["2:M2"] });
  });

  it("believes the shelf over a list that was made earlier", () => {
    expect(gaps([owned("M2", "2")], listOf([["M2", "2"]]))).toMatchObject({ owned: ["2:M2"], missing: [] });
  });
});

describe("readCompanion", () => {
  const volume = { asin: "B1", title: "One", position: "1", released: "2020-01-02T00:00:00Z" };

  it("reads series with owned and missing volumes", () => {
    const { series, problems } = readCompanion({
      series: [
        {
          asin: "S1",
          title: "S",
          owned: [volume],
          missing: [{ ...volume, asin: "B2", position: 1.5, released: null }],
        },
      ],
    });
    expect(problems).toEqual([]);
    expect(series[0]?.owned[0]).toEqual({ ...volume, position: parsePosition("1"), released: "2020-01-02" });
    expect(series[0]?.missing[0]).toMatchObject({ asin: "B2", position: { raw: "1.5" }, released: null });
  });

  it("reports what is wrong with its place, and reads the rest", () => {
    const { series, problems } = readCompanion({
      series: [
        null,
        { asin: "S1" },
        {
          asin: "S2",
          title: "S",
          owned: "all",
          missing: [{ asin: "B1" }, { ...volume, released: "soon", position: true }],
        },
      ],
    });
    expect(series.map(({ asin, missing }) => [asin, missing.length])).toEqual([["S2", 1]]);
    expect(problems.map(({ path }) => path)).toEqual([
      "series[0]",
      "series[1]",
      "series[2].owned",
      "series[2].missing[0]",
      "series[2].missing[1].released",
      "series[2].missing[1].position",
    ]);
  });

  it.each([[null], [[]], [{}], [{ series: {} }]])("finds no list in %j", (json) => {
    expect(readCompanion(json)).toMatchObject({ series: [], problems: [{ path: "series" }] });
  });
});
