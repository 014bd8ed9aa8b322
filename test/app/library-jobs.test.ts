import { describe, expect, it, vi } from "vitest";
import { createImportNotes } from "../../src/app/import-notes.ts";
import { type ImportJob, ImportJobs } from "../../src/app/library-jobs.ts";
import type { ImportFile } from "../../src/app/library-report.ts";
import { writeExport } from "../../src/recipes/library/exports/write-export.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { countingIds } from "../../src/store/suite/case.ts";
import { manualClock } from "../engine/manual-clock.ts";
import { asinOf, exported, LibraryWorld, placeIn } from "./library-world.ts";

const options = {
  isCommitted: true,
  isSynthesizing: false,
  withPodcasts: false,
  dateOrder: null,
  trigger: "api",
} as const;

function fileWith(count: number): ImportFile {
  const books = Array.from({ length: count }, (_, n) =>
    exported(n + 1, { series: [placeIn("The Saga", String(2 * n + 1))] }),
  );
  async function* chunks() {
    yield Buffer.from([...writeExport(books)].join(""));
  }
  return { name: "library.csv", companion: null, chunks };
}

const running: ImportJob = {
  id: "job-1",
  state: "running",
  progress: { sync: "library-books", phase: "writing", rows: 3, rowsExpected: null, calls: 4, waitingMs: 0 },
  report: null,
  error: null,
};
const neverRun = { run: () => Promise.reject(new Error("no run is asked for")) };

describe("imports over HTTP", () => {
  it("are known to another process with progress and result, by the id that was given out", async () => {
    await using world = await LibraryWorld.open();
    const { importNotes } = world.library;
    const ids = { next: () => "019a0000-0000-7000-8000-0000000000ff" };
    const { id } = new ImportJobs(ids, importNotes).start(world.library, fileWith(3), options);
    const later = new ImportJobs(ids, importNotes);
    await vi.waitFor(async () => expect((await later.find(id, world.lockstep)).state).toBe("done"), 20_000);
    const job = await later.find(id, world.lockstep);
    expect(job.report).toMatchObject({ rows: 3, counts: { books: { create: 3 } }, run: { id } });
    expect(job.progress).toMatchObject({ phase: "done" });
  });

  it("say where they stopped when their process is gone, and go on being under way elsewhere", async () => {
    const clock = manualClock();
    const store = createMemoryStore({ ids: countingIds() });
    const isDead = (owner: string) => owner === "dead";
    const notesOf = (owner: string) => createImportNotes({ store, clock, ids: countingIds(), owner, isDead });
    await notesOf("dead").put(running);
    const jobs = new ImportJobs(countingIds(), notesOf("here"));
    const stopped = await jobs.find("job-1", neverRun);
    expect(stopped).toMatchObject({ state: "failed", progress: { rows: 3 }, error: { code: "CANCELLED" } });
    await notesOf("elsewhere").put(running);
    expect(await jobs.find("job-1", neverRun)).toEqual(running);
    clock.advance(11 * 60_000);
    expect(await jobs.find("job-1", neverRun)).toMatchObject({ state: "failed" });
  });

  it("keep a result of any size, with as many records as fit", async () => {
    const clock = manualClock();
    const store = createMemoryStore({ ids: countingIds() });
    const deps = { store, clock, ids: countingIds(), owner: "here", isDead: () => false };
    const notes = createImportNotes(deps);
    const fields = [{ field: "title", from: null, to: "x".repeat(2_000), reason: "new" }];
    const records = Array.from({ length: 500 }, (_, n) => ({
      shelf: "books" as const,
      id: asinOf(n),
      title: "t",
      kind: "create" as const,
      fields,
    }));
    const none = { create: 0, change: 0, restore: 0, trash: 0, unchanged: 0, kept: 0 };
    const report = {
      file: "f",
      format: "lockstep",
      rows: 500,
      podcasts: 0,
      problems: [],
      expected: { calls: 1, seconds: null },
      records,
      kept: [],
      counts: { series: none, books: { ...none, create: 500 } },
      refusal: null,
      run: null,
      syncs: [],
    };
    await notes.put({ ...running, state: "done", report });
    const kept = (await notes.get("job-1"))?.job.report;
    expect(kept?.counts.books.create).toBe(500);
    expect(kept?.records.length).toBeGreaterThan(10);
    expect(kept?.records.length).toBeLessThan(110);
  });
});

describe("the status of a library", () => {
  it("counts books, series and gaps, and tells the last import and what waits", async () => {
    await using world = await LibraryWorld.open({ cascadeMax: 1 });
    expect((await world.lockstep.status()).library).toMatchObject({ books: { live: 0 }, lastImport: null });
    const saga = (n: number) => exported(n, { title: `Saga ${n}`, series: [placeIn("The Saga", String(n))] });
    await world.import([saga(1), saga(2), saga(4), exported(9, { status: "finished" })]);
    await world.sync();
    expect((await world.lockstep.status()).library).toMatchObject({
      library: "library",
      isRunning: false,
      books: { live: 4, owned: 4, trashed: 0, byStatus: { notStarted: 3, finished: 1, poubelle: 0 } },
      series: { live: 1, withGaps: 1 },
      nextRelease: null,
      lastImport: { sourceId: "library.csv", status: "succeeded" },
      openCascade: { books: 0, refusal: null },
    });
    world.edit("books", "Saga 1", { Status: { select: { name: "La Poubelle" } } });
    await world.sync();
    const { library } = await world.lockstep.status();
    expect(library?.openCascade.refusal).toContain("2 books would follow into La Poubelle");
  });
});
