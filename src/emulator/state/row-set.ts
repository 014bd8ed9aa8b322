import type { Page } from "./state.ts";

/** Orders that are kept ready, so that a query need not sort. */
export type RowOrder = "arbitrary" | "created" | "created_descending" | "edited" | "edited_descending";

const minuteMs = 60_000;

const byRank = (left: Page, right: Page): number => left.rank - right.rank;
const byCreation = (left: Page, right: Page): number => minuteOf(left.createdAt) - minuteOf(right.createdAt);
const byEdit = (left: Page, right: Page): number => minuteOf(left.editedAt) - minuteOf(right.editedAt);

/** Rows of one minute keep the same order in both directions. */
const comparisons: { readonly [order in RowOrder]: (left: Page, right: Page) => number } = {
  arbitrary: byRank,
  created: (left, right) => byCreation(left, right) || byRank(left, right),
  created_descending: (left, right) => byCreation(right, left) || byRank(left, right),
  edited: (left, right) => byEdit(left, right) || byRank(left, right),
  edited_descending: (left, right) => byEdit(right, left) || byRank(left, right),
};

/** Whole minutes, rounded down: as exact as pages are in every answer. */
export function minuteOf(ms: number): number {
  return Math.floor(ms / minuteMs) * minuteMs;
}

/**
 * A data source's rows. Each order is an array sorted when it is next asked for after a change; since the array is
 * nearly sorted by then, that costs about one pass and not a full sort.
 */
export class RowSet {
  readonly #pages = new Set<Page>();
  readonly #sorted = new Map<RowOrder, Page[]>();
  readonly #stale = new Set<RowOrder>();

  get size(): number {
    return this.#pages.size;
  }

  [Symbol.iterator](): Iterator<Page> {
    return this.#pages.values();
  }

  add(page: Page): void {
    this.#pages.add(page);
    for (const [order, pages] of this.#sorted) {
      pages.push(page);
      this.#stale.add(order);
    }
  }

  delete(page: Page): void {
    this.#pages.delete(page);
    this.#sorted.clear();
    this.#stale.clear();
  }

  /** Says that a row's last edit moved. */
  edited(): void {
    this.#stale.add("edited");
    this.#stale.add("edited_descending");
  }

  inOrder(order: RowOrder): readonly Page[] {
    let pages = this.#sorted.get(order);
    if (pages === undefined) {
      pages = inRankOrder([...this.#pages]);
      this.#sorted.set(order, pages);
      if (order !== "arbitrary") this.#stale.add(order);
    }
    if (this.#stale.delete(order)) pages.sort(comparisons[order]);
    return pages;
  }
}

/** Rows fewer than this: a rank below 2^32 and a place fit one number together. */
const placesMax = 2 ** 21;

/** Sorts numbers, which is several times faster than to compare rows. */
function inRankOrder(pages: readonly Page[]): Page[] {
  if (pages.length > placesMax) return pages.toSorted(byRank);
  const keys = Float64Array.from(pages, ({ rank }, place) => rank * placesMax + place).sort();
  return Array.from(keys, (key) => pages[key % placesMax]).filter((page) => page !== undefined);
}
