import { foldText } from "../text.ts";

/**
 * Leading articles of the languages that Audible sells in. Single letters other than the English one stay, because they
 * are words elsewhere.
 */
const articles: ReadonlySet<string> = new Set(
  "the a an der die das le la les el los las il lo gli het een une uma".split(" "),
);

/** Trailing words that say what a series is, not which. "Chronicles", "archives" and the like are names, and stay. */
const suffixes: readonly (readonly string[])[] = [
  "series",
  "book series",
  "saga",
  "trilogy",
  "duology",
  "quartet",
  "cycle",
  "novel",
  "novels",
  "light novel",
  "light novels",
  "publication order",
  "in publication order",
  "chronological order",
  "in chronological order",
  "reihe",
  "serie",
  "trilogie",
  "trilogia",
  "zyklus",
  "シリーズ",
]
  .map((suffix) => suffix.split(" "))
  // "light novel" before "novel".
  .sort((a, b) => b.length - a.length);

/** What names a performance. Audible keeps such recordings as series of their own, but the story is the same. */
const performance = / (narrated by .*|full cast|dramati[sz]ed adaptation)(?: edition)?s?$/;

/**
 * The key of a series' name: two names of one series have the same key. Folded (`foldText`), then without leading
 * articles ("Hobbit, The" too) and without trailing words for "series", as often as there are any; a name that is nothing
 * else stays as it is. The key of a key is that key. "" when the name has no letter and no digit.
 */
export function seriesKey(name: string): string {
  let words = foldText(name).split(" ");
  for (let shorter = shorten(words); shorter.length < words.length; shorter = shorten(words)) words = shorter;
  return words.join(" ");
}

function shorten(words: readonly string[]): string[] {
  const rest = words.length > 1 && articles.has(words[0] ?? "") ? words.slice(1) : [...words];
  if (rest.length > 1 && rest.at(-1) === "the") return rest.slice(0, -1);
  const suffix = suffixes.find((each) => endsWith(rest, each));
  return suffix === undefined ? rest : rest.slice(0, -suffix.length);
}

function endsWith(words: readonly string[], suffix: readonly string[]): boolean {
  const from = words.length - suffix.length;
  return from > 0 && suffix.every((word, at) => words[from + at] === word);
}

/** The key of the story, whoever performs it: "Harry Potter (Narrated by Stephen Fry)" is "harry potter". */
export function storyKey(name: string): string {
  return seriesKey(foldText(name).replace(performance, ""));
}

/** What a title or a name says about its performance: "narrated by stephen fry"; null when it says nothing. */
export function performanceOf(text: string): string | null {
  return performance.exec(foldText(text))?.[1] ?? null;
}
