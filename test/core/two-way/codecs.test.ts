import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/core/json.ts";
import type { FieldType } from "../../../src/core/record.ts";
import { type Codec, cleanText, type SideField } from "../../../src/core/two-way/codecs/codec.ts";
import { type CodecName, canServe, codecBetween, codecs } from "../../../src/core/two-way/codecs/codecs.ts";
import { canonical, fieldOf, options } from "./codec-cases.ts";

interface Case {
  readonly codec: Exclude<CodecName, "map">;
  readonly left: SideField;
  readonly right: SideField;
  readonly lefts: fc.Arbitrary<Json>;
  readonly rights: fc.Arbitrary<Json>;
}

const notion = (type: FieldType, schema = {}) => fieldOf(type, "structured", schema);
const sql = (type: FieldType, vendorType = "text") => fieldOf(type, "plain", { vendorType });

/** Each kind of pair, and the values that their connectors give. */
const cases: Readonly<Record<string, Case>> = {
  "rich text and text": {
    codec: "text",
    left: notion("text"),
    right: sql("text"),
    lefts: canonical.richText,
    rights: canonical.text,
  },
  "a link and text": {
    codec: "text",
    left: notion("opaque"),
    right: sql("text"),
    lefts: canonical.url,
    rights: canonical.text,
  },
  numbers: {
    codec: "number",
    left: notion("number"),
    right: sql("number"),
    lefts: canonical.number,
    rights: canonical.number,
  },
  "a checkbox and a column that may be null": {
    codec: "boolean",
    left: notion("boolean"),
    right: sql("boolean"),
    lefts: canonical.boolean,
    rights: canonical.booleanOrNull,
  },
  "an option and text": {
    codec: "option",
    left: notion("option", { options }),
    right: sql("text"),
    lefts: canonical.option,
    rights: canonical.text,
  },
  "an option of unknown options and text": {
    codec: "option",
    left: notion("option"),
    right: sql("text"),
    lefts: canonical.option,
    rights: canonical.text,
  },
  "two options": {
    codec: "option",
    left: notion("option", { options }),
    right: fieldOf("option", "plain", { options }),
    lefts: canonical.option,
    rights: canonical.option,
  },
  "options and an array": {
    codec: "set",
    left: notion("options", { options }),
    right: sql("opaque"),
    lefts: canonical.options,
    rights: canonical.ids,
  },
  "people and an array": {
    codec: "set",
    left: notion("opaque"),
    right: sql("opaque"),
    lefts: canonical.ids,
    rights: canonical.ids,
  },
  "a date and text": {
    codec: "date",
    left: notion("date"),
    right: sql("text"),
    lefts: canonical.range,
    rights: canonical.moment,
  },
  "a date and a column of days": {
    codec: "date",
    left: notion("date"),
    right: sql("date", "date"),
    lefts: canonical.range,
    rights: canonical.day,
  },
  "a date and a column of instants": {
    codec: "date",
    left: notion("date"),
    right: sql("date", "timestamp with time zone"),
    lefts: canonical.range,
    rights: canonical.moment,
  },
  "a date and a column of either": {
    codec: "date",
    left: notion("date"),
    right: sql("date", "mixed"),
    lefts: canonical.range,
    rights: canonical.moment,
  },
  "anything and JSON": {
    codec: "json",
    left: notion("date"),
    right: sql("opaque"),
    lefts: canonical.range,
    rights: canonical.json,
  },
};

const bind = ({ codec, left, right }: Case) => {
  const { form, translate } = codecs[codec];
  return {
    left: form(left),
    right: form(right),
    toRight: translate(left, right),
    toLeft: translate(right, left),
  };
};

/** Undefined is what could not be read, or has no word: nothing is ever written from that. */
type MaybeJson = Json | undefined;
const wordOf = (translated: ReturnType<ReturnType<typeof bind>["toRight"]>): MaybeJson =>
  "value" in translated ? translated.value : undefined;

