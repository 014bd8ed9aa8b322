import { describe, expect, it } from "vitest";
import type { PairPolicy, Side } from "../../../src/core/two-way/mapping.ts";
import type { Base, PairInput, PairPlan, SidePresence } from "../../../src/core/two-way/pair.ts";
import { planPair } from "../../../src/core/two-way/plan.ts";
import { applyPlan, inputOf, mirrorInput, ruleOf, settleDown, viewOf } from "./world.ts";

const presences: readonly SidePresence[] = ["absent", "live", "trashed", "gone", "out", "unknown"];

/** Rows: the left side, in the order above; columns: the right. Both sides are as they last agreed. */
const tables: Readonly<Record<Base["status"], readonly string[]>> = {
  none: [
    "nothing create  nothing nothing nothing nothing",
    "create  adopt   nothing nothing nothing nothing",
    "nothing nothing nothing nothing nothing nothing",
    "nothing nothing nothing nothing nothing nothing",
    "nothing nothing nothing nothing nothing nothing",
    "nothing nothing nothing nothing nothing nothing",
  ],
  live: [
    "nothing nothing nothing nothing unlink nothing",
    "nothing fields  propagate-delete propagate-delete unlink nothing",
    "nothing propagate-delete settle settle unlink nothing",
    "nothing propagate-delete settle settle unlink nothing",
    "unlink  unlink  unlink  unlink  unlink  nothing",
    "nothing nothing nothing nothing nothing nothing",
  ],
  dead: [
    "nothing nothing nothing nothing nothing nothing",
    "nothing revive  revive  revive  unlink  nothing",
    "nothing revive  nothing nothing nothing nothing",
    "nothing revive  nothing nothing nothing nothing",
    "nothing unlink  nothing nothing nothing nothing",
    "nothing nothing nothing nothing nothing nothing",
  ],
  unlinked: [
    "nothing nothing nothing nothing nothing nothing",
    "nothing nothing nothing nothing nothing nothing",
    "nothing nothing nothing nothing nothing nothing",
    "nothing nothing nothing nothing nothing nothing",
    "nothing nothing nothing nothing nothing nothing",
    "nothing nothing nothing nothing nothing nothing",
  ],
};

const cells = Object.entries(tables).flatMap(([status, rows]) =>
  rows.flatMap((row, at) =>
    row.split(/\s+/).map((outcome, column) => ({
      status: status as Base["status"],
      left: presences[at] ?? "unknown",
      right: presences[column] ?? "unknown",
      outcome,
    })),
  ),
);

/** Whatever one side holds, the other does too. */
function agreedInput(status: Base["status"], left: SidePresence, right: SidePresence): PairInput {
  const fields = status === "none" ? {} : { field: { left: "a", right: "a" } };
  return inputOf({
    base: { status, fields },
    left: viewOf({ presence: left, values: { field: "a" } }),
    right: viewOf({ presence: right, values: { field: "a" } }),
  });
}

describe("the record table", () => {
  it("has a cell for every base and every pair of presences", () => {
    expect(cells.length).toBe(4 * 6 * 6);
  });

  it.each(cells)("$status, left $left, right $right: $outcome", ({ status, left, right, outcome }) => {
    expect(planPair(agreedInput(status, left, right)).outcome).toBe(outcome);
  });
});

/** What a plan writes where, without the fields: "left trash". */
function writesIn({ writes }: PairPlan): readonly string[] {
  return (["left", "right"] as const).flatMap((side) => {
    const write = writes[side];
    return write === null ? [] : [`${side} ${write.kind}`];
  });
}

interface Ending {
  readonly name: string;
  readonly input: PairInput;
  readonly writes: readonly string[];
  readonly status: Base["status"];
  readonly statusAfter: Base["status"];
}

