import { describe, expect, it } from "vitest";
import { decodePage } from "../../src/connectors/notion/codec.ts";
import { type NotionPage, readPage } from "../../src/connectors/notion/page.ts";
import { canonicalJson, type Json } from "../../src/core/json.ts";
import { fingerprint } from "../../src/core/record.ts";
import { recordedPages } from "./recorded.ts";

const recorded = recordedPages();
const decoded = recorded.map(({ file, page }) => ({ file, page: pageOf(page as Json) }));

function pageOf(value: Json): NotionPage {
  const read = readPage(value);
  if ("page" in read) return read.page;
  throw new Error(read.reason);
}

/** A page with this one property. */
function withProperty(type: string, value: Json, extra: { [key: string]: Json } = {}): NotionPage {
  return pageOf({
    object: "page",
    id: "11111111-2222-4333-8444-555555555555",
    created_time: "2026-11-21T07:20:00.000Z",
    last_edited_time: "2026-11-21T07:20:00.000Z",
    last_edited_by: { object: "user", id: "u1" },
    in_trash: false,
    properties: { P: { id: "p", type, [type]: value } },
    ...extra,
  });
}

const fieldOf = (type: string, value: Json): Json | undefined =>
  decodePage(withProperty(type, value)).fields.p;

const run = (text: string, annotations: { [key: string]: Json } = {}, href: string | null = null): Json => ({
  type: "text",
  text: { content: text, link: href === null ? null : { url: href } },
  annotations: {
    bold: false,
    italic: false,
    strikethrough: false,
    underline: false,
    code: false,
    color: "default",
    ...annotations,
  },
  plain_text: text,
  href,
});

