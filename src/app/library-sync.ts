import type { LibraryConfig, LibraryPairConfig, PairConfig } from "../config/config.ts";
import type { Clock } from "../core/clock.ts";
import { libraryPairs } from "../recipes/library/config.ts";
import { busyMs, busyTriesMax } from "./library-change.ts";
import type { ChangeOptions } from "./library-report.ts";
import type { RunReport, SyncOptions } from "./lockstep.ts";

export interface SyncParts {
  readonly deps: { readonly clock: Clock };
  /** Runs one of the library's syncs with Notion; what keeps it from running is in its report. */
  readonly runPair: (pair: PairConfig, options: SyncOptions) => Promise<RunReport>;
  /** What it has left to be done already; null: nothing. */
  readonly runDue: (pair: PairConfig, options: SyncOptions) => Promise<RunReport | null>;
}

/** The way between the collections and Notion. */
export class LibrarySyncs {
  private readonly config: LibraryConfig;
  private readonly parts: SyncParts;

  constructor(config: LibraryConfig, parts: SyncParts) {
    this.config = config;
    this.parts = parts;
  }

  /** Brings Notion and the collections to agreement, series first; none before there are databases. */
  async run(
    {
      onProgress,
      signal,
      allowDeletes,
    }: Pick<ChangeOptions, "onProgress" | "signal"> & Pick<SyncOptions, "allowDeletes">,
    trigger: string,
    shelf?: LibraryPairConfig["shelf"],
  ): Promise<RunReport[]> {
    const pairs = libraryPairs(this.config).filter((pair) => shelf === undefined || pair.shelf === shelf);
    const reports: RunReport[] = [];
    const options: SyncOptions = {
      trigger,
      signal,
      ...(onProgress === undefined ? {} : { onProgress }),
      ...(allowDeletes === undefined ? {} : { allowDeletes }),
    };
    for (const pair of pairs) reports.push(await this.runPair(pair, options));
    return reports;
  }

  private async runPair(pair: PairConfig, options: SyncOptions): Promise<RunReport> {
    for (let tries = 0; ; tries += 1) {
      const report = await this.parts.runPair(pair, options);
      const isBusy = report.run.errors.some(({ code }) => code === "RUN_IN_PROGRESS");
      if (!isBusy) return this.finishPair(pair, options, report);
      if (tries >= busyTriesMax) return report;
      await this.parts.deps.clock.sleep(busyMs, options.signal);
    }
  }

  /** As long as it gets on: what a run has left because its turn would have come too late. */
  private async finishPair(pair: PairConfig, options: SyncOptions, first: RunReport): Promise<RunReport> {
    let report = first;
    for (;;) {
      const next = report.run.status === "succeeded" ? await this.parts.runDue(pair, options) : null;
      if (next === null) return report;
      const isStuck = writesOf(next) === 0;
      report = joined(report, next);
      if (isStuck) return report;
    }
  }
}

function writesOf({ run: { counts } }: RunReport): number {
  return counts.created + counts.updated + counts.deleted + counts.revived;
}

/** Two runs, one after the other, as one report. */
function joined(first: RunReport, { run, open }: RunReport): RunReport {
  const counts = Object.fromEntries(
    Object.entries(run.counts).map(([name, count]) => [name, count + countIn(first.run.counts, name)]),
  );
  const calls = first.run.calls + run.calls;
  const { startedAt } = first.run;
  return {
    ...first,
    run: { ...run, startedAt, calls, counts: { ...run.counts, ...counts } },
    ...(open === undefined ? {} : { open }),
  };
}

function countIn(counts: RunReport["run"]["counts"], wanted: string): number {
  return Object.entries(counts).find(([name]) => name === wanted)?.[1] ?? 0;
}
