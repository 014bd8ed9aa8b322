// node bench/library-parser.ts: how fast exports are read, beside the CSV library alone, and titles are understood.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { readExport } from "../src/recipes/library/exports/read-export.ts";
import { readLibrary } from "../src/recipes/library/series/read-library.ts";
import { type BenchResult, machine, median } from "./support.ts";

const CHUNK_BYTES = 64 * 1024;
const ROUNDS = 7;

/** Rows a second through `readExport`, the ratio to csv-parse alone on the same bytes, and titles a second. */
export async function measureLibraryParser(rows = 20_000): Promise<BenchResult> {
  const bytes = repeatedExport(rows);
  const libraryMs: number[] = [];
  const readerMs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    libraryMs.push(await timed(() => parse(bytes)));
    readerMs.push(
      await timed(async () => {
        const { books } = await readExport(inChunks(bytes));
        if (books.length !== rows) throw new Error(`read ${books.length} of ${rows} books`);
      }),
    );
  }
  const titles = recordedTitles();
  const titlesMs = await timed(() => readLibrary(titles));
  return {
    name: `library parser: ${rows} rows of audible-cli, ${Math.round(bytes.length / 1e6)} MB`,
    figures: [
      { label: "rows a second", value: (rows / median(readerMs)) * 1_000, unit: "rows/s" },
      { label: "csv-parse alone", value: (rows / median(libraryMs)) * 1_000, unit: "rows/s" },
      {
        label: "time of the whole reader, csv-parse being 1",
        value: median(readerMs) / median(libraryMs),
        unit: "x",
      },
      {
        label: "titles whose series is read, in their library",
        value: (titles.length / titlesMs) * 1_000,
        unit: "titles/s",
      },
    ],
    how: `${machine}; median of ${ROUNDS} rounds in turn, from memory in pieces of 64 KB; recorded rows repeated under new ids`,
  };
}

/** The recorded rows over and over, each with an id of its own. */
function repeatedExport(rows: number): Buffer {
  const file = readFileSync(
    join(import.meta.dirname, "../test/fixtures/audible/audible-cli-export/library.csv"),
  );
  const [header = [], ...recorded] = parse(file);
  const lines = [header.join(",")];
  for (let row = 0; row < rows; row += 1) {
    const [, ...cells] = recorded[row % recorded.length] ?? [];
    lines.push([`B${String(row).padStart(9, "0")}`, ...cells.map(quoted)].join(","));
  }
  return Buffer.from(`${lines.join("\r\n")}\r\n`);
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function recordedTitles(): Parameters<typeof readLibrary>[0] {
  const path = join(import.meta.dirname, "../test/fixtures/audible/series/shelfr-1272-series-samples.json");
  const file: { readonly value: Readonly<Record<string, unknown>> } = JSON.parse(readFileSync(path, "utf8"));
  const samples = Object.values(file.value).filter(Array.isArray).flat();
  return samples.map(({ title, subtitle, authors }, at) => {
    return {
      id: String(at),
      title,
      subtitle,
      authors: authors.map(({ name }: { name: string }) => name),
      known: [],
    };
  });
}

async function* inChunks(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += CHUNK_BYTES) yield bytes.subarray(from, from + CHUNK_BYTES);
}

async function timed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

if (import.meta.main) console.log(JSON.stringify(await measureLibraryParser(), null, 2));
