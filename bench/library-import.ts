import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { initLibrary } from "../src/app/library-setup.ts";
import type { Lockstep, Progress } from "../src/app/lockstep.ts";
import { openLockstep } from "../src/app/open.ts";
import type { Config } from "../src/config/config.ts";
import { noSecrets } from "../src/config/environment.ts";
import { resolveConfig } from "../src/config/resolve.ts";
import type { Json } from "../src/core/json.ts";
import { type Emulator, startEmulator } from "../src/emulator/index.ts";
import { writeExport } from "../src/recipes/library/exports/write-export.ts";
import type { ExportedBook } from "../src/recipes/library/model.ts";
import { parsePosition } from "../src/recipes/library/position.ts";
import { type BenchResult, machine, temporaryFolder } from "./support.ts";

const minuteMs = 60_000;

/** Requests of an import into empty databases and of the same once more, counted by the server. */
export async function measureLibraryImport(books = 2_000, series = 400): Promise<BenchResult> {
  await using bench = await LibraryBench.open({ books, series, ratePerMinute: null, speed: 1 });
  const first = await bench.import();
  bench.skip(30);
  const again = await bench.import();
  const bound = Math.floor(1.02 * (books + series));
  return {
    name: `library-import: ${books} titles in ${series} series`,
    figures: [
      {
        label: `requests of the first import (bound ${bound} + ${first.queries} queries)`,
        value: first.calls,
        unit: "calls",
      },
      { label: "pages made by it", value: first.creates, unit: "pages" },
      {
        label: `requests of the second import (bound ${Math.ceil((books + series) / 100) + 4})`,
        value: again.calls,
        unit: "calls",
      },
      { label: "pages made by it", value: again.creates, unit: "pages" },
    ],
    how: `${machine}; counted by the emulator, no limit`,
  };
}

/** How far off the predicted end of an import was, by what was shown on the way, where the server allows so many requests. */
export async function measureLibraryPace(
  books = 700,
  series = 140,
  ratePerMinute = 180,
): Promise<BenchResult> {
  // Faster than a wall clock, and still so slow that the limit decides and not this machine.
  const speed = 2;
  await using bench = await LibraryBench.open({ books, series, ratePerMinute, speed });
  const { shown, ms, endedAt, creates } = await bench.import();
  const misses = shown.map(({ endsAt }) => Math.abs(endsAt - endedAt) / ms);
  return {
    name: `library-pace: ${books} titles in ${series} series at ${ratePerMinute} requests a minute`,
    figures: [
      { label: "pages made", value: creates, unit: "pages" },
      { label: "minutes that it took", value: ms / minuteMs, unit: "min" },
      { label: "predictions shown", value: shown.length, unit: "times" },
      {
        label: "worst of them, off by this share of the whole time",
        value: Math.max(...misses),
        unit: "of 1",
      },
      { label: "answers 429", value: bench.refused(), unit: "answers" },
    ],
    how: `${machine}; the emulator allows ${ratePerMinute} requests a minute, time ${speed} times faster than the wall clock`,
  };
}

interface BenchOptions {
  readonly books: number;
  readonly series: number;
  /** null: no limit. */
  readonly ratePerMinute: number | null;
  readonly speed: number;
  /** Another store than a file. */
  readonly store?: string;
}

interface Imported {
  readonly calls: number;
  readonly creates: number;
  readonly queries: number;
  readonly ms: number;
  readonly endedAt: number;
  readonly shown: readonly { readonly endsAt: number }[];
}

/** A library with its Notion, and an export to import into it. */
export class LibraryBench implements AsyncDisposable {
  private readonly emulator: Emulator;
  private readonly lockstep: Lockstep;
  private readonly clock: BenchClock;
  private readonly bytes: Buffer;
  private readonly resources: AsyncDisposableStack;

  private constructor(parts: {
    readonly emulator: Emulator;
    readonly lockstep: Lockstep;
    readonly clock: BenchClock;
    readonly bytes: Buffer;
    readonly resources: AsyncDisposableStack;
  }) {
    this.emulator = parts.emulator;
    this.lockstep = parts.lockstep;
    this.clock = parts.clock;
    this.bytes = parts.bytes;
    this.resources = parts.resources;
  }

