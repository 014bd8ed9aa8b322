import { describe, expect, it } from "vitest";
import { asinOf, exported, LibraryWorld, placeIn } from "./library-world.ts";

const text = (content: string) => [{ type: "text", text: { content } }];
const saga = (n: number, fields: Parameters<typeof exported>[1] = {}) =>
  exported(n, { title: `Saga ${n}`, series: [placeIn("The Saga", String(n), "S000000001")], ...fields });

describe("an import of a library", () => {
  it("makes each series and each book with one request, and the same file again changes nothing", async () => {
    await using world = await LibraryWorld.open();
    const books = [saga(1), saga(2, { status: "finished" }), exported(7), saga(4)];
    const preview = await world.import(books, { isCommitted: false });
    expect(preview.counts).toMatchObject({ series: { create: 1 }, books: { create: 4 } });
    expect(world.pages("books").size).toBe(0);
    const first = await world.calls(() => world.import(books));
    expect(first.writes).toBe(5);
    expect(world.page("series", "The Saga").values).toMatchObject({
      "Series Key": "S000000001",
      "Final Status": "In progress",
      "Owned/Total": "3/4",
      Gaps: "3",
      "Next Release": null,
    });
    expect(world.page("books", "Saga 2").values).toMatchObject({
      ASIN: asinOf(2),
      Series: [world.page("series", "The Saga").id],
      "Series Order": 2,
      Status: "Finished",
      Owned: true,
      "Purchased Date": "2024-05-06",
      Source: "audible",
      Authors: "Ann Author",
      Narrators: "Ned Narrator",
      Length: 602,
      Cover: "https://covers.example/2.jpg",
      Released: "2020-01-02",
    });
    expect(world.page("series", "The Saga").values.Books).toHaveLength(3);
    const again = await world.calls(async () => {
      const { counts, run } = await world.import(books);
      expect(counts).toMatchObject({
        series: { unchanged: 1 },
        books: { unchanged: 4, create: 0, change: 0 },
      });
      expect(run).toBeNull();
    });
    expect(again.writes).toBe(0);
    expect(again.reads).toBeLessThanOrEqual(Math.ceil(5 / 100) + 4);
    await world.sync();
    expect(await world.calls(() => world.sync())).toMatchObject({ writes: 0 });
  });

  it("never overwrites what a person wrote in Notion, and brings the rest up to date", async () => {
    await using world = await LibraryWorld.open();
    await world.import([saga(1), saga(2)]);
    await world.sync();
    world.edit("books", "Saga 1", {
      Title: { title: text("Saga, the first") },
      "Series Order": { number: 1.5 },
    });
    await world.sync();
    const newer = { title: "Saga 1: New Edition", lengthMinutes: 999 };
    const report = await world.import([saga(1, newer), saga(2)]);
    expect(report.kept.map(({ field, kept, offered }) => [field, kept, offered])).toEqual([
      ["title", "Saga, the first", "Saga 1: New Edition"],
      ["order", 1.5, 1],
    ]);
    expect(world.page("books", "Saga, the first").values).toMatchObject({ "Series Order": 1.5, Length: 999 });
  });

  it("adopts pages that people made, by ASIN and by the name of a series", async () => {
    await using world = await LibraryWorld.open();
    const series = world.create("series", { Name: { title: text("The Saga") } });
    const book = world.create("books", {
      Title: { title: text("My favourite") },
      ASIN: { rich_text: text(asinOf(1)) },
    });
    await world.import([saga(1), saga(2)]);
    expect(world.pages("series").size).toBe(1);
    expect(world.pages("books").size).toBe(2);
    expect(world.page("series", "The Saga").id).toBe(series);
    const { id, values } = world.page("books", "My favourite");
    expect(id).toBe(book);
    expect(values).toMatchObject({ Series: [series], "Series Order": 1, Owned: true });
  });

  it("shows broken rows by row and column, and takes in the good ones", async () => {
    await using world = await LibraryWorld.open();
    const file =
      "asin,title,authors,narrators,length_minutes,kind,source\nB000000001,Good,Ann,Ned,60,book,audible\n" +
      "nonsense,Bad,Bob,Ned,60,book,audible\nB000000003,,Cy,Ned,60,book,audible\n";
    const report = await world.importText(file, { isCommitted: false });
    expect(report.problems.map(({ row, column }) => [row, column])).toEqual([
      [3, "asin"],
      [4, "title"],
    ]);
    expect(report.counts.books.create).toBe(1);
    const none = await world.importText("not,a,library\n1,2,3\n");
    expect([none.format, none.problems.length, none.run]).toEqual([null, 1, null]);
    expect(world.pages("books").size).toBe(0);
  });

  it("makes books of missing volumes when asked, which turn owned when bought and go by a cleanup", async () => {
    await using world = await LibraryWorld.open();
    const volume = (n: number, released = "2021-01-01") => ({
      asin: asinOf(n),
      title: `Saga ${n}`,
      position: String(n),
      released,
    });
    const companion = {
      series: [
        {
          asin: "S000000001",
          title: "The Saga",
          owned: [volume(1)],
          missing: [volume(2), volume(3), volume(4, "2099-09-09")],
        },
      ],
    };
    await world.import([saga(1)], { companion, isSynthesizing: true });
    expect(world.page("series", "The Saga").values).toMatchObject({
      "Owned/Total": "1/3",
      Gaps: "2, 3; upcoming: 4 (2099-09-09)",
      "Next Release": "2099-09-09",
    });
    expect([...world.pages("books").values()].map(({ values }) => [values.Title, values.Owned])).toEqual([
      ["Saga 1", true],
      ["Saga 2", false],
      ["Saga 3", false],
    ]);
    await world.import([saga(1), saga(2)]);
    expect(world.page("books", "Saga 2").values.Owned).toBe(true);
    const plan = await world.library.cleanup({ isCommitted: false, trigger: "test" });
    expect(plan.counts.books.trash).toBe(1);
    await world.library.cleanup({ isCommitted: true, trigger: "test" });
    expect([...world.pages("books").keys()].sort()).toEqual(["Saga 1", "Saga 2"]);
    expect(world.page("series", "The Saga").values).toMatchObject({ "Owned/Total": "2/3" });
  });
});

