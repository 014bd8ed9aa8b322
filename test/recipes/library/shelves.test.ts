import { describe, expect, it } from "vitest";
import type { CollectionRecord } from "../../../src/core/collection/record.ts";
import { applyCollectionWrite } from "../../../src/core/collection/write.ts";
import type { Json } from "../../../src/core/json.ts";
import { Draft, type Shelf, type ShelfPlan } from "../../../src/recipes/library/draft.ts";
import { importBooks } from "../../../src/recipes/library/import-books.ts";
import { judgeShelf } from "../../../src/recipes/library/judge.ts";
import type { Book, BookStatus, SeriesPlace } from "../../../src/recipes/library/model.ts";
import { withSeries } from "../../../src/recipes/library/places.ts";
import { parsePosition } from "../../../src/recipes/library/position.ts";
import { bookStatuses } from "../../../src/recipes/library/status.ts";
import { takeBack } from "../../../src/recipes/library/take-back.ts";
import { cleanUp } from "../../../src/recipes/library/tidy.ts";

const collections = { series: "library/series", books: "library/books" };
const today = "2026-11-21";
const audible = { origin: "audible", confidence: 1 } as const;
const person = { origin: "person", confidence: 1 } as const;

function place(name: string, position: string | null = null, asin: string | null = null): SeriesPlace {
  return { name, asin, position: parsePosition(position), ...audible };
}

function book(asin: string, fields: Partial<Book> = {}): Book {
  return {
    asin,
    title: `Title of ${asin}`,
    subtitle: null,
    authors: ["Ann", "Bob"],
    narrators: [],
    lengthMinutes: 60,
    released: "2020-01-01",
    purchased: null,
    language: null,
    coverUrl: null,
    status: "notStarted",
    isOwned: true,
    source: "audible",
    cluster: asin,
    provenance: { title: audible, series: audible },
    series: [],
    ...fields,
  };
}

/** A library in memory, changed by plans as the store would change it. */
class Library {
  readonly records = new Map<string, CollectionRecord>();
  readonly versions = new Map<string, ReturnType<typeof this.apply>>();
  private revision = 0;

  get shelf(): Shelf {
    const of = (collection: string) =>
      [...this.records.values()].filter((record) => record.collection === collection);
    return { collections, series: of(collections.series), books: of(collections.books) };
  }

  /** Thinks, writes, and gives the plan. */
  change(run: string, think: (draft: Draft, shelf: Shelf) => void): ShelfPlan {
    const { shelf } = this;
    const draft = new Draft(shelf);
    think(draft, shelf);
    const plan = draft.plan();
    this.versions.set(run, this.apply(run, plan));
    return plan;
  }

  import(books: readonly Book[], more: Partial<Parameters<typeof importBooks>[1]> = {}): ShelfPlan {
    const incoming = { books, lists: [], today, isSynthesizing: false, ...more };
    return this.change("import", (draft) => importBooks(draft, incoming));
  }

  /** What a person does to a record in Notion. */
  edit(shelf: "series" | "books", id: string, fields: Readonly<Record<string, Json>>): void {
    this.change("person", (draft) => {
      const said = Object.entries(fields).map(([name, value]) => [name, { value, provenance: person }]);
      draft.set(shelf, id, Object.fromEntries(said), "edited");
    });
  }

  judge(cascadeMax: number | null = null): ReturnType<typeof judgeShelf> {
    let judged: ReturnType<typeof judgeShelf> | null = null;
    this.change("cascade", (draft) => {
      judged = judgeShelf(draft, { today, cascadeMax });
    });
    if (judged === null) throw new Error("nothing was judged");
    return judged;
  }

  field(shelf: "series" | "books", id: string, name: string): Json {
    return this.records.get(`${collections[shelf]}\n${id}`)?.fields[name] ?? null;
  }

  status(id: string): Json {
    return this.field("books", id, "status");
  }

  private apply(run: string, { writes }: ShelfPlan) {
    return writes.flatMap((write) => {
      const key = `${write.collection}\n${write.id}`;
      const before = this.records.get(key) ?? null;
      expect(before?.revision ?? 0).toBe(write.expected);
      this.revision += 1;
      const as = { by: run, runId: run, at: "2026-11-21T10:00:00.000Z", revision: this.revision };
      const written = applyCollectionWrite(before, write, as);
      if (written === null) throw new Error(`the plan writes ${write.id}, which changes nothing`);
      this.records.set(key, written.record);
      return [written.version];
    });
  }
}

