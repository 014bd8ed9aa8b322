import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluate } from "../../src/emulator/formula/evaluate.ts";
import { parseFormula } from "../../src/emulator/formula/parse.ts";
import type { Value } from "../../src/emulator/formula/value.ts";
import { array, at, call, createBoard, createClock, type Json, startQuiet, title } from "./harness.ts";

const properties: { readonly [name: string]: Value } = {
  Count: { type: "number", value: 4 },
  None: { type: "number", value: null },
  Name: { type: "string", value: "Ada" },
  Done: { type: "boolean", value: true },
  Due: { type: "date", value: { start: "2026-11-24", end: null } },
  Late: { type: "date", value: { start: "2026-11-20T19:20:00.000+00:00", end: null } },
  Never: { type: "date", value: null },
};
/** The same examples at every run. */
const runs = { seed: 20_261_121, numRuns: 300 };
const now = Date.parse("2026-11-21T07:20:31.123Z");

/** The plain result; "unsupported" when the emulator does not know. */
function result(text: string): Json {
  const expression = parseFormula(text);
  const value =
    expression === null ? null : evaluate(expression, { now, property: (name) => properties[name] ?? null });
  if (value === null) return "unsupported";
  return value.type === "date" ? (value.value?.start ?? null) : value.value;
}

describe("a formula", () => {
  it.each<[string, Json]>([
    ["1 + 2 * 3", 7],
    ["(1 + 2) * 3", 9],
    ["7 - 2 - 1", 4],
    ["2 ^ 3 ^ 2", 512],
    ["-2 ^ 2", -4],
    ["7 % 4", 3],
    ["1 / 0", null],
    ['prop("Count") / 8', 0.5],
    ['prop("None") + 1', null],
    ['"a" + "b" + 1', "ab1"],
    ['prop("Name") + "!"', "Ada!"],
    ['concat("a", 1, true)', "a1true"],
    ['length("héllo 👋")', 7],
    ['prop("Name").length()', 3],
    ["round(2.5)", 3],
    ["round(-2.5)", -2],
    ["round(1.005, 2)", 1.01],
    ["floor(-1.5) + ceil(1.2) + abs(-3)", 3],
    ['min(3, prop("None"), 2)', 2],
    ['max(3, prop("Count"))', 4],
    ["1 < 2 and 2 < 1 or true", true],
    ["not false && true", true],
    ["not (1 == 2)", true],
    ["and(true, true, false)", false],
    ['prop("Name") == "Ada"', true],
    ['prop("Count") != 4', false],
    ['if(prop("Done"), "yes", "no")', "yes"],
    ['prop("Count") > 5 ? "many" : prop("Count") > 3 ? "some" : "few"', "some"],
    ['empty(prop("None"))', true],
    ['empty(prop("Name"))', false],
    ['empty("")', true],
    ['toNumber("12.5") + toNumber(true)', 13.5],
    ['toNumber("x")', null],
    ["format(12.5) + format(true)", "12.5true"],
    ["now()", "2026-11-21T07:20:00.000+00:00"],
    ['prop("Due") > now()', true],
    ['prop("Never") < now()', false],
    ['dateBetween(now(), prop("Late"), "hours")', 12],
    ['dateBetween(prop("Due"), now(), "days")', 2],
    ['dateBetween(now(), prop("Due"), "minutes")', -3880],
    ['dateBetween(now(), prop("Never"), "days")', null],
    ['formatDate(prop("Due"), "YYYY-MM-DD")', "2026-11-24"],
    ['formatDate(prop("Late"), "MMM D, YYYY h:mm A [UTC]")', "Nov 20, 2026 7:20 PM UTC"],
    ['formatDate(prop("Never"), "YYYY")', ""],
  ])("%s gives %j", (text, expected) => {
    expect(result(text)).toEqual(expected);
  });

  it.each([
    "",
    "1 +",
    "(1",
    "1 2",
    "prop(Name)",
    'prop("Nothing")',
    "prop(1 + 1)",
    'dateAdd(now(), 1, "days")',
    'dateBetween(now(), now(), "fortnights")',
    'formatDate(now(), "Q")',
    'if("x", 1, 2)',
    "1 and true",
    '"a" < "b"',
    '"a" == 1',
    '"now: " + now()',
    "constructor(1)",
    "not(true, false)",
    "lets(a, 1, a)",
    `${"(".repeat(200)}1${")".repeat(200)}`,
  ])("%j is unsupported", (text) => {
    expect(result(text)).toBe("unsupported");
  });

  it("of numbers and + - * groups as JavaScript does", () => {
    const written = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        fc.nat(99).map(String),
        fc
          .tuple(tie("node"), fc.constantFrom("+", "-", "*"), tie("node"))
          .map(([left, sign, right]) => `${left} ${sign} ${right}`),
        tie("node").map((inner) => `(${inner})`),
        tie("node").map((inner) => `-(${inner})`),
      ),
    })).node;
    fc.assert(
      fc.property(written, (text) => {
        expect(result(text)).toBe(Number(new Function(`return ${text}`)()) + 0);
      }),
      runs,
    );
  });

  it("of comparisons and words groups as JavaScript does with signs", () => {
    const atom = fc.constantFrom("1 < 2", "2 < 1", "true", "false", "1 + 1 == 2");
    const written = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { depthSize: "small" },
        atom,
        fc
          .tuple(tie("node"), fc.constantFrom("and", "or"), tie("node"))
          .map(([left, word, right]) => `${left} ${word} ${right}`),
        tie("node").map((inner) => `not (${inner})`),
      ),
    })).node;
    fc.assert(
      fc.property(written, (text) => {
        const signs = text.replaceAll("and", "&&").replaceAll("or", "||").replaceAll("not", "!");
        expect([result(text), result(signs)]).toEqual(Array(2).fill(new Function(`return ${signs}`)()));
      }),
      runs,
    );
  });

  it("of any text at all gives a result or is unsupported, and never throws", () => {
    const piece = fc.constantFrom(
      ...["prop(", "if(", "(", ")", ",", '"a"', "1", "+", "-", "not", ".", "?", ":", "^", "now()", "empty("],
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 30 }).map((all) => all.join(" ")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(() => result(text)).not.toThrow();
      }),
      runs,
    );
    expect(result("1+".repeat(900).concat("1"))).toBe(901);
    expect(result("-".repeat(50_000))).toBe("unsupported");
  });

  it("dateBetween counts the same both ways, and months by the calendar", () => {
    const times = fc.date({
      min: new Date("2000-01-01"),
      max: new Date("2060-01-01"),
      noInvalidDate: true,
    });
    const units = fc.constantFrom("years", "quarters", "months", "weeks", "days", "hours", "minutes");
    const between = (to: Date, from: Date, unit: string): number | null => {
      const expression = parseFormula(`dateBetween(prop("to"), prop("from"), "${unit}")`);
      const property = (name: string): Value => ({
        type: "date",
        value: { start: (name === "to" ? to : from).toISOString(), end: null },
      });
      const value = expression === null ? null : evaluate(expression, { now, property });
      return value?.type === "number" ? value.value : null;
    };
    fc.assert(
      fc.property(times, times, units, (one, other, unit) => {
        expect(between(one, other, unit)).toBe(-Number(between(other, one, unit)) + 0);
      }),
      runs,
    );
    const on = (day: string): Date => new Date(`${day}T12:00:00Z`);
    expect(between(on("2026-02-28"), on("2026-01-31"), "months")).toBe(0);
    expect(between(on("2026-03-31"), on("2026-01-31"), "months")).toBe(2);
    expect(between(on("2028-02-29"), on("2026-03-01"), "years")).toBe(1);
  });
});

