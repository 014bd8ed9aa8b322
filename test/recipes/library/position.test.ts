import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseNumeral } from "../../../src/recipes/library/numerals.ts";
import {
  isOmnibus,
  parsePosition,
  positionNumber,
  volumesIn,
} from "../../../src/recipes/library/position.ts";

describe("parsePosition", () => {
  const cases: readonly { raw: string | null; number: number | null; volumes: readonly number[] }[] = [
    { raw: "1", number: 1, volumes: [1] },
    { raw: "01", number: 1, volumes: [1] },
    { raw: "0", number: 0, volumes: [0] },
    { raw: "0.5", number: 0.5, volumes: [0.5] },
    { raw: "1.5", number: 1.5, volumes: [1.5] },
    { raw: "1-3", number: 1, volumes: [1, 2, 3] },
    { raw: "1–3", number: 1, volumes: [1, 2, 3] },
    { raw: "1 to 3", number: 1, volumes: [1, 2, 3] },
    { raw: "1-3.5", number: 1, volumes: [1, 2, 3, 3.5] },
    { raw: "4-6, 8", number: 4, volumes: [4, 5, 6, 8] },
    { raw: "1, 2, 3", number: 1, volumes: [1, 2, 3] },
    { raw: "3 & 4", number: 3, volumes: [3, 4] },
    { raw: "1,5", number: 1, volumes: [1, 5] },
    { raw: "Book 13", number: 13, volumes: [13] },
    { raw: "Books 1-3", number: 1, volumes: [1, 2, 3] },
    { raw: "Tome 4", number: 4, volumes: [4] },
    { raw: "Livre 2", number: 2, volumes: [2] },
    { raw: "n° 3", number: 3, volumes: [3] },
    { raw: "Bd.5", number: 5, volumes: [5] },
    { raw: "Folge 12", number: 12, volumes: [12] },
    { raw: "#7", number: 7, volumes: [7] },
    { raw: "IV", number: 4, volumes: [4] },
    { raw: "XXXIX", number: 39, volumes: [39] },
    { raw: "Three", number: 3, volumes: [3] },
    { raw: "1, Part 2", number: 1.02, volumes: [1] },
    { raw: "Special", number: null, volumes: [] },
    { raw: "3-1", number: null, volumes: [] },
    { raw: "1999-2500", number: null, volumes: [] },
    { raw: "-1", number: null, volumes: [] },
  ];
  it.each(cases)("reads $raw", ({ raw, number, volumes }) => {
    const position = parsePosition(raw);
    expect(position?.raw).toBe(raw);
    expect(positionNumber(position)).toBe(number);
    expect(volumesIn(position)).toEqual(volumes);
  });

  it.each([null, "", "  ", "-", "–", "?", "None"])("finds no position in %j", (raw) => {
    expect(parsePosition(raw)).toBeNull();
  });

  it("tells an omnibus from a volume", () => {
    expect(["1-3", "1 & 2", "1-1.5"].map((raw) => isOmnibus(parsePosition(raw)))).toEqual([true, true, true]);
    expect(["1", "0", "1.5", "1, Part 2", null].some((raw) => isOmnibus(parsePosition(raw)))).toBe(false);
  });

  it("keeps what was written, and numbers that are sorted and finite, for any text", () => {
    fc.assert(
      fc.property(fc.string(), (raw) => {
        const position = parsePosition(raw);
        const volumes = volumesIn(position);
        expect(volumes).toEqual([...new Set(volumes)].sort((a, b) => a - b));
        expect(volumes.every((volume) => Number.isFinite(volume) && volume >= 0)).toBe(true);
        if (position !== null) expect(position.raw).toBe(raw.replace(/\s+/g, " ").trim());
      }),
    );
  });

  it("reads every list of numbers and ranges that it could have been written from", () => {
    const volume = fc.integer({ min: 0, max: 400 }).map((quarters) => quarters / 4);
    const span = fc
      .tuple(volume, fc.integer({ min: 0, max: 20 }))
      .map(([from, more]) => ({ from, to: from + more }));
    fc.assert(
      fc.property(
        fc.array(span, { minLength: 1, maxLength: 5 }),
        fc.constantFrom("-", "–", " - "),
        (spans, dash) => {
          const raw = spans
            .map(({ from, to }) => (from === to ? `${from}` : `${from}${dash}${to}`))
            .join(", ");
          expect(parsePosition(raw)?.spans).toEqual(spans);
          expect(positionNumber(parsePosition(raw))).toBe(spans[0]?.from);
        },
      ),
    );
  });
});

describe("parseNumeral", () => {
  it.each([
    ["7", 7],
    ["7.5", 7.5],
    ["7½", 7.5],
    ["½", 0.5],
    ["3rd", 3],
    ["XIV", 14],
    ["Twelve", 12],
    ["dritter", 3],
    ["troisième", 3],
    ["三", 3],
    ["十", 10],
    ["二十三", 23],
    ["３", 3],
    ["IIII", null],
    ["word", null],
    ["", null],
    ["1.2.3", null],
  ] as const)("reads %j as %j", (text, value) => {
    expect(parseNumeral(text)).toBe(value);
  });
});
