import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PlanningConfig } from "../../../src/config/planning.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import type { Json } from "../../../src/core/json.ts";
import type { SourceRecord } from "../../../src/core/record.ts";
import { type IssueFacts, noFacts } from "../../../src/recipes/planning/facts.ts";
import { joinBody, splitBody } from "../../../src/recipes/planning/footer.ts";
import { issueFields, putTogether, takenApart } from "../../../src/recipes/planning/issue-fields.ts";
import { issueKey } from "../../../src/recipes/planning/issue-key.ts";
import { joinLabels, kindsOf, splitLabels } from "../../../src/recipes/planning/labels.ts";
import { statusToWord, wordToStatus } from "../../../src/recipes/planning/statuses.ts";

const database = "11111111-2222-4333-8444-555555555555";

function configOf(section: { readonly [key: string]: Json } = {}): PlanningConfig {
  const planning = { notion: { database }, repositories: ["acme/app"], ...section };
  const { planning: resolved } = resolveConfig({ planning }, "/place/lockstep.config.json");
  if (resolved === undefined) throw new Error("nothing was configured");
  return resolved;
}

const config = configOf({ fields: { sprint: { prefix: "sprint: " } } });
const kinds = kindsOf(config);

function issue(fields: { readonly [key: string]: Json }): SourceRecord {
  return {
    id: "7/12",
    presence: "live",
    fields: { repository: { id: "7", name: "acme/app" }, number: 12, ...fields },
    unobserved: [],
    raw: {},
    revision: "",
    createdAt: "",
    editedBy: null,
    memo: null,
  };
}

const labels = (...names: string[]) => names.map((name) => ({ id: name, name }));
const option = (name: string) => ({ id: name, name });
const schemeWith = (facts: IssueFacts | null) => ({ config, kinds, factsOf: () => facts });

describe("labels say status, priority and sprint", () => {
  test("each is told apart, whatever its case", () => {
    const split = splitLabels(kinds, ["bug", "Status: In Progress", "PRIORITY: High", "sprint: 7"]);
    expect(split).toEqual({
      words: { status: "status: in progress", priority: "High", sprint: "7" },
      free: ["bug"],
    });
  });

  test("of two statuses the one further along counts", () => {
    expect(splitLabels(kinds, ["status: review", "status: in progress"]).words.status).toBe("status: review");
  });

  test("a label without a word behind its prefix is people's own", () => {
    expect(splitLabels(kinds, ["priority:", "priority: "]).free).toEqual(["priority:", "priority: "]);
  });

  test("saying one thing leaves the others as they are", () => {
    const before = ["bug", "status: review", "priority: High"];
    expect(joinLabels(kinds, before, { words: { priority: "Low" } }).toSorted()).toEqual([
      "bug",
      "priority: Low",
      "status: review",
    ]);
    expect(joinLabels(kinds, before, { free: ["docs"] }).toSorted()).toEqual([
      "docs",
      "priority: High",
      "status: review",
    ]);
    expect(joinLabels(kinds, before, { words: { status: null } }).toSorted()).toEqual([
      "bug",
      "priority: High",
    ]);
  });

  test("what is said is what is read", () => {
    const word = fc.constantFrom("High", "Low", null);
    const free = fc.uniqueArray(fc.constantFrom("bug", "docs", "ui"));
    fc.assert(
      fc.property(free, word, word, free, (before, first, second, after) => {
        const once = joinLabels(kinds, before, { words: { priority: first }, free: before });
        const again = joinLabels(kinds, once, { words: { priority: second }, free: after });
        const split = splitLabels(kinds, again);
        expect(split.words.priority).toBe(second);
        expect(split.free.toSorted()).toEqual(after.toSorted());
      }),
    );
  });
});

describe("an issue's state as a status", () => {
  const shipping = config.pulls?.shippingLabel ?? "";
  test.each([
    ["open", "Backlog"],
    ["open, status: in progress", "In Progress"],
    [`open, ${shipping}`, "Done"],
    ["closed as completed", "Done"],
    ["closed as not_planned", "Dropped"],
    ["closed as duplicate", "Dropped"],
  ])("%s is %s", (word, status) => {
    expect(wordToStatus(config.statuses, word, shipping)).toBe(status);
  });

  test("every status comes back as itself", () => {
    for (const meaning of config.statuses) {
      const word = statusToWord(meaning, shipping);
      expect(wordToStatus(config.statuses, word, shipping)).toBe(meaning.name);
    }
  });
});

