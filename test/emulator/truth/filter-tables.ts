import type { Json, JsonObject } from "../harness.ts";
import { text } from "../harness.ts";
import { ada, grace, type World } from "./world.ts";

/**
 * Four rows that a query sorted by title gives as a, b, c, d. Nothing is set on d but its title; c has what is easily
 * taken for empty. Everything is written over the API; only the times are those of a person's edits.
 */
export const rows: { readonly [name: string]: (world: World) => JsonObject } = {
  a: ({ others }) => ({
    rich_text: { rich_text: [{ text: { content: "Red apple" } }] },
    number: { number: 1 },
    select: { select: { name: "Low" } },
    multi_select: { multi_select: [{ name: "Low" }] },
    status: { status: { name: "Done" } },
    date: { date: { start: "2026-11-21" } },
    people: { people: [{ id: ada }] },
    files: { files: [{ name: "f", external: { url: "https://example.com/f" } }] },
    checkbox: { checkbox: true },
    url: { url: "https://example.com/apple" },
    email: { email: "apple@example.com" },
    phone_number: { phone_number: "+1 555 0100" },
    relation: { relation: [{ id: text(others.one) }] },
    verification: { verification: { state: "verified" } },
  }),
  b: ({ others }) => ({
    rich_text: {
      rich_text: [
        { text: { content: "Green " } },
        { text: { content: "pear" }, annotations: { bold: true } },
      ],
    },
    number: { number: 10 },
    select: { select: { name: "High" } },
    multi_select: { multi_select: [{ name: "Low" }, { name: "High" }] },
    status: { status: { name: "In progress" } },
    date: { date: { start: "2026-12-24T18:00:00+01:00" } },
    people: { people: [{ id: ada }, { id: grace }] },
    checkbox: { checkbox: false },
    url: { url: "https://example.org/pear" },
    email: { email: "pear@example.com" },
    phone_number: { phone_number: "+44 20 0100" },
    relation: { relation: [{ id: text(others.one) }, { id: text(others.two) }] },
    verification: {
      verification: { state: "verified", date: { start: "2026-01-01", end: "2026-02-01" } },
    },
  }),
  c: ({ others }) => ({
    rich_text: { rich_text: [{ text: { content: " " } }] },
    number: { number: 0 },
    date: { date: { start: "2025-11-21", end: "2027-01-01" } },
    relation: { relation: [{ id: text(others.three) }] },
    verification: { verification: { state: "unverified" } },
  }),
  d: () => ({}),
};

/** What an operator is given, and the rows it finds. */
type Truth = readonly [wanted: Json | ((world: World) => Json), finds: string];
type Truths = { readonly [operator: string]: readonly Truth[] };

const empties = (filled: string, empty: string): Truths => ({
  is_empty: [[true, empty]],
  is_not_empty: [[true, filled]],
});

const text4: Truths = {
  equals: [
    ["Red apple", "a"],
    ["Green pear", "b"],
    ["Green", ""],
  ],
  does_not_equal: [
    ["Red apple", "bcd"],
    ["nothing", "abcd"],
  ],
  contains: [
    ["e", "ab"],
    ["n p", "b"],
    ["zebra", ""],
  ],
  does_not_contain: [
    ["apple", "bcd"],
    ["e", "cd"],
  ],
  starts_with: [
    ["Red", "a"],
    ["apple", ""],
  ],
  ends_with: [
    ["pear", "b"],
    ["Green", ""],
  ],
  ...empties("abc", "d"),
};

const contact = (a: string, b: string): Truths => ({
  equals: [
    [a, "a"],
    ["none", ""],
  ],
  does_not_equal: [[a, "bcd"]],
  contains: [[a.slice(2, 6), a.slice(2, 6) === b.slice(2, 6) ? "ab" : "a"]],
  does_not_contain: [[b, "acd"]],
  starts_with: [[b.slice(0, b.length - 1), "b"]],
  ends_with: [[a.slice(4), "a"]],
  ...empties("ab", "cd"),
});

const numbers: Truths = {
  equals: [
    [0, "c"],
    [1, "a"],
    [2, ""],
  ],
  does_not_equal: [
    [0, "abd"],
    [1, "bcd"],
  ],
  greater_than: [
    [0, "ab"],
    [10, ""],
  ],
  less_than: [
    [1, "c"],
    [11, "abc"],
  ],
  greater_than_or_equal_to: [
    [1, "ab"],
    [-5, "abc"],
  ],
  less_than_or_equal_to: [
    [1, "ac"],
    [-1, ""],
  ],
  ...empties("abc", "d"),
};

/** The clock stands on Saturday, 2026-11-21. */
const dates: Truths = {
  equals: [
    ["2026-11-21", "a"],
    ["2026-12-24", "b"],
    ["2026-12-24T17:00:00Z", "b"],
    ["today", "a"],
  ],
  before: [
    ["2026-11-21", "c"],
    ["2026-12-24T17:00:00Z", "ac"],
    ["one_week_from_now", "ac"],
  ],
  after: [
    ["2026-11-21", "b"],
    ["yesterday", "ab"],
    ["one_month_from_now", "b"],
  ],
  on_or_before: [
    ["2026-11-21", "ac"],
    ["2026-12-24", "abc"],
    ["one_month_ago", "c"],
  ],
  on_or_after: [
    ["2026-11-21", "ab"],
    ["2026-12-24T17:00:01Z", ""],
    ["tomorrow", "b"],
    ["one_week_ago", "ab"],
  ],
  this_week: [[{}, "a"]],
  past_week: [[{}, "a"]],
  past_month: [[{}, "a"]],
  past_year: [[{}, "ac"]],
  next_week: [[{}, "a"]],
  next_month: [[{}, "a"]],
  next_year: [[{}, "ab"]],
  ...empties("abc", "d"),
};

