import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { showProblem } from "../../../src/recipes/library/exports/problem.ts";
import { readExport } from "../../../src/recipes/library/exports/read-export.ts";
import { type Cell, xlsx, zip } from "../../support/xlsx.ts";

async function* inPieces(bytes: Uint8Array, size = 1_000): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

const read = (bytes: Uint8Array) => readExport(inPieces(bytes));

const time = (text: string) => new Date(`${text}Z`);

const columnsFile = join(import.meta.dirname, "../../fixtures/audible/export-columns.json");
const libationColumns: readonly string[] = JSON.parse(readFileSync(columnsFile, "utf8")).libation.csv_columns;

/** A row of Libation's sheet: the cells that are given, all others empty. */
function libationRow(cells: Readonly<Record<string, Cell>>): readonly Cell[] {
  for (const column of Object.keys(cells)) expect(libationColumns).toContain(column);
  return libationColumns.map((column) => cells[column] ?? null);
}

const guards = libationRow({
  "Date Added to library": time("2024-02-29T23:59:59"),
  "Audible Product Id": "B000GUARDS",
  Title: 'Guards! Guards! <8> & "more"',
  Authors: "Terry Pratchett",
  Narrators: "Jon Culshaw, Peter Serafinowicz",
  "Length In Minutes": 677,
  "Series Names": "Discworld, Discworld: Ankh-Morpork City Watch",
  "Series Order": "8 : Discworld, 1 : Discworld: Ankh-Morpork City Watch",
  "Date Published": time("1989-11-01T00:00:00"),
  Language: "english",
  "Is Finished?": true,
  "Content Type": "Product",
});

describe("a spreadsheet of Libation", () => {
  it("is known by its content, and read like its CSV", async () => {
    const reading = await read(xlsx({ Library: [libationColumns, guards] }));
    expect(reading).toMatchObject({ format: "libation", rows: 1, problems: [] });
    expect(reading.books[0]).toMatchObject({
      asin: "B000GUARDS",
      title: 'Guards! Guards! <8> & "more"',
      narrators: ["Jon Culshaw", "Peter Serafinowicz"],
      lengthMinutes: 677,
      purchased: "2024-02-29",
      released: "1989-11-01",
      status: "finished",
      kind: "book",
    });
    expect(reading.books[0]?.series.map(({ name, position }) => [name, position?.raw])).toEqual([
      ["Discworld", "8"],
      ["Discworld: Ankh-Morpork City Watch", "1"],
    ]);
  });

  it("may have other sheets, empty rows, and ASINs that are numbers", async () => {
    const numeric = libationRow({ "Audible Product Id": 1774248182, Title: "He Who Fights with Monsters" });
    const library = [[], libationColumns, guards, libationColumns.map(() => null), numeric];
    const reading = await read(xlsx({ Notes: [["my notes"]], Library: library }));
    expect(reading.books.map(({ asin }) => asin)).toEqual(["B000GUARDS", "1774248182"]);
    expect(reading.problems).toEqual([]);
  });

  it("tells what is wrong by the row and column that a person sees in it", async () => {
    const bad = [
      libationRow({ "Audible Product Id": 593_123_456, Title: "An ISBN" }),
      libationRow({ "Audible Product Id": "B000000001" }),
      libationRow({ "Audible Product Id": "B000000002", Title: "B", "Length In Minutes": "long" }),
      libationRow({ "Audible Product Id": "B000000003", Title: "C", "Date Published": "31.02.2020" }),
    ];
    const reading = await read(xlsx({ Library: [libationColumns, [null], ...bad, guards] }));
    expect(reading.books.map(({ asin }) => asin)).toEqual(["B000000002", "B000000003", "B000GUARDS"]);
    expect(reading.problems.map(showProblem)).toEqual([
      expect.stringMatching(
        /^row 3, column "Audible Product Id": expected .*leading zeros.*, got "593123456"$/,
      ),
      'row 4, column "Title": expected a title (at most 1000 characters), got nothing',
      expect.stringMatching(/^row 5, column "Length In Minutes": expected a length, .*, got "long"$/),
      expect.stringMatching(/^row 6, column "Date Published": expected a date, .*, got "31.02.2020"$/),
    ]);
  });
});

describe("a ZIP file that is no export", () => {
  const problemOf = async (bytes: Uint8Array) => {
    const { books, format, problems } = await read(bytes);
    expect([books, format]).toEqual([[], null]);
    return problems.map(showProblem).join();
  };

  it.each([
    [
      "with other columns",
      () =>
        xlsx({
          Sheet1: [
            ["a", "b"],
            ["1", "2"],
          ],
        }),
      /expected the columns of an export/,
    ],
    ["with an empty sheet", () => xlsx({ Sheet1: [] }), /got no row with columns/],
    ["that is no spreadsheet", () => zip([["readme.txt", "hello"]]), /expected a spreadsheet \(XLSX\)/],
    ["with broken XML", () => zip([["xl/workbook.xml", "<workbook"]]), /expected a spreadsheet \(XLSX\)/],
    ["cut short", () => xlsx({ Library: [libationColumns, guards] }).subarray(0, 900), /cut short or broken/],
    [
      "that unpacks to more than fits",
      () => zip([["xl/workbook.xml", "x"]], 2 ** 31),
      /2147483648 bytes when unpacked/,
    ],
  ])("%s is refused as a whole", async (_, make, problem) => {
    expect(await problemOf(make())).toMatch(problem);
  });

  it("is not read further than its bound", async () => {
    let pieces = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("PK\u0003\u0004", "latin1");
      for (;;) {
        pieces += 1;
        yield Buffer.alloc(1024 * 1024);
      }
    }
    const { problems } = await readExport(endless());
    expect(problems.map(showProblem)).toEqual(["file: expected at most 32 MiB, got a larger file"]);
    expect(pieces).toBeLessThan(40);
  });
});
