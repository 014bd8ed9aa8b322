import type {
  CollectionCommit,
  CollectionCommitResult,
  CollectionRecord,
} from "../../../src/core/collection/record.ts";
import type { Json } from "../../../src/core/json.ts";
import { type Intent, openPair } from "../../../src/engine/two-way/link.ts";
import type { ShelfName } from "../../../src/recipes/library/draft.ts";
import { placesIn } from "../../../src/recipes/library/places.ts";
import type { PairCommit, PairCommitResult, PairLink } from "../../../src/store/pair-store.ts";
import { bookProperties as book, type LibraryWorld, seriesProperties as series } from "./world.ts";

/** Which field of a record a property shows. */
export const fieldsOf: Readonly<Record<ShelfName, Readonly<Record<string, string>>>> = {
  series: {
    [series.name]: "name",
    [series.key]: "key",
    [series.finalStatus]: "finalStatus",
    [series.ownedTotal]: "ownedTotal",
    [series.gaps]: "gaps",
    [series.nextRelease]: "nextRelease",
  },
  books: {
    [book.title]: "title",
    [book.asin]: "asin",
    [book.order]: "order",
    [book.status]: "status",
    [book.isOwned]: "isOwned",
    [book.purchased]: "purchased",
    [book.source]: "source",
    [book.authors]: "authors",
    [book.narrators]: "narrators",
    [book.length]: "length",
    [book.cover]: "cover",
    [book.released]: "released",
  },
};

/** A record's change as it became durable. */
export interface RecordChange {
  readonly shelf: ShelfName;
  readonly by: string;
  readonly at: number;
  readonly before: CollectionRecord | null;
  readonly after: CollectionRecord;
}

/** A write to a page of which nobody knows yet what became of it. */
interface Sending {
  readonly linkId: string;
  readonly kind: Intent["kind"];
  readonly fields: readonly string[];
  readonly armedAt: number;
  readonly endedAt: number | null;
}

/** A book that came into La Poubelle. */
export interface Entry {
  readonly bookId: string;
  /** Its primary series then. */
  readonly seriesId: string;
  readonly revision: number;
}

/** The collections and the pairs as somebody sees them who is told each time something became durable. */
export class ShelfWatch {
  readonly links = new Map<string, PairLink>();
  readonly records: Readonly<Record<ShelfName, Map<string, CollectionRecord>>> = {
    series: new Map(),
    books: new Map(),
  };
  readonly changes: RecordChange[] = [];
  /** Writes to pages, from when they were written down until their fate was known. */
  readonly #sendings = new Map<string, Sending>();
  /** By collection and record: the last change of its status, its series, or whether it is there. */
  readonly #touched = new Map<string, number>();
  readonly #partners = new Map<string, Set<string>>();
  readonly #world: () => LibraryWorld;
  readonly #onChange: (change: RecordChange) => void;

  constructor(world: () => LibraryWorld, onChange: (change: RecordChange) => void) {
    this.#world = world;
    this.#onChange = onChange;
  }

  onDurable(name: string, argument: unknown, result: unknown): void {
    if (name === "commit") this.#pairs(argument as PairCommit, result as PairCommitResult);
    if (name === "commitRecords")
      this.#records(argument as CollectionCommit, result as CollectionCommitResult);
  }

  live(shelf: ShelfName): readonly CollectionRecord[] {
    return [...this.records[shelf].values()].filter(({ status }) => status === "live");
  }

  /** The pairs of one sync. */
  linksOf(shelf: ShelfName): readonly PairLink[] {
    return [...this.links.values()].filter(({ syncId }) => shelfOf(syncId) === shelf);
  }

  /** Everybody that a page or a record was ever paired with. */
  partnersOf(shelf: ShelfName, id: string): ReadonlySet<string> {
    return this.#partners.get(`${shelf} ${id}`) ?? new Set();
  }

