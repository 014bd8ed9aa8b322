import { describe, expect, it } from "vitest";
import { deletesAllowed } from "../../src/core/guard.ts";
import { type BaseState, type LeftState, outcomeOf, type RightState } from "../../src/core/outcome.ts";

const bases: Record<BaseState, null> = { none: null, live: null, dead: null };
const lefts: Record<LeftState, "certified dead" | "alive" | "unknown"> = {
  live: "alive",
  trashed: "certified dead",
  gone: "certified dead",
  archived: "alive",
  moved: "alive",
  unknown: "unknown",
};
const rights: Record<RightState, null> = { live: null, deleted: null };

const cells = (Object.keys(bases) as BaseState[]).flatMap((base) =>
  (Object.keys(lefts) as LeftState[]).flatMap((left) =>
    (Object.keys(rights) as RightState[]).map((right) => ({
      base,
      left,
      right,
      outcome: outcomeOf(base, left, right),
    })),
  ),
);

describe("outcomeOf", () => {
  it("answers for all 36 combinations", () => {
    expect(cells.filter((cell) => cell.outcome !== undefined)).toHaveLength(36);
  });

  it.each(cells)("I4 $base/$left/$right: $outcome deletes only on a certificate", ({ left, outcome }) => {
    if (outcome === "delete" || outcome === "settle") expect(lefts[left]).toBe("certified dead");
  });

  it.each(cells)(
    "$base/$left/$right: $outcome changes a task only when the left side was really seen",
    ({ left, outcome }) => {
      if (lefts[left] === "unknown") expect(["nothing", "missing"]).toContain(outcome);
    },
  );

  it("opens a new pair only for a live record", () => {
    expect(
      cells.filter((cell) => cell.outcome === "create").map(({ base, left }) => `${base}/${left}`),
    ).toEqual(["none/live", "none/live"]);
  });

  it("revives a tombstone when the record is live again", () => {
    expect(outcomeOf("dead", "live", "deleted")).toBe("revive");
  });
});

describe("deletesAllowed", () => {
  it.each([
    { live: 0, allowed: null, passes: 10 },
    { live: 50, allowed: null, passes: 10 },
    { live: 1000, allowed: null, passes: 100 },
    { live: 1000, allowed: 40, passes: 100 },
    { live: 1000, allowed: 500, passes: 500 },
  ])("lets $passes of $live pass when $allowed were allowed", ({ live, allowed, passes }) => {
    expect(deletesAllowed(live, { deletesMax: 10, deleteShareMax: 0.1, allowed })).toBe(passes);
  });
});