const people: Truths = {
  contains: [
    [ada, "ab"],
    [grace, "b"],
    ["me", ""],
  ],
  does_not_contain: [
    [ada, "cd"],
    [grace, "acd"],
  ],
  ...empties("ab", "cd"),
};

/** The bot made every row. */
const authors: Truths = {
  contains: [
    ["me", "abcd"],
    [ada, ""],
  ],
  does_not_contain: [
    ["me", ""],
    [ada, "abcd"],
  ],
  ...empties("abcd", ""),
};

const times: Truths = {
  equals: [
    ["2026-11-21", "abcd"],
    ["2026-11-20", ""],
  ],
  before: [
    ["2026-11-21", ""],
    ["tomorrow", "abcd"],
  ],
  after: [
    ["2026-11-21", ""],
    ["yesterday", "abcd"],
  ],
  on_or_before: [["today", "abcd"]],
  on_or_after: [
    ["2026-11-21T07:20:00Z", "abcd"],
    ["2026-11-21T07:21:00Z", ""],
  ],
  this_week: [[{}, "abcd"]],
  past_week: [[{}, "abcd"]],
  past_month: [[{}, "abcd"]],
  past_year: [[{}, "abcd"]],
  next_week: [[{}, "abcd"]],
  next_month: [[{}, "abcd"]],
  next_year: [[{}, "abcd"]],
  ...empties("abcd", ""),
};

/** By column and, under it, by the key of the filter. Operators are those of Notion's filter reference. */
export const tables: readonly { readonly column: string; readonly key: string; readonly truths: Truths }[] = [
  {
    column: "title",
    key: "title",
    truths: {
      equals: [["a", "a"]],
      does_not_equal: [["a", "bcd"]],
      contains: [["b", "b"]],
      does_not_contain: [["b", "acd"]],
      starts_with: [["c", "c"]],
      ends_with: [["d", "d"]],
      ...empties("abcd", ""),
    },
  },
  { column: "rich_text", key: "rich_text", truths: text4 },
  { column: "number", key: "number", truths: numbers },
  {
    column: "select",
    key: "select",
    truths: {
      equals: [
        ["Low", "a"],
        ["High", "b"],
        [["Low", "High"], "ab"],
        ["Top", ""],
        ["no option", ""],
      ],
      does_not_equal: [
        ["Low", "bcd"],
        [["Low", "High"], "cd"],
      ],
      ...empties("ab", "cd"),
    },
  },
  {
    column: "multi_select",
    key: "multi_select",
    truths: {
      contains: [
        ["Low", "ab"],
        ["High", "b"],
        [["High", "Top"], "b"],
      ],
      does_not_contain: [
        ["High", "acd"],
        [["Low", "Top"], "cd"],
      ],
      ...empties("ab", "cd"),
    },
  },
  {
    column: "status",
    key: "status",
    truths: {
      equals: [
        ["Done", "a"],
        ["Not started", "cd"],
        [["Done", "In progress"], "ab"],
        ["To-do", "cd"],
        ["Complete", "a"],
      ],
      does_not_equal: [
        ["Done", "bcd"],
        [["Not started"], "ab"],
      ],
      ...empties("abcd", ""),
    },
  },
  { column: "date", key: "date", truths: dates },
  { column: "people", key: "people", truths: people },
  { column: "files", key: "files", truths: empties("a", "bcd") },
  {
    column: "checkbox",
    key: "checkbox",
    truths: {
      equals: [
        [true, "a"],
        [false, "bcd"],
      ],
      does_not_equal: [
        [true, "bcd"],
        [false, "a"],
      ],
    },
  },
  { column: "url", key: "url", truths: contact("https://example.com/apple", "https://example.org/pear") },
  { column: "email", key: "email", truths: contact("apple@example.com", "pear@example.com") },
  { column: "phone_number", key: "phone_number", truths: contact("+1 555 0100", "+44 20 0100") },
  {
    column: "relation",
    key: "relation",
    truths: {
      contains: [
        [({ others }) => text(others.one), "ab"],
        [({ others }) => text(others.three), "c"],
      ],
      does_not_contain: [[({ others }) => text(others.one), "cd"]],
      ...empties("abc", "d"),
    },
  },
  { column: "created_time", key: "created_time", truths: times },
  { column: "last_edited_time", key: "last_edited_time", truths: times },
  { column: "created_by", key: "created_by", truths: authors },
  { column: "last_edited_by", key: "last_edited_by", truths: authors },
  {
    column: "unique_id",
    key: "unique_id",
    truths: {
      equals: [[1, "a"]],
      does_not_equal: [[1, "bcd"]],
      greater_than: [[2, "cd"]],
      less_than: [[2, "a"]],
      greater_than_or_equal_to: [[2, "bcd"]],
      less_than_or_equal_to: [[2, "ab"]],
    },
  },
  {
    column: "verification",
    key: "verification",
    truths: {
      status: [
        ["verified", "a"],
        ["expired", "b"],
        ["none", "cd"],
      ],
      does_not_equal: [
        ["verified", "bcd"],
        ["none", "ab"],
      ],
    },
  },
];
