import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { confirmWrite } from "../../../src/core/two-way/base.ts";
import type { ElementMap, FieldRule } from "../../../src/core/two-way/mapping.ts";
import { agree, isChanged } from "../../../src/core/two-way/meaning.ts";
import type { PairPlan } from "../../../src/core/two-way/pair.ts";
import { planPair } from "../../../src/core/two-way/plan.ts";
import { applyPlan, inputOf, ruleOf, settleDown, viewOf } from "./world.ts";

const same: ElementMap = { toRight: (one) => one, toLeft: (one) => one };

/** Capital letters on the right; what begins with "my" belongs to somebody else. */
const mapped: ElementMap = {
  toRight: (one) => (one.startsWith("my") ? null : one.toUpperCase()),
  toLeft: (one) => (one.startsWith("MY") ? null : one.toLowerCase()),
};

type Sets = Readonly<Record<"left" | "right", string>> & { readonly base?: readonly [string, string] };

const setOf = (text: string) => text.split(" ").filter((one) => one !== "");

function setInput({ base, left, right }: Sets, rule: Partial<FieldRule> = {}) {
  const fields = base === undefined ? {} : { field: { left: setOf(base[0]), right: setOf(base[1]) } };
  return inputOf({
    base: { status: "live", fields },
    left: viewOf({ values: { field: setOf(left) } }),
    right: viewOf({ values: { field: setOf(right) } }),
    rules: [ruleOf({ elements: mapped, ...rule })],
  });
}

function writtenIn({ writes }: PairPlan): Record<string, string> {
  const written: Record<string, string> = {};
  for (const side of ["left", "right"] as const) {
    const value = writes[side]?.fields.field?.value;
    if (Array.isArray(value)) written[side] = value.join(" ");
  }
  return written;
}

describe("a set that both sides may change", () => {
  it.each([
    ["rests", { base: ["a", "A"], left: "a", right: "A" }, "same", {}],
    ["adds what the left added", { base: ["a", "A"], left: "a b", right: "A" }, "F2", { right: "A B" }],
    ["adds what the right added", { base: ["a", "A"], left: "a", right: "A B" }, "F3", { left: "a b" }],
    [
      "removes what the left removed",
      { base: ["a b", "A B"], left: "a", right: "A B" },
      "F2",
      { right: "A" },
    ],
    [
      "removes what the right removed",
      { base: ["a b", "A B"], left: "a b", right: "B" },
      "F3",
      { left: "b" },
    ],
    [
      "keeps both sides' additions",
      { base: ["a", "A"], left: "a b", right: "A C" },
      "F4",
      { left: "a b c", right: "A B C" },
    ],
    ["counts an addition on both sides once", { base: ["a", "A"], left: "a b", right: "A B" }, "F1", {}],
    [
      "adds and removes different elements",
      { base: ["a", "A"], left: "a b", right: "" },
      "F4",
      { left: "b", right: "B" },
    ],
    [
      "joins what was never agreed on",
      { left: "a b", right: "B C" },
      "F6",
      { left: "a b c", right: "A B C" },
    ],
    ["fills an empty side", { left: "", right: "B" }, "F5", { left: "b" }],
    [
      "leaves unmanaged elements where they are",
      { base: ["a", "A"], left: "a b myl", right: "A MYR" },
      "F2",
      { right: "A B MYR" },
    ],
    ["does not mind unmanaged elements", { base: ["a", "A"], left: "a myl", right: "A MYR" }, "same", {}],
    ["does not count them as filling", { left: "myl", right: "B" }, "F5", { left: "b myl" }],
  ] as const)("%s", (_, sets, row, written) => {
    const plan = planPair(setInput(sets));
    expect(plan.rows).toEqual({ field: row });
    expect(writtenIn(plan)).toEqual(written);
    expect(plan.superseded).toEqual([]);
    expect(plan.conflicts).toEqual([]);
  });

  it("never opens a conflict, whatever the policy", () => {
    const plan = planPair(setInput({ base: ["a", "A"], left: "a b", right: "C" }, { policy: "ask" }));
    expect(plan.conflicts).toEqual([]);
    expect(writtenIn(plan)).toEqual({ left: "b c", right: "B C" });
  });

  it("says what each write was made from", () => {
    const plan = planPair(setInput({ base: ["a", "A"], left: "a b", right: "A C" }));
    expect(plan.writes.left?.fields.field).toEqual({
      value: ["a", "b", "c"],
      source: ["A", "C"],
      expected: ["a", "b"],
    });
  });
});

