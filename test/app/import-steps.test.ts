import { describe, expect, it } from "vitest";
import type { BookItem, FinishedImport, ImportSteps } from "../../src/app/import-steps.ts";
import type { ImportOptions } from "../../src/app/library-report.ts";
import { writeExport } from "../../src/recipes/library/exports/write-export.ts";
import type { ExportedBook } from "../../src/recipes/library/model.ts";
import { scriptedServer } from "../http/scripted-server.ts";
import { exported, LibraryWorld, placeIn } from "./library-world.ts";

const options: ImportOptions = {
  isCommitted: true,
  isSynthesizing: false,
  withPodcasts: false,
  dateOrder: null,
  trigger: "test",
};

const saga = (n: number, fields: Partial<ExportedBook> = {}) =>
  exported(n, { title: `Saga ${n}`, series: [placeIn("The Saga", String(n), "S000000001")], ...fields });
const other = (n: number, fields: Partial<ExportedBook> = {}) =>
  exported(n, { title: `Other ${n}`, series: [placeIn("Others", String(n))], ...fields });

function stepsOf({ lockstep }: LibraryWorld): ImportSteps {
  if (lockstep.importSteps === null) throw new Error("no library is configured");
  return lockstep.importSteps;
}

function fileOf(books: readonly ExportedBook[]) {
  return {
    name: "library.csv",
    companion: null,
    async *chunks() {
      yield Buffer.from([...writeExport(books)].join(""));
    },
  };
}

/** Time passes while it is worked: whoever finds another at it waits. */
async function whileTimePasses<T>({ clock }: LibraryWorld, work: () => Promise<T>): Promise<T> {
  const ticking = setInterval(() => clock.advance(50), 1);
  return work().finally(() => clearInterval(ticking));
}

/** All steps of an import, several books at once, each step `times` times over. */
async function inSteps(
  world: LibraryWorld,
  books: readonly ExportedBook[],
  {
    id,
    times = 1,
    batchMax = 100,
  }: { readonly id: string; readonly times?: number; readonly batchMax?: number },
): Promise<FinishedImport> {
  const steps = stepsOf(world);
  await steps.keep(id, fileOf(books), options);
  let begun = await steps.begin({ importId: id }, { batchMax });
  for (;;) {
    const queue = begun.items.values();
    const work = async () => {
      for (const item of queue) await oneBook(steps, item, times);
    };
    await whileTimePasses(world, () => Promise.all([work(), work(), work()]));
    if (begun.next === null) break;
    begun = await steps.begin(begun.next, { batchMax });
  }
  return steps.finish({ importId: id });
}

async function oneBook(steps: ImportSteps, item: BookItem, times: number): Promise<void> {
  for (const step of ["lookUpSeries", "upsertSeries", "upsertBook", "cascade"] as const)
    for (let n = 0; n < times; n += 1) await steps[step](item);
}

/** What people see, without ids. */
function shown(world: LibraryWorld) {
  const series = world.pages("series");
  const nameById = new Map([...series].map(([name, { id }]) => [id, name]));
  const books = [...world.pages("books")].map(([title, { values }]) => {
    const { Series: ids, "Lockstep ID": _, ...rest } = values;
    const names = Array.isArray(ids) ? ids.map((id) => nameById.get(String(id))) : ids;
    return [title, { ...rest, Series: names }] as const;
  });
  const shelves = [...series].map(([name, { values }]) => {
    const { Books: ids, "Lockstep ID": _, ...rest } = values;
    return [name, { ...rest, Books: Array.isArray(ids) ? ids.length : ids }] as const;
  });
  return { books: Object.fromEntries(books), series: Object.fromEntries(shelves) };
}

const library = [
  ...[1, 2, 3, 5].map((n) => saga(n)),
  ...[11, 12, 13].map((n) => other(n, n === 12 ? { status: "finished" } : {})),
  exported(21),
  exported(22, { status: "inProgress" }),
];