describe("decodePage on recorded pages", () => {
  it(`reads all ${recorded.length} of them`, () => {
    expect(recorded.length).toBeGreaterThanOrEqual(456);
    expect(decoded.length).toBe(recorded.length);
  });

  it("builds every value with its keys in canonical order", () => {
    let values = 0;
    for (const { file, page } of decoded) {
      for (const [id, value] of Object.entries(decodePage(page).fields)) {
        expect(JSON.stringify(value), `${file} ${id}`).toBe(canonicalJson(value));
        values += 1;
      }
    }
    expect(values).toBeGreaterThan(2_000);
  });

  it("leaves nothing unobserved and keeps properties as they are", () => {
    for (const { file, page } of decoded) {
      const record = decodePage(page);
      expect(record.unobserved, file).toEqual([]);
      expect(record.raw.properties, file).toBe(page.properties);
    }
  });

  it("gives equal fingerprints to equal pages and takes no notice of signatures", () => {
    let signed = 0;
    for (const { file, page } of decoded) {
      const text = JSON.stringify(page.object);
      const resigned = text
        .replace(/(\?X-Amz[^"]*|\?exp=[^"]*)"/g, '?X-Amz-Signature=other"')
        .replace(/"expiry_time":"[^"]*"/g, '"expiry_time":"2030-01-01T00:00:00.000Z"');
      expect(fingerprint(decodePage(pageOf(JSON.parse(resigned))).fields), file).toBe(
        fingerprint(decodePage(page).fields),
      );
      if (resigned !== text) signed += 1;
    }
    expect(signed).toBeGreaterThan(20);
  });
});

describe("canonical values", () => {
  const user = { object: "user", id: "u1", name: "Ada", avatar_url: "https://x/y?signed" };
  it.each<[string, Json, Json]>([
    ["title", [], { plain: "", rich: null }],
    ["title", [run("Hello "), run("world")], { plain: "Hello world", rich: null }],
    ["number", 0.1, 0.1],
    ["number", null, null],
    ["select", { id: "o1", name: "Open", color: "red" }, { id: "o1", name: "Open" }],
    ["select", null, null],
    ["status", { id: "s", name: "Done", color: "green" }, { id: "s", name: "Done" }],
    [
      "multi_select",
      [
        { id: "b", name: "B" },
        { id: "a", name: "A" },
      ],
      [
        { id: "b", name: "B" },
        { id: "a", name: "A" },
      ],
    ],
    [
      "date",
      { start: "2026-01-01", end: null, time_zone: null },
      { end: null, start: "2026-01-01", timeZone: null },
    ],
    ["date", null, null],
    ["checkbox", false, false],
    ["url", "https://a.b/?c=d", "https://a.b/?c=d"],
    ["people", [user, { object: "group", id: "g1", name: "Team" }], ["u1", "g1"]],
    ["relation", [{ id: "r2" }, { id: "r1" }], ["r2", "r1"]],
    ["created_by", user, "u1"],
    ["unique_id", { prefix: "T", number: 7 }, { number: 7, prefix: "T" }],
    [
      "verification",
      { state: "verified", verified_by: user, date: null },
      { date: null, state: "verified", verified_by: { id: "u1" } },
    ],
    [
      "files",
      [
        {
          name: "a.png",
          type: "file",
          file: { url: "https://s3/a.png?X-Amz-Signature=1", expiry_time: "2026" },
        },
        { name: "b", type: "external", external: { url: "https://e/b?page=2" } },
      ],
      [
        { name: "a.png", type: "file", url: "https://s3/a.png" },
        { name: "b", type: "external", url: "https://e/b?page=2" },
      ],
    ],
    ["place", { lon: 1, lat: 2, name: "Home" }, { lat: 2, lon: 1, name: "Home" }],
    ["invented_in_2027", { z: 1, a: [{ y: 1, b: 2 }] }, { a: [{ b: 2, y: 1 }], z: 1 }],
  ])("%s %j", (type, value, expected) => {
    expect(JSON.stringify(fieldOf(type, value))).toBe(JSON.stringify(expected));
  });

  it.each(["formula", "rollup", "button", "last_edited_time", "last_edited_by"])(
    "keeps %s out of comparison",
    (type) => {
      const record = decodePage(withProperty(type, { type: "number", number: 1 }));
      expect(record.fields).toEqual({});
      expect(record.unobserved).toEqual([]);
      expect(record.raw.properties).toHaveProperty("P");
    },
  );

  it("joins items that look the same and tells formatting apart", () => {
    const bold = { bold: true };
    const split = fieldOf("rich_text", [run("a"), run("b", bold), run("c", bold), run("d", {}, "https://l")]);
    expect(split).toEqual(fieldOf("rich_text", [run("a"), run("bc", bold), run("d", {}, "https://l")]));
    expect(split).not.toEqual(fieldOf("rich_text", [run("ab"), run("c", bold), run("d", {}, "https://l")]));
    expect(split).not.toEqual(fieldOf("rich_text", [run("abcd")]));
  });

  it("knows a mention by whom it means, not by the profile picture", () => {
    const mention = (avatar: string): Json => [
      {
        type: "mention",
        mention: { type: "user", user: { object: "user", id: "u1", avatar_url: avatar } },
        plain_text: "@Ada",
        href: null,
      },
    ];
    expect(fieldOf("rich_text", mention("https://a"))).toEqual(fieldOf("rich_text", mention("https://b")));
    expect(fieldOf("rich_text", mention("https://a"))).toMatchObject({ plain: "@Ada" });
  });

  it.each<[string, Json]>([
    ["number", "seven"],
    ["title", "not a list"],
    ["rich_text", [{ type: "text" }]],
    ["select", "Open"],
    ["multi_select", [null]],
    ["date", { end: "2026-01-01" }],
    ["checkbox", null],
    ["people", [{ name: "nobody" }]],
  ])("leaves a malformed %s unobserved: %j", (type, value) => {
    const record = decodePage(withProperty(type, value));
    expect(record.fields).toEqual({});
    expect(record.unobserved).toEqual(["p"]);
  });

  it.each(["constructor", "__proto__", "toString"])(
    "treats the type name %s like any unknown one",
    (type) => {
      expect(
        decodePage(withProperty(type, 1)).unobserved.length +
          Object.keys(decodePage(withProperty(type, 1)).fields).length,
      ).toBe(1);
    },
  );
});

describe("page attributes", () => {
  it("compares icon, cover and lock, without signatures", () => {
    const signed = (signature: string) =>
      decodePage(
        withProperty("checkbox", true, {
          icon: { type: "emoji", emoji: "🎈" },
          cover: {
            type: "file",
            file: { url: `https://s3/c.png?X-Amz-Signature=${signature}`, expiry_time: signature },
          },
          is_locked: true,
        }),
      ).fields;
    expect(signed("1")).toEqual(signed("2"));
    expect(signed("1")).toMatchObject({ $icon: { emoji: "🎈" }, $locked: true });
  });

  it.each<[{ [key: string]: Json }, string]>([
    [{ in_trash: true }, "trashed"],
    [{ in_trash: false, archived: true }, "live"],
    [{ is_archived: true }, "archived"],
    [{ in_trash: true, is_archived: true }, "trashed"],
  ])("%j reads as %s", (marks, presence) => {
    expect(decodePage(withProperty("number", 1, marks)).presence).toBe(presence);
  });

  it("reads a page of a version that knew only archived", () => {
    const { in_trash: _, ...old } = withProperty("number", 1, { archived: true }).object;
    expect(decodePage(pageOf(old)).presence).toBe("trashed");
  });
});

describe("readPage", () => {
  it.each<[Json, string]>([
    [{ object: "data_source", id: "ds" }, "nested data_source"],
    [{ object: "page", id: "p" }, "without id, times or properties"],
    [null, "not an object"],
  ])("says why %j is no row", (value, reason) => {
    expect(readPage(value)).toMatchObject({ reason: expect.stringContaining(reason) });
  });
});
