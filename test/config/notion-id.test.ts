import { describe, expect, it } from "vitest";
import { notionIdIn, parseNotionId } from "../../src/config/notion-id.ts";

const plain = "0123456789abcdef0123456789abcdef";
const dashed = "01234567-89ab-cdef-0123-456789abcdef";
const view = "f".repeat(32);

describe("parseNotionId", () => {
  it.each([
    plain,
    dashed,
    plain.toUpperCase(),
    `  ${dashed}\n`,
    `https://www.notion.so/${plain}`,
    `https://www.notion.so/acme/${plain}?v=${view}`,
    `https://www.notion.so/acme/Roadmap-of-a-cafe-${plain}?v=${view}&pvs=4`,
    `https://notion.so/${dashed}`,
    `www.notion.so/acme/${plain}`,
    `https://app.notion.com/p/acme/Roadmap-${plain}`,
    `https://acme.notion.site/Roadmap-${plain}?v=${view}#${view}`,
    `https://www.notion.so/${view}/${plain}`,
  ])("reads %s", (text) => {
    expect(parseNotionId(text)).toEqual({ id: dashed });
  });

  it.each([
    ["", "32 hexadecimal digits"],
    ["Roadmap", "32 hexadecimal digits"],
    [plain.slice(1), "32 hexadecimal digits"],
    [`${plain}0`, "32 hexadecimal digits"],
    [`https://evil.example/${plain}`, "evil.example, which is not Notion"],
    [`https://notion.so.evil.example/${plain}`, "not Notion"],
    [`https://www.notion.so/acme/Roadmap?v=${view}`, "a view's id after ?v= does not count"],
  ])("refuses %j", (text, expected) => {
    const parsed = parseNotionId(text);
    expect("problem" in parsed && parsed.problem).toContain(expected);
  });
});

describe("notionIdIn", () => {
  it.each([
    [`https://www.notion.so/acme/Roadmap-${plain}`, dashed],
    [plain, dashed],
    ["a name", "a name"],
    [undefined, null],
  ])("takes %j for %j", (written, expected) => {
    expect(notionIdIn(written)).toBe(expected);
  });
});
