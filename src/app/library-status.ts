import type { LibraryConfig } from "../config/config.ts";
import type { CollectionRecord } from "../core/collection/record.ts";
import type { EngineDeps } from "../engine/sync.ts";
import { dayAt } from "../recipes/library/day.ts";
import { Draft, titleOf } from "../recipes/library/draft.ts";
import { judgeShelf } from "../recipes/library/judge.ts";
import type { BookStatus } from "../recipes/library/model.ts";
import { statusIn, textIn } from "../recipes/library/shelf-book.ts";
import type { Run } from "../store/store.ts";
import { libraryId, readShelf } from "./library-change.ts";

/** How a library stands. */
export interface LibraryStatus {
  readonly library: string;
  readonly isRunning: boolean;
  /** Not those in the trash. */
  readonly books: {
    readonly live: number;
    readonly owned: number;
    /** In the trash. */
    readonly trashed: number;
    /** Of those that are owned. */
    readonly byStatus: Readonly<Record<BookStatus, number>>;
  };
  readonly series: { readonly live: number; readonly withGaps: number; readonly trashed: number };
  /** The first that is announced; null: none is. */
  readonly nextRelease: { readonly day: string; readonly series: string } | null;
  /** Of any kind: an import, a cascade, a recompute, an undo. */
  readonly lastRun: Run | null;
  readonly lastImport: Run | null;
  /** Books that a cascade will take along, or would if a person said so: then `refusal` says how many. */
  readonly openCascade: { readonly books: number; readonly refusal: string | null };
}

/** Runs looked through for the last import. */
const recentRunsMax = 200;

/** Asks the store only. */
export async function libraryStatusOf(deps: EngineDeps, config: LibraryConfig): Promise<LibraryStatus> {
  const { store, clock, isDead } = deps;
  const syncId = libraryId(config);
  const today = dayAt(clock.now(), config.timeZone);
  const shelf = await readShelf(deps, config);
  const { cascade, refusal } = judgeShelf(new Draft(shelf), { today, cascadeMax: config.cascadeMax });
  const runs = await store.listRuns({ syncId, limit: recentRunsMax });
  const lease = await store.getLease(syncId);
  const books = shelf.books.filter(isLive);
  const series = shelf.series.filter(isLive);
  const owned = books.filter(({ fields }) => fields.isOwned === true);
  return {
    library: config.name,
    isRunning: lease !== null && lease.until > clock.now() && !isDead(lease.owner),
    books: {
      live: books.length,
      owned: owned.length,
      trashed: shelf.books.length - books.length,
      byStatus: countsOf(owned),
    },
    series: {
      live: series.length,
      withGaps: series.filter(({ fields }) => textIn(fields.gaps) !== null).length,
      trashed: shelf.series.length - series.length,
    },
    nextRelease: nextReleaseOf(series, today),
    lastRun: runs[0] ?? null,
    lastImport: runs.find(({ source }) => source === "import") ?? null,
    openCascade: { books: cascade.length, refusal },
  };
}

function isLive({ status }: CollectionRecord): boolean {
  return status === "live";
}

function countsOf(books: readonly CollectionRecord[]): LibraryStatus["books"]["byStatus"] {
  const counts = { notStarted: 0, inProgress: 0, finished: 0, poubelle: 0 };
  for (const { fields } of books) counts[statusIn(fields.status) ?? "notStarted"] += 1;
  return counts;
}

function nextReleaseOf(series: readonly CollectionRecord[], today: string): LibraryStatus["nextRelease"] {
  const announced = series.flatMap((record) => {
    const day = textIn(record.fields.nextRelease);
    return day === null || day <= today ? [] : [{ day, series: titleOf(record) }];
  });
  return announced.sort((a, b) => (a.day < b.day ? -1 : 1))[0] ?? null;
}
