import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { performanceOf, seriesKey, storyKey } from "../../../src/recipes/library/series/key.ts";
import { foldText } from "../../../src/recipes/library/text.ts";

describe("seriesKey", () => {
  it.each([
    ["The Lord of the Rings", "lord of the rings"],
    ["Lord of the Rings, The", "lord of the rings"],
    ["Red Rising Saga", "red rising"],
    ["Divergent Trilogy", "divergent"],
    ["The Fae & Alchemy Series", "fae and alchemy"],
    ["Kuma Kuma Kuma Bear Light Novel Series", "kuma kuma kuma bear"],
    ["So I'm a Spider, So What? (light novel)", "so im a spider so what"],
    ["Ascend Online [publication order]", "ascend online"],
    ["A Jack Ryan Novel (chronological order)", "jack ryan"],
    ["86--EIGHTY-SIX", "86 eighty six"],
    ["L'Assassin royal", "lassassin royal"],
    ["Die Öland-Reihe", "oland"],
    ["Le Trône de Fer", "trone de fer"],
    ["Crónica del asesino de reyes", "cronica del asesino de reyes"],
    ["Łódź Straße", "lodz strasse"],
    ["ソードアート・オンライン シリーズ", "ソードアート オンライン"],
    // "が" is "か" with a mark, and another letter.
    ["がくえん", "がくえん"],
    ["Saga", "saga"],
    ["The Series", "series"],
    ["The Witcher", "witcher"],
    ["!!!", ""],
  ])("makes %j %j", (name, key) => {
    expect(seriesKey(name)).toBe(key);
  });

  it("keeps apart what only looks alike", () => {
    const names = [
      "Riyria Revelations",
      "Riyria Chronicles",
      "Riyria",
      "Year 1",
      "Year 2",
      "Harry Potter",
      "Percy Jackson",
    ];
    expect(new Set(names.map(seriesKey)).size).toBe(names.length);
  });

  it("is its own key, for any text", () => {
    const word = fc.constantFrom(
      "the",
      "Series",
      "saga",
      "(Light Novel)",
      "L'",
      "É",
      "die",
      "novel",
      "&",
      "İ",
      "ß",
      "が",
      "ǅ",
      "℡",
    );
    const name = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(word).map((words) => words.join(" ")),
    );
    fc.assert(
      fc.property(name, (text) => {
        expect(foldText(foldText(text))).toBe(foldText(text));
        expect(seriesKey(seriesKey(text))).toBe(seriesKey(text));
      }),
      { numRuns: 300 },
    );
  });
});

describe("storyKey", () => {
  it.each([
    ["Harry Potter (Narrated by Stephen Fry)", "harry potter", "narrated by stephen fry"],
    ["Harry Potter (Full-Cast Editions)", "harry potter", "full cast"],
    ["Red Rising [Dramatized Adaptation]", "red rising", "dramatized adaptation"],
    ["Harry Potter", "harry potter", null],
  ])("is the same whoever performs %j", (name, key, performance) => {
    expect(storyKey(name)).toBe(key);
    expect(performanceOf(name)).toBe(performance);
  });
});