describe("a set in the words of each side", () => {
  const [toRight, toLeft] = [new Map([["bug", "1"]]), new Map([["1", "bug"]])];
  const elements: ElementMap = {
    toRight: (one) => toRight.get(one) ?? null,
    toLeft: (one) => toLeft.get(one) ?? null,
  };

  it.each([
    ["agrees", { base: ["bug", "1"], left: "bug", right: "1" }, {}],
    ["is written on the right in its words", { base: ["", ""], left: "bug", right: "" }, { right: "1" }],
    ["is written on the left in its words", { base: ["", ""], left: "", right: "1" }, { left: "bug" }],
    ["is taken off the right", { base: ["bug", "1"], left: "", right: "1" }, { right: "" }],
    ["does not mix the words of the sides", { base: ["", ""], left: "1", right: "bug" }, {}],
    [
      "goes over when only one half of the base knows it",
      { base: ["bug", ""], left: "bug", right: "" },
      { right: "1" },
    ],
  ] as const)("%s", (_, sets, written) => {
    expect(writtenIn(planPair(setInput(sets, { elements })))).toEqual(written);
  });

  it("is empty when there is nothing, or nothing that is an element", () => {
    const input = setInput({ base: ["", ""], left: "", right: "" }, { elements });
    const odd = {
      ...input,
      left: viewOf({ values: { field: null } }),
      right: viewOf({ values: { field: [1, null] } }),
    };
    expect(planPair(odd).rows).toEqual({ field: "same" });
    const added = { ...odd, left: viewOf({ values: { field: ["bug"] } }) };
    expect(writtenIn(planPair(added))).toEqual({ right: "1" });
  });
});

describe("a set that one side owns", () => {
  it("takes a change on the other side back, and keeps it in history", () => {
    const plan = planPair(setInput({ base: ["a", "A"], left: "a", right: "B MYR" }, { owner: "left" }));
    expect(writtenIn(plan)).toEqual({ right: "A MYR" });
    expect(plan.superseded).toEqual([
      { side: "right", field: "field", value: ["B", "MYR"], reason: "drift" },
    ]);
  });

  it("is copied to a new record without what is not managed", () => {
    const input = setInput({ left: "a myl b", right: "" });
    const plan = planPair({
      ...input,
      base: { status: "none", fields: {} },
      right: viewOf({ presence: "absent" }),
    });
    expect(plan.writes.right?.fields.field?.value).toEqual(["A", "B"]);
  });
});

describe("several spellings of one element", () => {
  const lowered: ElementMap = { toRight: (one) => one.toLowerCase(), toLeft: (one) => one.toLowerCase() };

  it("are one element, and each side keeps its own", () => {
    const plan = planPair(
      setInput({ base: ["Bug", "bug"], left: "Bug", right: "BUG bug x" }, { elements: lowered }),
    );
    expect(writtenIn(plan)).toEqual({ left: "Bug x" });
  });

  it("go together when the element goes", () => {
    const plan = planPair(
      setInput({ base: ["Bug", "bug"], left: "", right: "BUG bug" }, { elements: lowered }),
    );
    expect(writtenIn(plan)).toEqual({ right: "" });
  });
});

describe("a map that does not hold together", () => {
  it("writes nothing that has no word on the other side", () => {
    const broken: ElementMap = {
      toRight: (one) => ({ a: "A", b: "B" })[one] ?? null,
      toLeft: (one) => (one === "A" ? "b" : null),
    };
    const plan = planPair(setInput({ base: ["", ""], left: "", right: "A" }, { elements: broken }));
    expect(plan.rows).toEqual({ field: "F3" });
    expect(writtenIn(plan)).toEqual({});
  });
});

describe("an element that is not managed for a while", () => {
  const without = (hidden: string): ElementMap => ({
    toRight: (one) => (one === hidden ? null : one),
    toLeft: (one) => (one === hidden ? null : one),
  });
  const settled = (elements: ElementMap, base: readonly [string, string], left: string, right: string) =>
    settleDown(setInput({ base, left, right }, { elements })).input;

  it("and is removed meanwhile, is removed on the other side once it is managed again", () => {
    const meanwhile = settled(without("b"), ["a b", "a b"], "a", "a b");
    const plan = planPair({ ...meanwhile, rules: [ruleOf({ elements: same })] });
    expect(writtenIn(plan)).toEqual({ right: "a" });
  });

  it("and is added meanwhile, is added on the other side then", () => {
    const meanwhile = settled(without("b"), ["a", "a"], "a b", "a");
    const plan = planPair({ ...meanwhile, rules: [ruleOf({ elements: same })] });
    expect(writtenIn(plan)).toEqual({ right: "a b" });
  });
});

