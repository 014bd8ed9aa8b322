import { createReadStream, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exportFormats, recogniseFormat } from "../../../src/recipes/library/exports/formats.ts";
import { showProblem } from "../../../src/recipes/library/exports/problem.ts";
import { type ReadExportOptions, readExport } from "../../../src/recipes/library/exports/read-export.ts";

const fixtures = join(import.meta.dirname, "../../fixtures/audible");

/** The bytes in pieces, as a stream would bring them. */
async function* inPieces(bytes: Uint8Array, size = bytes.length || 1): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

const read = (text: string | Uint8Array, options: ReadExportOptions = {}) =>
  readExport(inPieces(typeof text === "string" ? Buffer.from(text) : text), options);

const lines = (...rows: readonly string[]) => `${rows.join("\n")}\n`;

/** One book as CSV of audible-cli, with what matters here. */
const header = "asin,title,authors,series_title,series_sequence,runtime_length_min,is_finished,release_date";
const row = (asin: string, title = "A Title") => `${asin},${title},Jane Doe,A Series,1,60,False,2024-01-02`;

describe("recogniseFormat", () => {
  const columns = JSON.parse(readFileSync(join(fixtures, "export-columns.json"), "utf8"));
  const known: readonly [name: string, columns: readonly string[]][] = [
    ["audible-cli", columns["audible-cli"].columns],
    ["libation", columns.libation.csv_columns],
    ["libation", columns.libation.json_keys],
    ["openaudible", columns.openaudible.csv_columns],
    [
      "openaudible",
      [
        "asin",
        "title",
        "title_short",
        "narrated_by",
        "series_name",
        "series_sequence",
        "read_status",
        "seconds",
      ],
    ],
  ];
  it.each(known)("knows the columns of %s in any order", (name, own) => {
    expect(recogniseFormat(own)?.format.name).toBe(name);
    expect(recogniseFormat([...own].reverse())?.format.name).toBe(name);
    expect(recogniseFormat(own.map((column) => ` ${column.toUpperCase()} `))?.format.name).toBe(name);
  });

  it("uses a column of every field it knows, in one of the program's files", () => {
    const byName = Map.groupBy(known, ([name]) => name);
    for (const { name, columns: fields } of exportFormats.filter((format) => format.name !== "lockstep")) {
      const used = (byName.get(name) ?? []).flatMap(([, own]) =>
        Object.keys(recogniseFormat(own)?.columnsByField ?? {}),
      );
      const optional = ["subtitle", "kind"];
      expect(
        Object.keys(fields).filter((field) => !used.includes(field) && !optional.includes(field)),
      ).toEqual([]);
    }
  });

  it("knows nothing else", () => {
    expect(recogniseFormat(["Title", "Author", "ISBN"])).toBeNull();
    expect(recogniseFormat([])).toBeNull();
  });
});

describe("recorded exports of audible-cli", () => {
  it.each(["csv", "tsv", "json"])("give the same twelve books as %s", async (extension) => {
    const file = join(fixtures, `audible-cli-export/library.${extension}`);
    const reading = await readExport(createReadStream(file));
    expect(reading).toMatchObject({ format: "audible-cli", rows: 12, podcasts: 0, problems: [] });
    const csv = await readExport(createReadStream(join(fixtures, "audible-cli-export/library.csv")));
    expect(reading.books.map(({ status: _, ...book }) => book)).toEqual(
      csv.books.map(({ status: _, ...book }) => book),
    );
    expect(reading.books[2]).toMatchObject({
      asin: "B09XY39B53",
      title: "Dissonance",
      subtitle: "A LitRPG Adventure (Unbound Book 1)",
      authors: ["Nicoli Gonnella"],
      narrators: ["Travis Baldree"],
      series: [{ name: "Unbound", position: { raw: "1" }, origin: "audible" }],
      lengthMinutes: 1604,
      released: "2022-05-04",
      purchased: "2026-01-02",
      status: "notStarted",
      kind: "book",
    });
  });

  it("are the same however the stream is cut", async () => {
    for (const extension of ["csv", "json"]) {
      const bytes = readFileSync(join(fixtures, `audible-cli-export/library.${extension}`));
      const whole = await read(bytes);
      for (const size of [1, 7, 1000, 4096]) expect(await readExport(inPieces(bytes, size))).toEqual(whole);
    }
  });
});

