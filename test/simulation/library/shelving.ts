import { placesIn } from "../../../src/recipes/library/places.ts";
import type { RecordChange, ShelfWatch } from "./shelf-watch.ts";
import { bookProperties as book, type LibraryWorld, listOf, type PageChange } from "./world.ts";

/** What a relation of a book was, when a person had written it last (virtual time), and what we made of it. */
export interface Reshelving {
  readonly change: PageChange;
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly since: number;
}

/**
 * True: a program shelved the book, too, or brought a series back, before it could know of the person's word; or somebody took
 * a series out of the trash. Relations are merged element by element: what both have done stands.
 */
export function isMerged(
  { world, watch }: { readonly world: LibraryWorld; readonly watch: ShelfWatch },
  { change, from, to, since }: Reshelving,
): boolean {
  const partners = watch.partnersOf("books", change.id);
  const isOfBook = ({ shelf, after }: RecordChange) => shelf === "books" && partners.has(after.id);
  const heardAt = watch.changes.findIndex(
    (each) => isOfBook(each) && each.by === "Notion" && each.at >= since && isReshelved(each),
  );
  const moved = [...from.filter((id) => !to.includes(id)), ...to.filter((id) => !from.includes(id))];
  return moved.every((page) => {
    const isWanted = to.includes(page);
    // Nobody had heard yet that its series is back; it has its book again then.
    const record = watch.records.books.get([...partners].at(-1) ?? "") ?? null;
    if (!isWanted && isIn(watch, page, record) && wasAway(watch, page, since)) return true;
    const isMover = (each: RecordChange, index: number) => {
      const isUnaware = each.by !== "Notion" && (heardAt < 0 || index < heardAt);
      if (isWanted && isReturnOf(watch, page, each)) return isUnaware || each.by === "Notion";
      return (
        isUnaware &&
        isOfBook(each) &&
        isIn(watch, page, each.after) === isWanted &&
        isMovedBy(watch, page, each)
      );
    };
    const mover = watch.changes.findLast(isMover);
    return mover !== undefined && !wasShown(world, { change, page, isWanted, since: mover.at });
  });
}

/** Its series was in the trash at some time since then, as far as anybody knew. */
function wasAway(watch: ShelfWatch, page: string, since: number): boolean {
  const series = [...watch.partnersOf("series", page)].map((id) => watch.records.series.get(id));
  const isBack = watch.changes.some((each) => each.at >= since && isReturnOf(watch, page, each));
  return series.length > 0 && (isBack || series.every((each) => each?.status === "trashed"));
}

/** The series of the page came back from the trash. */
function isReturnOf(watch: ShelfWatch, page: string, { shelf, before, after }: RecordChange): boolean {
  const isBack = before?.status === "trashed" && after.status === "live";
  return shelf === "series" && isBack && watch.partnersOf("series", page).has(after.id);
}

function isReshelved({ before, after }: RecordChange): boolean {
  return JSON.stringify(before?.fields.series) !== JSON.stringify(after.fields.series);
}

function isIn(watch: ShelfWatch, page: string, record: RecordChange["before"]): boolean {
  const series = watch.partnersOf("series", page);
  return placesIn(record?.fields.series).some(({ id }) => series.has(id));
}

function isMovedBy(watch: ShelfWatch, page: string, { before, after }: RecordChange): boolean {
  return isIn(watch, page, before) !== isIn(watch, page, after);
}

/** The page showed it since: then the person's word came after it, and goes before it. */
function wasShown(
  world: LibraryWorld,
  {
    change,
    page,
    isWanted,
    since,
  }: Pick<Reshelving, "change" | "since"> & { readonly page: string; readonly isWanted: boolean },
): boolean {
  return world.of(change.id).some(({ seq, at, fields }) => {
    const shown = fields[book.series];
    if (shown === undefined || seq >= change.seq || at < since) return false;
    return listOf(shown.to).includes(page) === isWanted && listOf(shown.from).includes(page) !== isWanted;
  });
}