describe("a merge of which one half was carried out", () => {
  const start = setInput({ base: ["a b", "A B"], left: "a l", right: "B R" });

  it.each([["left"], ["right"]] as const)("ends like the whole: %s first", (first) => {
    const half = settleDown(applyPlan(start, planPair(start), [first]));
    expect(half.input.left.values.field).toEqual(["l", "r"]);
    expect(half.input.right.values.field).toEqual(["L", "R"]);
  });
});

const someSet = fc.subarray(["a", "b", "c", "d", "myx"]).map((set) => set.toSorted());
const someRightSet = someSet.map((set) => set.map((one) => one.toUpperCase()));

describe("any three sets", () => {
  const rule = ruleOf({ elements: mapped });

  it("merge to what an element-wise oracle says, with either half first", () => {
    const isManaged = (one: string) => !one.toLowerCase().startsWith("my");
    fc.assert(
      fc.property(
        someSet,
        someSet,
        someRightSet,
        fc.constantFrom("left", "right"),
        (base, left, right, first) => {
          const agreed = base.filter(isManaged);
          const input = inputOf({
            base: {
              status: "live",
              fields: { field: { left: agreed, right: agreed.map((one) => one.toUpperCase()) } },
            },
            left: viewOf({ values: { field: left } }),
            right: viewOf({ values: { field: right } }),
            rules: [rule],
          });
          const expected = ["a", "b", "c", "d"].filter((one) => {
            const [isLeft, isRight] = [left.includes(one), right.includes(one.toUpperCase())];
            return isLeft === isRight ? isLeft : !agreed.includes(one);
          });
          const ownLeft = left.filter((one) => !isManaged(one));
          const ownRight = right.filter((one) => !isManaged(one));
          const { input: rest } = settleDown(applyPlan(input, planPair(input), [first]));
          expect(rest.left.values.field).toEqual([...expected, ...ownLeft].sort());
          expect(rest.right.values.field).toEqual(
            [...expected.map((one) => one.toUpperCase()), ...ownRight].sort(),
          );
        },
      ),
    );
  });

  it("give a base of which neither side has changed, once both hold the same", () => {
    fc.assert(
      fc.property(someSet, someSet, (base, now) => {
        const pair = (set: readonly string[]) => ({ left: set, right: set.map((one) => one.toUpperCase()) });
        const agreed = agree({ rule, base: pair(base), values: pair(now) });
        expect(isChanged({ rule, base: agreed }, "left", now)).toBe(false);
        expect(isChanged({ rule, base: agreed }, "right", pair(now).right)).toBe(false);
      }),
    );
  });
});

describe("a confirmed write", () => {
  const write = (kind: "create" | "update" | "trash" | "restore", fields = {}) => ({ kind, fields });
  const base = {
    status: "live",
    fields: { kept: { left: 1, right: 1 }, field: { left: 2, right: 2 } },
  } as const;
  const rules = [ruleOf(), ruleOf({ name: "kept" })];
  const written = { field: { value: "v", source: "s", expected: 2 } };

  it.each([
    ["left", { left: "v", right: "s" }],
    ["right", { left: "s", right: "v" }],
  ] as const)("agrees with what it was made from, on the %s", (side, pair) => {
    const after = confirmWrite(base, rules, { side, write: write("update", written) });
    expect(after).toEqual({ status: "live", fields: { kept: base.fields.kept, field: pair } });
  });

  it("begins anew with a new record", () => {
    const after = confirmWrite(base, rules, { side: "left", write: write("create", written) });
    expect(after.fields).toEqual({ field: { left: "v", right: "s" } });
  });

  it.each([
    ["create", "live"],
    ["restore", "live"],
    ["trash", "dead"],
    ["update", "none"],
  ] as const)("of kind %s leaves the pair %s", (kind, status) => {
    expect(
      confirmWrite({ ...base, status: "none" }, rules, { side: "left", write: write(kind) }).status,
    ).toBe(status);
  });
});