/** Values that a side may tell apart and another may not. */
const alike: readonly Json[] = [
  { start: "2026-01-02", end: null },
  { start: "2026-01-02T00:00:00.000Z", end: null },
  "2026-01-02",
  "2026-01-02T00:00:00.000Z",
  false,
  null,
  "done",
  "DONE",
  { id: null, name: "done" },
  { id: null, name: "DONE" },
  { plain: "done", rich: null },
];

describe.each(Object.entries(cases))("the laws of codecs: %s", (_, one) => {
  const { left, right, toRight, toLeft } = bind(one);
  const sides = [
    { from: left, to: right, there: toRight, back: toLeft, values: one.lefts },
    { from: right, to: left, there: toLeft, back: toRight, values: one.rights },
  ];

  it("reads what it has written as what it was", () => {
    for (const { from, to, there, values } of sides) {
      fc.assert(
        fc.property(values, (value) => {
          const own = from.read(value);
          if (own === undefined) return;
          const sent = wordOf(there(own));
          if (sent !== undefined) expect(to.read(to.write(sent))).toEqual(sent);
        }),
      );
    }
  });

  it("understands every value that its connectors give", () => {
    for (const { from, values } of sides) {
      fc.assert(
        fc.property(values, (value) => {
          expect(from.read(value)).not.toBe(undefined);
        }),
      );
    }
  });

  it("says where several values mean the same, unless they are merged element by element", () => {
    if (one.codec === "set") return;
    const { isFiner = () => false }: Codec = codecs[one.codec];
    const isSaid = [isFiner(one.left, one.right), isFiner(one.right, one.left)];
    for (const [index, { from, there, values }] of sides.entries()) {
      const told = new Map<string, MaybeJson>();
      let isFound = false;
      for (const value of [...alike, ...fc.sample(values, { numRuns: 2_000, seed: 1 })]) {
        const own = from.read(value);
        const sent = own === undefined ? undefined : wordOf(there(own));
        if (sent === undefined) continue;
        const key = JSON.stringify(sent);
        isFound ||= told.has(key) && !isDeepStrictEqual(told.get(key), own);
        told.set(key, own);
      }
      expect(isSaid[index], index === 0 ? "left" : "right").toBe(isFound);
    }
  });

  it("comes to rest after one round trip", () => {
    for (const { from, there, back, values } of sides) {
      fc.assert(
        fc.property(values, (value) => {
          const round = (own: MaybeJson) => {
            const sent = own === undefined ? undefined : wordOf(there(own));
            return sent === undefined ? undefined : wordOf(back(sent));
          };
          const once = round(from.read(value));
          if (once !== undefined) expect(round(once)).toEqual(once);
        }),
      );
    }
  });
});

describe("text", () => {
  it.each([
    ["  a b\t", "a b"],
    ["a\r\nb\rc\n", "a\nb\nc"],
    ["e\u0301", "\u00e9"],
    [" \u00a0\ufeff", null],
    ["", null],
  ])("%j is compared as %j", (text, clean) => {
    expect(cleanText(text)).toBe(clean);
  });

  it("is the same however often it is cleaned", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const clean = cleanText(text);
        expect(clean === null ? null : cleanText(clean)).toBe(clean);
      }),
    );
  });

  it.each([
    [{ plain: " a ", rich: [{ text: "a", format: "bold" }] }, "a"],
    [{ id: "1", name: "Doing" }, "Doing"],
    [12.5, "12.5"],
    [true, "true"],
    [null, null],
    [{ plain: 1 }, undefined],
    [{}, undefined],
    [["a"], undefined],
    [[], undefined],
  ])("of %j is %j", (value, own) => {
    expect(codecs.text.form(sql("text")).read(value)).toBe(own);
  });

  it.each([
    [notion("text"), "a", { plain: "a", rich: null }],
    [notion("text"), null, { plain: "", rich: null }],
    [notion("opaque"), "https://a.test", "https://a.test"],
    [notion("opaque"), null, null],
    [sql("text"), "a", "a"],
    [sql("text"), null, null],
  ])("is written as the side spells it (%#)", (field, own, written) => {
    expect(codecs.text.form(field).write(own)).toEqual(written);
  });
});

