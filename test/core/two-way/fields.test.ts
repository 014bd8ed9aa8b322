import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/core/json.ts";
import type { FieldRule, Side } from "../../../src/core/two-way/mapping.ts";
import type { PairInput, PairPlan } from "../../../src/core/two-way/pair.ts";
import { planPair } from "../../../src/core/two-way/plan.ts";
import { manyToOne } from "./exhaustive.ts";
import { applyPlan, inputOf, ruleOf, valuesOf, viewOf } from "./world.ts";

interface Values {
  readonly base?: readonly [Json, Json];
  readonly left?: Json;
  readonly right?: Json;
  readonly rule?: Partial<FieldRule>;
}

/** Both live; a value that is not given was not observed. */
function liveInput({ base, left, right, rule }: Values): PairInput {
  return inputOf({
    base: { status: "live", fields: base === undefined ? {} : { field: { left: base[0], right: base[1] } } },
    left: viewOf({ values: valuesOf({ field: left }) }),
    right: viewOf({ values: valuesOf({ field: right }) }),
    rules: [ruleOf(rule)],
  });
}

/** "right=l left!r": what is written, and what goes to history. */
function effectOf({ writes, superseded, conflicts }: PairPlan): string {
  const written = (["left", "right"] as const).flatMap((side) => {
    const write = writes[side]?.fields.field;
    return write === undefined ? [] : [`${side}=${write.value}`];
  });
  const kept = superseded.map(({ side, value, reason }) => `${side}!${value} (${reason})`);
  const asked = conflicts.map(({ left, right }) => `${left}?${right}`);
  return [...written, ...kept, ...asked].join(" ");
}

/** The field table, line by line: owner, base, left, right, policy, row, effect. */
const lines = `
  both   a  a  a  left   same
  both   a  l  a  left   F2  right=l
  both   a  a  r  left   F3  left=r
  both   a  l  r  left   F4  right=l right!r (policy)
  both   a  l  r  right  F4  left=r left!l (policy)
  both   a  l  r  ask    F4  l?r
  both   a  b  b  ask    F1
  both   a  -  r  ask    F4  null?r
  left   a  a  a  right  same
  left   a  l  a  right  F2  right=l
  left   a  a  r  right  F3  right=a right!r (drift)
  left   a  l  r  right  F4  right=l right!r (drift)
  left   a  b  b  right  F1
  right  a  a  a  left   same
  right  a  l  a  left   F2  left=a left!l (drift)
  right  a  a  r  left   F3  left=r
  right  a  l  r  left   F4  left=r left!l (drift)
  both   .  -  -  ask    F1
  both   .  l  -  right  F5  right=l
  both   .  -  r  left   F5  left=r
  both   .  l  r  left   F6  right=l right!r (policy)
  both   .  l  r  right  F6  left=r left!l (policy)
  both   .  l  r  ask    F6  l?r
  both   .  b  b  ask    F1
  left   .  l  -  right  F5  right=l
  left   .  -  r  right  F5  right=null right!r (drift)
  left   .  l  r  right  F6  right=l right!r (drift)
  right  .  l  -  left   F5  left=null left!l (drift)
  right  .  -  r  left   F5  left=r
  right  .  l  r  left   F6  left=r left!l (drift)
  both   a  ?  r  left   F0
  both   a  l  ?  left   F0
  left   .  ?  ?  left   F0
`
  .trim()
  .split("\n")
  .map((line) => {
    const [owner, base, left, right, policy, row, ...effect] = line.trim().split(/\s+/);
    const readWord = (word: string | undefined) => (word === "-" ? null : word === "?" ? undefined : word);
    return {
      owner,
      base,
      left: readWord(left),
      right: readWord(right),
      policy,
      row,
      effect: effect.join(" "),
    };
  });

