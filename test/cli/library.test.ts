import { describe, expect, it } from "vitest";
import type { ImportReport, LibraryDesk, ShelfReport } from "../../src/app/library-report.ts";
import { folderWith } from "../config/folder.ts";
import { fakeLockstep, makeRun } from "./fake-lockstep.ts";
import { run } from "./harness.ts";

const none = { create: 0, change: 0, restore: 0, trash: 0, unchanged: 0, kept: 0 };

const shelf: ShelfReport = {
  records: [],
  kept: [],
  counts: { series: none, books: none },
  refusal: null,
  run: null,
  syncs: [],
};

const imported: ImportReport = {
  ...shelf,
  file: "library.csv",
  format: "libation",
  rows: 3,
  podcasts: 1,
  problems: [
    { row: 3, line: 3, column: "asin", expected: "ten letters and digits", got: '"x"', lost: "row" },
  ],
  expected: { calls: 9, seconds: 3 },
  counts: { series: { ...none, create: 1 }, books: { ...none, change: 1, unchanged: 4, kept: 1 } },
  records: [
    {
      shelf: "series",
      id: "saga",
      title: "Saga",
      kind: "create",
      fields: [
        { field: "finalStatus", from: null, to: "inProgress", reason: "new" },
        { field: "key", from: null, to: "saga", reason: "new" },
      ],
    },
    {
      shelf: "books",
      id: "B1",
      title: "One\u001b[31m",
      kind: "change",
      fields: [
        { field: "length", from: 60, to: 61, reason: "Audible says so" },
        { field: "isOwned", from: false, to: true, reason: "" },
        {
          field: "series",
          from: null,
          to: [
            { id: "saga", position: "2" },
            { id: "arc", position: null },
          ],
          reason: "",
        },
      ],
    },
  ],
  kept: [
    {
      shelf: "books",
      id: "B2",
      title: "Two",
      field: "title",
      kept: "Two",
      offered: "2",
      reason: "a person wrote it",
    },
  ],
};

/** A Lockstep whose library answers with these. */
async function withLibrary(answers: Partial<LibraryDesk>) {
  const fake = await fakeLockstep();
  const unasked = () => Promise.reject(new Error("nobody asks for this"));
  const library: LibraryDesk = {
    import: unasked,
    recompute: unasked,
    cleanup: unasked,
    reset: unasked,
    tell: unasked,
    undo: unasked,
    owns: async () => true,
    follow: async () => {},
    importNotes: { put: async () => {}, get: async () => null },
    ...answers,
  };
  return { ...fake, lockstep: { ...fake.lockstep, library } };
}

describe("import", () => {
  it("shows counts, each change with its reason, what is kept, and broken rows; nothing is written", async () => {
    await using folder = await folderWith({ "library.csv": "x" });
    const fake = await withLibrary({ import: async () => imported });
    const { exitCode, stdout } = await run(fake, ["import", `${folder.path}/library.csv`]);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      [
        "library.csv: libation, 3 rows, 1 podcast left out, 1 problem",
        '  row 3, column "asin": expected ten letters and digits, got "x"; the row is left out',
        "",
        "        CREATE  CHANGE  RESTORE  TRASH  UNCHANGED  KEPT",
        "Series       1       0        0      0          0     0",
        "Books        0       1        0      0          4     1",
        "",
        "  + Saga  series saga",
        "      Final Status In progress",
        "  ~ One [31m  book B1",
        "      Length: 60 → 61  (Audible says so)",
        "      Owned: no → yes",
        "      Series: (empty) → saga #2, arc",
        "",
        "Kept as it is:",
        "  Two: Title Two, not 2, because a person wrote it",
        "",
        "Nothing was written. With --commit: about 9 calls to Notion, about 1 min.",
        "",
      ].join("\n"),
    );
  });

  it.each<[string, Partial<ImportReport>, number]>([
    ["a file that nobody knows", { format: null }, 1],
    ["a sync that failed", { syncs: [{ sync: "library-books", run: makeRun({ status: "failed" }) }] }, 1],
    ["a cascade that waits for a person", { refusal: "too many" }, 3],
    ["everything done", { run: makeRun() }, 0],
  ])("ends as it went: %s", async (_, report, expected) => {
    await using folder = await folderWith({ "library.csv": "x" });
    const fake = await withLibrary({ import: async () => ({ ...imported, ...report }) });
    expect((await run(fake, ["import", `${folder.path}/library.csv`, "--commit"])).exitCode).toBe(expected);
  });

  it("passes on what was asked for, with the series file that lies beside an export", async () => {
    const asked: unknown[] = [];
    await using folder = await folderWith({
      "audible-library-2026.csv": "x",
      "audible-series-metadata-2026.json": '{"series":[]}',
    });
    const fake = await withLibrary({
      import: async ({ name, companion }, { onProgress: _, signal: __, ...options }) => {
        asked.push({ name, companion, ...options });
        return imported;
      },
    });
    const flags = ["--commit", "--synthesize-missing", "--dates", "day-first", "--json"];
    await run(fake, ["import", `${folder.path}/audible-library-2026.csv`, ...flags]);
    expect(asked).toEqual([
      {
        name: "audible-library-2026.csv",
        companion: { series: [] },
        isCommitted: true,
        isSynthesizing: true,
        withPodcasts: false,
        dateOrder: "day-first",
        trigger: "cli",
      },
    ]);
  });

  it.each([
    ["no such file", ["import", "/nowhere/library.csv"], "There is no file"],
    ["no such order of dates", ["import", "FILE", "--dates", "upwards"], "--dates: expected"],
  ])("refuses %s", async (_, args, message) => {
    await using folder = await folderWith({ "library.csv": "x" });
    const fake = await withLibrary({});
    const ended = await run(
      fake,
      args.map((arg) => (arg === "FILE" ? `${folder.path}/library.csv` : arg)),
    );
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toContain(message);
  });

  it("says what is missing where no library is configured", async () => {
    await using folder = await folderWith({ "library.csv": "x" });
    const ended = await run(await fakeLockstep(), ["import", `${folder.path}/library.csv`]);
    expect([ended.exitCode, ended.stderr]).toEqual([
      2,
      expect.stringContaining("lockstep init --recipe library"),
    ]);
  });
});

describe("library", () => {
  it("reset tells how many would go, and goes by the number that is given", async () => {
    const asked: unknown[] = [];
    const fake = await withLibrary({
      reset: async ({ isCommitted, count }) => {
        asked.push([isCommitted, count]);
        const { series, books } = shelf.counts;
        return { ...shelf, counts: { series: { ...series, trash: 3 }, books: { ...books, trash: 4 } } };
      },
    });
    const looked = await run(fake, ["library", "reset"]);
    expect(looked.stdout).toContain("To do it: lockstep library reset --yes 7");
    await run(fake, ["library", "reset", "--yes", "7"]);
    expect(asked).toEqual([
      [false, null],
      [true, 7],
    ]);
  });

  it("recompute writes unless it is told not to; cleanup does not unless it is told to", async () => {
    const asked: unknown[] = [];
    const note = async (options: { isCommitted: boolean; allowCascade?: number | null }) => {
      asked.push([options.isCommitted, options.allowCascade]);
      return shelf;
    };
    const fake = await withLibrary({ recompute: note, cleanup: note });
    for (const args of [
      ["recompute", "--allow-cascade", "9"],
      ["recompute", "--dry-run"],
      ["cleanup"],
      ["cleanup", "--yes"],
    ])
      await run(fake, ["library", ...args]);
    expect(asked).toEqual([
      [true, 9],
      [false, null],
      [false, undefined],
      [true, undefined],
    ]);
  });
});