describe("numbers and checkboxes", () => {
  it.each([
    [-0, 0],
    [1.5, 1.5],
    [null, null],
    ["12345678901234567890", undefined],
    [true, undefined],
  ])("the number %j is %j", (value, own) => {
    expect(codecs.number.form(sql("number")).read(value)).toBe(own);
  });

  it.each([
    [true, true],
    [null, null],
    [0, undefined],
    ["true", undefined],
  ])("the checkbox %j is %j", (value, own) => {
    expect(codecs.boolean.form(sql("boolean")).read(value)).toBe(own);
  });

  it("nothing becomes no where there is no nothing, and only there", () => {
    const { form, translate } = codecs.boolean;
    expect(translate(sql("boolean"), notion("boolean"))(null)).toEqual({ value: false });
    expect(translate(notion("boolean"), sql("boolean"))(null)).toEqual({ value: null });
    expect(translate(notion("boolean"), notion("boolean"))(true)).toEqual({ value: true });
    expect(form(notion("boolean")).write(null)).toBe(false);
    expect(form(sql("boolean")).write(null)).toBe(null);
    expect(form(notion("boolean")).write(true)).toBe(true);
  });
});

describe("options", () => {
  const field = notion("option", { options });
  const { form, translate } = codecs.option;

  it.each([
    ["DONE", { id: "3", name: "DONE" }],
    ["done", { id: "3", name: "DONE" }],
    ["New", { id: null, name: "New" }],
    [null, null],
  ])("%j is written as %j", (own, written) => {
    const spelled = translate(sql("text"), field)(own);
    expect("value" in spelled ? form(field).write(spelled.value) : spelled).toEqual(written);
  });

  it("go by their exact name first, and by case only when that leaves one", () => {
    const twice = notion("option", { options: [...options, { id: "4", name: "done" }] });
    expect(form(twice).write("done")).toEqual({ id: "4", name: "done" });
    expect(form(twice).write("Done")).toEqual({ id: null, name: "Done" });
  });

  it("without a name are never meant", () => {
    const blank = notion("option", { options: [{ id: "0", name: " " }, ...options] });
    expect(form(blank).write("New")).toEqual({ id: null, name: "New" });
    expect(form(blank).write("Doing")).toEqual({ id: "2", name: "Doing" });
    expect(translate(sql("text"), blank)("New")).toEqual({ value: "New" });
    expect(translate(sql("text"), blank)("doing")).toEqual({ value: "Doing" });
  });

  it("with blanks around their names are found all the same", () => {
    const padded = notion("option", { options: [{ id: "9", name: " Wide " }] });
    expect(translate(sql("text"), padded)("wide")).toEqual({ value: "Wide" });
    expect(form(padded).write("Wide")).toEqual({ id: "9", name: " Wide " });
    expect(form(padded).write("wide")).toEqual({ id: "9", name: " Wide " });
  });

  it("that differ in case alone are not guessed at", () => {
    const twice = notion("option", { options: [...options, { id: "4", name: "done" }] });
    expect(translate(sql("text"), twice)("Done")).toEqual({ value: "Done" });
    expect(translate(sql("text"), twice)("done")).toEqual({ value: "done" });
  });

  it("are names where they are kept as text", () => {
    expect(form(sql("text")).write("Doing")).toBe("Doing");
    expect(form(notion("text")).write(null)).toEqual({ plain: "", rich: null });
    expect(form(sql("text")).write(null)).toBe(null);
  });
});

