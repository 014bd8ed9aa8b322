import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeFields } from "../../src/connectors/notion/encode.ts";
import { splitText } from "../../src/connectors/notion/encode-text.ts";
import type { Column } from "../../src/connectors/notion/schema.ts";
import type { Json } from "../../src/core/json.ts";
import { connect } from "./notion-world.ts";
import { inTime, openWorld, plain, roundTrip, type ValueWorld } from "./value-world.ts";

describe("a value that Notion does not take is refused by name, and nothing is written", () => {
  const long = (length: number) => "x".repeat(length);
  const ids = (count: number) => Array.from({ length: count }, (_, index) => `id-${index}`);
  const bold = (index: number) => ({ format: index % 2 === 0 ? "bold" : "", link: null, text: "x" });
  const cases: readonly { name: string; value: Json; code: string; says: string }[] = [
    {
      name: "Notes",
      value: plain(long(200_001)),
      code: "VALUE_TOO_LONG",
      says: "200001 characters, of which Notion takes 200000",
    },
    {
      name: "Notes",
      value: { plain: "x", rich: Array.from({ length: 101 }, (_, index) => bold(index)) },
      code: "VALUE_TOO_LONG",
      says: "101 pieces of formatting",
    },
    {
      name: "Notes",
      value: { plain: "x", rich: [{ format: "", link: `https://${long(2_000)}`, text: "x" }] },
      code: "VALUE_TOO_LONG",
      says: "2008 characters in a link",
    },
    {
      name: "Notes",
      value: {
        plain: "x",
        rich: [{ format: "", link: null, text: "x", value: { equation: { expression: long(1_001) } } }],
      },
      code: "VALUE_TOO_LONG",
      says: "1001 characters in an equation",
    },
    {
      name: "Notes",
      value: {
        plain: "x",
        rich: [
          { format: "", link: null, text: "x", value: { mention: { type: "link_preview", value: {} } } },
        ],
      },
      code: "VALUE_INVALID",
      says: "no mentions but",
    },
    { name: "Notes", value: { plain: "x", rich: "bold" }, code: "VALUE_INVALID", says: "rich form" },
    { name: "Notes", value: { plain: "x", rich: [7] }, code: "VALUE_INVALID", says: "runs" },
    { name: "Name", value: "bare", code: "VALUE_INVALID", says: "plain and rich" },
    {
      name: "Link",
      value: long(2_001),
      code: "VALUE_TOO_LONG",
      says: "2001 characters, of which Notion takes 2000",
    },
    {
      name: "Mail",
      value: long(201),
      code: "VALUE_TOO_LONG",
      says: "201 characters, of which Notion takes 200",
    },
    { name: "Phone", value: long(201), code: "VALUE_TOO_LONG", says: "201" },
    { name: "Phone", value: 49, code: "VALUE_INVALID", says: "a text or null" },
    { name: "Who", value: ids(101), code: "VALUE_TOO_LONG", says: "101 elements, of which Notion takes 100" },
    { name: "Related", value: ids(101), code: "VALUE_TOO_LONG", says: "101 elements" },
    { name: "Related", value: [7], code: "VALUE_INVALID", says: "a list of ids" },
    { name: "Related", value: "id-1", code: "VALUE_INVALID", says: "a list" },
    { name: "Count", value: "7", code: "VALUE_INVALID", says: "a number or null" },
    { name: "Ready", value: "yes", code: "VALUE_INVALID", says: "true or false" },
    { name: "Due", value: "2026-11-21", code: "VALUE_INVALID", says: "a date with a start" },
    {
      name: "Stage",
      value: { id: null, name: "Nowhere" },
      code: "OPTION_UNKNOWN",
      says: '"Nowhere" to property "Stage"',
    },
    {
      name: "State",
      value: { id: null, name: "Nowhere" },
      code: "OPTION_UNKNOWN",
      says: 'it has "Todo", "In work", "Done"',
    },
    { name: "Tags", value: [{ id: null, name: "Nowhere" }], code: "OPTION_UNKNOWN", says: "no such option" },
    { name: "Stage", value: "Todo", code: "VALUE_INVALID", says: "options with a name" },
    {
      name: "Files",
      value: [{ name: "a", type: "file", url: "https://x.example/a" }],
      code: "VALUE_INVALID",
      says: "not files that Notion hosts",
    },
    {
      name: "Files",
      value: [{ name: "a", type: "external", url: `https://${long(2_000)}` }],
      code: "VALUE_TOO_LONG",
      says: "2008 characters in a link",
    },
    { name: "Sum", value: 1, code: "FIELD_READ_ONLY", says: '"Sum"' },
    { name: "Made", value: "2026-11-21", code: "FIELD_READ_ONLY", says: '"Made"' },
  ];
  let world: ValueWorld;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it.each(cases)("$name: $code ($says)", async ({ name, value, code, says }) => {
    const before = world.emulator.calls.byRoute["PATCH /pages/{page_id}"] ?? 0;
    const { outcome } = await roundTrip(world, name, value);
    expect(outcome).toMatchObject({
      kind: "refused",
      code,
      retryAfterMs: null,
      message: expect.stringContaining(says),
    });
    expect(world.emulator.calls.byRoute["PATCH /pages/{page_id}"] ?? 0).toBe(before);
  });

  it("an attribute of the page, and more than one request holds", async () => {
    const write = (fields: { readonly [id: string]: Json }) =>
      world.connector.apply({ kind: "update", id: world.row, fields, expected: { revision: "" } }, inTime);
    expect(await write({ $icon: null })).toMatchObject({ code: "FIELD_READ_ONLY" });
    const notes = await world.column("Notes");
    const heavy = plain("\u4e2d".repeat(200_000));
    expect(await write({ [notes.id]: heavy })).toMatchObject({
      code: "VALUE_TOO_LONG",
      message: expect.stringContaining("bytes"),
    });
  });
});

