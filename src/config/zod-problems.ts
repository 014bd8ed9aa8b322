import type { z } from "zod";
import { suggestion } from "./nearest.ts";
import { type ConfigProblem, pathText, shown } from "./problem.ts";

type Issue = z.core.$ZodIssue;

const articles: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "an object { … }",
  record: "an object { … }",
  array: "a list [ … ]",
};

/** zod's issues in the words of this project. `keysAt` names the keys that are known at a path. */
export function problemsOf(
  issues: readonly Issue[],
  keysAt: (path: readonly PropertyKey[]) => readonly string[],
): readonly ConfigProblem[] {
  return issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        path: pathText([...issue.path, key]),
        message: `unknown key.${suggestion(key, keysAt(issue.path)) || ` Known here: ${keysAt(issue.path).join(", ")}.`}`,
      }));
    }
    if (issue.code === "invalid_union") return unionProblems(issue, keysAt);
    return [{ path: pathText(issue.path), message: messageOf(issue) }];
  });
}

/** Of a union only the branch that came closest is reported: the one that got past the type of the value. */
function unionProblems(
  issue: Extract<Issue, { code: "invalid_union" }>,
  keysAt: (path: readonly PropertyKey[]) => readonly string[],
): readonly ConfigProblem[] {
  const branches = issue.errors as readonly (readonly Issue[])[];
  const closest = branches.find(
    (branch) => !branch.some((each) => each.path.length === 0 && isTypeIssue(each)),
  );
  if (closest === undefined) {
    const expected = branches.flatMap((branch) => branch.slice(0, 1).map(expectedOf)).join(" or ");
    return [{ path: pathText(issue.path), message: `expected ${expected}, got ${shown(issue.input)}` }];
  }
  const placed = closest.map((each) => ({ ...each, path: [...issue.path, ...each.path] }));
  return problemsOf(placed, keysAt);
}

function isTypeIssue(issue: Issue): boolean {
  return issue.code === "invalid_type" || issue.code === "invalid_value";
}

function messageOf(issue: Issue): string {
  const got = issue.input === undefined ? "it is missing" : `got ${shown(issue.input)}`;
  if (issue.code === "custom")
    return issue.message.endsWith("?") ? `${issue.message} (${got})` : `${issue.message}; ${got}`;
  return `expected ${expectedOf(issue)}; ${got}`;
}

function expectedOf(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return articles[issue.expected] ?? issue.expected;
    case "invalid_value":
      return issue.values.map((value) => JSON.stringify(value)).join(" or ");
    case "too_small":
      if (issue.origin === "array") return `at least ${issue.minimum} entry`;
      return issue.origin === "string" ? "a text that is not empty" : `${issue.minimum} or more`;
    case "too_big":
      return issue.origin === "string" ? `at most ${issue.maximum} characters` : `${issue.maximum} or less`;
    default:
      return issue.message;
  }
}
