import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDuration } from "../../../src/recipes/library/exports/durations.ts";
import { readPeople } from "../../../src/recipes/library/exports/people.ts";
import { readExport } from "../../../src/recipes/library/exports/read-export.ts";
import { readJoinedSeries } from "../../../src/recipes/library/exports/series-columns.ts";
import { writeExport } from "../../../src/recipes/library/exports/write-export.ts";
import type { ExportedBook } from "../../../src/recipes/library/model.ts";
import { parsePosition } from "../../../src/recipes/library/position.ts";

/** Our export as a stream, line by line. */
async function* written(books: readonly ExportedBook[]): AsyncGenerator<Uint8Array> {
  for (const line of writeExport(books)) yield Buffer.from(line);
}

describe("our own export", () => {
  const text = fc
    .string({ minLength: 1, maxLength: 12, unit: "grapheme" })
    .map((value) => value.replace(/\s+/g, " ").trim())
    .filter((value) => value !== "" && !value.includes("\u0000") && value.isWellFormed());
  const word = fc.oneof(text, fc.constantFrom("King, Jr.", 'The "Best"', "a;b", "c\\d", "x : y", "1, 2"));
  const place = fc.record({
    name: word,
    asin: fc.constantFrom(null, "B0ABCDEFGH"),
    position: fc.constantFrom(null, "1", "1-3", "4-6, 8", "Special"),
  });
  const book: fc.Arbitrary<ExportedBook> = fc.record({
    asin: fc.stringMatching(/^[0-9A-Z]{10}$/),
    source: fc.constantFrom("audible", "libation"),
    title: word,
    subtitle: fc.option(word),
    authors: fc.array(word, { maxLength: 3 }),
    narrators: fc.array(word, { maxLength: 3 }),
    series: fc.array(
      place.map(({ name, asin, position }) => {
        return { name, asin, position: parsePosition(position), origin: "audible" as const, confidence: 1 };
      }),
      { maxLength: 2 },
    ),
    lengthMinutes: fc.option(fc.nat(99_999)),
    released: fc.constantFrom(null, "2024-02-29"),
    purchased: fc.constantFrom(null, "1999-12-31"),
    language: fc.constantFrom(null, "english"),
    coverUrl: fc.constantFrom(null, "https://example.org/cover.jpg"),
    status: fc.constantFrom(null, "notStarted", "inProgress", "finished", "poubelle"),
    kind: fc.constant("book"),
  });

  it("gives the same books when it is read", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(book, { selector: ({ asin }) => asin, maxLength: 8 }),
        async (books) => {
          const reading = await readExport(written(books));
          expect(reading.problems.filter(({ lost }) => lost !== "file")).toEqual([]);
          expect(reading.books).toEqual(books);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("parseDuration", () => {
  it.each([
    ["723", 723],
    ["723.4", 723],
    ["12:03:00", 723],
    ["12:03:40", 724],
    ["12:03", 723],
    ["12 hrs and 3 mins", 723],
    ["12 hr 3 min", 723],
    ["12h 3m", 723],
    ["12h3m", 723],
    ["1 hour", 60],
    ["45 mins", 45],
    ["12 Std. 3 Min.", 723],
    ["12 Std. und 3 Min.", 723],
    ["12 h et 3 min", 723],
    ["12 horas y 3 minutos", 723],
    ["12 ore e 3 minuti", 723],
    ["12 uur en 3 minuten", 723],
    ["12時間 3分", 723],
    ["PT12H3M", 723],
    ["Less than 1 minute", 1],
    ["", null],
    ["PT", null],
    ["12 parsecs", null],
    ["12:75", null],
    ["about 3 mins", null],
    ["-5", null],
  ])("reads %j as %j minutes", (text, minutes) => {
    expect(parseDuration(text)).toBe(minutes);
  });
});

describe("readPeople", () => {
  it.each([
    ["Jane Doe, John Roe", ["Jane Doe", "John Roe"]],
    ["Martin Luther King, Jr., Jane Doe", ["Martin Luther King, Jr.", "Jane Doe"]],
    ["", []],
    [
      [{ name: "Jane Doe" }, "John Roe", 3],
      ["Jane Doe", "John Roe"],
    ],
  ])("reads %j", (value, names) => {
    expect(readPeople(value)).toEqual(names);
  });
});

describe("readJoinedSeries", () => {
  it.each([
    ["A", "1 : A", [["A", "1"]]],
    [
      "A, B",
      "1 : A, 2.5 : B",
      [
        ["A", "1"],
        ["B", "2.5"],
      ],
    ],
    [
      "A, B, C",
      "1 : A, B, 2 : C",
      [
        ["A, B", "1"],
        ["C", "2"],
      ],
    ],
    [
      "A, B",
      "4-6, 8 : A, 1 : B",
      [
        ["A", "4-6, 8"],
        ["B", "1"],
      ],
    ],
    ["A", " : A", [["A", null]]],
    ["A : B", "1 : A : B", [["A : B", "1"]]],
    [
      "B, A",
      "1 : A, 2 : B",
      [
        ["A", "1"],
        ["B", "2"],
      ],
    ],
    ["A, B", "", [["A, B", null]]],
    ["", "", []],
  ])("splits %j by %j", (names, orders, places) => {
    expect(
      readJoinedSeries(names, orders).map(({ name, position }) => [name, position?.raw ?? null]),
    ).toEqual(places);
  });
});