describe("an issue taken apart", () => {
  test("its parts are fields, and what is left is its own", () => {
    const record = takenApart(
      issue({
        state: option("open"),
        labels: labels("bug", "status: review", "priority: High"),
        body: "Text\n\nDue: 2026-01-31",
      }),
      schemeWith(noFacts),
    );
    expect(record.fields).toMatchObject({
      $status: "open, status: review",
      $priority: "High",
      $sprint: null,
      $due: "2026-01-31",
      $issue: "acme/app#12",
      $note: null,
      labels: labels("bug"),
      body: "Text",
    });
    expect(record.fields).not.toHaveProperty("state");
  });

  test("what was not observed makes no part", () => {
    const record = takenApart(issue({ state: option("open") }), schemeWith(null));
    const { status, priority, sprint, due, pull, note } = issueFields;
    expect(record.unobserved).toEqual(expect.arrayContaining([status, priority, sprint, due, pull, note]));
    for (const id of [status, priority, sprint, due, pull]) expect(record.fields).not.toHaveProperty(id);
  });
});

describe("parts put together again", () => {
  const current = issue({
    state: option("open"),
    labels: labels("bug", "status: review"),
    body: "Text\n\nDue: 2026-01-31",
  });
  const pull = { ...noFacts, pull: "acme/app#13", pullState: "Open" } as const;

  test.each([
    [
      "a status",
      { $status: "open, status: in progress" },
      { state: option("open"), labels: ["bug", "status: in progress"] },
    ],
    ["a closing", { $status: "closed as not_planned" }, { state: option("not_planned"), labels: ["bug"] }],
    ["a priority", { $priority: "Low" }, { labels: ["bug", "status: review", "priority: Low"] }],
    ["labels of people", { labels: labels("docs") }, { labels: ["docs", "status: review"] }],
    ["a due date", { $due: "2026-02-01" }, { body: "Text\n\nDue: 2026-02-01" }],
    ["a text", { body: "New" }, { body: "New\n\nDue: 2026-01-31" }],
    ["nothing but a title", { title: "T" }, { title: "T" }],
  ] as const)("%s", (_, written, expected) => {
    const together = putTogether(written as never, current, schemeWith(noFacts));
    expect("fields" in together && plain(together.fields)).toEqual(expected);
  });

  test("what is shipped waits, marked, for its pull request, and is closed at once where there is none", () => {
    const written = { $status: "open, status: shipping" };
    const waiting = putTogether(written, current, schemeWith(pull));
    expect("fields" in waiting && plain(waiting.fields)).toEqual({
      state: option("open"),
      labels: ["bug", "status: shipping"],
    });
    const free = putTogether(written, current, schemeWith(noFacts));
    expect("fields" in free && plain(free.fields)).toEqual({ state: option("completed"), labels: ["bug"] });
    const unknown = putTogether(written, current, schemeWith(null));
    expect("fields" in unknown && unknown.fields.state).toEqual(option("open"));
  });

  test("a word that is no state is refused", () => {
    expect(putTogether({ $status: "ajar" }, current, schemeWith(noFacts))).toHaveProperty("problem");
  });

  function plain(fields: Readonly<Record<string, Json>>): unknown {
    if (!Array.isArray(fields.labels)) return fields;
    return { ...fields, labels: fields.labels.map((label: Json) => (label as { name: string }).name) };
  }
});

describe("what stands below an issue's text", () => {
  const pageId = "0123456789abcdef0123456789abcdef";
  const link = `[Planned in Notion](https://www.notion.so/${pageId})`;
  test.each([
    ["", { text: "", due: null, pageId: null }],
    ["Text", { text: "Text", due: null, pageId: null }],
    [`Text\n\nDue: 2026-01-31\n\n${link}`, { text: "Text", due: "2026-01-31", pageId }],
    [`Text\n\n${link}\n\nDue: 2026-01-31`, { text: "Text", due: "2026-01-31", pageId }],
    ["Due: 2026-01-31\n\nText", { text: "Due: 2026-01-31\n\nText", due: null, pageId: null }],
    ["Due: 2026-02-31", { text: "Due: 2026-02-31", due: null, pageId: null }],
  ])("%j", (body, parts) => {
    expect(splitBody(body)).toEqual(parts);
  });

  test("what is joined is split again", () => {
    const line = fc.constantFrom("a", "", "Due: soon", "# b", "  c");
    const body = fc.array(line).map((lines) => lines.join("\n").trimEnd());
    const due = fc.constantFrom(null, "2026-01-31");
    fc.assert(
      fc.property(body, due, fc.constantFrom(null, pageId), (text, day, page) => {
        const parts = { text, due: day, pageId: page };
        expect(splitBody(joinBody(parts))).toEqual(parts);
      }),
    );
  });
});

describe("an issue's name, whatever people write for it", () => {
  test.each([
    ["acme/app#12", "acme/app#12"],
    ["Acme/App#012", "acme/app#12"],
    ["#12", "acme/app#12"],
    ["12", "acme/app#12"],
    ["https://github.com/acme/web/issues/3#issuecomment-1", "acme/web#3"],
    ["twelve", null],
    ["acme/app#", null],
  ])("%s", (text, key) => {
    expect(issueKey(text, "acme/app")).toBe(key);
  });
});
