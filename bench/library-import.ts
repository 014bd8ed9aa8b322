import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ImportReport } from "../src/app/library-report.ts";
import { initLibrary } from "../src/app/library-setup.ts";
import type { Progress } from "../src/app/lockstep.ts";
import { openLockstep } from "../src/app/open.ts";
import { noSecrets } from "../src/config/environment.ts";
import { resolveConfig } from "../src/config/resolve.ts";
import type { Json } from "../src/core/json.ts";
import { startEmulator } from "../src/emulator/index.ts";
import { writeExport } from "../src/recipes/library/exports/write-export.ts";
import type { ExportedBook } from "../src/recipes/library/model.ts";
import { parsePosition } from "../src/recipes/library/position.ts";
import { type BenchResult, machine, temporaryFolder } from "./support.ts";

const ratePerMinute = 180;
/** So many times faster than a wall clock: thirteen minutes at Notion's pace take little more than two. */
const speed = 6;
const minuteMs = 60_000;

/**
 * An import into empty databases and the same once more, counted by the server, at Notion's pace; and how far off the
 * predicted end was, by what was shown on the way.
 */
export async function measureLibraryImport(books = 2_000, series = 400): Promise<BenchResult> {
  using folder = temporaryFolder();
  const startedAt = performance.now();
  let skippedMs = 0;
  const elapsed = () => (performance.now() - startedAt) * speed + skippedMs;
  const clock = {
    now: () => Math.round(Date.UTC(2026, 6, 1) + elapsed()),
    monotonic: elapsed,
    sleep: (ms: number, signal?: AbortSignal) =>
      delay(ms / speed, undefined, signal === undefined ? {} : { signal }).then(() => {}),
  };
  await using emulator = await startEmulator({ clock, ratePerMinute });
  const parentPage = emulator.workspace.createPage({ properties: {} });
  const secrets = { ...noSecrets, notionToken: emulator.token };
  const configOf = (notion: Json) =>
    resolveConfig(
      { notion: { ratePerMinute }, library: { notion } },
      join(folder.path, "lockstep.config.json"),
    );
  const before = configOf({ parentPage });
  if (before.library === undefined) throw new Error("no library is configured");
  const setup = await initLibrary({
    config: before,
    library: before.library,
    secrets,
    baseUrl: emulator.url,
  });
  // What was sent to make the databases counts against the first minute.
  skippedMs += minuteMs;
  const config = configOf({ series: setup.series, books: setup.books });
  const lockstep = await openLockstep({ config, secrets, baseUrl: emulator.url, clock });
  const bytes = Buffer.from([...writeExport(booksOf(books, series))].join(""));
  const shown: { readonly at: number; readonly endsAt: number }[] = [];
  const importOnce = async (): Promise<ImportReport> => {
    if (lockstep.library === null) throw new Error("no library is configured");
    return lockstep.library.import(
      {
        name: "bench.csv",
        companion: null,
        async *chunks() {
          yield bytes;
        },
      },
      {
        isCommitted: true,
        isSynthesizing: false,
        withPodcasts: false,
        dateOrder: null,
        trigger: "bench",
        onProgress: ({ secondsLeft }: Progress) => {
          if (secondsLeft !== undefined)
            shown.push({ at: clock.now(), endsAt: clock.now() + secondsLeft * 1_000 });
        },
      },
    );
  };
  const calls = emulator.calls;
  const requests = () => ({
    all: calls.total,
    creates: calls.byRoute["POST /pages"] ?? 0,
    queries: queriesIn(calls.byRoute),
  });
  const [at0, from] = [requests(), clock.now()];
  await importOnce();
  const [at1, to] = [requests(), clock.now()];
  const worst = Math.max(...shown.map(({ endsAt }) => Math.abs(endsAt - to))) / (to - from);
  skippedMs += 30 * minuteMs;
  await importOnce();
  const at2 = requests();
  await lockstep.close();
  const [all, queries] = [at1.all - at0.all, at1.queries - at0.queries];
  return {
    name: `library-import: ${books} titles in ${series} series`,
    figures: [
      {
        label: `requests of the first import (bound ${Math.floor(1.02 * (books + series))} + ${queries} queries)`,
        value: all,
        unit: "calls",
      },
      { label: "pages made by it", value: at1.creates - at0.creates, unit: "pages" },
      {
        label: `requests of the second import (bound ${Math.ceil((books + series) / 100) + 4})`,
        value: at2.all - at1.all,
        unit: "calls",
      },
      { label: "pages made by it", value: at2.creates - at1.creates, unit: "pages" },
      { label: "minutes of the first import, at Notion's pace", value: (to - from) / minuteMs, unit: "min" },
      {
        label: "worst prediction of its end that was shown, off by this share of its time",
        value: worst,
        unit: "of 1",
      },
      { label: "answers 429", value: calls.rateLimited, unit: "answers" },
    ],
    how: `${machine}; ${ratePerMinute} requests a minute allowed by the emulator, time ${speed} times faster than the wall clock`,
  };
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