describe("La Poubelle", () => {
  it.each(["sqlite", "postgres"] as const)(
    "takes along the siblings that are not finished, and the series; undo brings them back (%s)",
    async (product) => {
      await using world = await LibraryWorld.open({}, product);
      const statuses = [null, "inProgress", "finished", null] as const;
      await world.import([...statuses.map((status, n) => saga(n + 1, { status })), exported(9)]);
      await world.sync();
      world.edit("books", "Saga 1", { Status: { select: { name: "La Poubelle" } } });
      const reports = await world.lockstep.sync([], { trigger: "test" });
      expect(reports.map(({ sync, run }) => [sync, run.trigger, run.counts.updated])).toEqual([
        ["library-series", "test", 0],
        ["library-books", "test", 1],
        ["library", "rule", 3],
        ["library-series", "cascade", 1],
        ["library-books", "cascade", 2],
      ]);
      const statusOf = (n: number) => world.page("books", `Saga ${n}`).values.Status;
      expect([1, 2, 3, 4].map(statusOf)).toEqual(["La Poubelle", "La Poubelle", "Finished", "La Poubelle"]);
      expect(world.page("books", "Book 9").values.Status).toBe("Not started");
      expect(world.page("series", "The Saga").values["Final Status"]).toBe("La Poubelle");
      const [{ run } = { run: null }] = await world.lockstep
        .runs({ limit: 10 })
        .then((runs) => runs.filter((each) => each.run.source === "cascade"));
      expect(run?.counts.updated).toBe(3);
      // An import does not bring them back, and says so.
      const report = await world.import([saga(2, { status: "inProgress" })]);
      expect(report.kept).toMatchObject([{ field: "status", reason: "leaving La Poubelle is by hand" }]);
      const undone = await world.library.undo(run?.id ?? "", { isCommitted: true, trigger: "test" });
      expect(undone.counts.books.change).toBe(2);
      expect([1, 2, 3, 4].map(statusOf)).toEqual(["La Poubelle", "In progress", "Finished", "Not started"]);
      await world.sync();
      expect([1, 2, 3, 4].map(statusOf)).toEqual(["La Poubelle", "In progress", "Finished", "Not started"]);
    },
  );

  it("is left by hand, book by book, and takes nobody along a second time", async () => {
    await using world = await LibraryWorld.open();
    await world.import([saga(1), saga(2), saga(3)]);
    await world.sync();
    world.edit("books", "Saga 1", { Status: { select: { name: "La Poubelle" } } });
    await world.sync();
    world.edit("books", "Saga 2", { Status: { select: { name: "In progress" } } });
    await world.sync();
    world.edit("books", "Saga 1", { Title: { title: text("Saga one") } });
    await world.sync();
    const statuses = [...world.pages("books").values()].map(({ values }) => values.Status);
    expect(statuses).toEqual(["La Poubelle", "In progress", "La Poubelle"]);
  });

  it("waits for a person when more books would follow than may", async () => {
    await using world = await LibraryWorld.open({ cascadeMax: 1 });
    await world.import([saga(1), saga(2), saga(3)]);
    await world.sync();
    world.edit("books", "Saga 1", { Status: { select: { name: "La Poubelle" } } });
    await world.sync();
    const statuses = () => [1, 2, 3].map((n) => world.page("books", `Saga ${n}`).values.Status);
    expect(statuses()).toEqual(["La Poubelle", "Not started", "Not started"]);
    const refused = await world.library.recompute({ isCommitted: true, trigger: "test", allowCascade: null });
    expect(refused.refusal).toContain("--allow-cascade 2");
    await world.library.recompute({ isCommitted: true, trigger: "test", allowCascade: 2 });
    expect(statuses()).toEqual(["La Poubelle", "La Poubelle", "La Poubelle"]);
  });
});

