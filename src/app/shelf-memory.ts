import type { CollectionRecord } from "../core/collection/record.ts";
import type { Shelf } from "../recipes/library/draft.ts";
import type { CollectionStore } from "../store/collection-store.ts";

/** Records read at once. */
const pageSize = 500;

/** The records of one collection as they were at a revision, in the order of their last change. */
interface Known {
  readonly records: ReadonlyMap<string, CollectionRecord>;
  readonly revision: number;
}

const nothing: Known = { records: new Map(), revision: 0 };

/**
 * A library's collections for one who reads them again and again: what is known is kept, and only what changed since is
 * read. The store is asked each time how far it has come, so that nothing is ever taken from memory that is not so.
 */
export class ShelfMemory {
  private readonly store: CollectionStore;
  private readonly collections: Shelf["collections"];
  private readonly known = new Map<string, Known>();
  /** Reads come one after the other: a later one never puts older records back. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(store: CollectionStore, collections: Shelf["collections"]) {
    this.store = store;
    this.collections = collections;
  }

  read(): Promise<Shelf> {
    const reading = this.last.then(() => this.readOn());
    this.last = reading.catch(() => {});
    return reading;
  }

  /** Everything is read anew the next time. */
  forget(): void {
    this.known.clear();
  }

  private async readOn(): Promise<Shelf> {
    const { collections } = this;
    const [series, books] = await Promise.all([
      this.recordsOf(collections.series),
      this.recordsOf(collections.books),
    ]);
    return { collections, series, books };
  }

  private async recordsOf(collection: string): Promise<readonly CollectionRecord[]> {
    const { revision } = await this.store.getCollectionTotals(collection);
    const before = this.known.get(collection) ?? nothing;
    // A collection that has gone back is another one than it was.
    const from = revision < before.revision ? nothing : before;
    const known = revision === from.revision ? from : await readAfter(this.store, collection, from);
    this.known.set(collection, known);
    return [...known.records.values()];
  }
}

/** All records of a collection; read once. */
export async function readRecords(
  store: CollectionStore,
  collection: string,
): Promise<readonly CollectionRecord[]> {
  return [...(await readAfter(store, collection, nothing)).records.values()];
}

async function readAfter(store: CollectionStore, collection: string, known: Known): Promise<Known> {
  const records = new Map(known.records);
  let { revision } = known;
  for (;;) {
    const page = await store.changesSince(collection, { revision, limit: pageSize });
    for (const record of page) {
      records.delete(record.id);
      records.set(record.id, record);
    }
    revision = page.at(-1)?.revision ?? revision;
    if (page.length < pageSize) return { records, revision };
  }
}