const endings: readonly Ending[] = [
  ["a new record on the left", "none", "live", "absent", ["right create"], "none", "live"],
  ["a new record on the right", "none", "absent", "live", ["left create"], "none", "live"],
  ["two records found to be one", "none", "live", "live", [], "live", "live"],
  ["a deletion on the left", "live", "trashed", "live", ["right trash"], "live", "dead"],
  ["a purge on the right", "live", "live", "gone", ["left trash"], "live", "dead"],
  ["deletions on both sides", "live", "gone", "trashed", [], "dead", "dead"],
  ["a record that left the collection", "live", "out", "live", [], "unlinked", "unlinked"],
  ["one brought back on the left", "dead", "live", "trashed", ["right restore"], "dead", "live"],
  ["one brought back on the right", "dead", "gone", "live", ["left create"], "dead", "live"],
  ["both brought back", "dead", "live", "live", [], "live", "live"],
].map(
  ([name, status, left, right, writes, base, after]) =>
    ({
      name,
      input: agreedInput(status as Base["status"], left as SidePresence, right as SidePresence),
      writes,
      status: base,
      statusAfter: after,
    }) as Ending,
);

describe("what a record asks for", () => {
  it.each(endings)("$name", ({ input, writes, status, statusAfter }) => {
    const plan = planPair(input);
    expect(writesIn(plan)).toEqual(writes);
    expect(plan.base.status).toBe(status);
    expect(plan.statusAfter).toBe(statusAfter);
  });

  it("says nothing that it does not mean", () => {
    expect(planPair(agreedInput("live", "unknown", "live"))).toEqual({
      outcome: "nothing",
      rows: {},
      adopted: [],
      base: { status: "live", fields: { field: { left: "a", right: "a" } } },
      writes: { left: null, right: null },
      statusAfter: "live",
      fetch: [],
      superseded: [],
      conflicts: [],
      unmappable: [],
      refused: [],
    });
  });

  it("is nothing where a side takes no new records", () => {
    const input = agreedInput("none", "live", "absent");
    const plan = planPair({ ...input, policy: { ...input.policy, creates: { left: true, right: false } } });
    expect(plan.outcome).toBe("nothing");
    expect(writesIn(plan)).toEqual([]);
  });

  it("is parting, where a record is gone for good and no new one may be made", () => {
    const input = agreedInput("dead", "gone", "live");
    const plan = planPair({ ...input, policy: { ...input.policy, creates: { left: false, right: true } } });
    expect(plan.outcome).toBe("unlink");
    expect(plan.base.status).toBe("unlinked");
  });

  it.each([
    ["create", agreedInput("none", "live", "absent"), "left"],
    ["delete", agreedInput("live", "trashed", "live"), "right"],
    ["restore", agreedInput("dead", "live", "trashed"), "left"],
    ["make anew", agreedInput("dead", "gone", "live"), "right"],
  ] as const)("is a whole reading first, to %s", (_, input, side) => {
    const plan = planPair({ ...input, [side]: { ...input[side], values: {} } });
    expect(plan.outcome).toBe("fetch");
    expect(plan.fetch).toEqual([side]);
    expect(writesIn(plan)).toEqual([]);
  });

  it("does not wait for a field that is out of use", () => {
    const input = agreedInput("live", "trashed", "live");
    const plan = planPair({ ...input, right: viewOf({ values: {} }), suspended: ["field"] });
    expect(writesIn(plan)).toEqual(["right trash"]);
  });
});

