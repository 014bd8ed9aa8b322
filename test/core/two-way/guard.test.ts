import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  type GuardFact,
  type GuardInput,
  guardFact,
  isApproved,
  judge,
} from "../../../src/core/two-way/guard.ts";
import type { Side } from "../../../src/core/two-way/mapping.ts";
import { planPair } from "../../../src/core/two-way/plan.ts";
import { inputOf, ruleOf, viewOf } from "./world.ts";

const nothing = { trashes: null, updates: [], clears: [] };

function facts(count: number, fact: Partial<GuardFact>): readonly GuardFact[] {
  return Array.from({ length: count }, (_, at) => ({ linkId: `link ${100 + at}`, ...nothing, ...fact }));
}

function guardInput(input: Partial<GuardInput>): GuardInput {
  return {
    facts: [],
    limits: { deletesMax: 10, deleteShareMax: 0.1, clearShareMax: 0.2, changeShareMax: 0.5 },
    live: 200,
    deletedBefore: 0,
    allowDeletes: null,
    labels: { left: "Notion", right: "tasks" },
    ...input,
  };
}

const kindsOf = (input: Partial<GuardInput>) => judge(guardInput(input)).map(({ kind }) => kind);

describe("what a guard counts in a plan", () => {
  const rules = [ruleOf(), ruleOf({ name: "other" }), ruleOf({ name: "tags" })];
  const base = {
    status: "live",
    fields: {
      field: { left: "a", right: "a" },
      other: { left: 1, right: 1 },
      tags: { left: ["x"], right: ["x"] },
    },
  } as const;
  const values = { field: "a", other: 1, tags: ["x"] };

  it("is nothing when nothing is written", () => {
    const input = inputOf({ base, rules, left: viewOf({ values }), right: viewOf({ values }) });
    expect(guardFact("link", planPair(input))).toBe(null);
  });

  it("is updates, and fields that they empty", () => {
    const left = viewOf({ values: { field: null, other: 2, tags: [] } });
    const input = inputOf({ base, rules, left, right: viewOf({ values }) });
    expect(guardFact("link", planPair(input))).toEqual({
      linkId: "link",
      trashes: null,
      updates: ["right"],
      clears: [
        { side: "right", field: "field" },
        { side: "right", field: "tags" },
      ],
    });
  });

  it("is no clearing where nothing was before", () => {
    const left = viewOf({ values: { field: null, other: 1, tags: ["x"] } });
    const right = viewOf({ values: { field: [], other: 1, tags: ["x"] } });
    const baseless = { ...base, fields: { ...base.fields, field: { left: "a", right: [] } } };
    const owned = [ruleOf({ owner: "left" }), ...rules.slice(1)];
    expect(
      guardFact("link", planPair(inputOf({ base: baseless, rules: owned, left, right })))?.clears,
    ).toEqual([]);
  });

  it("is no clearing where nobody knows what was there", () => {
    const plan = planPair(inputOf({ base, rules, left: viewOf({ values }), right: viewOf({ values }) }));
    const unseen = { field: { value: null, source: null, expected: undefined } };
    const writes = { left: null, right: { kind: "update", fields: unseen } } as const;
    expect(guardFact("link", { ...plan, writes })).toMatchObject({ updates: ["right"], clears: [] });
  });

  it.each([
    ["left", "right"],
    ["right", "left"],
  ] as const)("is a deletion, on the %s side", (side, dead) => {
    const input = inputOf({ base, rules, left: viewOf({ values }), right: viewOf({ values }) });
    const died = { ...input, [dead]: viewOf({ presence: "trashed", values }) };
    expect(guardFact("link", planPair(died))).toEqual({ linkId: "link", ...nothing, trashes: side });
  });

  it("is no update when a record is made", () => {
    const input = inputOf({ base: { status: "none", fields: {} }, rules, left: viewOf({ values }) });
    expect(guardFact("link", planPair({ ...input, right: viewOf({ presence: "absent" }) }))).toEqual({
      linkId: "link",
      ...nothing,
    });
  });
});

