import { describe, expect, it } from "vitest";
import { hasSynonyms, translateWord, wordsOf } from "../../../src/core/two-way/codecs/words.ts";

describe("words that say the same", () => {
  it.each([
    ["are found", { Doing: "active", Review: "active" }, true],
    ["are found once cleaned", { Doing: "active", Review: " active " }, true],
    ["are not there when each word has its own", { Doing: "active", Done: "closed" }, false],
  ])("%s", (_, words, has) => {
    expect(hasSynonyms(wordsOf(words))).toBe(has);
  });
});

describe("words of a map", () => {
  it.each([
    ["are found as they are written", { Done: "closed" }, "Done", { value: "closed" }],
    ["are cleaned, as the values are", { " Done ": " closed " }, "Done", { value: "closed" }],
    ["may be blank: then they are kept as they are", { " ": "none", Open: " " }, "Open", { value: " " }],
    ["translate nothing for nothing", { Done: "closed" }, null, { value: null }],
    [
      "are all there is",
      { Done: "closed" },
      "Doing",
      { unmappable: '"Doing" is not in the map of this field' },
    ],
  ])("%s", (_, words, own, translated) => {
    expect(translateWord(wordsOf(words))(own)).toEqual(translated);
  });
});
