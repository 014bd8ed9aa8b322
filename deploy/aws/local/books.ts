import { writeExport } from "../../../src/recipes/library/exports/write-export.ts";
import type { ExportedBook } from "../../../src/recipes/library/model.ts";
import { parsePosition } from "../../../src/recipes/library/position.ts";

/** A library of made-up books: series of five, one in 25 of no series that its export knows, some finished, one in ten thrown away. */
export function library(count: number): readonly ExportedBook[] {
  return Array.from({ length: count }, (_, n) => bookOf(n));
}

export function exportOf(books: readonly ExportedBook[]): string {
  return [...writeExport(books)].join("");
}

function bookOf(n: number): ExportedBook {
  const saga = Math.floor(n / 5);
  const isAlone = n % 25 === 24;
  return {
    asin: `B${String(n + 1).padStart(9, "0")}`,
    title: isAlone ? `A Book Alone ${n}` : `The ${saga}th Saga: Part ${n % 5}`,
    subtitle: null,
    authors: [`Author ${saga}`],
    narrators: ["Ned Narrator"],
    lengthMinutes: 300 + n,
    released: "2020-01-02",
    purchased: "2024-05-06",
    language: "en",
    coverUrl: null,
    status: statusOf(n),
    series: isAlone
      ? []
      : [
          {
            name: `The ${saga}th Saga`,
            asin: null,
            position: parsePosition(String((n % 5) + 1)),
            origin: "audible",
            confidence: 1,
          },
        ],
    source: "audible",
    kind: "book",
  };
}

function statusOf(n: number): ExportedBook["status"] {
  if (n % 10 === 6) return "poubelle";
  return n % 7 === 0 ? "finished" : null;
}