describe("deletions", () => {
  const deletions = (count: number, side: Side = "right") => facts(count, { trashes: side });

  it.each([
    ["pass up to the number", 10, 50, 0, null, []],
    ["stop above it", 11, 50, 0, null, ["mass-delete"]],
    ["pass up to the share of a large collection", 20, 200, 0, null, []],
    ["stop above it", 21, 200, 0, null, ["mass-delete"]],
    ["count those of the last day", 15, 200, 6, null, ["mass-delete"]],
    ["pass when these still fit", 15, 200, 5, null, []],
    ["pass when a person allowed so many", 21, 200, 50, 21, []],
    ["stop when a person allowed fewer", 21, 200, 0, 20, ["mass-delete"]],
    ["pass when a person allowed fewer, and they pass unasked", 20, 200, 0, 1, []],
    ["of a whole side stop, however few", 3, 3, 0, null, ["mass-delete"]],
    ["of a whole side pass when allowed", 3, 3, 0, 3, []],
    ["of two pairs are no emptied side", 2, 2, 0, null, []],
    ["of all but one are no emptied side", 3, 4, 0, null, []],
    ["are none when there are none", 0, 0, 99, null, []],
  ])("%s", (_, count, live, deletedBefore, allowDeletes, kinds) => {
    expect(kindsOf({ facts: deletions(count), live, deletedBefore, allowDeletes })).toEqual(kinds);
  });

  it("of both sides count together, and are no emptied side", () => {
    const both = [...deletions(6, "left"), ...deletions(6, "right")];
    expect(kindsOf({ facts: both, live: 12 })).toEqual(["mass-delete"]);
    expect(judge(guardInput({ facts: both, live: 12 }))[0]?.message).toContain(
      "12 of 12 records were deleted on one side",
    );
  });

  it("are named: how many, which, and what to do", () => {
    const [hold] = judge(guardInput({ facts: deletions(30).toReversed(), deletedBefore: 4 }));
    expect(hold).toMatchObject({ kind: "mass-delete", side: null, field: null, count: 30 });
    expect(hold?.linkIds.at(0)).toBe("link 100");
    expect(hold?.sample).toEqual(hold?.linkIds.slice(0, 20));
    expect(hold?.message).toBe(
      "30 of 200 records were deleted on one side, after 4 deletions in the last 24 hours; at most 20 in 24 hours may be " +
        "followed unasked. Nothing was deleted on the other side; everything else went on. If the deletions are meant, " +
        "approve exactly these, or run again with --allow-deletes 30; if not, restore the records where they were deleted.",
    );
  });

  it.each([
    ["right", "Notion"],
    ["left", "tasks"],
  ] as const)("say which side was emptied", (side, label) => {
    const [hold] = judge(guardInput({ facts: deletions(3, side), live: 3 }));
    expect(hold?.message).toMatch(
      new RegExp(`^All 3 records were deleted in ${label}; a side that is suddenly empty`),
    );
  });

  it("are approved by kind, number and digest together", () => {
    const [hold] = judge(guardInput({ facts: deletions(30) }));
    const [other] = judge(guardInput({ facts: deletions(31).slice(1) }));
    if (hold === undefined || other === undefined) throw new Error("there is no hold");
    const { kind, count, digest } = hold;
    expect(isApproved(hold, { kind, count, digest })).toBe(true);
    expect(isApproved(other, { kind, count, digest })).toBe(false);
    expect(isApproved(hold, { kind, count: 29, digest })).toBe(false);
    expect(isApproved(hold, { kind: "mass-change", count, digest })).toBe(false);
  });

  it("have one digest in any order", () => {
    const [hold] = judge(guardInput({ facts: deletions(30) }));
    const [again] = judge(guardInput({ facts: deletions(30).toReversed() }));
    expect(again?.digest).toBe(hold?.digest);
    const ids = hold?.linkIds.join("\n") ?? "";
    expect(hold?.digest).toBe(createHash("sha256").update(ids).digest("hex"));
  });
});

describe("a field that is emptied", () => {
  const cleared = (count: number, field: string, side: Side = "right") =>
    facts(count, { updates: [side], clears: [{ side, field }] });

  it.each([
    ["passes up to the share", 40, 200, []],
    ["stops above it", 41, 200, ["mass-clear"]],
    ["passes in a few records, whatever their share", 10, 12, []],
    ["stops in more", 11, 12, ["mass-clear"]],
  ])("%s", (_, count, live, kinds) => {
    const limits = { ...guardInput({}).limits, changeShareMax: 1 };
    expect(kindsOf({ facts: cleared(count, "due"), live, limits })).toEqual(kinds);
  });

  it("is counted by field and side", () => {
    const each = [...cleared(30, "due"), ...cleared(30, "title"), ...cleared(30, "due", "left")];
    expect(kindsOf({ facts: each })).toEqual([]);
    const [hold] = judge(guardInput({ facts: [...each, ...cleared(15, "due")] }));
    expect(hold).toMatchObject({ kind: "mass-clear", side: "right", field: "due", count: 45 });
    expect(hold?.message).toBe(
      '"due" was emptied in Notion for 45 of 200 records at once; at most 40 may be followed unasked. It looks like a ' +
        "column that was lost. The field was left as it is in tasks; everything else went on. Put the values back, or approve this.",
    );
  });
});

describe("records that change all at once", () => {
  it.each([
    ["pass up to the share", 100, 200, []],
    ["stop above it", 101, 200, ["mass-change"]],
    ["pass when they are few", 10, 10, []],
  ])("%s", (_, count, live, kinds) => {
    expect(kindsOf({ facts: facts(count, { updates: ["left"] }), live })).toEqual(kinds);
  });

  it("are counted by side", () => {
    const both = [...facts(60, { updates: ["left"] }), ...facts(60, { updates: ["right"] })];
    expect(kindsOf({ facts: both })).toEqual([]);
    const [hold] = judge(guardInput({ facts: [...both, ...facts(50, { updates: ["left", "right"] })] }));
    expect(hold).toMatchObject({ kind: "mass-change", side: "left", count: 110 });
    expect(hold?.message).toBe(
      "110 records changed at once in tasks, where 200 were linked before; at most 100 may be followed unasked. It looks " +
        "like a changed format, or an import gone wrong. Notion was left as it is. Look at the plan; undo the change, or approve it.",
    );
  });
});
