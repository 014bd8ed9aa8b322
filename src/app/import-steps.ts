import type { LibraryConfig } from "../config/config.ts";
import type { CollectionWrite } from "../core/collection/record.ts";
import { LockstepError } from "../core/errors.ts";
import { collectionNames } from "../recipes/library/collections.ts";
import { dayAt } from "../recipes/library/day.ts";
import type { Draft } from "../recipes/library/draft.ts";
import { enrich } from "../recipes/library/enrich.ts";
import type { Judgement } from "../recipes/library/judge.ts";
import type { ExportedBook, SeriesPlace } from "../recipes/library/model.ts";
import type { OpenLibrary } from "../recipes/library/open-library.ts";
import { placeBooks } from "../recipes/library/place-books.ts";
import { placesIn } from "../recipes/library/places.ts";
import { statusIn, textIn } from "../recipes/library/shelf-book.ts";
import type { Run } from "../store/store.ts";
import { pauseWhileBusy } from "./busy.ts";
import { type KeptImport, keepImport, keepPlaces, keptImport } from "./kept-import.ts";
import { LibraryChange, type StepOptions, thinkOver } from "./library-change.ts";
import { readImport, takeIn } from "./library-import.ts";
import type { ImportFile, ImportOptions } from "./library-report.ts";
import { LibrarySyncs, type SyncParts } from "./library-sync.ts";
import { failureOf, isBusy, Pushing, type PushParts } from "./pushing.ts";
import { ShelfMemory } from "./shelf-memory.ts";

export interface StepsParts extends SyncParts, PushParts {
  readonly deps: PushParts["deps"];
  /** null: not to be asked. */
  readonly openLibrary: OpenLibrary | null;
}

/** One book of an import, as its steps hand it on. */
export interface BookItem {
  readonly importId: string;
  readonly asin: string;
  /** What Open Library says of its series only now; absent or empty: no more than when the import began. */
  readonly found?: readonly SeriesPlace[];
}

export interface BegunImport {
  readonly importId: string;
  readonly items: readonly BookItem[];
  /** The next books of the same import; null: these are the last. */
  readonly next: { readonly importId: string; readonly batch: number } | null;
}

export interface FinishedImport {
  readonly importId: string;
  /** Why a cascade waits for a person; null: it does not. */
  readonly refusal: string | null;
  /** null: nothing was written. */
  readonly run: Pick<Run, "id" | "status" | "counts"> | null;
}

type Signalled = { readonly signal?: AbortSignal | undefined };

/**
 * An import taken apart: each step may be done by another process, any number of times, at the same time as those of other
 * books. Each thinks over the whole import as one machine would, and writes of that plan only what is its own. So what it
 * finds done it leaves, and what all of them have written is the plan.
 */
export class ImportSteps {
  private readonly config: LibraryConfig;
  private readonly parts: StepsParts;
  private readonly syncs: LibrarySyncs;
  private readonly pushing: Pushing;
  private readonly shelf: ShelfMemory;
  /** The import of the last step: the next one is most likely of the same. */
  private last: { readonly kept: KeptImport; readonly plain: PlacedImport } | null = null;

  constructor(config: LibraryConfig, parts: StepsParts) {
    this.config = config;
    this.parts = parts;
    this.syncs = new LibrarySyncs(config, parts);
    this.pushing = new Pushing(config, parts);
    this.shelf = new ShelfMemory(parts.deps.store.collections, collectionNames(config.name));
  }

  /** Reads a file and keeps what is in it for the steps. Its problems are told, and the rest is taken in. */
  async keep(id: string, file: ImportFile, options: ImportOptions) {
    const { deps } = this.parts;
    const { clock, store } = deps;
    const read = await readImport({ clock, openLibrary: null }, this.config, { file, options });
    const { format, books, rows, podcasts } = read.reading;
    const { lists, isSynthesizing } = read.incoming;
    const today = dayAt(clock.now(), this.config.timeZone);
    if (format !== null)
      await keepImport(
        store.answers,
        { id, name: file.name, today, isSynthesizing, books, lists },
        clock.now(),
      );
    return { importId: id, format, rows, podcasts, books: books.length, problems: read.problems };
  }