describe("exports of other programs", () => {
  it("Libation, CSV: several series in one cell, names with commas", async () => {
    const { books, format, podcasts, problems } = await read(
      lines(
        "Account,Date Added to library,Audible Product Id,Locale,Title,Subtitle,Authors,Narrators,Length In Minutes,Series Names,Series Order,Cover Id,Date Published,Content Type,Language,Is Finished?",
        'me,12/25/2023,B000000001,us,Guilty Pleasures,,Laurell K. Hamilton,Kimberly Alexis,540,"Anita Blake, Vampire Hunter","1 : Anita Blake, Vampire Hunter",51AbC,10/1/2009,Product,English,True',
        'me,1/2/2024,B000000002,us,The Legacy,,R.A. Salvatore,Victor Bevine,600,"Legend of Drizzt, Forgotten Realms: Legacy of the Drow","7 : Legend of Drizzt, 1 : Forgotten Realms: Legacy of the Drow",,8/1/2013,Product,English,False',
        "me,1/3/2024,B000000003,us,An Episode,,Somebody,,30,,,,1/3/2024,Episode,English,False",
      ),
    );
    expect({ format, podcasts, problems }).toEqual({ format: "libation", podcasts: 1, problems: [] });
    const places = books.map(({ series }) => series.map(({ name, position }) => [name, position?.raw]));
    expect(places).toEqual([
      [["Anita Blake, Vampire Hunter", "1"]],
      [
        ["Legend of Drizzt", "7"],
        ["Forgotten Realms: Legacy of the Drow", "1"],
      ],
    ]);
    expect(books[0]).toMatchObject({
      purchased: "2023-12-25",
      released: "2009-10-01",
      status: "finished",
      coverUrl: "https://m.media-amazon.com/images/I/51AbC._SL500_.jpg",
      language: "english",
    });
  });

  it("Libation, JSON", async () => {
    const { books, format } = await read(
      JSON.stringify([
        {
          Account: "me",
          DateAdded: "2024-01-02T03:04:05Z",
          AudibleProductId: "B000000001",
          Title: "A",
          AuthorNames: "Jane Doe, John Roe",
          NarratorNames: "N. N.",
          LengthInMinutes: 61,
          SeriesNames: "S",
          SeriesOrder: "0.5 : S",
          DatePublished: "2020-05-06T00:00:00",
          IsFinished: null,
        },
      ]),
    );
    expect(format).toBe("libation");
    expect(books[0]).toMatchObject({
      authors: ["Jane Doe", "John Roe"],
      lengthMinutes: 61,
      purchased: "2024-01-02",
      released: "2020-05-06",
      series: [{ name: "S", position: { raw: "0.5" } }],
      status: null,
    });
  });

  it("OpenAudible, books.json", async () => {
    const book = {
      asin: "B000000001",
      product_id: "BK_ABCD_000001",
      title: "Der Krieg der Zwerge: Die Zwerge 2",
      title_short: "Der Krieg der Zwerge",
      author: "Markus Heitz",
      narrated_by: "Johannes Steck",
      duration: "12:03:00",
      purchase_date: "2019-03-04",
      release_date: "2012-06-07",
      series_name: "Die Zwerge",
      series_sequence: "2",
      series_link: "/series/Die-Zwerge/B00ABCDEF1",
      read_status: "Reading",
      language: "German",
    };
    const { books, format } = await read(JSON.stringify({ version: 3, books: [book] }));
    expect(format).toBe("openaudible");
    expect(books[0]).toMatchObject({
      title: "Der Krieg der Zwerge: Die Zwerge 2",
      lengthMinutes: 723,
      status: "inProgress",
      series: [{ name: "Die Zwerge", asin: "B00ABCDEF1", position: { raw: "2" } }],
    });
  });

  it("OpenAudible, CSV as a German spreadsheet saves it: semicolons, byte order mark, dots in dates", async () => {
    const text = lines(
      "Key;Title;Author;Narrated By;Purchase Date;Duration;Release Date;Series Name;Series Sequence;ASIN;Read Status",
      'k;"Über; ""Leben""";Müller, Jr.;Ä. Ö.;31.12.2023;12 Std. 3 Min.;01.02.2020;Reihe;1,5;B000000001;Finished',
    );
    const { books, problems } = await read(`\uFEFF${text}`);
    expect(problems).toEqual([]);
    expect(books[0]).toMatchObject({
      title: 'Über; "Leben"',
      authors: ["Müller, Jr."],
      purchased: "2023-12-31",
      released: "2020-02-01",
      lengthMinutes: 723,
      status: "finished",
    });
  });

  it("UTF-16, as Excel saves Unicode text", async () => {
    const text = lines(header, row("B000000001", "Ein Bär")).replaceAll(",", "\t");
    const bytes = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")]);
    expect((await read(bytes)).books[0]?.title).toBe("Ein Bär");
  });

  it("podcasts too, when they are asked for", async () => {
    const text = lines(`${header},genres`, `${row("B000000001")},"Podcasts, Comedy"`);
    expect(await read(text)).toMatchObject({ books: [], podcasts: 1 });
    expect((await read(text, { withPodcasts: true })).books).toHaveLength(1);
  });
});