describe("a player", () => {
  it("tells that a book was started and finished, once or again, and of books that nobody has", async () => {
    await using world = await LibraryWorld.open();
    await world.import([saga(1), saga(2)]);
    await world.sync();
    const tell = (kind: "started" | "finished", n: number) =>
      world.library.tell({ kind, asin: asinOf(n).toLowerCase(), status: null, at: null });
    expect(await tell("started", 1)).toMatchObject({ from: "notStarted", to: "inProgress", title: "Saga 1" });
    expect(await tell("started", 1)).toMatchObject({ from: "inProgress", to: "inProgress", runId: null });
    await tell("finished", 1);
    expect(await tell("started", 1)).toMatchObject({ to: "finished", runId: null });
    await tell("finished", 2);
    await world.sync();
    expect(world.page("books", "Saga 1").values.Status).toBe("Finished");
    expect(world.page("series", "The Saga").values["Final Status"]).toBe("Finished");
    await expect(tell("started", 77)).rejects.toMatchObject({ code: "RECORD_NOT_FOUND" });
  });

  it("throws a book away when it says so, and its siblings follow", async () => {
    await using world = await LibraryWorld.open();
    await world.import([saga(1), saga(2)]);
    const event = { kind: "finished", asin: asinOf(1), status: "poubelle", at: null } as const;
    expect(await world.library.tell(event)).toMatchObject({ to: "poubelle", cascade: 1 });
    await world.sync();
    expect(world.page("books", "Saga 2").values.Status).toBe("La Poubelle");
  });
});

describe("a reset", () => {
  it("wants the number of records, puts all pages into the trash, and an import brings the same pages back", async () => {
    await using world = await LibraryWorld.open();
    const books = [saga(1), saga(2), exported(5)];
    await world.import(books);
    await world.sync();
    const before = world.page("books", "Saga 1").id;
    const reset = (count: number | null) =>
      world.library.reset({ isCommitted: count !== null, trigger: "test", count });
    expect((await reset(null)).counts).toMatchObject({ series: { trash: 1 }, books: { trash: 3 } });
    await expect(reset(3)).rejects.toMatchObject({ code: "GUARD_REFUSED" });
    await reset(4);
    expect(world.pages("books").size + world.pages("series").size).toBe(0);
    await world.import(books);
    expect(world.page("books", "Saga 1")).toMatchObject({ id: before, values: { "Series Order": 1 } });
    expect(world.pages("books").size + world.pages("series").size).toBe(4);
  });
});

