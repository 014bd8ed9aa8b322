import type { Json } from "../core/json.ts";
import type { KeptField, PlannedRecord, ShelfPlan } from "../recipes/library/draft.ts";
import type { DateOrder } from "../recipes/library/exports/dates.ts";
import type { ExportProblem } from "../recipes/library/exports/problem.ts";
import type { BookStatus } from "../recipes/library/model.ts";
import type { Run } from "../store/store.ts";
import type { ImportNotes } from "./import-notes.ts";
import type { Progress, RunReport } from "./lockstep.ts";

/** A plan lists this many records in full; its counts cover all of them. */
export const recordsShownMax = 500;

export interface ShelfCounts {
  readonly create: number;
  readonly change: number;
  readonly restore: number;
  readonly trash: number;
  readonly unchanged: number;
  /** Values that a source offers and that do not count against what is there. */
  readonly kept: number;
}

/** What is, or would be, done to a library. */
export interface ShelfReport {
  /** At most `recordsShownMax`; `counts` cover all. */
  readonly records: readonly PlannedRecord[];
  readonly kept: readonly KeptField[];
  readonly counts: { readonly series: ShelfCounts; readonly books: ShelfCounts };
  /** Why a cascade waits for a person; null: it does not. */
  readonly refusal: string | null;
  /** null: nothing was written. */
  readonly run: Run | null;
  /** What the syncs with Notion did afterwards. */
  readonly syncs: readonly RunReport[];
}

export interface ImportReport extends ShelfReport {
  readonly file: string;
  /** The program that wrote it; null: nobody knows, and nothing is read. */
  readonly format: string | null;
  readonly rows: number;
  readonly podcasts: number;
  readonly problems: readonly ExportProblem[];
  /** What writing it to Notion takes, about. */
  readonly expected: { readonly calls: number; readonly seconds: number | null };
}

export interface ImportFile {
  /** As people call it. */
  readonly name: string;
  readonly chunks: () => AsyncIterable<Uint8Array>;
  /** The companion `audible-series-metadata-….json`, read; null: there is none. */
  readonly companion: Json;
}

export interface ImportOptions {
  /** False: only looks. */
  readonly isCommitted: boolean;
  readonly isSynthesizing: boolean;
  readonly withPodcasts: boolean;
  /** What 03/04/2021 means; null: found out from the file. */
  readonly dateOrder: DateOrder | null;
  readonly trigger: string;
  /** Of its run; absent: made up. */
  readonly runId?: string;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ChangeOptions {
  readonly isCommitted: boolean;
  readonly trigger: string;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Something a player tells of a book. */
export interface BookEvent {
  readonly kind: "started" | "finished";
  readonly asin: string;
  /** In place of what the kind says: a status, or its name in Notion. */
  readonly status: BookStatus | null;
  /** ISO 8601; null: now. */
  readonly at: string | null;
}

export interface BookEventReport {
  readonly asin: string;
  readonly title: string;
  readonly from: BookStatus;
  readonly to: BookStatus;
  /** Books that follow it into La Poubelle. */
  readonly cascade: number;
  readonly runId: string | null;
}

/** What can be done with a library. */
export interface LibraryDesk {
  /** Reads an exported library, shows what it would change, and changes it when that is asked for. */
  import(file: ImportFile, options: ImportOptions): Promise<ImportReport>;
  /** Computes every series anew, and carries through what waits. `allowCascade`: so many books may be thrown away. */
  recompute(options: ChangeOptions & { readonly allowCascade: number | null }): Promise<ShelfReport>;
  /** Puts volumes that were made up for what is missing into the trash. */
  cleanup(options: ChangeOptions): Promise<ShelfReport>;
  /** Puts everything into the trash. `count`: of records; another one refuses. */
  reset(options: ChangeOptions & { readonly count: number | null }): Promise<ShelfReport>;
  /** Takes in what a player tells. Throws RECORD_NOT_FOUND for an ASIN that no book has. */
  tell(event: BookEvent): Promise<BookEventReport>;
  /** Takes back what one run did to the library. */
  undo(runId: string, options: ChangeOptions): Promise<ShelfReport>;
  /** Where imports that are asked for over HTTP are noted, so that what became of them outlives the process. */
  readonly importNotes: ImportNotes;
  /** Whether a run is one of the library's own. */
  owns(runId: string): Promise<boolean>;
  /** Recomputes on its schedule until the signal aborts. */
  follow(signal: AbortSignal, onRun: (report: RunReport) => void): Promise<void>;
}

const nothing = { create: 0, change: 0, restore: 0, trash: 0, unchanged: 0, kept: 0 };

/** A plan as it is shown. `totals`: how many records there are, those that would be made among them. */
export function reportOf(
  { records, kept }: Pick<ShelfPlan, "records" | "kept">,
  totals: { readonly series: number; readonly books: number },
): Pick<ShelfReport, "records" | "kept" | "counts"> {
  const count = (shelf: PlannedRecord["shelf"]): ShelfCounts => {
    const counts = { ...nothing };
    const own = records.filter((record) => record.shelf === shelf);
    for (const { kind } of own) counts[kind] += 1;
    counts.unchanged = Math.max(0, totals[shelf] - own.length);
    counts.kept = kept.filter((each) => each.shelf === shelf).length;
    return counts;
  };
  return {
    records: records.slice(0, recordsShownMax),
    kept: kept.slice(0, recordsShownMax),
    counts: { series: count("series"), books: count("books") },
  };
}