describe("files with mistakes", () => {
  const good = ["B000000001", "B000000003"];
  const cases: readonly { name: string; text: string; problem: string }[] = [
    {
      name: "a quote that never closes",
      text: lines(header, row("B000000001"), row("B000000002", '"Open'), row("B000000003")),
      problem: "row 3: expected a closing quote, got a quote that stays open",
    },
    {
      name: "a quote inside a cell",
      text: lines(header, row("B000000001"), row("B000000002", 'The "Best'), row("B000000003")),
      problem:
        'row 3: expected quotes around a whole cell, doubled inside it (""), got a quote in another place',
    },
    {
      name: "an open quote that a later one happens to close",
      text: lines(header, row("B000000001"), row("B000000002", '"Open'), row("B000000003", '"Closed"')),
      problem:
        'row 3: expected quotes around a whole cell, doubled inside it (""), got a quote in another place',
    },
    {
      name: "too few columns",
      text: lines(header, row("B000000001"), "B000000002,A Title", row("B000000003")),
      problem: "row 3: expected 8 columns, got 2",
    },
    {
      name: "too many columns",
      text: lines(header, row("B000000001"), `${row("B000000002")},x`, row("B000000003")),
      problem: "row 3: expected 8 columns, got 9",
    },
    {
      name: "no id",
      text: lines(header, row("B000000001"), row(""), row("B000000003")),
      problem: 'row 3, column "asin": expected ten letters and digits, got nothing',
    },
    {
      name: "an id without its leading zero",
      text: lines(header, row("B000000001"), row("593123456"), row("B000000003")),
      problem:
        'row 3, column "asin": expected ten letters and digits (a spreadsheet drops leading zeros: store the column as text), got "593123456"',
    },
    {
      name: "no title",
      text: lines(header, row("B000000001"), row("B000000002", ""), row("B000000003")),
      problem: 'row 3, column "title": expected a title (at most 1000 characters), got nothing',
    },
    {
      name: "a title that is another column",
      text: lines(header, row("B000000001"), row("B000000002", "long ".repeat(300)), row("B000000003")),
      problem: `row 3, column "title": expected a title (at most 1000 characters), got "${"long ".repeat(12)}…"`,
    },
    {
      name: "a book twice",
      text: lines(header, row("B000000001"), row("B000000001"), row("B000000003")),
      problem: 'row 3, column "asin": expected each book once, got "B000000001" again, which row 2 has',
    },
    {
      name: "a JSON object that is none",
      text: '[{"asin":"B000000001","title":"A","is_finished":true},\n{"asin":"B000000002",},\n{"asin":"B000000003","title":"C"}]',
      problem:
        "row 2: expected a JSON object, got Expected double-quoted property name in JSON at position 21 (line 1 column 22)",
    },
    {
      name: "a JSON object that does not end",
      text: '[{"asin":"B000000001","title":"A","is_finished":true},\n{"asin":"B000000002","x":{"y":1},\n{"asin":"B000000003","title":"C"}]',
      problem: "row 2: expected a JSON object, got one that does not end",
    },
  ];
  it.each(cases)("with $name lose that row alone", async ({ text, problem }) => {
    const { books, problems } = await read(text);
    expect(books.map(({ asin }) => asin)).toEqual(good);
    expect(problems.map(showProblem)).toEqual([problem]);
    expect(problems[0]?.lost).toBe("row");
  });

  it("lose a value alone when only that is wrong", async () => {
    const bad = "B000000001,A,Jane Doe,,,long,maybe,2024-02-30";
    const { books, problems } = await read(lines(header, bad));
    expect(books[0]).toMatchObject({ title: "A", lengthMinutes: null, released: null, status: null });
    expect(problems.map(({ column, lost }) => [column, lost])).toEqual([
      ["runtime_length_min", "value"],
      ["is_finished", "value"],
      ["release_date", "value"],
    ]);
  });

  it.each([
    ["45.5", "inProgress", []],
    ["45,5 %", "inProgress", []],
    ["0%", "notStarted", []],
    ["half", "notStarted", ["percent_complete"]],
  ])("have read as %s per cent: %s", async (percent, status, columns) => {
    const title = `${header},percent_complete`;
    const { books, problems } = await read(lines(title, `${row("B000000001")},"${percent}"`));
    expect(books[0]?.status).toBe(status);
    expect(problems.map(({ column }) => column)).toEqual(columns);
  });

  it("lose the rows that are not UTF-8", async () => {
    const rows = [header, row("B000000001"), row("B000000002", "Ein B\u00e4r"), row("B000000003")];
    const { books, problems } = await read(Buffer.from(lines(...rows), "latin1"));
    expect(books.map(({ asin }) => asin)).toEqual(good);
    expect(problems.map(showProblem)).toEqual(["row 3: expected UTF-8 text, got bytes of another encoding"]);
  });

  it("have their lines counted through cells of several lines", async () => {
    const { problems } = await read(lines(header, row("B000000001", '"Two\nlines"'), "", row("nonsense")));
    expect(problems.map(({ row: at, line }) => [at, line])).toEqual([[3, 5]]);
  });

  it.each([
    ["an empty file", "", "expected an exported library, got an empty file"],
    ["a broken spreadsheet", "PK\u0003\u0004rest", "XLSX"],
    [
      "somebody else's columns",
      "Title,Author,ISBN\nA,B,C\n",
      "expected the columns of an export of Lockstep, audible-cli",
    ],
    ["JSON of something else", '{"error":"no"}', "got no row with columns"],
    ["a list of numbers", "[1,2,3]", "got no row with columns"],
    ["text", "hello", "expected the columns of an export"],
  ])("are refused as a whole when they are %s", async (_, text, message) => {
    const { format, books, problems } = await read(text);
    expect({ format, books }).toEqual({ format: null, books: [] });
    expect(problems.map(showProblem).join()).toContain(message);
    expect(problems[0]?.lost).toBe("file");
  });

  it("never throw, whatever the bytes", async () => {
    const start = fc.constantFrom(header, '[{"asin":"B000000001","title":"A","is_finished":true},', "");
    await fc.assert(
      fc.asyncProperty(
        start,
        fc.uint8Array({ maxLength: 200 }),
        fc.string(),
        async (beginning, bytes, text) => {
          const file = Buffer.concat([Buffer.from(`${beginning}\n`), bytes, Buffer.from(text)]);
          const { books } = await readExport(inPieces(file, 13));
          expect(books.length).toBeLessThanOrEqual(20);
        },
      ),
      { numRuns: 200 },
    );
  });
});