describe("a column of formulas", () => {
  it("tells how long a row stands as it is, and can be filtered and sorted by it", async () => {
    const clock = createClock();
    await using emulator = await startQuiet({ clock });
    const { dataSourceId } = createBoard(emulator, {
      Name: { title: {} },
      Edited: { last_edited_time: {} },
      "Time in Status": { formula: { expression: 'dateBetween(now(), prop("Edited"), "hours")' } },
      Since: { formula: { expression: 'prop("Edited")' } },
      Stale: { formula: { expression: 'prop("Time in Status") >= 24' } },
    });
    const parent = { dataSourceId };
    emulator.workspace.createPage({ parent, properties: { Name: title("old") } });
    clock.advance(30 * 3_600_000);
    emulator.workspace.createPage({ parent, properties: { Name: title("new") } });
    clock.advance(5 * 3_600_000 + 60_000);
    const query = async (body: { [key: string]: Json }): Promise<Json[]> => {
      const answer = await call(emulator, `POST /v1/data_sources/${dataSourceId}/query`, { body });
      return array(answer.body.results).map((row) =>
        ["Name.title.0.plain_text", "Time in Status.formula.number"].map(
          (path) => at(row, `properties.${path}`) ?? null,
        ),
      );
    };
    const by = (property: string, direction: string) => ({ sorts: [{ property, direction }] });
    const [old, young] = [
      ["old", 35],
      ["new", 5],
    ];
    expect(await query(by("Time in Status", "descending"))).toEqual([old, young]);
    expect(await query(by("Since", "descending"))).toEqual([young, old]);
    expect(await query(by("Stale", "ascending"))).toEqual([young, old]);
    const filter = (property: string, formula: Json) => ({ filter: { property, formula } });
    expect(await query(filter("Time in Status", { number: { greater_than: 24 } }))).toEqual([old]);
    expect(await query(filter("Stale", { checkbox: { equals: false } }))).toEqual([young]);
    expect(await query(filter("Since", { date: { before: "2026-11-22" } }))).toEqual([old]);
    expect(await query(filter("Since", { number: { greater_than: 0 } }))).toEqual([]);
  });
});
