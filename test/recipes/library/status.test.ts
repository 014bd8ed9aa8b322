import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { follows, planCascade } from "../../../src/recipes/library/cascade.ts";
import type { Book, BookStatus } from "../../../src/recipes/library/model.ts";
import {
  bookStatuses,
  finalStatus,
  finalStatusTable,
  statusOfName,
} from "../../../src/recipes/library/status.ts";
import { book, place } from "./books.ts";

describe("finalStatus", () => {
  const cases: readonly [readonly BookStatus[], BookStatus][] = [
    [[], "notStarted"],
    [["notStarted", "notStarted"], "notStarted"],
    [["finished", "finished"], "finished"],
    [["finished", "notStarted"], "inProgress"],
    [["inProgress"], "inProgress"],
    [["finished", "poubelle"], "poubelle"],
    [["inProgress", "poubelle"], "poubelle"],
  ];
  it.each(cases)("of %j is %s", (statuses, final) => {
    expect(finalStatus(statuses.map((status, at) => book(`B${at}`, { status })))).toBe(final);
  });

  it("does not count books that are not owned", () => {
    const synthetic = book("B2", { status: "notStarted", isOwned: false });
    expect(finalStatus([book("B1", { status: "finished" }), synthetic])).toBe("finished");
  });

  it("has a line for every mix, and each line is reached", () => {
    expect(Object.keys(finalStatusTable)).toHaveLength(2 ** bookStatuses.length);
    for (const [mix, final] of Object.entries(finalStatusTable)) {
      const present = bookStatuses.filter((status) =>
        mix.includes(status === "poubelle" ? "p" : (status[0] ?? "")),
      );
      expect(finalStatus(present.map((status) => book(status, { status })))).toBe(final);
    }
  });

  it("depends on which statuses there are, never on how many or in which order", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...bookStatuses)), (statuses) => {
        const of = (list: readonly BookStatus[]) =>
          finalStatus(list.map((status, at) => book(`B${at}`, { status })));
        expect(of(statuses)).toBe(of([...new Set(statuses)].reverse()));
      }),
    );
  });
});

describe("statusOfName", () => {
  it("knows the configured names in any case", () => {
    expect(statusOfName(" la poubelle ")).toBe("poubelle");
    expect(statusOfName("Gelesen")).toBeNull();
    const names = { notStarted: "Offen", inProgress: "Läuft", finished: "Gelesen", poubelle: "Müll" };
    expect(statusOfName("gelesen", names)).toBe("finished");
  });
});

describe("planCascade", () => {
  const inSeries = (asin: string, status: BookStatus, ...names: readonly string[]) =>
    book(asin, { status, series: names.map((name) => place(name, "1")) });
  const library = [
    inSeries("B1", "poubelle", "Dune"),
    inSeries("B2", "notStarted", "Dune"),
    inSeries("B3", "inProgress", "Dune"),
    inSeries("B4", "finished", "Dune"),
    inSeries("B5", "notStarted", "Arrakis", "Dune"),
    inSeries("B6", "notStarted", "Dune", "Arrakis"),
    book("B7", { status: "notStarted" }),
  ];

  it("takes along what is not started and in progress, and leaves what is finished", () => {
    expect(planCascade(library, ["B1"])).toEqual({
      changes: [
        { asin: "B2", from: "notStarted", to: "poubelle", follows: "B1" },
        { asin: "B3", from: "inProgress", to: "poubelle", follows: "B1" },
        { asin: "B6", from: "notStarted", to: "poubelle", follows: "B1" },
      ],
      series: ["dune"],
    });
  });

  it("moves a book by its primary series alone", () => {
    const entered = library.map((each) =>
      each.asin === "B6" ? inSeries("B6", "poubelle", "Arrakis", "Dune") : each,
    );
    const plan = planCascade(entered, ["B6"]);
    expect(plan.changes.map(({ asin }) => asin)).toEqual(["B5"]);
    expect(plan.series).toEqual(["arrakis"]);
  });

  it("plans nothing for a book that leaves, for one without a series, and for one that was there before", () => {
    const nothing = { changes: [], series: [] };
    expect(
      planCascade([inSeries("B1", "inProgress", "Dune"), inSeries("B2", "poubelle", "Dune")], ["B1"]),
    ).toEqual(nothing);
    expect(
      planCascade([book("B7", { status: "poubelle" }), inSeries("B2", "notStarted", "Dune")], ["B7"]),
    ).toEqual(nothing);
    expect(planCascade(library, [])).toEqual(nothing);
  });

  it("knows a series by its ASIN, whatever it is called", () => {
    const [one, other] = ["The Dune Saga", "Der Wüstenplanet"].map((name, at) => {
      return book(`B${at}`, {
        status: at === 0 ? "poubelle" : "notStarted",
        series: [place(name, "1", "S1")],
      });
    });
    expect(
      planCascade(
        [one, other].filter((each) => each !== undefined),
        ["B0"],
      ).changes,
    ).toHaveLength(1);
  });

  it("leaves nothing to follow once it is applied, and never touches a finished book, for any library", () => {
    const anyBook = fc.record({
      status: fc.constantFrom(...bookStatuses),
      names: fc.uniqueArray(fc.constantFrom("A", "B", "C"), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(fc.array(anyBook, { maxLength: 12 }), fc.nat(11), (given, at) => {
        const books: readonly Book[] = given.map(({ status, names }, index) =>
          inSeries(`B${index}`, status, ...names),
        );
        const plan = planCascade(books, [`B${at}`]);
        const moved = new Set(plan.changes.map(({ asin }) => asin));
        const after = books.map((each) =>
          moved.has(each.asin) ? { ...each, status: "poubelle" as const } : each,
        );
        expect(planCascade(after, [`B${at}`])).toEqual({ ...plan, changes: [] });
        expect(plan.changes.every(({ from }) => follows[from])).toBe(true);
        expect(books.filter(({ status }) => status === "finished").some(({ asin }) => moved.has(asin))).toBe(
          false,
        );
      }),
    );
  });
});