describe("a death beside a living record", () => {
  const deaths: readonly {
    readonly onDelete: PairPolicy["onDelete"];
    readonly onDeleteEdit: PairPolicy["onDeleteEdit"];
    readonly isEdited: boolean;
    readonly outcome: string;
    readonly writes: readonly string[];
  }[] = [
    {
      onDelete: "propagate",
      onDeleteEdit: "ask",
      isEdited: false,
      outcome: "propagate-delete",
      writes: ["right trash"],
    },
    { onDelete: "unlink", onDeleteEdit: "ask", isEdited: false, outcome: "unlink", writes: [] },
    {
      onDelete: "restore",
      onDeleteEdit: "ask",
      isEdited: false,
      outcome: "restore",
      writes: ["left restore"],
    },
    {
      onDelete: "unlink",
      onDeleteEdit: "edit",
      isEdited: true,
      outcome: "restore",
      writes: ["left restore"],
    },
    {
      onDelete: "unlink",
      onDeleteEdit: "delete",
      isEdited: true,
      outcome: "propagate-delete",
      writes: ["right trash"],
    },
    { onDelete: "unlink", onDeleteEdit: "ask", isEdited: true, outcome: "ask", writes: [] },
  ];

  function deathInput(
    onDelete: PairPolicy["onDelete"],
    onDeleteEdit: PairPolicy["onDeleteEdit"],
    value: string,
  ) {
    const input = agreedInput("live", "trashed", "live");
    const policy = { ...input.policy, onDelete, onDeleteEdit };
    return { ...input, policy, right: viewOf({ values: { field: value } }) };
  }

  it.each(deaths)(
    "onDelete $onDelete, onDeleteEdit $onDeleteEdit, edited $isEdited: $outcome",
    ({ onDelete, onDeleteEdit, isEdited, outcome, writes }) => {
      const plan = planPair(deathInput(onDelete, onDeleteEdit, isEdited ? "b" : "a"));
      expect(plan.outcome).toBe(outcome);
      expect(writesIn(plan)).toEqual(writes);
    },
  );

  it("is stopped by edits of the side that counts alone; what was edited on the other goes to history", () => {
    const input = deathInput("propagate", "edit", "b");
    const planFor = (savedByEditsOn: Side) =>
      planPair({ ...input, policy: { ...input.policy, savedByEditsOn } });
    expect(planFor("right").outcome).toBe("restore");
    const given = planFor("left");
    expect([given.outcome, writesIn(given)]).toEqual(["propagate-delete", ["right trash"]]);
    expect(given.superseded).toMatchObject([{ side: "right", field: "field", value: "b" }]);
    const mirrored = mirrorInput({ ...input, policy: { ...input.policy, savedByEditsOn: "left" } });
    expect(writesIn(planPair(mirrored))).toEqual(["left trash"]);
  });

  it("parts the pair at once when that is the policy", () => {
    const plan = planPair(deathInput("unlink", "ask", "a"));
    expect([plan.base.status, plan.statusAfter]).toEqual(["unlinked", "unlinked"]);
  });

  it("decides by policy while people are asked about fields only, and keeps their questions", () => {
    const other = { field: "other", base: null, left: 1, right: 2 };
    const edited = { ...deathInput("propagate", "ask", "b"), openConflicts: [other] };
    const plan = planPair({ ...edited, settlements: [{ field: "other", winner: "left" }] });
    expect(plan.outcome).toBe("ask");
    expect(plan.conflicts.map(({ field }) => field)).toEqual(["other", "$presence"]);
    const again = planPair({ ...edited, openConflicts: plan.conflicts });
    expect(again.conflicts).toEqual(plan.conflicts);
    const unedited = { ...deathInput("propagate", "ask", "a"), openConflicts: [other] };
    expect(planPair(unedited).outcome).toBe("propagate-delete");
  });

  it("takes an answer about a field for no answer about the record", () => {
    const asked = { field: "$presence", base: "live", left: "trashed", right: "live" };
    const open = { ...deathInput("propagate", "ask", "b"), openConflicts: [asked] };
    expect(planPair({ ...open, settlements: [{ field: "field", winner: "left" }] }).outcome).toBe("ask");
    const input = deathInput("propagate", "delete", "b");
    const plan = planPair({ ...input, settlements: [{ field: "field", winner: "right" }] });
    expect(plan.superseded.map(({ reason }) => reason)).toEqual(["deleted"]);
  });

  it("is followed by nothing while any field of the survivor is unknown", () => {
    const input = deathInput("propagate", "ask", "a");
    const plan = planPair({ ...input, rules: [ruleOf(), ruleOf({ name: "unseen" })] });
    expect(plan.fetch).toEqual(["right"]);
  });

  it("keeps the edit that is deleted with its record", () => {
    const plan = planPair(deathInput("propagate", "delete", "b"));
    expect(plan.superseded).toEqual([{ side: "right", field: "field", value: "b", reason: "deleted" }]);
  });

  it("restores with the edit that saved it", () => {
    const plan = planPair(deathInput("propagate", "edit", "b"));
    expect(plan.writes.left?.fields).toEqual({ field: { value: "b", source: "b", expected: "a" } });
  });

  it("counts an edit of a field that is out of use", () => {
    const plan = planPair({ ...deathInput("propagate", "ask", "b"), suspended: ["field"] });
    expect(plan.outcome).toBe("ask");
  });

  it("asks with both presences, and keeps asking until it is answered, whatever the survivor holds", () => {
    const asked = { field: "$presence", base: "live", left: "trashed", right: "live" };
    expect(planPair(deathInput("propagate", "ask", "b")).conflicts).toEqual([asked]);
    const again = planPair({ ...deathInput("propagate", "edit", "a"), openConflicts: [asked] });
    expect(again.outcome).toBe("ask");
    expect(again.conflicts).toEqual([asked]);
  });

  it.each([
    ["left", "propagate-delete", ["right trash"]],
    ["right", "restore", ["left restore"]],
  ] as const)("does what a person answered: the %s side's word counts", (winner, outcome, writes) => {
    const input = {
      ...deathInput("unlink", "ask", "b"),
      openConflicts: [{ field: "$presence", base: "live", left: "trashed", right: "live" }],
      settlements: [{ field: "$presence", winner }],
    };
    const plan = planPair(input);
    expect(plan.outcome).toBe(outcome);
    expect(writesIn(plan)).toEqual(writes);
    // Until it is done: the answer must outlive a write that fails.
    expect(plan.conflicts.map(({ field }) => field)).toEqual(["$presence"]);
    expect(settleDown(input).last.conflicts).toEqual([]);
    const settled = { side: "right", field: "field", value: "b", reason: "settled" };
    expect(plan.superseded).toEqual(winner === "left" ? [settled] : []);
  });

  it("drops the question once both live again", () => {
    const input = agreedInput("live", "live", "live");
    const plan = planPair({
      ...input,
      openConflicts: [{ field: "$presence", base: "live", left: "trashed", right: "live" }],
    });
    expect(plan.conflicts).toEqual([]);
  });
});

