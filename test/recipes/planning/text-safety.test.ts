import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stretchesOf } from "../../../src/recipes/planning/code-regions.ts";
import {
  forCommit,
  forGitHub,
  forNotion,
  fromGitHub,
  fromNotion,
} from "../../../src/recipes/planning/text-safety.ts";

const strict = { images: "neutralise" } as const;
/** So that the invisible can be read. */
const shown = (text: string) => text.replaceAll("\u2060", "|");

describe("what would act on GitHub is defused", () => {
  test.each([
    ["Ask @team about it", "Ask @|team about it"],
    ["Ask _@team_ and (@acme/core)", "Ask _@|team_ and (@|acme/core)"],
    ["write to me@example.com", "write to me@example.com"],
    ["https://medium.com/@user/post", "https://medium.com/@user/post"],
    ["https://@team", "https://@|team"],
    ["&#64;team and &commat;team", "&|#64;team and &|commat;team"],
    ["AT&T", "AT&T"],
    ["fixes #1", "fixes |#1"],
    ["Closes: acme/app#2", "Closes: |acme/app#2"],
    ["resolved\n#3", "resolved\n|#3"],
    ["fix **#4**", "fix **|#4**"],
    ["closes https://github.com/acme/app/issues/5", "closes |https://github.com/acme/app/issues/5"],
    ["closes GH-6", "closes |GH-6"],
    ["prefixes #7, see #8", "prefixes #7, see #8"],
    ["<img src=x onerror=y>", "<|img src=x onerror=y>"],
    ["<!-- lockstep:1 id=x -->", "<|!-- lockstep:1 id=x -->"],
    ["1 < 2", "1 < 2"],
    ["![](https://tracker.example/p.png)", "!|[](https://tracker.example/p.png)"],
  ])("%s", (text, safe) => {
    expect(shown(forGitHub(text, strict))).toBe(safe);
    expect(fromGitHub(forGitHub(text, strict), strict)).toBe(text);
  });

  test("pictures are kept where that is wanted", () => {
    expect(forGitHub("![a](b)", { images: "keep" })).toBe("![a](b)");
  });
});

describe("code is left alone, and only what is code to every reader counts", () => {
  test.each([
    ["npm i `@acme/app` now", "npm i `@acme/app` now"],
    ["```ts\n@Injectable()\n```\n@team", "```ts\n@Injectable()\n```\n@|team"],
    ["~~~\n@a\n~~~~\n@b", "~~~\n@a\n~~~~\n@|b"],
    ["\\`@team`", "\\`@|team`"],
    ["<a href='`'>`@team`", "<|a href='`'>`@|team`"],
    ["| `a | @team` |", "| `a | @|team` |"],
    ["[`](x) @team `", "[`](x) @|team `"],
    ["- ```\n@team", "- ```\n@|team"],
    ["``` `\n@team", "``` `\n@|team"],
    ["`@team", "`@|team"],
  ])("%s", (text, safe) => {
    expect(shown(forGitHub(text, strict))).toBe(safe);
  });

  test("the stretches of a text are the text", () => {
    fc.assert(
      fc.property(markdown, (text) => {
        expect(
          stretchesOf(text)
            .map((stretch) => stretch.text)
            .join(""),
        ).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });
});

const pieces = [
  "@",
  "team",
  "\u2060",
  "\u2060\u2060",
  "fixes",
  " ",
  "\n",
  "#",
  "1",
  "<",
  "b",
  ">",
  "!",
  "[",
  "]",
  "(",
  "`",
  "```",
  "~~~",
  "\\",
  "&#64;",
  "&",
  ";",
  "https://a.b/",
  "http:",
  ":",
  "*",
  "_",
  "/",
  "GH-",
  "é",
  "|",
];
const markdown = fc
  .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 4 })), { maxLength: 24 })
  .map((parts) => parts.join(""));

describe("every text comes back as it was", () => {
  test.each(["keep", "neutralise"] as const)("from GitHub, pictures: %s", (images) => {
    fc.assert(
      fc.property(markdown, (text) => {
        expect(fromGitHub(forGitHub(text, { images }), { images })).toBe(text);
      }),
      { numRuns: 20_000 },
    );
  });

  test("from Notion", () => {
    fc.assert(
      fc.property(markdown, (text) => {
        expect(fromNotion(forNotion(text, strict), strict)).toBe(text);
      }),
      { numRuns: 10_000 },
    );
  });

  test("and what was defused stays so, however often it is", () => {
    fc.assert(
      fc.property(markdown, (text) => {
        const safe = forGitHub(text, strict);
        expect(isTame(safe)).toBe(true);
        expect(isTame(forGitHub(safe, strict))).toBe(true);
      }),
      { numRuns: 10_000 },
    );
  });
});

/** No mention, no closing reference, no tag and no picture outside of code, told without the code under test. */
function isTame(text: string): boolean {
  const prose = stretchesOf(text)
    .map((stretch) => (stretch.isCode ? " \u0000 " : stretch.text))
    .join("")
    .replace(/(^|[\s*_~(])https?:\/\/[a-z0-9-]+(\.[a-z0-9-]+)+\/[^\s<]*/gim, "$1");
  const acting = [
    /(^|[^a-z0-9])@[a-z0-9]/i,
    /(^|[^a-z])(close[sd]?|fix(e[sd])?|resolve[sd]?)[\s:]+(#\d|GH-\d)/i,
    /<[a-z/!?]/i,
    /!\[/,
    /&#?[a-z0-9]+;/i,
  ];
  return acting.every((pattern) => !pattern.test(prose));
}

describe("what becomes a commit refers to nothing", () => {
  test.each([
    ["Fix the door #12", "Fix the door #|12"],
    ["see GH-3 and https://github.com/a/b/issues/1", "see GH-|3 and https:|//github.com/a/b/issues/1"],
    ["two\nlines  @team", "two lines @|team"],
  ])("%s", (title, safe) => {
    expect(shown(forCommit(title))).toBe(safe);
  });
});

describe("what would act in Notion is defused", () => {
  test.each([
    ['<mention-user url="user://1">Ada</mention-user>', '<|mention-user url="user://1">Ada<|/mention-user>'],
    ["![a](https://x.example/p.png)", "!|[a](https://x.example/p.png)"],
    ["@ada", "@ada"],
  ])("%s", (text, safe) => {
    expect(shown(forNotion(text, strict))).toBe(safe);
    expect(fromNotion(forNotion(text, strict), strict)).toBe(text);
  });
});
