import type { BookFields } from "./model.ts";
import { primaryPlace } from "./model.ts";
import { seriesKey, storyKey } from "./series/key.ts";
import { readBareNumber, readUnit } from "./series/title-rules.ts";
import { foldText, recordingPart, stripEditionNotes } from "./text.ts";

type Clustered = Pick<BookFields, "title" | "authors" | "language" | "series"> & { readonly asin: string };

/** So much of the words of two titles must agree when only their place in the series says that they are one work. */
const SHARED_WORDS_MIN = 0.5;

/**
 * The cluster of each book, by ASIN: recordings of one work share a cluster, named after the smallest ASIN in it. One work
 * is a common author and one language, the same part of a split recording, and either
 * - the same title, editions and volume words set aside, with the same position (or none) in the series, or
 * - the same position in the same story, and titles that share at least half of their words beside the series' own
 *   ("…Philosopher's Stone", "…Sorcerer's Stone").
 */
export function clusterBooks(books: readonly Clustered[]): ReadonlyMap<string, string> {
  const clusters = new Clusters();
  const placed = new Map<string, Work[]>();
  for (const book of books) {
    const work = describeWork(book);
    clusters.add(book.asin);
    for (const author of work.authors) {
      clusters.join(book.asin, `${author}\n${work.edition}\n${work.title}\n${work.place}`);
      if (work.story === null || work.place === "") continue;
      const shelf = `${author}\n${work.edition}\n${work.story}\n${work.place}`;
      const twins = placed.get(shelf) ?? [];
      for (const twin of twins) if (sharesWords(work, twin)) clusters.join(book.asin, twin.asin);
      placed.set(shelf, [...twins, work]);
    }
  }
  return clusters.names(books.map(({ asin }) => asin));
}

interface Work {
  readonly asin: string;
  readonly authors: readonly string[];
  /** Language and part: recordings that differ here are never one. */
  readonly edition: string;
  readonly title: string;
  readonly place: string;
  readonly story: string | null;
  /** The words of the title that the series does not have. */
  readonly ownWords: ReadonlySet<string>;
}

function describeWork(book: Clustered): Work {
  const place = primaryPlace(book);
  const title = bareTitle(book.title);
  const story = place === null ? null : storyKey(place.name);
  const storyWords = new Set(story?.split(" "));
  return {
    asin: book.asin,
    authors: [...new Set(book.authors.map(foldText))],
    edition: `${foldText(book.language ?? "")} ${recordingPart(book.title) ?? ""}`,
    title: seriesKey(title),
    place: place?.position?.spans.map(({ from, to }) => `${from}-${to}`).join() || numberIn(book.title),
    story,
    ownWords: new Set(
      foldText(title)
        .split(" ")
        .filter((word) => word !== "" && !storyWords.has(word)),
    ),
  };
}

/** The title without edition notes and without its volume: "Harry Potter and the Goblet of Fire, Book 4". */
function bareTitle(title: string): string {
  const stripped = stripEditionNotes(title);
  return readUnit(stripped)?.name || stripped;
}

/** The number in the title stands for the position when that is not known. */
function numberIn(title: string): string {
  const stripped = stripEditionNotes(title);
  return readUnit(stripped)?.position ?? readBareNumber(stripped)?.position ?? "";
}

function sharesWords(a: Work, b: Work): boolean {
  const least = Math.min(a.ownWords.size, b.ownWords.size);
  if (least === 0) return a.ownWords.size === b.ownWords.size;
  const shared = [...a.ownWords].filter((word) => b.ownWords.has(word)).length;
  return shared / least >= SHARED_WORDS_MIN;
}

/** Union and find over ASINs and keys. */
class Clusters {
  private readonly parents = new Map<string, string>();

  add(node: string): void {
    if (!this.parents.has(node)) this.parents.set(node, node);
  }

  join(a: string, b: string): void {
    this.add(a);
    this.add(b);
    this.parents.set(this.root(a), this.root(b));
  }

  private root(node: string): string {
    let at = node;
    for (let up = this.parents.get(at); up !== undefined && up !== at; up = this.parents.get(at)) at = up;
    return at;
  }

  /** For each ASIN the smallest ASIN of its cluster. */
  names(asins: readonly string[]): ReadonlyMap<string, string> {
    const smallest = new Map<string, string>();
    for (const asin of [...asins].sort()) {
      const root = this.root(asin);
      if (!smallest.has(root)) smallest.set(root, asin);
    }
    return new Map(asins.map((asin) => [asin, smallest.get(this.root(asin)) ?? asin]));
  }
}