describe("the field table", () => {
  it.each(lines)(
    "owner $owner, base $base, left $left, right $right, policy $policy: $row $effect",
    ({ owner, base, left, right, policy, row, effect }) => {
      const rule = { owner, policy } as Pick<FieldRule, "owner" | "policy">;
      const pair = base === "." || base === undefined ? {} : { base: [base, base] as const };
      const values = { ...(left === undefined ? {} : { left }), ...(right === undefined ? {} : { right }) };
      const plan = planPair(liveInput({ ...pair, ...values, rule }));
      expect(plan.rows).toEqual({ field: row });
      expect(effectOf(plan)).toBe(effect);
    },
  );

  it("says what a write replaces and what it was made from", () => {
    const plan = planPair(liveInput({ base: ["a1", "A"], left: "b", right: "A", rule: manyToOne }));
    expect(plan.writes).toEqual({
      left: null,
      right: { kind: "update", fields: { field: { value: "B", source: "b", expected: "A" } } },
    });
  });

  it("notes what both say, and leaves other bases as they are", () => {
    const input = liveInput({ base: ["a", "a"], left: "b", right: "b" });
    const kept = { left: 1, right: 1 };
    const plan = planPair({
      ...input,
      base: { ...input.base, fields: { ...input.base.fields, other: kept } },
    });
    expect(plan.base.fields).toEqual({ field: { left: "b", right: "b" }, other: kept });
  });

  it("leaves a field alone that neither side has changed, whatever a translation says now", () => {
    const plan = planPair(liveInput({ base: ["a1", "B"], left: "a1", right: "B", rule: manyToOne }));
    expect(plan.rows).toEqual({ field: "same" });
    expect(effectOf(plan)).toBe("");
  });

  it("leaves a field alone that is empty on both sides in two ways of saying so", () => {
    const neverSame = { toRight: () => ({ value: "?" }), toLeft: () => ({ value: "?" }) };
    const plan = planPair(liveInput({ left: null, right: null, rule: neverSame }));
    expect(plan.rows).toEqual({ field: "same" });
    expect(effectOf(plan)).toBe("");
  });
});

describe("several values for one meaning", () => {
  it("is translated in the direction that it goes", () => {
    expect(
      effectOf(planPair(liveInput({ base: ["a1", "A"], left: "a1", right: "B", rule: manyToOne }))),
    ).toBe("left=b");
    expect(effectOf(planPair(liveInput({ base: ["a1", "A"], left: "b", right: "A", rule: manyToOne })))).toBe(
      "right=B",
    );
  });

  it("leaves a finer value alone when it still means the same", () => {
    const plan = planPair(liveInput({ base: ["a1", "A"], left: "a2", right: "A", rule: manyToOne }));
    expect(plan.rows).toEqual({ field: "F1" });
    expect(effectOf(plan)).toBe("");
    expect(plan.base.fields.field).toEqual({ left: "a2", right: "A" });
  });

  it("holds in the other direction too", () => {
    const swapped = { toRight: manyToOne.toLeft, toLeft: manyToOne.toRight };
    const plan = planPair(liveInput({ base: ["A", "a1"], left: "A", right: "a2", rule: swapped }));
    expect(plan.rows).toEqual({ field: "F1" });
  });

  it("waits with a value that the other side has no word for", () => {
    const plan = planPair(liveInput({ base: ["a1", "A"], left: "x", right: "A", rule: manyToOne }));
    expect(plan.rows).toEqual({ field: "F2" });
    expect(effectOf(plan)).toBe("");
    expect(plan.unmappable).toEqual([{ field: "field", side: "left", message: "no such word" }]);
    expect(plan.base.fields.field).toEqual({ left: "a1", right: "A" });
  });
});

describe("the newest change", () => {
  const newest = (left: readonly [number, number], right: readonly [number, number], tieBreak: Side) => {
    const input = liveInput({ base: ["a", "a"], left: "l", right: "r", rule: { policy: "newest" } });
    const during = ([from, to]: readonly [number, number]) => ({ field: { from, to } });
    return planPair({
      ...input,
      left: { ...input.left, changedIn: during(left) },
      right: { ...input.right, changedIn: during(right) },
      policy: { ...input.policy, tieBreak },
    });
  };

  it.each([
    ["the left one, when it is certainly later", [20, 30], [0, 19], "right", "right=l right!r (policy)"],
    ["the right one, when it is certainly later", [0, 19], [20, 30], "left", "left=r left!l (policy)"],
    ["a tie in the same moment", [0, 20], [20, 30], "left", "right=l right!r (policy)"],
    ["a tie, broken for the right", [0, 20], [20, 30], "right", "left=r left!l (policy)"],
    ["a tie when one contains the other", [0, 60], [20, 30], "left", "right=l right!r (policy)"],
  ] as const)("is %s", (_, left, right, tieBreak, effect) => {
    expect(effectOf(newest(left, right, tieBreak))).toBe(effect);
  });

  it.each([["left"], ["right"]] as const)("is a tie while a time is unknown: %s", (tieBreak) => {
    const input = liveInput({ base: ["a", "a"], left: "l", right: "r", rule: { policy: "newest" } });
    const known = { field: { from: 5, to: 6 } };
    const policy = { ...input.policy, tieBreak };
    const only = (side: Side) => planPair({ ...input, policy, [side]: { ...input[side], changedIn: known } });
    const effect = tieBreak === "left" ? "right=l right!r (policy)" : "left=r left!l (policy)";
    expect(effectOf(only("left"))).toBe(effect);
    expect(effectOf(only("right"))).toBe(effect);
  });
});

