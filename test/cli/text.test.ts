import { describe, expect, it } from "vitest";
import { evidenceSentence } from "../../src/cli/certificate-text.ts";
import { oneLine, table } from "../../src/cli/table.ts";
import { changeLines } from "../../src/cli/text-diff.ts";
import type { Json } from "../../src/core/json.ts";

describe("evidenceSentence", () => {
  const whole = {
    isComplete: true,
    unreadableCount: 0,
    truncated: { failed: 0 },
    sweep: null,
    liveAfter: 27,
  };
  it.each<[string, Json, string]>([
    ["no certificate", null, "no certificate, nothing was read."],
    [
      "a first run",
      { ...whole, windows: [{ stream: "full", rows: 27 }] },
      "complete: all 27 rows read to the end; 27 live tasks.",
    ],
    [
      "changes, then a sweep in two windows",
      {
        ...whole,
        windows: [
          { stream: "changes", rows: 1 },
          { stream: "sweep", rows: 20 },
          { stream: "sweep", rows: 7 },
        ],
        sweep: { absent: 3, certifiedDeletions: 1, refusedDeletions: 2 },
      },
      "complete: 1 recent row and 27 rows of a sweep read to the end, 3 absent, 1 deletion certified, 2 refused by the guard; 27 live tasks.",
    ],
    [
      "losses",
      {
        ...whole,
        isComplete: false,
        windows: [{ stream: "full", rows: 5 }],
        unreadableCount: 2,
        truncated: { failed: 1 },
      },
      "incomplete: all 5 rows read, 2 rows unreadable, 1 long value not completed; 27 live tasks.",
    ],
    ["evidence of another shape", { isComplete: true }, "complete: nothing read to the end; 0 live tasks."],
  ])("tells %s", (_name, certificate, expected) => {
    expect(evidenceSentence({ id: "r1", type: "import", source: "notion", certificate })).toBe(expected);
  });
});

describe("changeLines", () => {
  const plain = (_color: string, text: string) => text;
  const numbered = Array.from({ length: 12 }, (_, index) => `line ${index}`);

  it.each<[string, Json, Json, readonly string[]]>([
    ["changed words", "a b c d", "a x y d", ["  a [-b-]{+x+} [-c-]{+y+} d"]],
    ["a text that was empty", "", "new", ["  {+new+}"]],
    ["a value that was not there", null, "new", ["  + new"]],
    ["a value that is gone", 3, null, ["  - 3"]],
    ["another type", 3, "3 ", ["  - 3", "  + 3 "]],
    ["a list", ["a", "b"], ["a", "c"], ["    [", '      "a",', '  -   "b"', '  +   "c"', "    ]"]],
    ["terminal codes", "\x1b[2Ja", "\u202eb", ["   [-[2Ja-]{+b+}"]],
  ])("shows %s", (_name, from, to, expected) => {
    expect(changeLines(from, to, plain)).toEqual(expected);
  });

  it("hides what is far from a change", () => {
    const changed = numbered.with(6, "other");
    expect(changeLines(numbered.join("\n"), changed.join("\n"), plain)).toEqual([
      "    line 4",
      "    line 5",
      "  - line 6",
      "  + other",
      "    line 7",
      "    line 8",
      "    …",
    ]);
  });

  it("shows a text too long to compare as replaced", () => {
    const long = Array.from({ length: 3000 }, (_, index) => `w${index}`);
    const lines = changeLines(long.join("\n"), long.with(5, "x").join("\n"), plain);
    expect(lines).toHaveLength(6000);
  });
});

describe("tables", () => {
  it("align numbers to the right and texts to the left, by characters", () => {
    const columns = [
      { title: "NAME", value: ([name]: [string, number]) => name },
      { title: "N", value: ([, number]: [string, number]) => number },
    ];
    expect(
      table(columns, [
        ["ünï", 5],
        ["a", 120],
      ]),
    ).toBe("NAME    N\nünï     5\na     120");
  });

  it("take nothing onto a terminal that moves its cursor or turns its text", () => {
    expect(oneLine("a\x1b[31m\u202eb\r\nc\u0007")).toBe("a [31m b c");
    expect(oneLine("x".repeat(100), 5)).toBe("xxxx…");
    expect(oneLine("👩‍💻".repeat(3), 4)).not.toContain("\ufffd");
  });
});