describe("sets", () => {
  const field = notion("options", { options });
  const { form, translate } = codecs.set;

  it("have no order, and each element once", () => {
    const tags = [{ id: "2", name: "Doing" }, { id: null, name: " b" }, { id: null, name: "b" }, "a"];
    expect(form(field).read(tags)).toEqual(["Doing", "a", "b"]);
  });

  it.each([
    [null, []],
    ["a", undefined],
    [[1], undefined],
    [[{ id: "x" }], undefined],
    [["a", " "], undefined],
  ])("%j is read as %j", (value, own) => {
    expect(form(field).read(value)).toEqual(own);
  });

  it("are written as options with their ids, or as they are", () => {
    expect(form(field).write(["Doing", "x"])).toEqual([
      { id: "2", name: "Doing" },
      { id: null, name: "x" },
    ]);
    expect(form(sql("opaque")).write(["b", "a"])).toEqual(["b", "a"]);
  });

  it("are spelled as the options over there", () => {
    expect(translate(sql("opaque"), field)(["x", "done", "DONE"])).toEqual({ value: ["DONE", "x"] });
  });
});

describe("dates", () => {
  const read = codecs.date.form(notion("date")).read;

  it.each([
    ["2026-01-02", "2026-01-02"],
    ["2026-01-02T03:04", "2026-01-02T03:04:00.000Z"],
    ["2026-01-02 03:04:05", "2026-01-02T03:04:05.000Z"],
    ["2026-01-02T03:04:05.123456Z", "2026-01-02T03:04:05.123Z"],
    ["2026-01-02T03:04:05.1+09:00", "2026-01-01T18:04:05.100Z"],
    ["2026-01-02T03:04:05-0330", "2026-01-02T06:34:05.000Z"],
    ["2026-01-02T03:04:05 +01", "2026-01-02T02:04:05.000Z"],
    ["2026-01-02t03:04:05z", "2026-01-02T03:04:05.000Z"],
    [" 2026-01-02 ", "2026-01-02"],
    ["2026-01-02/2026-01-05", "2026-01-02/2026-01-05"],
    ["2026-01-02T03:04:05+01:00/2026-01-05", "2026-01-02T02:04:05.000Z/2026-01-05"],
    ["2026-02-29", undefined],
    ["2024-02-29", "2024-02-29"],
    ["2026-13-01", undefined],
    ["2026-01-02T25:00:00Z", undefined],
    ["0000-01-01T00:00:00+01:00", undefined],
    ["9999-12-31T23:59:59-01:00", undefined],
    ["2026-01-02/2026-01-03/2026-01-04", undefined],
    ["2026-01-02/soon", undefined],
    ["soon/2026-01-02", undefined],
    ["soon", undefined],
    ["x2026-01-02", undefined],
    ["2026-01-02x", undefined],
    ["", null],
    [null, null],
    [20260102, undefined],
    [{ start: "2026-01-02", end: null, timeZone: null }, "2026-01-02"],
    [{ start: "2026-01-02", end: "2026-01-03", timeZone: null }, "2026-01-02/2026-01-03"],
    [
      { start: "2026-01-02T03:04:05+01:00", end: null, timeZone: "Europe/Berlin" },
      "2026-01-02T02:04:05.000Z",
    ],
    [{ start: "2026-01-02T03:04:05", end: null, timeZone: "Europe/Berlin" }, undefined],
    [{ start: "2026-01-02T03:04:05Z", end: null, timeZone: "UTC" }, "2026-01-02T03:04:05.000Z"],
    [{ start: "2026-01-02T03:04:05-1130", end: null, timeZone: "X/Y" }, "2026-01-02T14:34:05.000Z"],
    [{ start: "2026-01-02T03:04:05+01:00x", end: null, timeZone: "X/Y" }, undefined],
    ["2026-01-02T03:04:05.1234Z", "2026-01-02T03:04:05.123Z"],
    ["2026-01-02T03:04:05.12Z", "2026-01-02T03:04:05.120Z"],
    [{ start: null, end: null, timeZone: null }, undefined],
  ])("%j is read as %j", (value, own) => {
    expect(read(value)).toBe(own);
  });

  it.each([
    [notion("date"), "2026-01-02", { end: null, start: "2026-01-02", timeZone: null }],
    [notion("date"), "2026-01-02/2026-01-03", { end: "2026-01-03", start: "2026-01-02", timeZone: null }],
    [notion("date"), null, null],
    [notion("opaque"), "2026-01-02", "2026-01-02"],
    [sql("date", "date"), "2026-01-02", "2026-01-02"],
    [sql("date", "date"), null, null],
  ])("are written as the side spells them (%#)", (field, own, written) => {
    expect(codecs.date.form(field).write(own)).toEqual(written);
  });

  const instant = "2026-01-02T23:04:05.000Z";
  const unmappable = { unmappable: '2026-01-02/2026-01-03 is a range; "Field" holds one date' };
  it.each([
    ["a column of days takes an instant's day", sql("date", "date"), instant, { value: "2026-01-02" }],
    ["a column of days takes a day", sql("date", "DATE"), "2026-01-02", { value: "2026-01-02" }],
    [
      "a column of instants takes a day's first moment",
      sql("date", "timestamptz"),
      "2026-01-02",
      { value: "2026-01-02T00:00:00.000Z" },
    ],
    ["a column of instants takes an instant", sql("date", "DATETIME"), instant, { value: instant }],
    ["a column of either takes both", sql("date", "mixed"), instant, { value: instant }],
    ["a column of date and something takes both", sql("date", "date range"), instant, { value: instant }],
    ["a column of something and date takes both", sql("date", "update"), instant, { value: instant }],
    ["a column holds no range", sql("date", "date"), "2026-01-02/2026-01-03", unmappable],
    ["text holds a range", sql("text"), "2026-01-02/2026-01-03", { value: "2026-01-02/2026-01-03" }],
    [
      "a structured date holds a range",
      notion("date"),
      "2026-01-02/2026-01-03",
      { value: "2026-01-02/2026-01-03" },
    ],
    ["nothing stays nothing", sql("date", "date"), null, { value: null }],
  ])("%s", (_, to, own, translated) => {
    expect(codecs.date.translate(notion("date"), to)(own)).toEqual(translated);
  });
});

