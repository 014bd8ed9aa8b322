import type { Config, LibraryConfig, PairConfig } from "../config/config.ts";
import { LockstepError } from "../core/errors.ts";
import { runSchedule } from "../engine/schedule.ts";
import type { EngineDeps } from "../engine/sync.ts";
import { arrivalsIn, settleArrivals } from "../recipes/library/arrivals.ts";
import type { Draft, Shelf, ShelfPlan } from "../recipes/library/draft.ts";
import type { OpenLibrary } from "../recipes/library/open-library.ts";
import { takeBack } from "../recipes/library/take-back.ts";
import { cleanUp, resetShelf } from "../recipes/library/tidy.ts";
import type { Run } from "../store/store.ts";
import type { Herald } from "./herald.ts";
import { createImportNotes, type ImportNotes } from "./import-notes.ts";
import { judgeNow, LibraryCascade } from "./library-cascade.ts";
import {
  beginChange,
  type ChangeAbout,
  type LibraryChange,
  libraryId,
  readShelf,
  thinkOver,
} from "./library-change.ts";
import { bookEvent } from "./library-events.ts";
import { readImport, takeIn } from "./library-import.ts";
import { expectedOf, predicting } from "./library-pace.ts";
import {
  type BookEvent,
  type BookEventReport,
  type ChangeOptions,
  type ImportFile,
  type ImportOptions,
  type ImportReport,
  type LibraryDesk,
  reportOf,
  type ShelfReport,
} from "./library-report.ts";
import { type KnownPair, seriesPages } from "./library-shelf.ts";
import { LibrarySyncs, type SyncParts } from "./library-sync.ts";
import type { RunReport } from "./lockstep.ts";
import { outlast } from "./outlast.ts";

export interface LibraryParts extends SyncParts {
  readonly deps: EngineDeps;
  readonly notion: Config["notion"];
  readonly herald: Herald;
  readonly known: KnownPair;
  /** null: not to be asked. */
  readonly openLibrary: OpenLibrary | null;
}

/** Decides what changes, and why something does not. */
type Think = (draft: Draft, shelf: Shelf) => { readonly refusal: string | null };

/** What Lockstep keeps of a library, what follows from changes of it, and the way from there to Notion. */
export class Library implements LibraryDesk {
  readonly config: LibraryConfig;
  readonly importNotes: ImportNotes;
  private readonly parts: LibraryParts;
  private readonly syncs: LibrarySyncs;
  private readonly listeners: (() => void)[] = [];
  private readonly cascade: LibraryCascade;

  constructor(config: LibraryConfig, parts: LibraryParts) {
    this.config = config;
    this.parts = parts;
    this.importNotes = createImportNotes(parts.deps);
    this.syncs = new LibrarySyncs(config, parts);
    this.cascade = new LibraryCascade(config, parts);
  }

