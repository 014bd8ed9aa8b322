import { foldText } from "../text.ts";
import { seriesKey } from "./key.ts";
import type { TitleReading } from "./read-title.ts";

/** Works so well known that nobody writes their series on them. Titles as on both sides of the Atlantic. */
const works: readonly {
  readonly author: string;
  readonly name: string;
  readonly titles: readonly [string, string][];
}[] = [
  {
    author: "tolkien",
    name: "The Lord of the Rings",
    titles: [
      ["The Hobbit", "0.5"],
      ["The Fellowship of the Ring", "1"],
      ["The Two Towers", "2"],
      ["The Return of the King", "3"],
      ["The Lord of the Rings", "1-3"],
    ],
  },
  {
    author: "rowling",
    name: "Harry Potter",
    titles: [
      ["Harry Potter and the Philosopher's Stone", "1"],
      ["Harry Potter and the Sorcerer's Stone", "1"],
      ["Harry Potter and the Chamber of Secrets", "2"],
      ["Harry Potter and the Prisoner of Azkaban", "3"],
      ["Harry Potter and the Goblet of Fire", "4"],
      ["Harry Potter and the Order of the Phoenix", "5"],
      ["Harry Potter and the Half-Blood Prince", "6"],
      ["Harry Potter and the Deathly Hallows", "7"],
    ],
  },
];

const KNOWN_CONFIDENCE = 0.85;

const workByTitle: ReadonlyMap<string, { readonly author: string; readonly reading: TitleReading }> = new Map(
  works.flatMap(({ author, name, titles }) =>
    titles.map(([title, position]) => {
      return [
        seriesKey(title),
        { author, reading: { name, position, confidence: KNOWN_CONFIDENCE } },
      ] as const;
    }),
  ),
);

/** The series of a work from the list above, by its title and, where authors are given, one of them. */
export function readKnownWork(title: string, authors: readonly string[]): TitleReading | null {
  const known = workByTitle.get(seriesKey(title));
  if (known === undefined) return null;
  const isBy =
    authors.length === 0 || authors.some((author) => foldText(author).split(" ").includes(known.author));
  return isBy ? known.reading : null;
}
