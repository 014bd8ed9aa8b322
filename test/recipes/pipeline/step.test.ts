import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/core/json.ts";
import { hasSameMeaning } from "../../../src/core/two-way/meaning.ts";
import { planPair } from "../../../src/core/two-way/plan.ts";
import { statusRule } from "../../../src/recipes/pipeline/status-rule.ts";
import { stateOf, states, statuses } from "../../../src/recipes/pipeline/statuses.ts";
import {
  parseStep,
  type Step,
  statusOfStep,
  statusToStep,
  stepText,
  stepToStatus,
  toStep,
} from "../../../src/recipes/pipeline/step.ts";
import { defaultMoves, humanMoves, moveProblem } from "../../../src/recipes/pipeline/transitions.ts";
import { applyPlan, inputOf, viewOf } from "../../core/two-way/world.ts";

const options = statuses.map(({ name }, index) => ({ id: `option-${index}`, name }));

function ruleWith(overrides: Partial<Parameters<typeof statusRule>[0]> = {}) {
  return statusRule({
    name: "Status",
    left: {
      schema: { id: "st", name: "Status", type: "option", vendorType: "status", isDerived: false, options },
      spelling: "structured",
    },
    right: {
      schema: { id: "$step", name: "$step", type: "text", vendorType: "", isDerived: false },
      spelling: "plain",
    },
    known: {},
    moves: defaultMoves,
    refuses: () => null,
    ...overrides,
  });
}

const { rule } = ruleWith();

/** Every step there can be: nine states without a stage, and each status as the stage of its state. */
const steps: readonly Step[] = [
  ...states.map((state) => ({ state, stage: null })),
  ...statuses.map(({ name, state }) => ({ state, stage: name })),
];
const names: readonly string[] = statuses.map(({ name }) => name);
const pairs = names.flatMap((status) => steps.map((step) => ({ status, step, text: stepText(step) })));

describe("a step as text", () => {
  it("comes back as it was, for every step there is", () => {
    expect(steps).toHaveLength(35);
    for (const step of steps) expect(parseStep(stepText(step))).toEqual(step);
  });

  it.each(["", "draft:", "nowhere", "draft:Queued", ":Draft", "Draft", "processing:Error: API Failure"])(
    "is none: %j",
    (text) => {
      expect(parseStep(text)).toBeNull();
    },
  );

  it("keeps stages with a colon of their own", () => {
    expect(parseStep("failed:Error: API Failure")).toEqual({ state: "failed", stage: "Error: API Failure" });
  });

  it("needs a stage that means its state", () => {
    for (const state of states) {
      const fitting = names.filter((name) => toStep(state, name) !== null);
      expect(fitting).toEqual(names.filter((name) => stateOf(name) === state));
    }
  });
});

describe(`the translation, over all ${pairs.length} pairs of a status and a step`, () => {
  it("goes from each step to a status that means its state, and is at rest there", () => {
    for (const step of steps) {
      const status = statusOfStep(step);
      expect(stateOf(status)).toBe(step.state);
      expect(stepToStatus(stepText(step))).toEqual({ value: status });
      expect(hasSameMeaning(rule, { left: status, right: stepText(step) })).toBe(true);
    }
  });

  it("goes from each status to its state, and is at rest there", () => {
    for (const status of names) {
      const step = statusToStep(status);
      expect(step).toEqual({ value: stateOf(status) });
      expect(hasSameMeaning(rule, { left: status, right: stateOf(status) ?? "" })).toBe(true);
    }
  });

  it("takes two for the same exactly when the state is, and no other stage is shown", () => {
    for (const { status, step, text } of pairs) {
      const isSame = stateOf(status) === step.state && (step.stage === null || step.stage === status);
      expect(hasSameMeaning(rule, { left: status, right: text }), `${status} and ${text}`).toBe(isSame);
    }
  });

  it("has no word for what is no status and no step", () => {
    expect(statusToStep("Ready")).toHaveProperty("unmappable");
    expect(statusToStep(3)).toHaveProperty("unmappable");
    expect(stepToStatus("odd")).toHaveProperty("unmappable");
    expect(stepToStatus(null)).toHaveProperty("unmappable");
    expect(statusToStep(null)).toHaveProperty("unmappable");
  });
});

/** One reading after both sides agreed on `agreed`: what is planned, and both sides once it is done. */
function settle(agreed: { left: Json; right: Json }, now: { left: Json; right: Json }, using = rule) {
  const input = inputOf({
    rules: [using],
    base: { status: "live", fields: { Status: agreed } },
    left: viewOf({ values: { Status: now.left } }),
    right: viewOf({ values: { Status: now.right } }),
  });
  const plan = planPair(input);
  const after = applyPlan(input, plan);
  const again = planPair(after);
  return {
    plan,
    left: after.left.values.Status,
    right: after.right.values.Status,
    isAtRest: again.writes.left === null && again.writes.right === null,
  };
}