describe("importBooks", () => {
  it("plans nothing the second time, whatever order the books come in", () => {
    const library = new Library();
    const books = ["B1", "B2", "B3"].map((asin, n) => book(asin, { series: [place("Saga", String(n + 1))] }));
    const first = library.import(books);
    expect(first.records.map(({ shelf, kind }) => `${shelf} ${kind}`)).toEqual([
      "series create",
      ...books.map(() => "books create"),
    ]);
    expect(library.import(books.toReversed())).toMatchObject({ records: [], writes: [], kept: [] });
  });

  it("keeps the record of a series whose ASIN turns up later, and one for each ASIN of the same name", () => {
    const library = new Library();
    library.import([book("B1", { series: [place("The Saga", "1")] })]);
    library.import([book("B2", { series: [place("Saga Series", "2", "S1")] })]);
    expect(library.shelf.series.map(({ id, fields }) => [id, fields.name, fields.asin])).toEqual([
      ["saga", "The Saga", "S1"],
    ]);
    library.import([book("B3", { series: [place("Saga", "1", "S2")] })]);
    expect(library.shelf.series.map(({ id }) => id)).toEqual(["saga", "S2"]);
  });

  it.each<[string, Partial<Book>, Partial<Book>, Json]>([
    ["a newer word of the same source counts", { title: "Old" }, { title: "New" }, "New"],
    [
      "a better source counts",
      { title: "Read", provenance: { title: { origin: "heuristic", confidence: 0.9 } } },
      { title: "Told" },
      "Told",
    ],
    [
      "a lesser source does not",
      { title: "Told" },
      { title: "Read", provenance: { title: { origin: "heuristic", confidence: 0.9 } } },
      "Told",
    ],
  ])("settles a field by who says so: %s", (_, before, after, title) => {
    const library = new Library();
    library.import([book("B1", before)]);
    library.import([book("B1", after)]);
    expect(library.field("books", "B1", "title")).toBe(title);
  });

  it("denies nothing by not telling it", () => {
    const library = new Library();
    const places = [place("Saga", "1", "S1"), place("Universe", "7", "S2")];
    const told = {
      status: "finished",
      provenance: { title: audible, series: audible, status: audible },
    } as const;
    library.import([book("B1", { series: places, purchased: "2024-01-01", ...told })]);
    library.import([book("B1", { series: [place("Saga", null, "S1")] })]);
    expect(library.field("books", "B1", "series")).toEqual([
      { id: "S1", position: "1" },
      { id: "S2", position: "7" },
    ]);
    expect(library.field("books", "B1", "purchased")).toBe("2024-01-01");
    expect(library.status("B1")).toBe("finished");
  });

  it("leaves the series that a person chose, and its place in it", () => {
    const library = new Library();
    library.import([book("B1", { series: [place("Saga", "1", "S1")] })]);
    library.edit("books", "B1", { series: [{ id: "other", position: null }], order: 12 });
    const { kept } = library.import([book("B1", { series: [place("Saga", "2", "S1")] })]);
    expect(kept).toEqual([]);
    expect(library.field("books", "B1", "order")).toBe(12);
    expect(library.field("books", "B1", "series")).toEqual([{ id: "other", position: null }]);
  });

  it("makes missing volumes up only once, and never those that are there", () => {
    const library = new Library();
    const volume = (asin: string, n: number) => ({
      asin,
      title: `Volume ${n}`,
      position: parsePosition(String(n)),
      released: "2021-01-01",
    });
    const lists = [
      { asin: "S1", title: "Saga", owned: [volume("B1", 1)], missing: [volume("B2", 2), volume("B3", 3)] },
    ];
    const books = [book("B1", { series: [place("Saga", "1", "S1")] })];
    library.import(books, { lists, isSynthesizing: true });
    expect(
      library.shelf.books.map(({ id, fields }) => [id, fields.isOwned, fields.isSynthetic ?? null]),
    ).toEqual([
      ["B1", true, null],
      ["B2", false, true],
      ["B3", false, true],
    ]);
    expect(library.import(books, { lists, isSynthesizing: true }).writes).toEqual([]);
    library.edit("books", "B3", { title: "I want this one" });
    const plan = library.change("cleanup", cleanUp);
    expect(plan.records.map(({ id, kind }) => [id, kind])).toEqual([["B2", "trash"]]);
    expect(plan.kept).toMatchObject([{ id: "B3", reason: "a person wrote on it" }]);
  });
});

