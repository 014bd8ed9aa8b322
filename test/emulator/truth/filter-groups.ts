import type { Json, JsonObject } from "../harness.ts";

/** Filters on what is computed: the whole condition under the column's type. */
export const computed: readonly (readonly [column: string, condition: JsonObject, finds: string])[] = [
  ["formula", { number: { greater_than: 2 } }, "b"],
  ["formula", { number: { equals: 0 } }, "c"],
  ["formula string", { string: { equals: "a!" } }, "a"],
  ["formula string", { string: { contains: "!" } }, "abcd"],
  ["formula checkbox", { checkbox: { equals: true } }, "a"],
  ["formula checkbox", { checkbox: { does_not_equal: true } }, "bcd"],
  ["formula date", { date: { before: "2026-12-01" } }, "ac"],
  ["formula date", { date: { is_not_empty: true } }, "abc"],
  ["rollup", { number: { equals: 3 } }, "b"],
  ["rollup", { number: { less_than_or_equal_to: 1 } }, "acd"],
  ["rollup latest", { date: { on_or_after: "2026-12-01" } }, "b"],
  ["rollup latest", { date: { is_empty: true } }, "cd"],
  ["rollup names", { any: { rich_text: { equals: "two" } } }, "b"],
  ["rollup names", { every: { rich_text: { contains: "one" } } }, "ad"],
  ["rollup names", { none: { rich_text: { contains: "one" } } }, "cd"],
  ["rollup weights", { any: { number: { greater_than: 1 } } }, "b"],
  ["rollup weights", { any: { number: { is_empty: true } } }, "c"],
  ["rollup days", { any: { date: { before: "2026-12-01" } } }, "ab"],
  ["rollup open", { every: { checkbox: { equals: true } } }, "acd"],
  ["rollup open", { any: { checkbox: { equals: false } } }, "b"],
];

export const on = (property: string, kind: string, condition: JsonObject): JsonObject => ({
  property,
  [kind]: condition,
});
const isLow = on("select", "select", { equals: "Low" });
const isHigh = on("select", "select", { equals: "High" });
const hasNumber = on("number", "number", { is_not_empty: true });
const since = (time: string): JsonObject => ({
  timestamp: "created_time",
  created_time: { on_or_after: time },
});

export const groups: readonly (readonly [filter: JsonObject, finds: string])[] = [
  [{ and: [] }, "abcd"],
  [{ and: [hasNumber, on("checkbox", "checkbox", { equals: false })] }, "bc"],
  [{ or: [isLow, isHigh] }, "ab"],
  [{ and: [{ or: [isLow, isHigh] }, { or: [isHigh, on("number", "number", { equals: 0 })] }] }, "b"],
  [{ or: [{ and: [isLow, hasNumber] }, { and: [on("number", "number", { equals: 0 }), hasNumber] }] }, "ac"],
  [{ and: [since("2026-11-21"), isLow] }, "a"],
  [{ or: [since("2027-01-01"), isLow] }, "a"],
  [{ ...isLow, type: "select" }, "a"],
  [since("2026-11-21T07:20:00.000Z"), "abcd"],
  [{ timestamp: "last_edited_time", last_edited_time: { before: "2026-11-21" } }, ""],
];

export const sorts: readonly (readonly [sorts: Json, order: string])[] = [
  [[{ property: "title", direction: "ascending" }], "abcd"],
  [[{ property: "title", direction: "descending" }], "dcba"],
  [[{ property: "number", direction: "ascending" }], "cabd"],
  [[{ property: "number", direction: "descending" }], "bacd"],
  [[{ property: "date", direction: "ascending" }], "cabd"],
  [[{ property: "formula", direction: "descending" }], "bacd"],
  [[{ property: "unique_id", direction: "descending" }], "dcba"],
  [
    [
      { property: "checkbox", direction: "descending" },
      { property: "title", direction: "descending" },
    ],
    "adcb",
  ],
  [
    [
      { property: "status", direction: "ascending" },
      { property: "title", direction: "ascending" },
    ],
    "cdba",
  ],
  [
    [
      { property: "select", direction: "ascending" },
      { property: "title", direction: "descending" },
    ],
    "abdc",
  ],
];