describe("a record that comes back", () => {
  const other = ruleOf({ name: "other" });

  it("keeps the edit that was made just before it was deleted", () => {
    const plan = planPair(
      inputOf({
        base: {
          status: "live",
          fields: { field: { left: "a", right: "a" }, other: { left: "x", right: "x" } },
        },
        left: viewOf({ presence: "trashed", values: { field: "a", other: "last words" } }),
        right: viewOf({ values: { field: "b", other: "x" } }),
        rules: [ruleOf(), other],
      }),
    );
    expect(Object.keys(plan.writes.left?.fields ?? {})).toEqual(["field"]);
    // The right side takes the last words over when both live: until then its own edit stays in sight.
    expect(plan.writes.right).toBe(null);
  });

  it("writes down what gives way in it, and what gives way in the other only when that happens", () => {
    const input = inputOf({
      base: {
        status: "live",
        fields: { field: { left: "a", right: "a" }, other: { left: "x", right: "x" } },
      },
      left: viewOf({ presence: "trashed", values: { field: "l", other: "l" } }),
      right: viewOf({ values: { field: "r", other: "r" } }),
      rules: [ruleOf({ policy: "right" }), ruleOf({ name: "other", policy: "left" })],
    });
    const plan = planPair(input);
    expect(plan.superseded).toEqual([{ side: "left", field: "field", value: "l", reason: "policy" }]);
    expect(planPair(applyPlan(input, plan)).superseded).toEqual([
      { side: "right", field: "other", value: "r", reason: "policy" },
    ]);
  });

  it("carries out what was settled about its fields when both live, not before", () => {
    const conflict = { field: "field", base: "a", left: "l", right: "r" };
    const plan = planPair(
      inputOf({
        base: { status: "live", fields: { field: { left: "a", right: "a" } } },
        left: viewOf({ presence: "trashed", values: { field: "l" } }),
        right: viewOf({ values: { field: "r" } }),
        openConflicts: [conflict],
        settlements: [{ field: "field", winner: "left" }],
      }),
    );
    expect(plan.outcome).toBe("restore");
    expect(plan.conflicts).toEqual([conflict]);
    expect(plan.superseded).toEqual([]);
  });

  it("does not take its owner's field from a copy, nor an empty value, nor one that is in question", () => {
    const rules = [
      ruleOf({ name: "owned", owner: "left" }),
      ruleOf({ name: "empty" }),
      ruleOf({ name: "asked" }),
      ruleOf({ name: "plain" }),
      ruleOf({ name: "resting" }),
    ];
    const plan = planPair(
      inputOf({
        base: { status: "dead", fields: {} },
        left: viewOf({ presence: "gone" }),
        right: viewOf({ values: { owned: "o", empty: null, asked: "q", plain: "p", resting: "s" } }),
        rules,
        openConflicts: [{ field: "asked", base: null, left: "q", right: "z" }],
        suspended: ["resting"],
      }),
    );
    expect(plan.writes.left).toEqual({
      kind: "create",
      fields: { plain: { value: "p", source: "p", expected: undefined } },
    });
  });

  it("says which of its values the other side has no word for", () => {
    const plan = planPair(
      inputOf({
        base: { status: "none", fields: {} },
        left: viewOf({ values: { field: "a" } }),
        right: viewOf({ presence: "absent" }),
        rules: [ruleOf({ toRight: () => ({ unmappable: "no word for it" }) })],
      }),
    );
    expect(plan.writes.right).toEqual({ kind: "create", fields: {} });
    expect(plan.unmappable).toEqual([{ field: "field", side: "left", message: "no word for it" }]);
  });
});