  /**
   * Asks Notion what changed there, so that nothing is made that is there, and Open Library about all books that need it, so
   * that each step knows what one machine would; and says which books there are to do.
   */
  async begin(
    { importId, batch = 1 }: { readonly importId: string; readonly batch?: number },
    { batchMax, signal }: Signalled & { readonly batchMax: number },
  ): Promise<BegunImport> {
    const { kept } = await this.open(importId);
    if (batch === 1) {
      await this.askOpenLibrary(kept, signal);
      for (const report of await this.syncs.run({ signal }, "import")) failureOf(report);
    }
    const asins = [...new Set(kept.books.map(({ asin }) => asin.toUpperCase()))];
    const items = asins.slice((batch - 1) * batchMax, batch * batchMax).map((asin) => ({ importId, asin }));
    const next = batch * batchMax < asins.length ? { importId, batch: batch + 1 } : null;
    return { importId, items, next };
  }

  /** Asks again about a book of which Open Library could not be asked when the import began. */
  async lookUpSeries(item: BookItem, { signal }: Signalled = {}): Promise<BookItem> {
    const { openLibrary } = this.parts;
    const { kept } = await this.open(item.importId);
    const exported = kept.books.filter((book) => isAsin(book, item.asin) && !kept.places.has(book.asin));
    const { places } = await enrich(exported, { companion: kept.lists, openLibrary }, { signal });
    return { ...item, found: [...places.values()].flat() };
  }

  /** The series of a book: their records, and their pages. */
  async upsertSeries(item: BookItem, { signal }: Signalled = {}): Promise<BookItem> {
    const { series } = collectionNames(this.config.name);
    const ids = new Set<string>();
    await this.write(item, signal, {
      onThought: (draft) => {
        ids.clear();
        for (const { id } of placesIn(bookIn(draft, item.asin)?.fields.series)) ids.add(id);
      },
      choose: (writes) => writes.filter(({ collection, id }) => collection === series && ids.has(id)),
    });
    await this.pushing.settle("series", [...ids], signal);
    return item;
  }

  /** The book: its record, and its page. Whether others follow it into La Poubelle is left to the step after this. */
  async upsertBook(item: BookItem, { signal }: Signalled = {}): Promise<BookItem> {
    const { books } = collectionNames(this.config.name);
    let own = item.asin;
    await this.write(item, signal, {
      onThought: (draft) => {
        own = bookIn(draft, item.asin)?.id ?? item.asin;
      },
      choose: (writes) =>
        writes
          .filter(({ collection, id }) => collection === books && id === own)
          .map(withoutJudgement)
          .filter(({ expected, fields, status }) => expected === 0 || status !== undefined || hasAny(fields)),
    });
    await this.pushing.settle("books", [own], signal);
    return item;
  }

  /** When the book has gone to La Poubelle: those that follow it, and the series, in one commit with the note of it. */
  async cascade(
    item: BookItem,
    { signal }: Signalled = {},
  ): Promise<BookItem & { readonly followed: readonly string[]; readonly refusal: string | null }> {
    const { series, books } = collectionNames(this.config.name);
    let own = item.asin;
    const [followers, shelves] = [new Set<string>(), new Set<string>()];
    const judged = await this.write(item, signal, {
      onThought: (draft, { cascade }) => {
        const book = bookIn(draft, item.asin);
        own = book?.id ?? item.asin;
        followers.clear();
        for (const { asin, follows } of cascade) if (follows === own) followers.add(asin);
        shelves.clear();
        const [primary] = placesIn(book?.fields.series);
        if (primary !== undefined && statusIn(book?.fields.status) === "poubelle") shelves.add(primary.id);
      },
      choose: (writes) =>
        writes.filter(({ collection, id }) =>
          collection === books ? id === own || followers.has(id) : collection === series && shelves.has(id),
        ),
    });
    await this.pushing.settle("series", [...shelves], signal);
    await this.pushing.settle("books", [own, ...followers], signal);
    return { ...item, followed: [...followers], refusal: judged.refusal };
  }

  /** The whole plan once more: what belongs to no book of its own, or could not be known before all were looked up. */
  async finish(
    { importId }: { readonly importId: string },
    { signal }: Signalled = {},
  ): Promise<FinishedImport> {
    const { kept } = await this.open(importId);
    const { lists, today, isSynthesizing } = kept;
    const { openLibrary } = this.parts;
    const { books } = await enrich(kept.books, { companion: lists, openLibrary }, { signal });
    const think = (draft: Draft) =>
      takeIn(draft, { incoming: { books, lists, today, isSynthesizing } }, this.config);
    await using change = await this.beginChange(kept, signal);
    const { result } = await change.step(think, { only: "series" });
    const written = await change.finish("running");
    if (written === null && !(await this.pushing.hasDue()))
      return { importId, refusal: result.refusal, run: null };
    for (const report of await this.syncs.run({ signal }, "import", "series")) failureOf(report);
    await change.step(think);
    for (const report of await this.syncs.run({ signal }, "import", "books")) failureOf(report);
    const warnings = result.refusal === null ? [] : [result.refusal];
    const run = await change.finish("succeeded", { warnings });
    return {
      importId,
      refusal: result.refusal,
      run: run === null ? null : { id: run.id, status: run.status, counts: run.counts },
    };
  }

