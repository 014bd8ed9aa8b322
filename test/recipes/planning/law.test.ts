import { describe, expect, test } from "vitest";
import {
  type CheckState,
  decide,
  type HeadState,
  type Phase,
  type PullState,
  type ReviewState,
} from "../../../src/recipes/planning/pulls/law.ts";
import { missingText } from "../../../src/recipes/planning/pulls/missing.ts";

const phases: readonly Phase[] = ["other", "old", "relayed", "review", "ship"];
const pulls: readonly PullState[] = ["none", "branch", "opened", "draft", "open", "merged", "closed"];
const checks: readonly CheckState[] = ["passing", "pending", "failing", "unknown"];
const reviews: readonly ReviewState[] = ["approved", "waiting", "changes", "unknown"];
const heads: readonly HeadState[] = ["judged", "moved", "conflicting", "unknown"];

const ready = { checks: "passing", reviews: "approved", head: "judged" } as const;

function* everyCase() {
  for (const phase of phases)
    for (const pull of pulls)
      for (const check of checks)
        for (const review of reviews)
          for (const head of heads) yield { phase, pull, checks: check, reviews: review, head };
}

describe("what a status asks of its pull request", () => {
  test.each([
    ["review", "none", "say"],
    ["review", "branch", "open-draft"],
    ["review", "opened", "nothing"],
    ["review", "draft", "mark-ready"],
    ["review", "open", "nothing"],
    ["review", "merged", "nothing"],
    ["review", "closed", "say"],
    ["ship", "none", "close-issue"],
    ["ship", "branch", "close-issue"],
    ["ship", "draft", "say"],
    ["ship", "opened", "say"],
    ["ship", "open", "merge"],
    ["ship", "merged", "close-issue"],
    ["ship", "closed", "close-issue"],
    ["old", "draft", "say"],
    ["old", "open", "say"],
    ["relayed", "branch", "nothing"],
    ["relayed", "open", "say"],
  ] as const)("%s with %s: %s", (phase, pull, act) => {
    expect(decide({ phase, pull, ...ready })).toBe(act);
  });

  test("a merge takes passing checks, an approval, and the head that was judged; nothing else does", () => {
    const merging = [...everyCase()].filter((pullCase) => decide(pullCase) === "merge");
    expect(merging).toEqual([{ phase: "ship", pull: "open", ...ready }]);
  });

  test.each(["old", "relayed"])("a status that is %s changes nothing on GitHub", (which) => {
    const acts = new Set([...everyCase()].filter(({ phase }) => phase === which).map(decide));
    expect([...acts].sort()).toEqual(["nothing", "say"]);
  });

  test("an issue with an open pull request is never closed", () => {
    const open = [...everyCase()].filter(({ pull }) => ["open", "draft", "opened"].includes(pull));
    expect(open.map(decide)).not.toContain("close-issue");
  });

  test("whoever is told that something is missing is told what", () => {
    const words = {
      failing: ["build"],
      pending: ["lint"],
      shippedSha: "abcdef1234",
      headSha: "1234567890",
      branch: null,
      suggestion: "12-door",
      status: "Done",
    };
    for (const pullCase of everyCase()) {
      if (decide(pullCase) !== "say") continue;
      expect(missingText(pullCase, words), JSON.stringify(pullCase)).toMatch(/\S{3}/);
    }
  });
});

describe("what is missing, in words", () => {
  const words = {
    failing: ["build", "test"],
    pending: [],
    shippedSha: "aaaaaaaaaa",
    headSha: "bbbbbbbbbb",
    branch: "12-door",
    suggestion: "12-door",
    status: "Done",
  };

  test.each([
    [
      { phase: "ship", pull: "open", checks: "failing", reviews: "waiting", head: "judged" },
      'Not merged yet: checks "build", "test" failed; an approving review is missing.',
    ],
    [
      { phase: "ship", pull: "open", ...ready, head: "moved" },
      'Not merged yet: its branch has moved since (aaaaaaa → bbbbbbb): set "Done" again to ship what is there now.',
    ],
    [
      { phase: "review", pull: "none", ...ready },
      'No branch "12-door" yet: it is looked for again when something is pushed.',
    ],
    [
      { phase: "old", pull: "open", ...ready },
      '"Done" was set before this sync was accepted: set the status again to act on it.',
    ],
  ] as const)("%j", (pullCase, text) => {
    expect(missingText(pullCase, words)).toBe(text);
  });
});