describe("an open conflict", () => {
  const open = { field: "field", base: "a", left: "l", right: "r" };
  const openInput = (values: Values) => ({ ...liveInput(values), openConflicts: [open] });

  it.each([
    ["keeps the field as it is", { left: "l", right: "r" }, { left: "l", right: "r" }, "F4"],
    ["follows the values as they move", { left: "l2", right: "r2" }, { left: "l2", right: "r2" }, "F4"],
    ["stays when one side goes back", { left: "a", right: "r" }, { left: "a", right: "r" }, "F3"],
    ["stays when the left cannot be seen", { right: "r2" }, { left: "l", right: "r2" }, "F0"],
    ["stays when the right cannot be seen", { left: "l2" }, { left: "l2", right: "r" }, "F0"],
  ])("%s", (_, values, shown, row) => {
    const plan = planPair(openInput({ base: ["a", "a"], ...values }));
    expect(plan.conflicts).toEqual([{ ...open, ...shown }]);
    expect(plan.writes).toEqual({ left: null, right: null });
    expect(plan.rows).toEqual({ field: row });
  });

  it.each([
    ["the sides come to agree", { left: "b", right: "b" }],
    ["both go back", { left: "a", right: "a" }],
  ])("closes by itself when %s", (_, values) => {
    const plan = planPair(openInput({ base: ["a", "a"], ...values }));
    expect(plan.conflicts).toEqual([]);
    expect(plan.writes).toEqual({ left: null, right: null });
  });

  it("closes when its field is not mapped any more, and not while the field is out of use", () => {
    const input = { ...openInput({ left: "l", right: "r" }), rules: [] };
    expect(planPair(input).conflicts).toEqual([]);
    expect(planPair({ ...input, suspended: ["field"] }).conflicts).toEqual([open]);
    const resting = { ...openInput({ left: "l", right: "r" }), suspended: ["field"] };
    expect(planPair(resting).conflicts).toEqual([open]);
    expect(planPair(resting).rows).toEqual({ field: "F8" });
  });

  it("freezes its own field only", () => {
    const input = openInput({ base: ["a", "a"], left: "l", right: "r" });
    const plan = planPair({
      ...input,
      base: { ...input.base, fields: { ...input.base.fields, other: { left: 1, right: 1 } } },
      left: viewOf({ values: { field: "l", other: 2 } }),
      right: viewOf({ values: { field: "r", other: 1 } }),
      rules: [ruleOf(), ruleOf({ name: "other" })],
    });
    expect(Object.keys(plan.writes.right?.fields ?? {})).toEqual(["other"]);
  });

  it.each([
    ["left", "right=l right!r (settled) l?r"],
    ["right", "left=r left!l (settled) l?r"],
  ] as const)("is carried out for the %s", (winner, effect) => {
    const input = openInput({ base: ["a", "a"], left: "l", right: "r", rule: { policy: "ask" } });
    const start = { ...input, settlements: [{ field: "field", winner }] };
    const plan = planPair(start);
    // The question stays until that is done: the answer must outlive a write that fails.
    expect(effectOf(plan)).toBe(effect);
    expect(planPair(applyPlan(start, plan)).conflicts).toEqual([]);
  });

  it("cannot be settled against the field's owner", () => {
    const input = openInput({ base: ["a", "a"], left: "l", right: "r", rule: { owner: "left" } });
    const plan = planPair({ ...input, settlements: [{ field: "field", winner: "right" }] });
    expect(effectOf(plan)).toBe("right=l right!r (settled) l?r");
  });

  it("stays open when the value that won has no word on the other side", () => {
    const input = openInput({ base: ["a1", "A"], left: "x", right: "B", rule: manyToOne });
    const plan = planPair({ ...input, settlements: [{ field: "field", winner: "left" }] });
    expect(plan.writes).toEqual({ left: null, right: null });
    expect(plan.conflicts).toEqual([{ field: "field", base: "a1", left: "x", right: "B" }]);
    expect(plan.unmappable.length).toBe(1);
  });

  it("takes no notice of a settlement of another field, or without a question", () => {
    const input = liveInput({ base: ["a", "a"], left: "l", right: "r", rule: { policy: "ask" } });
    expect(effectOf(planPair({ ...input, settlements: [{ field: "field", winner: "left" }] }))).toBe("l?r");
    const other = {
      ...input,
      openConflicts: [open],
      settlements: [{ field: "other", winner: "left" as const }],
    };
    expect(effectOf(planPair(other))).toBe("l?r");
  });
});