  /** Thinks the whole import over; takes the library's lease only when something is to be written. */
  private async write(
    item: BookItem,
    signal: AbortSignal | undefined,
    { onThought, choose }: OwnWrites,
  ): Promise<Judgement> {
    const { kept, plain } = await this.open(item.importId);
    const { found = [] } = item;
    const { lists, today, isSynthesizing } = kept;
    const books = found.length === 0 ? plain : place(kept, [[item.asin, found]]);
    const think = (draft: Draft) => {
      const judged = takeIn(draft, { incoming: { books, lists, today, isSynthesizing } }, this.config);
      onThought(draft, judged);
      return judged;
    };
    const thought = await thinkOver(() => this.shelf.read(), think);
    if (choose(thought.plan.writes).length === 0) return thought.result;
    await using change = await this.beginChange(kept, signal);
    try {
      const { result } = await change.step(think, { choose });
      await change.finish("running");
      return result;
    } catch (error) {
      // Should what is remembered be why, the next try does not meet it again.
      this.shelf.forget();
      throw error;
    }
  }

  /** Remembers what it said; asked again, it goes on where it was. */
  private async askOpenLibrary(kept: KeptImport, signal: AbortSignal | undefined): Promise<void> {
    const { deps, openLibrary } = this.parts;
    if (openLibrary === null) return;
    const { places } = await enrich(kept.books, { companion: kept.lists, openLibrary }, { signal });
    await keepPlaces(deps.store.answers, { id: kept.id, places }, deps.clock.now());
    this.last = null;
  }

  private async beginChange(kept: KeptImport, signal: AbortSignal | undefined): Promise<LibraryChange> {
    const about = {
      by: "import",
      source: kept.name,
      trigger: "steps",
      runId: kept.id,
      isPart: true,
      read: () => this.shelf.read(),
    };
    const { deps } = this.parts;
    for (let tries = 0; ; tries += 1) {
      try {
        return await LibraryChange.begin(deps, this.config, about);
      } catch (error) {
        if (!isBusy(error)) throw error;
        await pauseWhileBusy(deps, { tries, error, signal });
      }
    }
  }

  private async open(id: string): Promise<{ readonly kept: KeptImport; readonly plain: PlacedImport }> {
    if (this.last?.kept.id === id) return this.last;
    const kept = await keptImport(this.parts.deps.store.answers, id);
    if (kept === null) {
      throw new LockstepError(
        "RUN_NOT_FOUND",
        `There is no import ${id.slice(0, 60)}, or it is older than 30 days. Send the file again: nothing is made twice.`,
      );
    }
    this.last = { kept, plain: place(kept) };
    return this.last;
  }
}

type PlacedImport = ReturnType<typeof placeBooks>;

interface OwnWrites extends Required<Pick<StepOptions, "choose">> {
  /** Told of each time it was thought over, before anything is chosen. */
  readonly onThought: (draft: Draft, judged: Judgement) => void;
}

function place(
  { books, lists, places }: KeptImport,
  more: readonly (readonly [string, readonly SeriesPlace[]])[] = [],
): PlacedImport {
  return placeBooks(books, { companion: lists, openLibrary: new Map([...places, ...more]) });
}

function isAsin({ asin }: Pick<ExportedBook, "asin">, wanted: string): boolean {
  return asin.toUpperCase() === wanted;
}

/** The book as an import finds it: a live one goes before one in the trash. */
function bookIn(draft: Draft, asin: string) {
  const known = draft
    .all("books")
    .filter(({ id, fields }) => (textIn(fields.asin) ?? id).toUpperCase() === asin);
  return known.find(({ status }) => status === "live") ?? known[0] ?? null;
}

function hasAny(fields: CollectionWrite["fields"]): boolean {
  return Object.keys(fields).length > 0;
}

/** The note that a book in La Poubelle was looked at belongs into one commit with what follows from it. */
function withoutJudgement(write: CollectionWrite): CollectionWrite {
  if (write.fields.judged !== "poubelle") return write;
  const { judged: _, ...fields } = write.fields;
  return { ...write, fields };
}
