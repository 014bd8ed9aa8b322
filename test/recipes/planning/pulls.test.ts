import { describe, expect, test } from "vitest";
import { branchFor, branchPrefix, isBranchOf } from "../../../src/recipes/planning/pulls/branch.ts";
import { matchPull } from "../../../src/recipes/planning/pulls/matching.ts";
import { mergeTitle, pullBody, pullTitle } from "../../../src/recipes/planning/pulls/text.ts";

describe("branches by their names", () => {
  test.each([
    ["{number}-{slug}", 12, "Fix the Dôor, now!", "12-fix-the-door-now"],
    ["feature/{number}", 7, "x", "feature/7"],
  ])("%s", (pattern, number, title, branch) => {
    expect(branchFor(pattern, { number, title })).toBe(branch);
    expect(isBranchOf(pattern, branch, number)).toBe(true);
  });

  test.each([
    ["{number}-{slug}", "12-other-words", 12, true],
    ["{number}-{slug}", "112-door", 12, false],
    ["{number}-{slug}", "120-door", 12, false],
    ["a.{number}", "ax12", 12, false],
    ["{slug}", "door", 12, false],
  ])("%s, %s and %d: %s", (pattern, branch, number, isIt) => {
    expect(isBranchOf(pattern, branch, number)).toBe(isIt);
  });
});

test.each([
  ["{number}-{slug}", "12-"],
  ["feature/{number}", "feature/12"],
  ["feature/{number}/{slug}-x", "feature/12/"],
  ["{slug}-{number}", ""],
])("branches of %s begin with %j", (pattern, prefix) => {
  expect(branchPrefix(pattern, 12)).toBe(prefix);
});

describe("whose pull request it is", () => {
  const pull = (number: number, headBranch: string, more: { body?: string; isHeadHere?: boolean } = {}) => ({
    number,
    headBranch,
    body: more.body ?? "",
    isHeadHere: more.isHeadHere ?? true,
  });
  const wish = { issueNumber: 12, branch: null, pullNumber: null, pattern: "{number}-{slug}" };

  test("the one it had stays, then the named branch, the pattern, and what it says it closes", () => {
    const all = [pull(20, "x", { body: "Closes #12" }), pull(21, "12-a"), pull(22, "named"), pull(23, "had")];
    expect(matchPull(all, { ...wish, branch: "named", pullNumber: 23 })?.number).toBe(23);
    expect(matchPull(all, { ...wish, branch: "named" })?.number).toBe(22);
    expect(matchPull(all, wish)?.number).toBe(21);
    expect(matchPull(all.slice(0, 1), wish)?.number).toBe(20);
    expect(matchPull([pull(30, "13-b", { body: "Closes #120" })], wish)).toBeNull();
  });

  test("of several, the newest", () => {
    expect(matchPull([pull(21, "12-a"), pull(25, "12-b")], wish)?.number).toBe(25);
  });

  test("one from a fork is nobody's, whatever it is called", () => {
    const forked = pull(40, "12-evil", { body: "Closes #12", isHeadHere: false });
    expect(matchPull([forked], { ...wish, branch: "12-evil", pullNumber: 40 })).toBeNull();
  });
});

describe("what a pull request says", () => {
  test("its title refers to nothing and calls nobody", () => {
    expect(pullTitle("fixes #1 for @team")).toBe("fixes #\u20601 for @\u2060team");
    expect(mergeTitle("Door", 45)).toBe("Door (#45)");
    expect([...pullTitle("x".repeat(400))]).toHaveLength(250);
  });

  test("its body names the issue and the row, and nothing that people wrote", () => {
    const pageId = "11111111-2222-4333-8444-555555555555";
    expect(pullBody({ issueNumber: 12, pageId })).toBe(
      "Closes #12\n\n[Planned in Notion](https://www.notion.so/11111111222243338444555555555555)",
    );
  });
});