describe("judgeShelf", () => {
  const libraryOf = (statuses: readonly BookStatus[]) => {
    const library = new Library();
    const told = { provenance: { title: audible, series: audible, status: audible } };
    library.import(
      statuses.map((status, n) =>
        book(`B${n}`, { status, ...told, series: [place("Saga", String(n + 1), "S1")] }),
      ),
    );
    library.judge();
    return library;
  };

  it.each(bookStatuses.flatMap((from) => bookStatuses.map((sibling) => [from, sibling] as const)))(
    "a book that goes from %s to La Poubelle and its sibling that is %s",
    (from, sibling) => {
      const library = libraryOf([from, sibling]);
      library.edit("books", "B0", { status: "poubelle" });
      library.judge();
      // One that an export says is thrown away takes its siblings along, too.
      expect(library.status("B1")).toBe(sibling === "finished" ? sibling : "poubelle");
      expect(library.field("series", "S1", "finalStatus")).toBe("poubelle");
      // Judging again finds nothing more to do.
      expect(
        library.change("again", (draft) => judgeShelf(draft, { today, cascadeMax: null })).writes,
      ).toEqual([]);
    },
  );

  it("goes by the primary series of each book alone", () => {
    const library = new Library();
    library.import([
      book("B1", { series: [place("One", "1", "S1"), place("Two", "1", "S2")] }),
      book("B2", { series: [place("Two", "2", "S2"), place("One", "2", "S1")] }),
      book("B3", { series: [place("One", "3", "S1")] }),
    ]);
    library.edit("books", "B1", { status: "poubelle" });
    expect(library.judge().cascade.map(({ asin }) => asin)).toEqual(["B3"]);
    expect([library.status("B2"), library.field("series", "S2", "finalStatus")]).toEqual([
      "notStarted",
      "poubelle",
    ]);
  });

  it("takes each change up once, whoever made it and however late it is looked at", () => {
    const library = libraryOf(["notStarted", "notStarted"]);
    library.edit("books", "B0", { status: "poubelle" });
    library.judge();
    library.edit("books", "B1", { status: "notStarted" });
    expect(library.judge().cascade).toEqual([]);
    library.edit("books", "B0", { title: "Still away" });
    expect(library.judge().cascade).toEqual([]);
    library.edit("books", "B0", { status: "inProgress" });
    library.judge();
    library.edit("books", "B0", { status: "poubelle" });
    expect(library.judge().cascade.map(({ asin }) => asin)).toEqual(["B1"]);
  });

  it("does nothing of a cascade that is too large, and all of it once it may", () => {
    const library = libraryOf(["notStarted", "notStarted", "inProgress"]);
    library.edit("books", "B0", { status: "poubelle" });
    const refused = library.judge(1);
    expect([refused.cascade, refused.refusal]).toEqual([[], expect.stringContaining("2 books would follow")]);
    expect([1, 2].map((n) => library.status(`B${n}`))).toEqual(["notStarted", "inProgress"]);
    expect(library.judge(2).cascade).toHaveLength(2);
  });

  it("leaves a Final Status that a person has given", () => {
    const library = libraryOf(["finished", "finished"]);
    library.edit("series", "S1", { finalStatus: "inProgress" });
    library.judge();
    expect(library.field("series", "S1", "finalStatus")).toBe("inProgress");
  });
});

describe("a series in the trash", () => {
  it("is noted by its books, those in the trash, too, and so is that it came back: then they are looked at again", () => {
    const library = new Library();
    library.import([book("B1", { series: [place("Saga", "1", "S1")] }), book("B2")]);
    library.import([book("B3", { series: [place("Saga", "3", "S1")] })]);
    library.change("person", (draft) => draft.setStatus("books", "B3", "trashed", person));
    const move = (status: "live" | "trashed") => {
      library.change("person", (draft) => draft.setStatus("series", "S1", status, person));
      const { writes } = library.change("cascade", (draft) => judgeShelf(draft, { today, cascadeMax: null }));
      const ofBooks = writes.filter(({ collection }) => collection === collections.books);
      return ofBooks.map(({ id, fields }) => [id, fields.away]);
    };
    expect(move("trashed")).toEqual([
      ["B1", ["S1"]],
      ["B3", ["S1"]],
    ]);
    expect(move("live")).toEqual([
      ["B1", null],
      ["B3", null],
    ]);
  });
});

