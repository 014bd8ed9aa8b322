import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/core/json.ts";
import { planPair } from "../../../src/core/two-way/plan.ts";
import { applyPlan, inputOf, ruleOf, viewOf } from "./world.ts";

/** People may move from "draft" to "queued" while there is a title; nothing else. */
const status = ruleOf({
  name: "status",
  policy: "right",
  accepts: ({ side, from, to, values }) => {
    if (side === "right") return null;
    if (from !== "draft" || to !== "queued") return `nobody moves ${from} to ${to}`;
    return values.title === null ? "the title is missing" : null;
  },
});
const title = ruleOf({ name: "title", owner: "left" });

function input(values: { left: Json; right: Json; base?: Json; title?: Json }) {
  const text = values.title ?? null;
  const fields = { title: { left: text, right: text } };
  const { base } = values;
  return inputOf({
    base: {
      status: "live",
      fields: base === undefined ? fields : { ...fields, status: { left: base, right: base } },
    },
    left: viewOf({ values: { status: values.left, title: text } }),
    right: viewOf({ values: { status: values.right, title: text } }),
    rules: [status, title],
  });
}

describe("a change that the domain judges", () => {
  it("is taken over when it is allowed", () => {
    const plan = planPair(input({ base: "draft", left: "queued", right: "draft", title: "A film" }));
    expect(plan.writes.right?.fields.status).toMatchObject({ value: "queued" });
    expect(plan.refused).toEqual([]);
  });

  it.each([
    {
      why: "the move is not a person's",
      base: "draft",
      left: "done",
      title: "A film",
      message: "nobody moves draft to done",
    },
    {
      why: "the record does not allow it",
      base: "draft",
      left: "queued",
      title: null,
      message: "the title is missing",
    },
    {
      why: "it was never agreed on",
      base: undefined,
      left: "queued",
      title: "A film",
      message: "nobody moves null to queued",
    },
  ])("is set back, and kept in history, when $why", ({ base, left, title: text, message }) => {
    const given = input({ left, right: "draft", title: text, ...(base === undefined ? {} : { base }) });
    const plan = planPair(given);
    expect(plan.writes.right).toBeNull();
    expect(plan.writes.left?.fields.status).toMatchObject({ value: "draft", source: "draft" });
    expect(plan.refused).toEqual([{ field: "status", side: "left", value: left, message }]);
    expect(plan.superseded).toMatchObject([
      { side: "left", field: "status", value: left, reason: "refused" },
    ]);
    const again = planPair(applyPlan(given, plan));
    expect([again.writes, again.refused]).toEqual([{ left: null, right: null }, []]);
  });

  it("gives way to a change on the other side even when that came at the same time", () => {
    const plan = planPair(input({ base: "draft", left: "done", right: "working", title: "A film" }));
    expect(plan.writes.left?.fields.status).toMatchObject({ value: "working" });
    expect(plan.writes.right).toBeNull();
  });

  it("is one of the side that does not own the field, and one that was made", () => {
    const never = { accepts: () => "never" };
    const owned = {
      ...input({ base: "a", left: "b", right: "a" }),
      rules: [ruleOf({ name: "status", owner: "left", ...never })],
    };
    expect(planPair(owned).writes.right?.fields.status).toMatchObject({ value: "b" });
    const notLeft = { accepts: ({ side }: { side: string }) => (side === "left" ? "never" : null) };
    const other = {
      ...input({ base: "a", left: "a", right: "b" }),
      rules: [ruleOf({ name: "status", ...notLeft })],
    };
    expect(planPair(other).writes.left?.fields.status).toMatchObject({ value: "b" });
    expect(planPair(other).refused).toEqual([]);
  });

  it("is left out of a record that is made", () => {
    const plan = planPair(
      inputOf({
        base: { status: "none", fields: {} },
        left: viewOf({ values: { status: "queued", title: "A film" } }),
        right: viewOf({ presence: "absent" }),
        rules: [status, title],
      }),
    );
    expect(Object.keys(plan.writes.right?.fields ?? {})).toEqual(["title"]);
    expect(plan.refused).toMatchObject([{ field: "status", message: "nobody moves null to queued" }]);
  });
});

describe("a value that has to wait", () => {
  /** A title may be emptied only while the other side says that work has not begun. */
  const careful = ruleOf({
    name: "title",
    policy: "left",
    waits: ({ side, to, others }) =>
      side === "left" && to === null && others.status !== "draft" ? "work has begun" : null,
  });
  const plain = ruleOf({ name: "status", owner: "right" });

  function planOf(title: Json, state: string) {
    const base = { title: { left: "A film", right: "A film" }, status: { left: state, right: state } };
    return planPair(
      inputOf({
        base: { status: "live", fields: base },
        left: viewOf({ values: { title, status: state } }),
        right: viewOf({ values: { title: "A film", status: state } }),
        rules: [careful, plain],
      }),
    );
  }

  it("stays where it is, and is told", () => {
    const plan = planOf(null, "working");
    expect(plan.writes).toEqual({ left: null, right: null });
    expect(plan.unmappable).toEqual([{ field: "title", side: "left", message: "work has begun" }]);
    expect([plan.refused, plan.superseded]).toEqual([[], []]);
  });

  it.each([
    { what: "the other record allows it", title: null, state: "draft" },
    { what: "it is another value", title: "Another film", state: "working" },
  ])("is carried over when $what", ({ title, state }) => {
    const plan = planOf(title, state);
    expect(plan.writes.right?.fields.title).toMatchObject({ value: title });
    expect(plan.unmappable).toEqual([]);
  });
});
