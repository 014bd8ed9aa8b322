import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  demandStatuses,
  errorStatuses,
  stateOf,
  states,
  statusByState,
  statuses,
} from "../../../src/recipes/pipeline/statuses.ts";
import { canPeopleMove, defaultMoves, humanMoves } from "../../../src/recipes/pipeline/transitions.ts";

describe("statuses", () => {
  it("are 26, in order", () => {
    expect(statuses.map(({ name }) => name)).toEqual([
      "Draft",
      "Ready for Planning",
      "Queued",
      "Processing",
      "Assets Generating",
      "Assets Ready",
      "Composites Creating",
      "Composites Ready",
      "Videos Generating",
      "Videos Ready",
      "Audio Generating",
      "Audio Ready",
      "SFX Generating",
      "SFX Ready",
      "Assembling Video",
      "Ready for Review",
      "Under Review",
      "Review Approved",
      "Review Rejected",
      "Uploading",
      "Upload Complete",
      "Error: Invalid Input",
      "Error: API Failure",
      "Error: Retriable",
      "Error: Manual Review",
      "Archived",
    ]);
    expect(statuses).toHaveLength(26);
  });

  it("mean nine states, each of which comes back as itself", () => {
    expect(states).toHaveLength(9);
    for (const state of states) expect(stateOf(statusByState[state])).toBe(state);
  });

  it("mean what the job says they mean", () => {
    const meaning = Object.fromEntries(
      states.map((state) => [state, statuses.filter((row) => row.state === state).map(({ name }) => name)]),
    );
    expect(meaning).toMatchObject({
      draft: ["Draft", "Ready for Planning"],
      pending: ["Queued"],
      awaiting_review: ["Ready for Review", "Under Review"],
      approved: ["Review Approved"],
      rejected: ["Review Rejected"],
      completed: ["Upload Complete", "Archived"],
      failed: ["Error: Invalid Input", "Error: API Failure", "Error: Manual Review"],
      retry: ["Error: Retriable"],
    });
    expect(meaning.processing).toHaveLength(13);
  });

  it("let a new page begin as a draft: the first option of the first group", () => {
    expect(statuses.find(({ group }) => group === "To-do")?.name).toBe("Draft");
  });

  it("have four errors", () => {
    expect(statuses.filter(({ name }) => name.startsWith("Error: ")).map(({ name }) => name)).toEqual([
      ...errorStatuses,
    ]);
  });
});

describe("demandStatuses", () => {
  it("takes the list as it is", () => {
    expect(() => demandStatuses()).not.toThrow();
  });

  const draft = { name: "Draft", state: "draft", color: "gray", group: "To-do" } as const;
  it.each([
    ["a name twice", [...statuses, { ...draft, name: "DRAFT" }], statusByState, /same name/],
    ["a comma", [...statuses, { ...draft, name: "Draft, too" }], statusByState, /cannot be an option's name/],
    [
      "a state nobody knows",
      [...statuses, { ...draft, name: "X", state: "odd" as "draft" }],
      statusByState,
      /no state/,
    ],
    [
      "a state without a status",
      statuses,
      { ...statusByState, retry: undefined as unknown as string },
      /no status stands for retry/,
    ],
    [
      "a way back that means another state",
      statuses,
      { ...statusByState, retry: "Queued" },
      /"Queued" stands for retry/,
    ],
    [
      "a status that is gone",
      statuses.slice(1),
      statusByState,
      /"Draft" stands for draft, and does not mean it/,
    ],
  ])("refuses %s", (_, rows, back, says) => {
    expect(() => demandStatuses(rows, back)).toThrow(says);
  });
});

it("docs/pipeline.md has the table of statuses as it is", async () => {
  const text = await readFile(join(import.meta.dirname, "../../../docs/pipeline.md"), "utf8");
  const rows = statuses.map(({ name, state, color, group }) => {
    const back = statusByState[state] === name ? "yes" : "";
    return `| ${name} | ${state} | ${back} | ${color} | ${group} |`;
  });
  const table = [
    "| status | state | stands for the state | colour | group |",
    "|---|---|---|---|---|",
    ...rows,
  ];
  expect(text).toContain(table.join("\n"));
});

describe("a state that people may move an entry out of", () => {
  const free = [
    "draft",
    "pending",
    "awaiting_review",
    "approved",
    "rejected",
    "completed",
    "failed",
    "retry",
  ];

  it("is every one but processing", () => {
    expect(states.filter((state) => canPeopleMove(defaultMoves, state))).toEqual(free);
  });

  it("is one as soon as one of its statuses has a move", () => {
    const moves = humanMoves({ "Audio Ready": ["Draft"], Queued: [] }, "moves");
    expect(canPeopleMove(moves, "processing")).toBe(true);
    expect(canPeopleMove(moves, "pending")).toBe(false);
  });
});
