import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEqual, mergeFields } from "../../src/core/merge.ts";

const cases = [
  {
    name: "nobody changed: stays",
    leftBase: "a",
    left: "a",
    rightBase: "a",
    right: "a",
    result: "a",
    conflict: false,
  },
  {
    name: "left changed: left",
    leftBase: "a",
    left: "b",
    rightBase: "a",
    right: "a",
    result: "b",
    conflict: false,
  },
  {
    name: "right changed: right stays",
    leftBase: "a",
    left: "a",
    rightBase: "a",
    right: "b",
    result: "b",
    conflict: false,
  },
  {
    name: "both changed alike: no conflict",
    leftBase: "a",
    left: "b",
    rightBase: "a",
    right: "b",
    result: "b",
    conflict: false,
  },
  {
    name: "both changed apart: left wins, flagged",
    leftBase: "a",
    left: "b",
    rightBase: "a",
    right: "c",
    result: "b",
    conflict: true,
  },
  {
    name: "left cleared: cleared",
    leftBase: "a",
    left: null,
    rightBase: "a",
    right: "a",
    result: null,
    conflict: false,
  },
  {
    name: "left cleared, right edited: cleared, flagged",
    leftBase: "a",
    left: null,
    rightBase: "a",
    right: "c",
    result: null,
    conflict: true,
  },
  {
    name: "sides differ since before, left same: right stays",
    leftBase: "a",
    left: "a",
    rightBase: "x",
    right: "x",
    result: "x",
    conflict: false,
  },
  {
    name: "sides differ since before, left changed: left",
    leftBase: "a",
    left: "b",
    rightBase: "x",
    right: "x",
    result: "b",
    conflict: false,
  },
];

describe("mergeFields", () => {
  it.each(cases)("$name", ({ leftBase, left, rightBase, right, result, conflict }) => {
    const merge = mergeFields({
      left: { title: left },
      leftBase: { title: leftBase },
      right: { title: right },
      rightBase: { title: rightBase },
    });
    expect(merge.values.title).toBe(result);
    expect(merge.conflicts.length > 0).toBe(conflict);
    expect(merge.changed.length > 0).toBe(!isEqual(result, right));
  });

  it("takes the left value of a field that is mapped for the first time", () => {
    const merge = mergeFields({
      left: { status: "Open" },
      leftBase: {},
      right: { status: null },
      rightBase: { status: null },
    });
    expect(merge.values.status).toBe("Open");
    expect(merge.conflicts).toEqual([]);
  });

  it("leaves a field alone that the left read did not observe, and keeps its base", () => {
    const merge = mergeFields({
      left: {},
      leftBase: { status: "Open" },
      right: { status: "Mine" },
      rightBase: { status: "Open" },
    });
    expect(merge.values.status).toBe("Mine");
    expect(merge.leftBase.status).toBe("Open");
  });

  it("keeps both sides' edits when they touch different fields", () => {
    const base = { title: "t", status: "s" };
    const merge = mergeFields({
      left: { ...base, title: "T" },
      leftBase: base,
      right: { ...base, status: "S" },
      rightBase: base,
    });
    expect(merge.values).toEqual({ title: "T", status: "S" });
    expect(merge.conflicts).toEqual([]);
  });

  const value = fc.constantFrom("a", "b", "c", null);
  const fields = fc.record({ title: value, status: value });
  const observed = fc.record({ title: value, status: value }, { requiredKeys: [] });

  it("never loses a value silently: what disappears from the right was unchanged there, or is in a conflict", () => {
    fc.assert(
      fc.property(observed, fields, fields, fields, (left, leftBase, right, rightBase) => {
        const merge = mergeFields({ left, leftBase, right, rightBase });
        for (const field of ["title", "status"] as const) {
          if (isEqual(merge.values[field] ?? null, right[field])) continue;
          const isConflict = merge.conflicts.some(
            (conflict) => conflict.field === field && conflict.right === right[field],
          );
          expect(isConflict || isEqual(right[field], rightBase[field])).toBe(true);
        }
      }),
    );
  });

  it("is at rest after one merge: merging again on the new bases changes nothing", () => {
    fc.assert(
      fc.property(observed, fields, fields, fields, (left, leftBase, right, rightBase) => {
        const first = mergeFields({ left, leftBase, right, rightBase });
        const again = mergeFields({
          left,
          leftBase: first.leftBase,
          right: first.values,
          rightBase: first.values,
        });
        expect(again.changed).toEqual([]);
        expect(again.conflicts).toEqual([]);
      }),
    );
  });
});