  /** A write of ours to the page was under way then, and nobody had heard of its end. `field` null: it moved the page itself. */
  wasInDoubt(
    shelf: ShelfName,
    pageId: string,
    { at, field }: { readonly at: number; readonly field: string | null },
  ) {
    const links = new Set(this.linksOf(shelf).flatMap(({ id, leftId }) => (leftId === pageId ? id : [])));
    return [...this.#sendings.values()].some(
      ({ linkId, kind, fields, armedAt, endedAt }) =>
        links.has(linkId) &&
        armedAt < at &&
        (endedAt === null || endedAt > at) &&
        (field === null ? kind === "trash" || kind === "restore" : fields.includes(field)),
    );
  }

  touchedAt(shelf: ShelfName, id: string): number {
    return this.#touched.get(`${shelf} ${id}`) ?? 0;
  }

  #pairs(commit: PairCommit, { stale, taken }: PairCommitResult): void {
    if (stale.length > 0 || taken.length > 0) return;
    const shelf = shelfOf(commit.syncId);
    for (const link of commit.links) {
      this.links.set(link.id, link);
      this.#note(link);
      const { leftId, rightId } = link;
      if (leftId === null || rightId === null) continue;
      this.#pair(`${shelf} ${leftId}`, rightId);
      this.#pair(`${shelf} ${rightId}`, leftId);
    }
  }

  #note(link: PairLink): void {
    const { now } = this.#world();
    const { intents } = openPair(link).doc;
    const open = new Set(intents.map(({ id }) => id));
    for (const [id, sending] of this.#sendings)
      if (sending.linkId === link.id && sending.endedAt === null && !open.has(id))
        this.#sendings.set(id, { ...sending, endedAt: now });
    for (const { id, side, kind, fields, armedAt } of intents)
      if (side === "left" && !this.#sendings.has(id))
        this.#sendings.set(id, {
          linkId: link.id,
          kind,
          fields: Object.keys(fields),
          armedAt,
          endedAt: null,
        });
  }

  #pair(key: string, partner: string): void {
    this.#partners.set(key, new Set([...(this.#partners.get(key) ?? []), partner]));
  }

  #records({ by, runId, writes }: CollectionCommit, { stale, records }: CollectionCommitResult): void {
    if (stale.length > 0) return;
    const { now, trace } = this.#world();
    for (const [index, { reason }] of writes.entries()) {
      const after = records[index];
      if (after === undefined) continue;
      const shelf: ShelfName = after.collection.endsWith("/series") ? "series" : "books";
      const before = this.records[shelf].get(after.id) ?? null;
      if (before?.revision === after.revision) continue;
      this.records[shelf].set(after.id, after);
      const isTouched =
        before?.status !== after.status ||
        text(before?.fields.status) !== text(after.fields.status) ||
        text(before?.fields.series) !== text(after.fields.series);
      if (isTouched) this.#touched.set(`${shelf} ${after.id}`, after.revision);
      trace.note(
        now,
        `RECORD ${shelf} ${after.id} r${after.revision} ${after.status} by ${by} ${runId} (${reason}): ${differences(before, after)}`,
      );
      const change = { shelf, by, at: now, before, after };
      this.changes.push(change);
      this.#onChange(change);
    }
  }
}

/** The series by which a book cascades. */
export function primaryOf({ fields }: CollectionRecord): string | null {
  return placesIn(fields.series)[0]?.id ?? null;
}

function shelfOf(syncId: string): ShelfName {
  return syncId.endsWith(":series") ? "series" : "books";
}

function text(value: Json | undefined): string {
  return JSON.stringify(value ?? null);
}

function differences(before: CollectionRecord | null, after: CollectionRecord): string {
  const names = new Set([...Object.keys(before?.fields ?? {}), ...Object.keys(after.fields)]);
  return [...names]
    .filter((name) => text(before?.fields[name]) !== text(after.fields[name]))
    .map((name) => `${name} ${text(before?.fields[name])}->${text(after.fields[name])}`)
    .join(", ");
}
