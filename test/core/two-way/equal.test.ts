import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, type Json } from "../../../src/core/json.ts";
import { isSameValue } from "../../../src/core/two-way/equal.ts";

const json = fc.jsonValue({ maxDepth: 3, noUnicodeString: true }).map((value) => value as Json);

describe("isSameValue", () => {
  it.each([
    [null, null, true],
    [0, 0, true],
    [0, false, false],
    ["", null, false],
    [[], {}, false],
    [{}, [], false],
    [[], null, false],
    [null, {}, false],
    [{ a: 1 }, { b: 1 }, false],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: 1 }, { a: 1, b: 2 }, false],
    [{ a: 1, b: 2 }, { a: 1 }, false],
    [["a", "b"], ["b", "a"], false],
    [["a"], ["a", "b"], false],
    [["a", null], ["a"], false],
    [{ a: [1, { b: null }] }, { a: [1, { b: null }] }, true],
    [{ a: [1, { b: null }] }, { a: [1, { b: 0 }] }, false],
  ] as const)("of %j and %j is %s", (a, b, isSame) => {
    expect(isSameValue(a, b)).toBe(isSame);
  });

  it("says what canonical text says", () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        expect(isSameValue(a, b)).toBe(canonicalJson(a) === canonicalJson(b));
        expect(isSameValue(a, JSON.parse(JSON.stringify(a)))).toBe(true);
      }),
    );
  });
});
