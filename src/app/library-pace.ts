import type { Config } from "../config/config.ts";
import type { Clock } from "../core/clock.ts";
import { Forecast } from "./forecast.ts";
import type { ImportOptions, ImportReport, ShelfReport } from "./library-report.ts";
import type { SyncOptions } from "./lockstep.ts";

/** A create is one request, a change two (the page is read before it is written), and every hundred pages listed one. */
export function expectedOf(
  { counts }: Pick<ShelfReport, "counts">,
  { ratePerMinute }: Config["notion"],
): ImportReport["expected"] {
  const { series, books } = counts;
  const creates = series.create + books.create;
  const changes = series.change + books.change + series.restore + books.restore + series.trash + books.trash;
  const listed = series.unchanged + books.unchanged;
  const calls = creates + changes * 2 + Math.ceil(listed / 100) + 4;
  return { calls, seconds: ratePerMinute === "auto" ? null : Math.round((calls / ratePerMinute) * 60) };
}

export interface PaceOptions {
  /** Requests that are left, about. */
  readonly calls: number;
  /** What was sent for it before: it counts against the same minute. */
  readonly before: { readonly calls: number; readonly startedAt: number };
  readonly clock: Clock;
  readonly notion: Config["notion"];
}

/** Adds to the progress of an import when it will be through. */
export function predicting(
  { onProgress }: Pick<ImportOptions, "onProgress">,
  { calls, before, clock, notion }: PaceOptions,
): NonNullable<SyncOptions["onProgress"]> {
  const ratePerMinute = notion.ratePerMinute === "auto" ? null : notion.ratePerMinute;
  const { startedAt } = before;
  const forecast = new Forecast({ calls: calls + before.calls, ratePerMinute, startedAt });
  const sentBySync = new Map<string, { readonly first: number; last: number }>();
  return (progress) => {
    const counted = sentBySync.get(progress.sync) ?? { first: progress.calls, last: progress.calls };
    counted.last = progress.calls;
    sentBySync.set(progress.sync, counted);
    const sent = [...sentBySync.values()].reduce((sum, { first, last }) => sum + last - first, before.calls);
    const left = forecast.leftMs(sent, clock.now());
    onProgress?.({ ...progress, ...(left === null ? {} : { secondsLeft: Math.round(left / 1_000) }) });
  };
}
