import { describe, expect, test } from "vitest";
import { contentEdit, contentIn } from "../../../src/recipes/planning/content.ts";
import { asBlocks, asParagraphs } from "../../../src/recipes/planning/markdown-lines.ts";

const rules = { images: "neutralise" } as const;
const page = (...lines: readonly string[]) => ["Mine.", "## GitHub issue", ...lines].join("\n");

describe("what stands below the line", () => {
  test.each([
    ["Mine.", null],
    ["Mine.\n## GitHub issue\nIts text.\nMore.\n", "Its text.\nMore."],
    ["github issue", ""],
    ["**GitHub issue**\nx", "x"],
    ["See the GitHub issue\nx", null],
  ])("%j", (markdown, content) => {
    expect(contentIn(markdown)).toBe(content);
  });
});

describe("paragraphs and blocks", () => {
  const github = "# A\n\nText\n\n- one\n  more\n- two\n\n```\ncode\n\nmore\n```\n\n> q\n> r\n\nEnd";
  const notion = "# A\nText\n- one\n  more\n- two\n```\ncode\n\nmore\n```\n> q\n> r\nEnd";

  test("are two spellings of one text", () => {
    expect(asBlocks(github)).toBe(notion);
    expect(asParagraphs(notion)).toBe(github);
  });
});

describe("only the lines that differ are changed", () => {
  test.each([
    ["no line yet", "Mine.", "Text", { kind: "append", text: "## GitHub issue\nText" }],
    ["nothing to say, and no line", "Mine.", "", { kind: "none" }],
    ["the same", page("a", "b"), "a\nb", { kind: "none" }],
    [
      "one line",
      page("a", "b", "c"),
      "a\nB\nc",
      { kind: "replace", changes: [{ from: "a\nb", to: "a\nB" }] },
    ],
    [
      "the first",
      page("a", "b"),
      "A\nb",
      { kind: "replace", changes: [{ from: "## GitHub issue\na", to: "## GitHub issue\nA" }] },
    ],
    ["one more at the end", page("a"), "a\nb", { kind: "replace", changes: [{ from: "a", to: "a\nb" }] }],
    ["one less", page("x", "y", "z"), "x\nz", { kind: "replace", changes: [{ from: "x\ny", to: "x" }] }],
    [
      "a place that is there twice",
      page("a", "a", "a", "b"),
      "a\na\na\nc",
      { kind: "replace", changes: [{ from: "a\nb", to: "a\nc" }] },
    ],
    [
      "beside a block",
      page("a", '<embed url="x"/>', "b"),
      'A\n<\u2060embed url="x"/>\nb',
      { kind: "replace" },
    ],
    [
      "in place of a block",
      page('<embed url="x"/>', "b"),
      "b",
      { kind: "blocked", what: '<embed url="x"/>' },
    ],
  ])("%s", (_what, markdown, wanted, edit) => {
    expect(contentEdit(markdown, wanted, rules)).toMatchObject(edit);
  });

  test("what is written there is what is wanted", () => {
    const before = page("one", "two", "", "three", '<embed url="x"/>', "four");
    const wanted = `one\n2\n\nthree\n<\u2060embed url="x"/>\n4`;
    const edit = contentEdit(before, wanted, rules);
    const changes = edit.kind === "replace" ? edit.changes : [];
    const after = changes.reduce((text, { from, to }) => text.replace(from, to), before);
    expect(changes).toHaveLength(2);
    expect(contentIn(after)).toBe('one\n2\n\nthree\n<embed url="x"/>\n4');
  });
});