describe("a book that a person throws into Notion's trash", () => {
  it("stays there, whatever is imported", async () => {
    await using world = await LibraryWorld.open();
    await world.import([saga(1), saga(2)]);
    await world.sync();
    world.emulator.workspace.trashPage(world.page("books", "Saga 2").id);
    await world.lockstep.sync([], { trigger: "test", isFull: true });
    const report = await world.import([saga(1), saga(2)]);
    expect(report.kept).toMatchObject([{ reason: "a person threw it away" }]);
    expect([...world.pages("books").keys()]).toEqual(["Saga 1"]);
  });
});

describe("undo of an import", () => {
  it("puts what it made into the trash, and what it changed back as it was", async () => {
    await using world = await LibraryWorld.open();
    await world.import([saga(1), saga(2)]);
    await world.sync();
    const { run } = await world.import([saga(1, { title: "Saga 1, remastered" }), exported(8)]);
    await world.sync();
    const options = { isCommitted: false, trigger: "test" };
    const verified = await world.lockstep.verifyRun(run?.id ?? "", {});
    expect(verified).toMatchObject({ ok: true, sync: "library" });
    expect(await world.lockstep.runs({ sync: "library", limit: 5 })).toHaveLength(2);
    expect((await world.library.undo(run?.id ?? "", options)).counts.books).toMatchObject({
      trash: 1,
      change: 1,
    });
    await world.library.undo(run?.id ?? "", { ...options, isCommitted: true });
    expect([...world.pages("books").keys()].sort()).toEqual(["Saga 1", "Saga 2"]);
    await world.sync();
    expect([...world.pages("books").keys()].sort()).toEqual(["Saga 1", "Saga 2"]);
  });
});