  /** Told of every change of the collections that was not made in Notion. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  async import(file: ImportFile, options: ImportOptions): Promise<ImportReport> {
    const { deps, notion } = this.parts;
    const { openLibrary } = this.parts;
    const read = await readImport({ ...deps, openLibrary }, this.config, { file, options });
    const { format, rows, podcasts } = read.reading;
    const think = (draft: Draft) => takeIn(draft, read, this.config);
    const about = { file: file.name, format, rows, podcasts, problems: read.problems };
    if (!options.isCommitted || format === null) {
      const report = await this.preview(think);
      return { ...about, ...report, expected: expectedOf(report, notion) };
    }
    await using change = await this.begin({
      by: "import",
      source: file.name,
      trigger: options.trigger,
      runId: options.runId,
    });
    // Awaited here: the lease is given back when this function returns.
    return await change.carryOut(async () => ({
      ...about,
      ...(await this.importInto(change, think, options)),
    }));
  }

  private async importInto(
    change: LibraryChange,
    think: Think,
    options: ImportOptions,
  ): Promise<ShelfReport & Pick<ImportReport, "expected">> {
    const { deps, notion } = this.parts;
    const startedAt = deps.clock.now();
    const syncs = await this.syncs.run(options, "import");
    const { plan, result, draft } = await change.step(think, { only: "series" });
    const report = { ...reportOf(plan, totalsOf(plan, draft)), refusal: result.refusal };
    const expected = expectedOf(report, notion);
    if (plan.writes.length > 0) {
      const before = { calls: syncs.reduce((sum, { run }) => sum + run.calls, 0), startedAt };
      const { clock } = deps;
      const onProgress = predicting(options, { calls: expected.calls, before, clock, notion });
      // A book is sent with the page of its series: first the series have to have pages.
      syncs.push(...(await this.syncs.run({ ...options, onProgress }, "import", "series")));
      demandGoing(options);
      // A series may come back from the trash before its page does, and unseen by books that came back before it: its books
      // note it, and are looked at again.
      const arrivals = await arrivalsIn(draft, seriesPages(deps.store, this.config, this.parts.known));
      const returned = plan.records.filter(({ shelf, kind }) => shelf === "series" && kind === "restore");
      const pageless = new Set([...arrivals.pageless, ...returned.map(({ id }) => id)]);
      await change.step((books, shelf) => {
        const thought = think(books, shelf);
        settleArrivals(books, { ...arrivals, pageless });
        return thought;
      });
      syncs.push(...(await this.syncs.run({ ...options, onProgress }, "import", "books")));
      this.changed();
    }
    const run = await change.finish("succeeded");
    return { ...report, expected, run, syncs };
  }

  recompute(options: ChangeOptions & { readonly allowCascade: number | null }): Promise<ShelfReport> {
    const { allowCascade } = options;
    const cascadeMax = Math.max(this.config.cascadeMax, allowCascade ?? 0);
    return this.change({ by: "recompute", source: this.config.name }, options, (draft) =>
      judgeNow(draft, this.parts.deps, { ...this.config, cascadeMax }),
    );
  }

  cleanup(options: ChangeOptions): Promise<ShelfReport> {
    return this.change({ by: "cleanup", source: this.config.name }, options, (draft) => {
      cleanUp(draft);
      return this.judge(draft);
    });
  }

  async reset({
    count,
    ...options
  }: ChangeOptions & { readonly count: number | null }): Promise<ShelfReport> {
    return this.change({ by: "reset", source: this.config.name }, options, (draft) => {
      const live = draft.live("series").length + draft.live("books").length;
      if (options.isCommitted && count !== live) {
        throw new LockstepError(
          "GUARD_REFUSED",
          `A reset puts ${live} records and their pages into the trash, and ${count ?? "no number"} was given: ` +
            `say how many, as in \`lockstep library reset --yes ${live}\`. Nothing was changed.`,
        );
      }
      resetShelf(draft);
      return this.judge(draft);
    });
  }

  undo(runId: string, options: ChangeOptions): Promise<ShelfReport> {
    const { deps } = this.parts;
    const about = { by: "undo", source: runId };
    return (async () => {
      const versions = await Array.fromAsync(deps.store.collections.iterateRecordVersionsOfRun(runId));
      return this.change(about, options, (draft, shelf) => {
        takeBack(draft, shelf, versions);
        return this.judge(draft);
      });
    })();
  }

  async owns(runId: string): Promise<boolean> {
    return (await this.parts.deps.store.getRun(runId))?.syncId === libraryId(this.config);
  }

  async tell(event: BookEvent): Promise<BookEventReport> {
    await using change = await this.begin({
      by: `webhook ${event.kind}`,
      source: event.asin,
      trigger: "webhook",
    });
    const { result } = await change.step((draft) => {
      const told = bookEvent(draft, event, this.parts.deps.clock.now());
      return { ...told, ...this.judge(draft) };
    });
    const run = await change.finish("succeeded", { certificate: { asin: event.asin, kind: event.kind } });
    if (run !== null) this.changed();
    const { asin, title, from, to, cascade } = result;
    return { asin, title, from, to, cascade: cascade.length, runId: run?.id ?? null };
  }

  /** Told after each run of one of its syncs. The change of the collections that follows from it; null: none does. */
  async passed(config: PairConfig): Promise<Run | null> {
    const run = await this.cascade.passed(config);
    if (run !== null) this.changed();
    return run;
  }