describe("a field that is handed over once", () => {
  const once = (values: Values) =>
    planPair(liveInput({ ...values, rule: { ...values.rule, isWriteOnce: true } }));

  it.each([
    ["fills the right", { left: "l", right: null }, "right=l"],
    ["fills the left", { left: null, right: "r" }, "left=r"],
    ["fills what was empty before", { base: [null, null] as const, left: "l", right: null }, "right=l"],
    ["leaves two values alone", { left: "l", right: "r" }, ""],
    ["leaves later changes where they are made", { base: ["l", "l"] as const, left: "l", right: "r" }, ""],
    ["does not fill again what was cleared", { base: ["l", "l"] as const, left: "l", right: null }, ""],
    ["does not clear", { base: ["l", "l"] as const, left: null, right: "l" }, ""],
    ["is not written on its owner", { left: null, right: "r", rule: { owner: "left" as const } }, ""],
    ["is written by its owner", { left: "l", right: null, rule: { owner: "left" as const } }, "right=l"],
    [
      "is not written on its owner, the right",
      { left: "l", right: null, rule: { owner: "right" as const } },
      "",
    ],
  ])("%s", (_, values, effect) => {
    expect(effectOf(once(values))).toBe(effect);
  });

  it("is F5 when it fills", () => {
    expect(once({ left: "l", right: null }).rows).toEqual({ field: "F5" });
  });

  it("notes what was seen, so that a later death finds no edit in it", () => {
    const plan = once({ base: ["l", "l"], left: "l", right: "r" });
    expect(plan.base.fields.field).toEqual({ left: "l", right: "r" });
    expect(plan.rows).toEqual({ field: "F1" });
    expect(once({ base: ["l", "r"], left: "l", right: "r" }).rows).toEqual({ field: "same" });
  });

  it("goes its own way even after one side was seen to be cleared", () => {
    expect(effectOf(once({ base: ["l", null], left: "l2", right: null }))).toBe("");
    expect(effectOf(once({ base: [null, "r"], left: null, right: "r2" }))).toBe("");
  });

  it("is filled element by element in a set", () => {
    const elements = { toRight: (one: string) => one, toLeft: (one: string) => one };
    const plan = once({ left: ["a", "b"], right: [], rule: { elements } });
    expect(plan.writes.right?.fields.field?.value).toEqual(["a", "b"]);
    expect(effectOf(once({ left: ["a"], right: ["b"], rule: { elements } }))).toBe("");
  });
});

describe("a suspended field", () => {
  it("is not touched, and the rest goes on", () => {
    const input = liveInput({ base: ["a", "a"], left: "l", right: "a" });
    const plan = planPair({
      ...input,
      left: viewOf({ values: { field: "l", other: 1 } }),
      right: viewOf({ values: { field: "a", other: null } }),
      rules: [ruleOf(), ruleOf({ name: "other" })],
      suspended: ["field"],
    });
    expect(plan.rows).toEqual({ field: "F8", other: "F5" });
    expect(Object.keys(plan.writes.right?.fields ?? {})).toEqual(["other"]);
  });
});