  static async open({ books, series, ratePerMinute, speed, store }: BenchOptions): Promise<LibraryBench> {
    await using resources = new AsyncDisposableStack();
    const folder = temporaryFolder();
    resources.defer(() => folder[Symbol.dispose]());
    const clock = new BenchClock(speed);
    const emulator = resources.use(await startEmulator({ clock, ratePerMinute }));
    const parentPage = emulator.workspace.createPage({ properties: {} });
    const secrets = { ...noSecrets, notionToken: emulator.token };
    const configOf = (notion: Json): Config => {
      const file = join(folder.path, "lockstep.config.json");
      const ownStore = store === undefined ? {} : { store };
      const config = resolveConfig({ ...ownStore, library: { notion } }, file);
      return { ...config, notion: { ...config.notion, ratePerMinute: ratePerMinute ?? 1_000_000_000 } };
    };
    const before = configOf({ parentPage });
    if (before.library === undefined) throw new Error("no library is configured");
    const request = { config: before, library: before.library, secrets, baseUrl: emulator.url };
    const setup = await initLibrary(request);
    // What was sent to make the databases counts against the first minute.
    clock.skip(1);
    const config = configOf({ series: setup.series, books: setup.books });
    const lockstep = await openLockstep({ config, secrets, baseUrl: emulator.url, clock });
    resources.defer(() => lockstep.close());
    const bytes = Buffer.from([...writeExport(booksOf(books, series))].join(""));
    return new LibraryBench({ emulator, lockstep, clock, bytes, resources: resources.move() });
  }

  async import(): Promise<Imported> {
    const { bytes, clock, emulator } = this;
    const { library } = this.lockstep;
    if (library === null) throw new Error("no library is configured");
    const shown: { readonly endsAt: number }[] = [];
    const count = () => ({
      calls: emulator.calls.total,
      creates: emulator.calls.byRoute["POST /pages"] ?? 0,
      queries: queriesIn(emulator.calls.byRoute),
    });
    const [before, startedAt] = [count(), clock.now()];
    const file = {
      name: "bench.csv",
      companion: null,
      async *chunks() {
        yield bytes;
      },
    };
    await library.import(file, {
      isCommitted: true,
      isSynthesizing: false,
      withPodcasts: false,
      dateOrder: null,
      trigger: "bench",
      onProgress: ({ secondsLeft }: Progress) => {
        if (secondsLeft !== undefined) shown.push({ endsAt: clock.now() + secondsLeft * 1_000 });
      },
    });
    const after = count();
    const endedAt = clock.now();
    return {
      calls: after.calls - before.calls,
      creates: after.creates - before.creates,
      queries: after.queries - before.queries,
      ms: endedAt - startedAt,
      endedAt,
      shown,
    };
  }

  skip(minutes: number): void {
    this.clock.skip(minutes);
  }

  refused(): number {
    return this.emulator.calls.rateLimited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resources[Symbol.asyncDispose]();
  }
}

/** Time that passes so many times faster than on the wall. */
class BenchClock {
  private readonly speed: number;
  private readonly startedAt = performance.now();
  private skippedMs = 0;

  constructor(speed: number) {
    this.speed = speed;
  }

  now(): number {
    return Math.round(Date.UTC(2026, 6, 1) + this.monotonic());
  }

  monotonic(): number {
    return (performance.now() - this.startedAt) * this.speed + this.skippedMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await delay(ms / this.speed, undefined, signal === undefined ? {} : { signal });
  }

  skip(minutes: number): void {
    this.skippedMs += minutes * minuteMs;
  }
}

function queriesIn(byRoute: Readonly<Record<string, number | undefined>>): number {
  const routes = Object.entries(byRoute).filter(([route]) => route.endsWith("/query"));
  return routes.reduce((sum, [, times]) => sum + (times ?? 0), 0);
}

/** As many volumes in each series as it takes. */
function* booksOf(books: number, series: number): Generator<ExportedBook> {
  for (let n = 0; n < books; n += 1) {
    const [saga, volume] = [n % series, Math.floor(n / series) + 1];
    const name = `Saga ${saga}`;
    yield {
      asin: `B${String(n).padStart(9, "0")}`,
      title: `${name}: Volume the ${volume}`,
      subtitle: null,
      authors: [`Author ${saga}`],
      narrators: ["Narrator"],
      lengthMinutes: 300 + volume,
      released: "2020-01-02",
      purchased: "2024-05-06",
      language: "en",
      coverUrl: null,
      status: null,
      series: [
        { name, asin: null, position: parsePosition(String(volume)), origin: "audible", confidence: 1 },
      ],
      source: "audible",
      kind: "book",
    };
  }
}
