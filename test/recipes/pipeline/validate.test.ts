import { describe, expect, it } from "vitest";
import type { Channel } from "../../../src/recipes/pipeline/channels.ts";
import { priorityRule } from "../../../src/recipes/pipeline/priority-rule.ts";
import { refusalComment, refusalLog, validateEntry } from "../../../src/recipes/pipeline/validate.ts";

const channels: readonly Channel[] = [
  { id: "news", name: "Daily News", isEnabled: true, file: "news.yaml" },
  { id: "old", name: "Old Times", isEnabled: false, file: "old.yaml" },
];
const entry = { title: "A", topic: "B", channel: "Daily News", priority: "High", status: "Queued" };

describe("validateEntry", () => {
  it("takes a complete entry", () => {
    expect(validateEntry(entry, channels)).toEqual({ problems: [], priority: "high", channelId: "news" });
  });

  it.each([
    ["title", "", "Title", "Title is empty. Fill it in."],
    ["title", "  \n ", "Title", "Title is empty. Fill it in."],
    ["title", null, "Title", "Title is empty. Fill it in."],
    ["title", "x".repeat(256), "Title", "Title has 256 characters, and 255 are the most. Shorten it."],
    ["topic", null, "Topic", "Topic is empty. Fill it in."],
    ["topic", "x".repeat(1001), "Topic", "Topic has 1001 characters, and 1000 are the most. Shorten it."],
    ["channel", null, "Channel", 'Channel is empty. Choose one of "Daily News".'],
    ["channel", "Nope", "Channel", 'Channel "Nope" is not configured. Choose one of "Daily News".'],
    ["channel", "Old Times", "Channel", 'Channel "Old Times" is switched off. Choose one of "Daily News".'],
    ["status", null, "Status", "Status is empty. Set it to Draft."],
    ["status", "Somewhere", "Status", 'Status "Somewhere" is not one the pipeline knows. Set it to Draft.'],
  ])("tells people what is wrong with %s %j", (key, value, field, problem) => {
    expect(validateEntry({ ...entry, [key]: value }, channels).problems).toEqual([{ field, problem }]);
  });

  it("counts characters as people do", () => {
    expect(validateEntry({ ...entry, title: "🚀".repeat(255) }, channels).problems).toEqual([]);
    expect(validateEntry({ ...entry, title: "🚀".repeat(256) }, channels).problems).toHaveLength(1);
  });

  it.each([
    ["High", "high"],
    ["low", "low"],
    [null, "normal"],
    ["Urgent", "normal"],
  ])("makes of priority %j %s, and never a problem", (priority, expected) => {
    expect(validateEntry({ ...entry, priority }, channels)).toMatchObject({
      problems: [],
      priority: expected,
    });
  });

  it("tells everything at once", () => {
    const nothing = { title: null, topic: null, channel: null, priority: null, status: null };
    expect(validateEntry(nothing, []).problems.map(({ field }) => field)).toEqual([
      "Title",
      "Topic",
      "Channel",
      "Status",
    ]);
  });
});

describe("a refusal", () => {
  const problems = [{ field: "Topic", problem: "Topic is empty. Fill it in." }] as const;

  it("is logged as JSON with the page, the field and the time", () => {
    const refusal = {
      pageId: "p1",
      entry: { title: "A", channel: null },
      at: Date.parse("2026-11-21T10:00:00Z"),
    };
    expect(refusalLog(problems, refusal)).toEqual([
      {
        event: "pipeline.entry_refused",
        page_id: "p1",
        title: "A",
        channel: null,
        field: "Topic",
        problem: "Topic is empty. Fill it in.",
        time: "2026-11-21T10:00:00.000Z",
        entry_remains_in_draft: true,
      },
    ]);
  });

  it("is said on the page in the same words each time", () => {
    expect(refusalComment(problems)).toBe(
      "This entry stays in Draft and is not queued:\n• Topic is empty. Fill it in.",
    );
  });
});

describe("priorityRule", () => {
  const sides = (low: string) =>
    ({
      name: "Priority",
      left: {
        schema: {
          id: "pr",
          name: "Priority",
          type: "option",
          vendorType: "select",
          isDerived: false,
          options: [
            { id: "1", name: low },
            { id: "2", name: "High" },
          ],
        },
        spelling: "structured",
      },
      right: {
        schema: { id: "priority", name: "priority", type: "text", vendorType: "text", isDerived: false },
        spelling: "plain",
      },
    }) as const;

  it("translates both ways, and counts what it does not know as Normal", () => {
    const { rule } = priorityRule({ ...sides("Low"), known: {} });
    const there = ["Low", "High", "Urgent", null].map((name) => rule.toRight(name));
    expect(there).toEqual(["low", "high", "normal", null].map((value) => ({ value })));
    expect(rule.toLeft("low")).toEqual({ value: "Low" });
    expect(rule.toLeft("urgent")).toHaveProperty("unmappable");
  });

  it("knows renamed options by their ids", () => {
    const { words } = priorityRule({ ...sides("Low"), known: {} });
    const { rule } = priorityRule({ ...sides("Whenever"), known: words });
    expect(rule.forms.left.read({ id: "1", name: "Whenever" })).toBe("Low");
    expect(rule.forms.left.write("Low")).toEqual({ id: "1", name: "Whenever" });
  });
});