describe("splitText", () => {
  it("joins to the text, in pieces within the limit that cut no character", () => {
    const characters = new Intl.Segmenter(undefined, { granularity: "grapheme" });
    const texts = fc.array(fc.constantFrom("a", "é", "👩‍👩‍👧‍👦", "🇨🇭", "e\u0301", "\r\n"), {
      minLength: 1_900,
      maxLength: 6_000,
    });
    fc.assert(
      fc.property(texts, (parts) => {
        const text = parts.join("");
        const pieces = splitText(text);
        expect(pieces.join("")).toBe(text);
        expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(2_000);
        const ends = new Set([...characters.segment(text)].map(({ index }) => index));
        let at = 0;
        for (const piece of pieces.slice(0, -1)) {
          at += piece.length;
          expect(ends.has(at)).toBe(true);
        }
      }),
      { numRuns: 20, seed: 20261121 },
    );
  });

  it("cuts a character longer than any has to be, but never a surrogate pair", () => {
    // Combining characters that are surrogate pairs, thousands of them on one letter.
    const endless = `x${"\u{1D165}".repeat(3_000)}`;
    const pieces = splitText(endless);
    expect(pieces.join("")).toBe(endless);
    expect(pieces.map((piece) => piece.length)).toEqual([1_999, 2_000, 2_000, 2]);
    for (const piece of pieces) expect(piece.isWellFormed()).toBe(true);
  });
});

describe("options", () => {
  const withProvisioning = { provisionOptions: true };
  const column = (type: string): Column => ({
    id: "c",
    name: "Stage",
    type,
    options: [{ id: "o1", name: "Bug" }],
  });
  const encode = (type: string, value: Json, provisionOptions = false) =>
    encodeFields({ c: value }, [column(type)], { provisionOptions });

  it("go by id when the column has it, by name in any case otherwise", () => {
    expect(encode("select", { id: "o1", name: "renamed since" })).toEqual({
      properties: { c: { select: { id: "o1" } } },
    });
    expect(encode("select", { id: "gone", name: "bug" })).toEqual({
      properties: { c: { select: { id: "o1" } } },
    });
    expect(encode("multi_select", [{ id: null, name: "BUG" }])).toEqual({
      properties: { c: { multi_select: [{ id: "o1" }] } },
    });
  });

  it("are made by name when that is allowed, but never for a status, nor with a comma", () => {
    const fresh = { id: null, name: "Fresh" };
    expect(encode("select", fresh, true)).toEqual({ properties: { c: { select: { name: "Fresh" } } } });
    expect(encode("status", fresh, true)).toMatchObject({ refused: { code: "OPTION_UNKNOWN" } });
    expect(encode("select", { id: null, name: "a, b" }, true)).toMatchObject({
      refused: { code: "VALUE_INVALID" },
    });
    expect(encode("select", { id: null, name: "x".repeat(101) }, true)).toMatchObject({
      refused: { code: "VALUE_TOO_LONG" },
    });
  });

  it("that a person added since the columns were read are found by reading them once more", async () => {
    await using world = await openWorld();
    await roundTrip(world, "Ready", true);
    world.emulator.workspace.addOption(world.dataSourceId, "Stage", { name: "Fresh" });
    const { outcome, answered } = await roundTrip(world, "Stage", { id: null, name: "Fresh" });
    expect(outcome.kind).toBe("applied");
    expect(answered).toMatchObject({ name: "Fresh" });
  });

  it("are made in Notion with the row that is the first to have them", async () => {
    await using world = await openWorld();
    const { connector } = connect(world.emulator, world.dataSourceId, withProvisioning);
    const { id } = await world.column("Tags");
    const fields = { [id]: [{ id: null, name: "Fresh" }] };
    const outcome = await connector.apply(
      { kind: "update", id: world.row, fields, expected: { revision: "" } },
      inTime,
    );
    expect(outcome).toMatchObject({ kind: "applied", record: { fields: { [id]: [{ name: "Fresh" }] } } });
    expect((await world.column("Tags")).options.map(({ name }) => name)).toContain("Fresh");
  });
});