  async follow(signal: AbortSignal, onRun: (report: RunReport) => void): Promise<void> {
    const { recompute, name, isEnabled, isFollowed } = this.config;
    if (!recompute.isEnabled || !isEnabled || !isFollowed) return;
    const { herald, deps } = this.parts;
    const { clock, ids } = deps;
    const random = () => ids.random();
    await outlast(() => this.keepSchedule(signal, onRun), { name, clock, random, herald, signal });
  }

  private async keepSchedule(signal: AbortSignal, onRun: (report: RunReport) => void): Promise<void> {
    const { recompute, timeZone, name } = this.config;
    const { store, clock } = this.parts.deps;
    const runs = await store.listRuns({ syncId: libraryId(this.config), limit: 100 });
    const last = runs.find(({ trigger }) => trigger.startsWith("schedule"));
    const lastStartedAt = last === undefined ? null : Date.parse(last.startedAt);
    const scheduled = [{ name, cron: recompute.cron, timeZone, lastStartedAt }];
    const work = async (_: string, trigger: string) => {
      const { run, syncs } = await this.recompute({ trigger, isCommitted: true, allowCascade: null, signal });
      if (run !== null) onRun({ sync: name, run });
      for (const report of syncs) onRun(report);
    };
    await runSchedule(clock, scheduled, work, signal);
  }

  private judge(draft: Draft) {
    return judgeNow(draft, this.parts.deps, this.config);
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }

  private begin(about: ChangeAbout): Promise<LibraryChange> {
    return beginChange(this.parts.deps, this.config, about);
  }

  private async preview(think: Think): Promise<ShelfReport> {
    const { plan, result, draft } = await thinkOver(() => readShelf(this.parts.deps, this.config), think);
    return { ...reportOf(plan, totalsOf(plan, draft)), refusal: result.refusal, run: null, syncs: [] };
  }

  private async change(
    about: { readonly by: string; readonly source: string },
    options: ChangeOptions,
    think: Think,
  ): Promise<ShelfReport> {
    if (!options.isCommitted) return this.preview(think);
    const before = await this.syncs.run(options, about.by);
    await using change = await this.begin({ ...about, trigger: options.trigger });
    const { plan, result, draft } = await change.carryOut(() => change.step(think));
    const warnings = result.refusal === null ? [] : [result.refusal];
    const run = await change.finish("succeeded", { warnings });
    if (run === null)
      return { ...reportOf(plan, totalsOf(plan, draft)), refusal: result.refusal, run, syncs: before };
    const syncs = await this.syncs.run({ ...options, ...deletesIn(plan) }, about.by);
    this.changed();
    return {
      ...reportOf(plan, totalsOf(plan, draft)),
      refusal: result.refusal,
      run,
      syncs: [...before, ...syncs],
    };
  }
}

/** Those that are there, and those that go. */
function totalsOf(plan: ShelfPlan, draft: Draft): { readonly series: number; readonly books: number } {
  const { records } = plan;
  const count = (shelf: "series" | "books") => {
    const trashed = records.filter((record) => record.shelf === shelf && record.kind === "trash");
    return draft.live(shelf).length + trashed.length;
  };
  return { series: count("series"), books: count("books") };
}

/** What a plan deletes was asked for: the guard of the syncs need not ask again. */
function deletesIn({ records }: ShelfPlan): { readonly allowDeletes?: number } {
  const count = records.filter(({ kind }) => kind === "trash").length;
  return count === 0 ? {} : { allowDeletes: count };
}

/** What is written stays; the rest is done when it is started again. */
function demandGoing({ signal }: Pick<ChangeOptions, "signal">): void {
  if (signal?.aborted !== true) return;
  throw new LockstepError("CANCELLED", "The import was stopped. Start it again: it goes on where it was.");
}
