import { describe, expect, it } from "vitest";
import type { Base, Doubt, PairInput, SidePresence } from "../../../src/core/two-way/pair.ts";
import { planPair } from "../../../src/core/two-way/plan.ts";
import { manyToOne } from "./exhaustive.ts";
import { inputOf, mirrorInput, mirrorPlan, ruleOf, viewOf } from "./world.ts";

const doubt = (value: string, source: string, field = "field"): Doubt => ({ field, value, source });

function doubtInput(
  values: { readonly left: string; readonly right: string },
  doubts: { readonly left?: readonly Doubt[]; readonly right?: readonly Doubt[] },
): PairInput {
  return inputOf({
    base: { status: "live", fields: { field: { left: "old", right: "old" } } },
    left: viewOf({ values: { field: values.left }, doubts: doubts.left ?? [] }),
    right: viewOf({ values: { field: values.right }, doubts: doubts.right ?? [] }),
    rules: [ruleOf({ policy: "ask" })],
  });
}

describe("F7 a write in doubt", () => {
  it("that has landed is our own: the newer value goes after it, and nobody is asked", () => {
    const plan = planPair(doubtInput({ left: "newer", right: "new" }, { right: [doubt("new", "new")] }));
    expect(plan.adopted).toEqual(["field"]);
    expect(plan.base.fields.field).toEqual({ left: "new", right: "new" });
    expect(plan.rows).toEqual({ field: "F2" });
    expect(plan.writes.right?.fields.field?.value).toBe("newer");
    expect(plan.superseded).toEqual([]);
  });

  it("that has landed late does not go back as somebody's edit", () => {
    const plan = planPair(doubtInput({ left: "old", right: "late" }, { right: [doubt("late", "was left")] }));
    expect(plan.rows).toEqual({ field: "F2" });
    expect(plan.writes.left).toBe(null);
    expect(plan.writes.right?.fields.field?.value).toBe("old");
  });

  it("is found in none where there is none", () => {
    expect(planPair(doubtInput({ left: "new", right: "old" }, {})).adopted).toEqual([]);
  });

  it("that has not landed changes nothing", () => {
    const plan = planPair(doubtInput({ left: "new", right: "old" }, { right: [doubt("new", "new")] }));
    expect(plan.adopted).toEqual([]);
    expect(plan.writes.right?.fields.field?.value).toBe("new");
  });

  it("of another field, or another value, changes nothing", () => {
    const doubts = [doubt("mine", "mine", "other"), doubt("other", "x")];
    const plan = planPair(doubtInput({ left: "old", right: "mine" }, { right: doubts }));
    expect(plan.adopted).toEqual([]);
    expect(plan.rows).toEqual({ field: "F3" });
  });

  it("that is the base already is not adopted again", () => {
    const plan = planPair(doubtInput({ left: "x", right: "old" }, { right: [doubt("old", "elsewhere")] }));
    expect(plan.adopted).toEqual([]);
    expect(plan.base.fields.field).toEqual({ left: "old", right: "old" });
  });

  it("knows its source from the last write of that value", () => {
    const input = doubtInput({ left: "a2", right: "A" }, { right: [doubt("A", "a1"), doubt("A", "a2")] });
    const plan = planPair({ ...input, rules: [ruleOf(manyToOne)] });
    expect(plan.base.fields.field).toEqual({ left: "a2", right: "A" });
  });

  it("is judged on the left side like on the right one", () => {
    const plan = planPair(doubtInput({ left: "new", right: "newer" }, { left: [doubt("new", "new")] }));
    expect(plan.adopted).toEqual(["field"]);
    expect(plan.rows).toEqual({ field: "F3" });
  });

  it("opens a base where there was none", () => {
    const input = doubtInput({ left: "a", right: "b" }, { right: [doubt("b", "a")] });
    const plan = planPair({ ...input, base: { status: "none", fields: {} } });
    expect(plan.base.fields.field).toEqual({ left: "a", right: "b" });
    expect(plan.rows).toEqual({ field: "same" });
  });

  it("of a suspended field rests with it", () => {
    const input = doubtInput({ left: "old", right: "new" }, { right: [doubt("new", "new")] });
    const plan = planPair({ ...input, suspended: ["field"] });
    expect(plan.adopted).toEqual([]);
    expect(plan.base).toEqual(input.base);
  });

  it("of an unobserved field waits", () => {
    const input = doubtInput({ left: "old", right: "old" }, { right: [doubt("new", "new")] });
    const plan = planPair({ ...input, right: { ...input.right, values: {} } });
    expect(plan.adopted).toEqual([]);
    expect(plan.rows).toEqual({ field: "F0" });
  });

  it("adopts an element that we added to a set, so that its removal is a removal", () => {
    const elements = { toRight: (one: string) => one, toLeft: (one: string) => one };
    const input = inputOf({
      base: { status: "live", fields: { field: { left: ["a"], right: ["a"] } } },
      left: viewOf({ values: { field: ["a"] } }),
      right: viewOf({
        values: { field: ["a", "b"] },
        doubts: [{ field: "field", value: ["a", "b"], source: ["a", "b"] }],
      }),
      rules: [ruleOf({ elements })],
    });
    const plan = planPair(input);
    expect(plan.base.fields.field).toEqual({ left: ["a", "b"], right: ["a", "b"] });
    expect(plan.writes.left).toBe(null);
    expect(plan.writes.right?.fields.field?.value).toEqual(["a"]);
  });
});