describe("questions about fields", () => {
  const conflict = { field: "field", base: "a", left: "l", right: "r" };
  const openInput = (status: Base["status"], left: SidePresence, right: SidePresence) => ({
    ...agreedInput(status, left, right),
    openConflicts: [conflict],
  });

  it.each([
    ["stay while a side cannot be read", "live", "unknown", "live", [conflict]],
    ["end when both sides are dead", "live", "trashed", "trashed", []],
    ["end when the pair is parted", "live", "out", "live", []],
    ["stay ended while the pair is dead", "dead", "trashed", "gone", []],
    ["stay ended while the pair is parted", "unlinked", "live", "live", []],
  ] as const)("%s", (_, status, left, right, conflicts) => {
    expect(planPair(openInput(status, left, right)).conflicts).toEqual(conflicts);
  });

  it("stay while a record must be read whole first", () => {
    const input = openInput("live", "trashed", "live");
    expect(planPair({ ...input, right: viewOf() }).conflicts).toEqual([conflict]);
  });

  it.each([["left"], ["right"]] as const)(
    "are left out of the record that is made anew on the %s",
    (side: Side) => {
      const input = openInput("dead", side === "left" ? "gone" : "live", side === "left" ? "live" : "gone");
      const plan = planPair(input);
      expect(plan.writes[side]?.fields).toEqual({});
      expect(plan.conflicts).toEqual([conflict]);
    },
  );
});
