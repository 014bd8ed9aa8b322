import { describe, expect, it } from "vitest";
import type { SeriesPlace } from "../../../src/recipes/library/model.ts";
import { clusterBooks } from "../../../src/recipes/library/work.ts";
import { place } from "./books.ts";

interface Given {
  readonly title: string;
  readonly series?: readonly SeriesPlace[];
  readonly authors?: readonly string[];
  readonly language?: string | null;
}

/** Whether two recordings come into one cluster; the second is B1, and the cluster is named after the smaller. */
function isOneWork(first: Given, second: Given): boolean {
  const books = [first, second].map((given, at) => {
    return { asin: `B${2 - at}`, series: [], authors: ["Jane Doe"], language: "english", ...given };
  });
  const clusters = clusterBooks(books);
  expect(clusters.get("B1")).toBe("B1");
  return clusters.get("B2") === "B1";
}

describe("clusterBooks", () => {
  const potter = (title: string, series: string, position: string) => {
    return { title, series: [place(series, position)], authors: ["J.K. Rowling"] };
  };
  const one: readonly [string, Given, Given][] = [
    ["the same title", { title: "A Christmas Carol" }, { title: "A Christmas Carol" }],
    ["a re-narration", { title: "Dune" }, { title: "Dune (Narrated by Somebody)" }],
    ["another edition", { title: "Goblin Slayer, Vol. 5" }, { title: "Goblin Slayer (Light Novel), Vol. 5" }],
    [
      "an author written another way",
      { title: "The Hobbit", authors: ["J. R. R. Tolkien"] },
      { title: "The Hobbit", authors: ["J.R.R. Tolkien", "Andy Serkis"] },
    ],
    [
      "a twin of another region, with another title",
      potter("Harry Potter and the Sorcerer's Stone, Book 1", "Harry Potter", "1"),
      potter("Harry Potter and the Philosopher's Stone", "Harry Potter (Narrated by Stephen Fry)", "1"),
    ],
    [
      "one volume with and without its number in the title",
      { title: "Dune", series: [place("Dune Saga", "1")] },
      { title: "Dune, Book 1", series: [place("Dune", "1")] },
    ],
  ];
  it.each(one)("puts %s into one cluster", (_, first, second) => {
    expect(isOneWork(first, second)).toBe(true);
  });

  const two: readonly [string, Given, Given][] = [
    ["two volumes", { title: "Goblin Slayer, Vol. 1" }, { title: "Goblin Slayer, Vol. 2" }],
    ["two volumes with bare numbers", { title: "Master Class 2" }, { title: "Master Class 3" }],
    ["two authors", { title: "Relentless" }, { title: "Relentless", authors: ["Somebody Else"] }],
    ["two languages", { title: "Dune" }, { title: "Dune", language: "german" }],
    [
      "two parts of one recording",
      { title: "Red Rising (Part 1 of 2) (Dramatized Adaptation)", series: [place("Red Rising", "1")] },
      { title: "Red Rising (Part 2 of 2) (Dramatized Adaptation)", series: [place("Red Rising", "1")] },
    ],
    [
      "two books that a list puts into one place",
      {
        title: "Mushoku Tensei: Jobless Reincarnation, Vol. 1",
        series: [place("Mushoku Tensei: Jobless Reincarnation", "1")],
      },
      {
        title: "Mushoku Tensei: Redundant Reincarnation, Vol. 1",
        series: [place("Mushoku Tensei: Jobless Reincarnation", "1")],
      },
    ],
    [
      "an omnibus and its first volume",
      { title: "The Expanse: Omnibus", series: [place("The Expanse", "1-3")] },
      { title: "Leviathan Wakes", series: [place("The Expanse", "1")] },
    ],
  ];
  it.each(two)("keeps %s apart", (_, first, second) => {
    expect(isOneWork(first, second)).toBe(false);
  });

  it("names a cluster the same in any order", () => {
    const books = ["B3", "B1", "B2"].map((asin) => {
      return { asin, title: "Dune", authors: ["Frank Herbert"], language: null, series: [] };
    });
    expect(new Set(clusterBooks(books).values())).toEqual(new Set(["B1"]));
    expect(new Set(clusterBooks([...books].reverse()).values())).toEqual(new Set(["B1"]));
  });
});