describe("F7 on both sides of one field", () => {
  const both = (left: string, right: string) =>
    doubtInput({ left, right }, { left: [doubt(left, "from right")], right: [doubt(right, "from left")] });

  it("agrees when the two say the same", () => {
    const plan = planPair(both("same", "same"));
    expect(plan.adopted).toEqual(["field"]);
    expect(plan.base.fields.field).toEqual({ left: "same", right: "same" });
  });

  it("asks when they do not, because nobody knows which came later", () => {
    const plan = planPair(both("l", "r"));
    expect(plan.rows).toEqual({ field: "F6" });
    expect(plan.conflicts).toEqual([{ field: "field", base: null, left: "l", right: "r" }]);
    expect(planPair(mirrorInput(both("l", "r")))).toEqual(mirrorPlan(plan));
  });
});

describe("F7 on presence", () => {
  const presenceInput = (
    status: Base["status"],
    left: SidePresence,
    right: SidePresence,
    doubts: { readonly left?: string; readonly right?: string },
  ) => {
    const of = (value: string | undefined): readonly Doubt[] =>
      value === undefined ? [] : [{ field: "$presence", value, source: value }];
    return inputOf({
      base: { status, fields: { field: { left: "a", right: "a" } } },
      left: viewOf({ presence: left, values: { field: "a" }, doubts: of(doubts.left) }),
      right: viewOf({ presence: right, values: { field: "a" }, doubts: of(doubts.right) }),
    });
  };

  it.each([
    [
      "our deletion that lands after a revival is undone, not followed",
      "live",
      "live",
      "trashed",
      { right: "trashed" },
      "revive",
      "dead",
    ],
    ["on the left too", "live", "trashed", "live", { left: "trashed" }, "revive", "dead"],
    [
      "a deletion of ours that left nothing behind counts too",
      "live",
      "live",
      "gone",
      { right: "trashed" },
      "revive",
      "dead",
    ],
    [
      "our revival that lands after a deletion is taken back, not followed",
      "dead",
      "trashed",
      "live",
      { right: "live" },
      "propagate-delete",
      "live",
    ],
    [
      "a deletion that has not landed changes nothing",
      "live",
      "live",
      "live",
      { right: "trashed" },
      "fields",
      "live",
    ],
    [
      "a revival that has not landed changes nothing",
      "dead",
      "live",
      "trashed",
      { right: "live" },
      "revive",
      "dead",
    ],
    [
      "somebody's deletion beside our revival is a deletion",
      "live",
      "live",
      "trashed",
      { right: "live" },
      "propagate-delete",
      "live",
    ],
    [
      "a presence that proves nothing settles nothing",
      "live",
      "live",
      "unknown",
      { right: "trashed" },
      "nothing",
      "live",
    ],
    [
      "a pair that is parted stays parted",
      "unlinked",
      "live",
      "trashed",
      { right: "trashed" },
      "nothing",
      "unlinked",
    ],
    [
      "a pair that never was does not die",
      "none",
      "live",
      "trashed",
      { right: "trashed" },
      "nothing",
      "none",
    ],
  ] as const)("%s", (_, status, left, right, doubts, outcome, base) => {
    const plan = planPair(presenceInput(status, left, right, doubts));
    expect(plan.outcome).toBe(outcome);
    expect(plan.base.status).toBe(base);
    expect(plan.adopted).toEqual(base === status ? [] : ["$presence"]);
  });

  it("takes no notice of a doubt about a field", () => {
    const input = presenceInput("live", "live", "trashed", {});
    const doubts = [{ field: "field", value: "trashed", source: "x" }];
    expect(planPair({ ...input, right: { ...input.right, doubts } }).outcome).toBe("propagate-delete");
  });
});
