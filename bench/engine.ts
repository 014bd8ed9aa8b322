import { join } from "node:path";
import { type BenchResult, machine, median, runScript, startServer, temporaryFolder } from "./support.ts";

interface Backup {
  readonly seconds: number;
  readonly rows: number;
  readonly peakBytes: number;
}

/** Rows per second of a full backup, against the floor of the same run. */
export async function measureEngine(rows = 25_000, rounds = 5): Promise<BenchResult> {
  await using server = await startServer(rows);
  const ratios: number[] = [];
  const inMemory: number[] = [];
  const speeds: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    using folder = temporaryFolder();
    const backup = await runScript<Backup>("backup-once.ts", [
      server.url,
      server.token,
      server.databaseId,
      folder.path,
    ]);
    const floor = await runScript<{ seconds: number; inMemorySeconds: number; rows: number }>(
      "floor-once.ts",
      [server.url, server.token, server.dataSourceId, join(folder.path, "lockstep.db"), folder.path],
    );
    if (backup.rows !== rows) throw new Error(`expected ${rows} rows, got ${backup.rows}`);
    // The first round warms the server up.
    if (round === 0) continue;
    speeds.push(backup.rows / backup.seconds);
    ratios.push(floor.seconds / backup.seconds);
    inMemory.push(floor.inMemorySeconds / backup.seconds);
  }
  return {
    name: `engine: full backup of ${rows} rows`,
    figures: [
      { label: "rows per second", value: median(speeds), unit: "rows/s" },
      {
        label: "share of the floor: read from the same server, parse, insert",
        value: median(ratios),
        unit: "of 1",
      },
      {
        label: "share of a floor that has every answer in memory already",
        value: median(inMemory),
        unit: "of 1",
      },
    ],
    how: `${machine}; server in another process, limiter off; ${rounds} rounds, fresh processes, engine and floor in turn; medians`,
  };
}

/** Peak memory of a full backup at two sizes: it must not grow with the rows. */
export async function measureMemory(small = 25_000, large = 250_000, rounds = 3): Promise<BenchResult> {
  const before = await peakOf(small, rounds);
  const after = await peakOf(large, rounds);
  return {
    name: "memory: peak of a full backup",
    figures: [
      { label: `${small} rows`, value: before / 1e6, unit: "MB" },
      { label: `${large} rows`, value: after / 1e6, unit: "MB" },
      { label: "growth", value: after / before, unit: "times" },
    ],
    how: `${machine}; maximum resident set of the whole process, medians of ${rounds} runs`,
  };
}

async function peakOf(rows: number, rounds: number): Promise<number> {
  await using server = await startServer(rows);
  const peaks: number[] = [];
  for (let round = 0; round < rounds; round++) {
    using folder = temporaryFolder();
    const args = [server.url, server.token, server.databaseId, folder.path];
    peaks.push((await runScript<Backup>("backup-once.ts", args)).peakBytes);
  }
  return median(peaks);
}
