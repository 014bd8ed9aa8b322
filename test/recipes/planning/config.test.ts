import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { LockstepError } from "../../../src/core/errors.ts";
import type { Json } from "../../../src/core/json.ts";
import { planningPairs } from "../../../src/recipes/planning/config.ts";

const notion = { database: "11111111-2222-4333-8444-555555555555" };

function resolve(section: { readonly [key: string]: Json }) {
  return resolveConfig({ planning: { notion, repositories: ["acme/app"], ...section } }, "/place/c.json")
    .planning;
}

function problemOf(section: { readonly [key: string]: Json }): string {
  try {
    resolve(section);
  } catch (error) {
    if (error instanceof LockstepError) return error.message;
  }
  return "";
}

test("the smallest section takes every default", () => {
  const planning = resolve({});
  expect(planning).toMatchObject({
    name: "planning",
    repositories: ["acme/app"],
    creates: { rows: true, issues: true },
    comments: "off",
    whenArchived: "close",
    pulls: {
      review: ["Ready for Review"],
      ship: ["Done", "Shipped"],
      method: "squash",
      isReviewNeeded: false,
    },
    fields: { title: { owner: "both", conflict: "ask" }, due: null, body: null },
  });
  expect(planning?.statuses.filter(({ isShipped }) => isShipped).map(({ name }) => name)).toEqual(["Done"]);
});

test("fields can be switched off, renamed and given to a side", () => {
  const planning = resolve({
    pulls: false,
    fields: {
      labels: false,
      priority: { property: "Prio", owner: "github", labels: { High: "P1" } },
      sprint: { milestone: false },
      due: {},
      body: { owner: "notion" },
    },
  });
  expect(planning?.pulls).toBeNull();
  expect(planning?.statuses.some(({ isShipped }) => isShipped)).toBe(false);
  expect(planning?.fields).toMatchObject({
    labels: null,
    priority: { property: "Prio", owner: "github", words: { labels: { High: "P1" } } },
    sprint: { words: { prefix: "sprint: " } },
    due: { property: "Due", owner: "both" },
    body: { owner: "notion", conflict: "ask" },
  });
});

test("it is one two-way sync, and none before its database is there", () => {
  const planning = resolve({});
  expect(planning === undefined ? [] : planningPairs(planning).map(({ name }) => name)).toEqual(["planning"]);
  const waiting = resolve({ notion: { parentPage: notion.database } });
  expect(waiting === undefined ? null : planningPairs(waiting)).toEqual([]);
});

describe("what cannot be is refused with its place", () => {
  test.each([
    [{ notion: {} }, /planning\.notion: expected database, or parentPage/],
    [{ repositories: ["app"] }, /expected a repository as "owner\/name"/],
    [{ repositories: [] }, /repositories/],
    [{ statuses: { Open: { state: "open" } } }, /at least one status that is closed/],
    [
      { statuses: { A: { state: "open", reason: "completed" }, B: { state: "closed" } } },
      /only a closed issue has a reason/,
    ],
    [{ pulls: { ship: ["Shipped"] } }, /"Shipped" is none of the statuses/],
    [{ pulls: { ship: ["Backlog"] } }, /"Backlog" leaves the issue open/],
    [{ pulls: { review: ["Nowhere"] } }, /"Nowhere" is none of the statuses/],
    [{ fields: { priority: { prefix: "p", labels: { High: "x" } } } }, /a prefix or labels, not both/],
    [{ fields: { sprint: { prefix: "s", milestone: true } } }, /the milestone or labels, not both/],
    [{ fields: { title: { owner: "github" } } }, /no row can become an issue/],
    [{ fields: { title: { owner: "notion" } } }, /no issue can become a row/],
    [{ token: "ghp_dummy" }, /token/],
  ] as readonly [{ readonly [key: string]: Json }, RegExp][])("%j", (section, message) => {
    expect(problemOf(section)).toMatch(message);
  });

  test("a name that another sync has", () => {
    const pipeline = { name: "planning", notion };
    const written = { pipeline, planning: { notion, repositories: ["acme/app"] } };
    expect(() => resolveConfig(written, "/place/c.json")).toThrow(
      /"planning" is already used by another sync/,
    );
  });

  test("a name that a sync of the library has", () => {
    const planning = { name: "library-books", notion, repositories: ["acme/app"] };
    expect(() => resolveConfig({ library: { notion }, planning }, "/place/c.json")).toThrow(
      /"library-books" is already used by another sync/,
    );
  });
});
