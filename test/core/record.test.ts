import { describe, expect, it } from "vitest";
import { fingerprint } from "../../src/core/record.ts";

describe("fingerprint", () => {
  it("does not depend on the order of fields", () => {
    expect(fingerprint({ a: 1, b: "x" })).toBe(fingerprint({ b: "x", a: 1 }));
  });

  it.each([
    ["null", null],
    ["an empty list", []],
    ["an unticked box", false],
    ["an empty text", { plain: "", rich: null }],
  ])("is not changed by a new column that holds %s", (_, empty) => {
    expect(fingerprint({ a: 1, added: empty })).toBe(fingerprint({ a: 1 }));
  });

  it.each([
    ["a value", "x", "y"],
    ["clearing a value", "x", null],
    ["clearing a list", ["x"], []],
    ["unticking a box", true, false],
    ["clearing a text", { plain: "x", rich: null }, { plain: "", rich: null }],
    ["zero, which is a number like any other", 0, null],
    ["formatting alone", { plain: "x", rich: null }, { plain: "x", rich: [["b", "x"]] }],
  ])("is changed by %s", (_, before, after) => {
    expect(fingerprint({ a: 1, b: before })).not.toBe(fingerprint({ a: 1, b: after }));
  });

  it("tells a value from the same value in another field", () => {
    expect(fingerprint({ a: "x" })).not.toBe(fingerprint({ b: "x" }));
  });
});
