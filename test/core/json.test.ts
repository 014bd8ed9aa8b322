import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, type Json } from "../../src/core/json.ts";

describe("canonicalJson", () => {
  it("gives equal text for equal values, whatever the order of keys", () => {
    expect(canonicalJson({ b: 1, a: [{ d: null, c: "x" }] })).toBe('{"a":[{"c":"x","d":null}],"b":1}');
  });

  it("keeps the value: parsing the text gives it back", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // JSON itself has no negative zero; everything else survives.
        const expected: unknown = JSON.parse(JSON.stringify(value));
        expect(JSON.parse(canonicalJson(value as Json))).toEqual(expected);
      }),
    );
  });

  it("keeps a key called __proto__ as an ordinary key", () => {
    expect(canonicalJson(JSON.parse('{"__proto__":1,"a":2}'))).toBe('{"__proto__":1,"a":2}');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("refuses %s, which JSON would turn into null", (value) => {
    expect(() => canonicalJson({ value })).toThrow(/JSON has no such number/);
  });
});