describe("statusRule", () => {
  it("brings every change on either side to rest in one run, with both sides meaning the same", () => {
    for (const before of steps) {
      const agreed = { left: statusOfStep(before), right: stepText(before) };
      for (const status of names) {
        for (const right of [agreed.right, "processing:Audio Ready"]) {
          const { isAtRest, ...end } = settle(agreed, { left: status, right });
          const what = `${agreed.right}: board to ${status}, table to ${right}`;
          expect(isAtRest, what).toBe(true);
          expect(hasSameMeaning(rule, { left: end.left ?? null, right: end.right ?? null }), what).toBe(true);
        }
      }
    }
  });

  it("takes allowed moves into the table, and sets every other one back", () => {
    for (const before of states) {
      const step: Step = { state: before, stage: null };
      const agreed = { left: statusOfStep(step), right: stepText(step) };
      for (const status of names) {
        const { left, right, plan } = settle(agreed, { left: status, right: agreed.right });
        const what = `${agreed.left} to ${status}`;
        if (stateOf(status) === before) {
          expect([left, right, plan.refused.length], what).toEqual([status, agreed.right, 0]);
        } else if (defaultMoves[agreed.left]?.some((to) => to === status)) {
          expect([left, right, plan.refused.length], what).toEqual([status, stateOf(status), 0]);
        } else {
          expect([left, right], what).toEqual([agreed.left, agreed.right]);
          expect(plan.refused, what).toMatchObject([{ side: "left", value: status }]);
        }
      }
    }
  });

  it("lets the table win when both moved", () => {
    const agreed = { left: "Queued", right: "pending" };
    const end = settle(agreed, { left: "Draft", right: "processing:Assets Generating" });
    expect(end).toMatchObject({ left: "Assets Generating", right: "processing:Assets Generating" });
    expect(end.plan.superseded).toMatchObject([{ side: "left", value: "Draft" }]);
  });

  it("leaves a finer status alone, and takes a stage off when people look at the entry", () => {
    const finer = settle(
      { left: "Ready for Review", right: "awaiting_review" },
      { left: "Under Review", right: "awaiting_review" },
    );
    expect(finer).toMatchObject({ left: "Under Review", right: "awaiting_review" });
    const right = "awaiting_review:Ready for Review";
    const staged = settle({ left: "Ready for Review", right }, { left: "Under Review", right });
    expect(staged).toMatchObject({ left: "Under Review", right: "awaiting_review" });
  });

  it("puts an entry back to Draft that may not be queued, and says why", () => {
    const { rule: strict } = ruleWith({
      refuses: ({ Title }) => (Title === undefined ? "Title is empty." : null),
    });
    const end = settle({ left: "Draft", right: "draft" }, { left: "Queued", right: "draft" }, strict);
    expect(end).toMatchObject({ left: "Draft", right: "draft" });
    expect(end.plan.refused).toMatchObject([{ field: "Status", message: "Title is empty." }]);
    const back = settle({ left: "Queued", right: "pending" }, { left: "Draft", right: "pending" }, strict);
    expect(back).toMatchObject({ left: "Draft", right: "draft" });
  });

  it("sets back an emptied status and one that nobody knows", () => {
    for (const left of [null, "My own"]) {
      const end = settle({ left: "Processing", right: "processing" }, { left, right: "processing" });
      expect(end).toMatchObject({ left: "Processing", right: "processing", isAtRest: true });
    }
  });

  it("knows renamed options by their ids", () => {
    const { words } = ruleWith();
    const renamed = options.map((option) =>
      option.name === "Queued" ? { ...option, name: "In the queue" } : option,
    );
    const { rule: later } = ruleWith({
      left: {
        schema: {
          id: "st",
          name: "Status",
          type: "option",
          vendorType: "status",
          isDerived: false,
          options: renamed,
        },
        spelling: "structured",
      },
      known: words,
    });
    const option = renamed.find(({ name }) => name === "In the queue") ?? null;
    expect(later.forms.left.read(option)).toBe("Queued");
    expect(later.forms.left.write("Queued")).toEqual(option);
  });
});

describe("moves of people", () => {
  it("name only statuses that there are", () => {
    for (const [from, to] of Object.entries(defaultMoves)) {
      expect(stateOf(from)).toBeDefined();
      for (const status of to) expect(stateOf(status), `${from} to ${status}`).toBeDefined();
    }
  });

  it.each([
    [null, "Draft", null],
    [null, "Queued", null],
    [null, "Upload Complete", /from "Draft" to "Upload Complete"/],
    ["Error: Retriable", "Queued", null],
    ["Error: Manual Review", "Queued", null],
    ["Processing", "Queued", /may not move/],
    ["Queued", "Nowhere", /no status/],
    ["Queued", null, /without a status/],
  ])("from %s to %s", (from, to, problem) => {
    const found = moveProblem(defaultMoves, { from, to });
    if (problem === null) expect(found).toBeNull();
    else expect(found).toMatch(problem);
  });

  it("can be configured, status by status", () => {
    expect(humanMoves(undefined, "the file")).toBe(defaultMoves);
    const moves = humanMoves({ Queued: ["Archived"] }, "the file");
    expect(moveProblem(moves, { from: "Queued", to: "Archived" })).toBeNull();
    expect(moveProblem(moves, { from: "Queued", to: "Draft" })).not.toBeNull();
    expect(moveProblem(moves, { from: "Draft", to: "Queued" })).toBeNull();
  });

  it.each([
    ["a list", [], /expected an object/],
    [
      "an unknown status",
      { Quened: ["Draft"] },
      /the file names moves that cannot be: "Quened" is no status/,
    ],
    ["an unknown target", { Queued: ["Darft"] }, /expected a list of the pipeline's statuses at "Queued"/],
  ])("are refused when configured as %s", (_, configured, says) => {
    expect(() => humanMoves(configured, "the file")).toThrow(says);
  });
});