describe("an import in steps", () => {
  it("makes what one machine makes, with no more requests, and a second one writes nothing", async () => {
    await using one = await LibraryWorld.open();
    await using many = await LibraryWorld.open();
    const single = await one.calls(() => whileTimePasses(one, () => one.import(library)));
    const split = await many.calls(() => inSteps(many, library, { id: "import-1" }));
    expect(shown(many)).toEqual(shown(one));
    expect(split.writes).toBe(single.writes);
    expect(split.reads).toBeLessThanOrEqual(single.reads);
    const again = await many.calls(async () => {
      expect(await inSteps(many, library, { id: "import-2" })).toMatchObject({ run: null });
    });
    expect(again).toMatchObject({ writes: 0 });
    expect(again.reads).toBeLessThanOrEqual(2);
  });

  it("finds what is done when a step comes again, in whatever batches", async () => {
    await using world = await LibraryWorld.open();
    const { writes } = await world.calls(() =>
      inSteps(world, library, { id: "import-1", times: 2, batchMax: 2 }),
    );
    expect(writes).toBe(library.length + 2);
    expect(world.pages("books").size).toBe(library.length);
  });

  it("brings the same pages back after a reset, and says once what one machine says", async () => {
    const brought: unknown[] = [];
    for (const again of ["in one go", "in steps"]) {
      await using world = await LibraryWorld.open();
      await whileTimePasses(world, () => world.import(library));
      const count = library.length + 2;
      await world.library.reset({ isCommitted: true, trigger: "test", count });
      expect(world.pages("books").size).toBe(0);
      const { writes } = await world.calls(() =>
        again === "in steps"
          ? inSteps(world, library, { id: "import-2" })
          : whileTimePasses(world, () => world.import(library)),
      );
      expect(world.emulator.workspace.rows(world.setup.books)).toHaveLength(library.length);
      await world.sync();
      brought.push({ shown: shown(world), writes });
    }
    expect(brought[1]).toEqual(brought[0]);
  });

  it("is one run, which can be taken back", async () => {
    await using world = await LibraryWorld.open();
    const { run } = await inSteps(world, library, { id: "import-1" });
    expect(run).toMatchObject({
      id: "import-1",
      status: "succeeded",
      counts: { created: library.length + 2 },
    });
    await world.library.undo("import-1", { isCommitted: true, trigger: "test" });
    expect(world.pages("books").size).toBe(0);
  });

  it("takes siblings along to La Poubelle, those that were there before among them", async () => {
    await using one = await LibraryWorld.open();
    await using many = await LibraryWorld.open();
    const thrown = [saga(3, { status: "poubelle" }), other(12, { status: "finished" }), saga(5)];
    for (const world of [one, many])
      await world.import([saga(1), saga(2, { status: "finished" }), other(11)]);
    const single = await one.calls(() => one.import(thrown));
    const split = await many.calls(() => inSteps(many, thrown, { id: "import-2" }));
    expect(shown(many)).toEqual(shown(one));
    expect(shown(many).books["Saga 1"]).toMatchObject({ Status: "La Poubelle" });
    expect(split.writes).toBe(single.writes);
  });

  it("knows in every step what Open Library says of any book", async () => {
    await using openLibrary = await scriptedServer(({ url }) => {
      const title = new URL(url, "http://x").searchParams.get("title");
      const work = { key: "/works/OL1W", title, author_name: ["Ann Author"], edition_count: 3 };
      return { json: { docs: [{ ...work, series_name: ["The Saga"], series_position: ["2"] }] } };
    });
    const section = { openLibrary: { contact: "mailto:me@example.org" } };
    await using one = await LibraryWorld.open(section, "sqlite", openLibrary.url);
    await using many = await LibraryWorld.open(section, "sqlite", openLibrary.url);
    // The last of them is of the series of the first, and the export does not say so.
    const books = [saga(1, { status: "poubelle" }), other(11), exported(2)];
    const single = await one.calls(() => one.import(books));
    const asked = openLibrary.seen.length;
    const split = await many.calls(() => inSteps(many, books, { id: "import-1" }));
    expect(shown(many)).toEqual(shown(one));
    expect(shown(many).books["Book 2"]).toMatchObject({ Series: ["The Saga"], Status: "La Poubelle" });
    expect(split.writes).toBe(single.writes);
    expect(openLibrary.seen.length).toBe(2 * asked);
  });

  it("says when too many books would follow, and throws none of them away", async () => {
    await using world = await LibraryWorld.open({ cascadeMax: 1 });
    const books = [saga(1, { status: "poubelle" }), saga(2), saga(3)];
    const { refusal } = await inSteps(world, books, { id: "import-1" });
    expect(refusal).toContain("--allow-cascade 2");
    expect(world.page("books", "Saga 2").values.Status).toBe("Not started");
  });

  it("leaves to its retries what nobody knows the fate of, and makes no second page", async () => {
    await using world = await LibraryWorld.open();
    const steps = stepsOf(world);
    await steps.keep("import-1", fileOf([exported(1)]), options);
    const { items } = await steps.begin({ importId: "import-1" }, { batchMax: 10 });
    const [item] = items;
    if (item === undefined) throw new Error("there is nothing to do");
    world.emulator.faults.add({
      match: { method: "POST", path: "^/v1/pages", times: 1 },
      effect: { kind: "drop", when: "after" },
    });
    await steps.upsertSeries(item);
    await expect(steps.upsertBook(item)).rejects.toMatchObject({ code: "BOOK_UNSETTLED" });
    await expect(steps.upsertBook(item)).rejects.toMatchObject({ code: "BOOK_UNSETTLED" });
    world.clock.advance(10 * 60_000);
    await steps.upsertBook(item);
    await steps.finish({ importId: "import-1" });
    expect(world.emulator.workspace.rows(world.setup.books)).toHaveLength(1);
  });

  it("does not know an import that was never kept", async () => {
    await using world = await LibraryWorld.open();
    await expect(stepsOf(world).finish({ importId: "nothing" })).rejects.toMatchObject({
      code: "RUN_NOT_FOUND",
    });
  });
});