describe("the codec between two fields", () => {
  const none = null;
  const expected: Readonly<Record<FieldType, Readonly<Record<FieldType, string | null>>>> = {
    text: {
      text: "text",
      number: none,
      option: "option",
      options: none,
      date: "date",
      boolean: none,
      opaque: "text",
    },
    number: {
      text: none,
      number: "number",
      option: none,
      options: none,
      date: none,
      boolean: none,
      opaque: "number",
    },
    option: {
      text: "option",
      number: none,
      option: "option",
      options: none,
      date: none,
      boolean: none,
      opaque: "option",
    },
    options: {
      text: none,
      number: none,
      option: none,
      options: "set",
      date: none,
      boolean: none,
      opaque: "set",
    },
    date: {
      text: "date",
      number: none,
      option: none,
      options: none,
      date: "date",
      boolean: none,
      opaque: "date",
    },
    boolean: {
      text: none,
      number: none,
      option: none,
      options: none,
      date: none,
      boolean: "boolean",
      opaque: "boolean",
    },
    opaque: {
      text: "text",
      number: "number",
      option: "option",
      options: "set",
      date: "date",
      boolean: "boolean",
      opaque: "json",
    },
  };
  const types = Object.keys(expected) as FieldType[];

  it.each(types.flatMap((left) => types.map((right) => [left, right] as const)))(
    "%s and %s",
    (left, right) => {
      expect(codecBetween(fieldOf(left), fieldOf(right))).toBe(expected[left][right]);
    },
  );

  it.each([
    ["json", "date", "opaque", true],
    ["json", "date", "text", false],
    ["json", "opaque", "text", true],
    ["json", "number", "opaque", true],
    ["json", "opaque", "option", true],
    ["json", "options", "opaque", true],
    ["json", "opaque", "boolean", true],
    ["map", "opaque", "option", true],
    ["map", "option", "boolean", true],
    ["map", "options", "text", false],
    ["text", "text", "number", false],
    ["set", "opaque", "opaque", true],
  ] as const)("%s can serve %s and %s: %s", (name, left, right, can) => {
    expect(canServe(name, fieldOf(left), fieldOf(right))).toBe(can);
  });
});