describe("takeBack", () => {
  it("puts back what a run changed, with who had said it, and trashes what it made", () => {
    const library = new Library();
    library.import([book("B1")]);
    const before = library.shelf;
    library.import([book("B1", { title: "New" }), book("B2", { series: [place("Saga", "1")] })]);
    const versions = library.versions.get("import") ?? [];
    library.change("undo", (draft, shelf) => takeBack(draft, shelf, versions));
    const [b1, b2] = library.shelf.books;
    expect(b1).toMatchObject({ fields: before.books[0]?.fields, provenance: before.books[0]?.provenance });
    expect([b2?.status, library.shelf.series[0]?.status]).toEqual(["trashed", "trashed"]);
    // The next import brings them back, as they were.
    library.import([book("B2", { series: [place("Saga", "1")] })]);
    expect(library.shelf.books.map(({ status }) => status)).toEqual(["live", "live"]);
  });

  it("puts back who vouches for a field, also where its value stayed", () => {
    const library = new Library();
    const guess = (confidence: number) => {
      const word = { origin: "heuristic", confidence } as const;
      return book("B1", { series: [place("Saga", "1")], provenance: { title: audible, series: word } });
    };
    library.import([guess(0.6)]);
    const [before] = library.shelf.books;
    library.import([guess(0.8)]);
    const versions = library.versions.get("import") ?? [];
    expect(library.shelf.books[0]?.provenance).not.toEqual(before?.provenance);
    library.change("undo", (draft, shelf) => takeBack(draft, shelf, versions));
    expect(library.shelf.books[0]?.provenance).toEqual(before?.provenance);
  });

  it("leaves a field to whoever vouches for its value since", () => {
    const library = new Library();
    const guess = (confidence: number) => {
      const word = { origin: "heuristic", confidence } as const;
      return book("B1", { title: "Saga 1", provenance: { title: word, series: audible } });
    };
    library.import([guess(0.6)]);
    library.import([guess(0.8)]);
    const versions = library.versions.get("import") ?? [];
    library.edit("books", "B1", { title: "Saga 1" });
    library.change("undo", (draft, shelf) => takeBack(draft, shelf, versions));
    expect(library.shelf.books[0]?.provenance.title).toEqual(person);
  });

  it("leaves what was changed since, and tells so; a cascade that is taken back does not come again", () => {
    const library = new Library();
    const series = [place("Saga", "1", "S1")];
    library.import(["B1", "B2", "B3"].map((asin) => book(asin, { series })));
    library.edit("books", "B1", { status: "poubelle" });
    library.judge();
    const versions = library.versions.get("cascade") ?? [];
    library.edit("books", "B3", { status: "finished" });
    const plan = library.change("undo", (draft, shelf) => takeBack(draft, shelf, versions));
    expect(plan.kept).toMatchObject([
      { id: "B3", field: "status", kept: "finished", reason: "changed since" },
    ]);
    library.judge();
    expect(["B1", "B2", "B3"].map((id) => library.status(id))).toEqual([
      "poubelle",
      "notStarted",
      "finished",
    ]);
  });
});

describe("withSeries", () => {
  const places = [
    { id: "a", position: "1" },
    { id: "b", position: "2" },
  ];
  it.each([
    ["keeps places and their order", ["b", "a"], places],
    ["drops what is gone", ["b"], [places[1]]],
    ["adds what is new at the end", ["c", "a", "b"], [...places, { id: "c", position: null }]],
    [
      "puts what is new in place of a primary one that went",
      ["c", "b"],
      [
        { id: "c", position: null },
        { id: "b", position: "2" },
      ],
    ],
    ["ends with none", [], []],
  ])("%s", (_, ids, expected) => {
    expect(withSeries(places, ids)).toEqual(expected);
  });
});
