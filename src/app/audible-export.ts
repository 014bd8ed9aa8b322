import { resolve } from "node:path";
import { type AudibleClient, productsPerCallMax } from "../connectors/audible/client.ts";
import type { Clock } from "../core/clock.ts";
import { LockstepError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import { readLibraryItem } from "../recipes/library/audible/read-item.ts";
import { type ListedVolume, toSeriesList, volumesOfSeries } from "../recipes/library/audible/read-series.ts";
import { type SeriesList, writeCompanion } from "../recipes/library/companion.ts";
import { timeZoneDefault } from "../recipes/library/day.ts";
import { writeExport } from "../recipes/library/exports/write-export.ts";
import type { ExportedBook } from "../recipes/library/model.ts";
import type { Progress } from "./lockstep.ts";
import { patientAttempts } from "./patient-attempts.ts";
import { writeWholeFile } from "./whole-file.ts";

export interface AudibleExportOptions {
  /** Absolute; made when missing. */
  readonly output: string;
  readonly withPodcasts?: boolean;
  /** Decides on which day a purchase was. */
  readonly timeZone?: string;
  readonly onProgress?: (progress: Progress) => void;
}

/** What was exported, and what could not be. */
export interface AudibleExportReport {
  readonly locale: string;
  readonly books: number;
  /** Podcasts and episodes that were left out. */
  readonly podcasts: number;
  readonly series: number;
  /** Volumes of these series that are not in the library, announced ones included. */
  readonly missing: number;
  /** Series of which Audible lists no volume, as of those of another marketplace. The file lacks them. */
  readonly unlisted: number;
  /** The library, and what each series has beside it; absolute. */
  readonly files: { readonly library: string; readonly series: string };
  /** Items without a title or an ASIN, and series that could not be asked for. The files lack them. */
  readonly problems: readonly string[];
  readonly calls: number;
  /** Answers of Audible that an export had left that was cut off: they were not asked for again. */
  readonly remembered: number;
}

interface ExportDeps {
  readonly client: AudibleClient;
  readonly clock: Clock;
  readonly locale: string;
  readonly calls: () => number;
  readonly waitingMs: () => number;
  readonly signal?: AbortSignal | undefined;
}

type Tell = (phase: string, rows: number, rowsExpected: number | null) => void;

/**
 * Reads the whole library and each of its series, then writes both files. A library that cannot be read to its end writes
 * nothing; a series that cannot be is named, and the rest is written.
 */
export async function exportLibrary(
  deps: ExportDeps,
  options: AudibleExportOptions,
): Promise<Omit<AudibleExportReport, "remembered">> {
  const { onProgress = () => {} } = options;
  const tell: Tell = (phase, rows, rowsExpected) =>
    onProgress({
      sync: "Audible",
      phase,
      rows,
      rowsExpected,
      calls: deps.calls(),
      waitingMs: deps.waitingMs(),
    });
  const library = await readLibrary(deps.client, options, tell);
  const series = await readAllSeries(deps, library.books, tell);
  const files = filesIn(options.output, deps.clock);
  await writeWholeFile(files.series, [writeCompanion(series.lists)]);
  await writeWholeFile(files.library, writeExport(library.books.values()));
  return {
    locale: deps.locale,
    books: library.books.size,
    podcasts: library.podcasts,
    series: series.lists.length,
    unlisted: series.unlisted,
    missing: new Set(series.lists.flatMap(({ missing }) => missing.map(({ asin }) => asin))).size,
    files,
    problems: [...library.problems, ...series.problems],
    calls: deps.calls(),
  };
}

interface LibraryReading {
  readonly books: Map<string, ExportedBook>;
  readonly podcasts: number;
  readonly problems: readonly string[];
}

async function readLibrary(
  client: AudibleClient,
  { withPodcasts = false, timeZone = timeZoneDefault }: AudibleExportOptions,
  tell: Tell,
): Promise<LibraryReading> {
  const books = new Map<string, ExportedBook>();
  const problems: string[] = [];
  let [podcasts, items, total]: [number, number, number | null] = [0, 0, null];
  for await (const page of client.libraryPages()) {
    for (const item of page.items) {
      items += 1;
      const book = readLibraryItem(item, timeZone);
      if (book === null) problems.push(`an item without a title: ${asinOf(item)}`);
      else if (book.kind === "podcast" && !withPodcasts) podcasts += 1;
      else books.set(book.asin, book);
    }
    total = page.total ?? total;
    tell("reading the library", items, total);
  }
  if (total !== null && items < total) problems.push(`Audible counts ${total} titles, and gave ${items}`);
  return { books, podcasts, problems };
}

type Product = { readonly [key: string]: Json };

interface SeriesReading {
  readonly lists: readonly SeriesList[];
  readonly unlisted: number;
  readonly problems: readonly string[];
}

async function readAllSeries(
  { client, clock, signal }: ExportDeps,
  library: ReadonlyMap<string, ExportedBook>,
  tell: Tell,
): Promise<SeriesReading> {
  const titles = seriesIn(library);
  const problems: string[] = [];
  const attempt = patientAttempts(clock, signal);
  const volumesBySeries = new Map<string, readonly ListedVolume[]>();
  for (const [asin, title] of titles) {
    tell("reading series", volumesBySeries.size, titles.size);
    const volumes = await attempt(() => listSeries(client, asin));
    if (volumes instanceof LockstepError) problems.push(`${title} (${asin}): ${volumes.message}`);
    else volumesBySeries.set(asin, volumes);
  }
  const listed = [...volumesBySeries].filter(([, volumes]) => volumes.length > 0);
  const unknown = new Set(listed.flatMap(([, volumes]) => volumes.map(({ asin }) => asin)));
  for (const asin of library.keys()) unknown.delete(asin);
  const products = new Map<string, Product>();
  const unasked = new Set<string>();
  const asked = [...unknown].sort();
  for (let from = 0; from < asked.length; from += productsPerCallMax) {
    tell("reading missing volumes", from, asked.length);
    const some = asked.slice(from, from + productsPerCallMax);
    const found = await attempt(() => client.getProducts(some));
    if (found instanceof LockstepError) {
      problems.push(`missing volumes: ${found.message}`);
      for (const asin of some) unasked.add(asin);
    } else for (const product of found) products.set(asinOf(product), product);
  }
  // Half a series would look like one that lost books.
  const isPart = (volumes: readonly ListedVolume[]) => volumes.some(({ asin }) => unasked.has(asin));
  const whole = listed.filter(([, volumes]) => !isPart(volumes));
  for (const [asin, volumes] of listed)
    if (isPart(volumes)) problems.push(`${titles.get(asin)} (${asin}): only a part of its volumes came`);
  const lists = whole.map(([asin, volumes]) =>
    toSeriesList({ asin, title: titles.get(asin) ?? asin, volumes, library, products }),
  );
  const sorted = lists.sort((a, b) => (a.asin < b.asin ? -1 : 1));
  return { lists: sorted, unlisted: volumesBySeries.size - listed.length, problems };
}

/** Titles of the library's series by their ASIN. */
function seriesIn(library: ReadonlyMap<string, ExportedBook>): ReadonlyMap<string, string> {
  const titles = new Map<string, string>();
  for (const { series, kind } of library.values()) {
    if (kind === "podcast") continue;
    for (const { asin, name } of series) if (asin !== null && !titles.has(asin)) titles.set(asin, name);
  }
  return titles;
}

/** The volumes that the catalogue lists; none for a series that it no longer has. */
async function listSeries(client: AudibleClient, asin: string): Promise<readonly ListedVolume[]> {
  const product = await client.findProduct(asin);
  return product === null ? [] : volumesOfSeries(product);
}

function asinOf({ asin }: Product): string {
  return typeof asin === "string" ? asin : "no ASIN";
}

/** Both carry one time, by which they belong together. */
function filesIn(output: string, clock: Clock): AudibleExportReport["files"] {
  const stamp = new Date(clock.now())
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(":", "-");
  return {
    library: resolve(output, `audible-library-${stamp}.csv`),
    series: resolve(output, `audible-series-metadata-${stamp}.json`),
  };
}