describe("what a person does in Notion", () => {
  it("puts a book into another series, which every import leaves, and takes in a series made there", async () => {
    await using world = await LibraryWorld.open();
    await world.import([saga(1), saga(2)]);
    await world.sync();
    const own = world.create("series", { Name: { title: text("My own order") } });
    await world.sync();
    world.edit("books", "Saga 2", { Series: { relation: [{ id: own }] } });
    await world.sync();
    await world.import([saga(1), saga(2)]);
    await world.sync();
    expect(world.page("books", "Saga 2").values.Series).toEqual([own]);
    expect(world.page("series", "The Saga").values["Owned/Total"]).toBe("1/1");
    expect(world.page("series", "My own order").values).toMatchObject({
      "Series Key": "my own order",
      "Owned/Total": "1/1",
    });
  });

  it("shelves a book in a series that was thrown away before it was seen, and nothing waits for that", async () => {
    await using world = await LibraryWorld.open();
    await world.import([saga(1)]);
    const page = world.emulator.workspace.createPage({
      parent: { dataSourceId: world.setup.series },
      properties: { Name: { title: text("Mine") } },
    });
    world.emulator.workspace.trashPage(page);
    world.edit("books", "Saga 1", { Series: { relation: [{ id: page }] }, Length: { number: 7 } });
    await world.sync();
    await world.import([saga(1, { narrators: ["Nora Narrator"] })]);
    expect(world.page("books", "Saga 1").values).toMatchObject({
      Series: [page],
      Length: 7,
      Narrators: "Nora Narrator",
    });
    world.emulator.workspace.restorePage(page);
    await world.sync();
    await world.sync();
    expect(world.page("series", "Mine").values).toMatchObject({ "Series Key": "mine", "Owned/Total": "1/1" });
    expect(await world.calls(() => world.sync())).toMatchObject({ writes: 0 });
  });

  it("has its relation again when its series comes back from the trash", async () => {
    await using world = await LibraryWorld.open();
    await world.import([saga(1), saga(2)]);
    await world.sync();
    const { id } = world.page("series", "The Saga");
    world.emulator.workspace.trashPage(id);
    await world.lockstep.sync([], { trigger: "test", isFull: true });
    await world.sync();
    expect(world.page("books", "Saga 1").values.Series).toEqual([]);
    world.emulator.workspace.restorePage(id);
    await world.sync();
    await world.sync();
    for (const title of ["Saga 1", "Saga 2"])
      expect(world.page("books", title).values).toMatchObject({ Series: [id] });
    expect(world.page("series", "The Saga").values).toMatchObject({ "Owned/Total": "2/2" });
    expect(await world.calls(() => world.sync())).toMatchObject({ writes: 0 });
  });

  it("throws away a series together with its books, and all of them stay in the trash", async () => {
    await using world = await LibraryWorld.open();
    await world.import([saga(1), saga(2), saga(3), exported(9)]);
    await world.sync();
    const pages = [world.page("series", "The Saga"), ...[1, 2].map((n) => world.page("books", `Saga ${n}`))];
    for (const { id } of pages) world.emulator.workspace.trashPage(id);
    for (let run = 0; run < 2; run += 1) {
      await world.lockstep.sync([], { trigger: "test", isFull: true });
      await world.sync();
    }
    expect([...world.pages("series").keys()]).toEqual([]);
    expect([...world.pages("books").keys()].sort()).toEqual(["Book 9", "Saga 3"]);
  });

  it("throws a book away, which stays in the trash although an import changes it before that is noticed", async () => {
    await using world = await LibraryWorld.open();
    await world.import([saga(1), saga(2)]);
    await world.sync();
    world.emulator.workspace.trashPage(world.page("books", "Saga 2").id);
    await world.import([saga(1), saga(2, { title: "Saga 2, remastered" })]);
    await world.sync();
    await world.lockstep.sync([], { trigger: "test", isFull: true });
    await world.import([saga(1), saga(2)]);
    expect([...world.pages("books").keys()]).toEqual(["Saga 1"]);
  });

  it("keeps a day on its day, and a moment as it is, whatever the zone", async () => {
    await using world = await LibraryWorld.open();
    await world.import([saga(1), saga(2)]);
    await world.sync();
    const moment = "2024-05-06T23:00:00.000-06:00";
    world.edit("books", "Saga 1", { "Purchased Date": { date: { start: moment } } });
    world.edit("books", "Saga 2", { "Purchased Date": { date: { start: "2024-02-29" } } });
    await world.sync();
    await world.import([saga(1), saga(2)]);
    await world.sync();
    const dates = [1, 2].map((n) => world.page("books", `Saga ${n}`).values["Purchased Date"]);
    expect(Date.parse(String(dates[0]))).toBe(Date.parse(moment));
    expect(dates[1]).toBe("2024-02-29");
  });

  it("is put back where Lockstep alone knows, and stands where a person decides", async () => {
    await using world = await LibraryWorld.open();
    await world.import([saga(1), saga(3)]);
    await world.sync();
    world.edit("series", "The Saga", {
      Gaps: { rich_text: text("none") },
      "Final Status": { select: { name: "Finished" } },
    });
    await world.sync();
    await world.library.recompute({ isCommitted: true, trigger: "test", allowCascade: null });
    await world.sync();
    expect(world.page("series", "The Saga").values).toMatchObject({ Gaps: "2", "Final Status": "Finished" });
  });
});

describe("the doctor", () => {
  it("looks at the databases of a library, and says what mends them", async () => {
    await using world = await LibraryWorld.open();
    const failed = async () => (await world.lockstep.doctor()).filter(({ state }) => state === "failed");
    expect(await failed()).toEqual([]);
    world.emulator.workspace.deleteProperty(world.setup.books, "Series Order");
    expect(await failed()).toContainEqual({
      sync: "library",
      check: "Books: properties",
      state: "failed",
      detail: 'missing: property "Series Order"',
      mend: expect.stringContaining("lockstep init"),
    });
  });
});
