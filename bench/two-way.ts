import type { DatabaseSync } from "node:sqlite";
import { openLockstep } from "../src/app/open.ts";
import { systemClock } from "../src/app/platform.ts";
import { noSecrets } from "../src/config/environment.ts";
import { type Emulator, startEmulator } from "../src/emulator/index.ts";
import { type BenchResult, machine, temporaryFolder } from "./support.ts";
import { createItems, notionProperties, type TwoWayOptions, twoWayConfig } from "./two-way-world.ts";

const minuteMs = 60_000;
const pageSize = 100;

/**
 * Requests of two-way runs, counted by the server itself, beside one for each changed record and one for each page of a
 * query.
 */
export async function measureTwoWayCalls(pairs = 1_000, changed = 100): Promise<BenchResult> {
  using folder = temporaryFolder();
  await using bench = await CallBench.open(folder.path, pairs);
  const [pagesOfAll, pagesOfChanged] = [Math.ceil(pairs / pageSize), Math.ceil(changed / pageSize)];
  const first = `id <= ${changed}`;
  const last = `id > ${pairs - changed}`;

  await bench.measure("first run: every row becomes a page", pairs + 1, { conflict: "ask" });
  await bench.measure("the run after it, which lists its own pages once more", pagesOfAll, {
    conflict: "ask",
  });
  await bench.measure("nothing changed", 1, { conflict: "ask" });
  const everything = { conflict: "ask", sweepEveryHours: 0 } as const;
  await bench.measure(
    "nothing changed; everything is listed, to find what is gone",
    1 + pagesOfAll,
    everything,
  );
  bench.editPages(changed);
  await bench.measure(`${changed} pages changed`, pagesOfChanged, { conflict: "ask" });
  bench.editRows(first);
  await bench.measure(`${changed} rows changed, the table wins conflicts`, changed + 1, {
    conflict: "table",
  });
  await bench.rest();
  bench.editRows(first);
  const each = `${changed} rows changed, conflicts are to be seen: each page is read before it is written`;
  await bench.measure(each, 2 * changed + 1, { conflict: "ask" });
  await bench.rest();
  bench.editPages(changed);
  bench.editRows(last);
  const both = `${changed} pages and ${changed} other rows changed, the table wins conflicts`;
  await bench.measure(both, changed + pagesOfChanged, { conflict: "table" });
  return {
    name: `two-way-calls: ${pairs} pairs`,
    figures: bench.figures,
    how:
      `${machine}; counted by the emulator. Formula: changed records, twice those whose page is read before it is written, ` +
      "and pages of queries. Each run is a process's first: beside that, it asks who it is, and for the columns before it " +
      "writes or lists everything; the very first also asks what the id stands for, and once more whether an empty list is true.",
  };
}

/** Runs one after another on the same pairs, each ten minutes after the one before. */
class CallBench implements AsyncDisposable {
  readonly figures: { readonly label: string; readonly value: number; readonly unit: string }[] = [];
  private readonly emulator: Emulator;
  private readonly items: DatabaseSync;
  private readonly folder: string;
  private readonly dataSourceId: string;
  private readonly clock: { nowMs: number };
  private edits = 0;

  private constructor(
    emulator: Emulator,
    clock: { nowMs: number },
    world: { folder: string; pairs: number },
  ) {
    this.emulator = emulator;
    this.clock = clock;
    this.folder = world.folder;
    this.items = createItems(world.folder, world.pairs);
    const { dataSourceIds } = emulator.workspace.createDatabase({
      title: "Bench",
      dataSources: [{ name: "Bench", properties: notionProperties }],
    });
    this.dataSourceId = dataSourceIds[0] ?? "";
  }

  static async open(folder: string, pairs: number): Promise<CallBench> {
    const clock = { nowMs: Date.UTC(2026, 6, 1) };
    const emulator = await startEmulator({ clock: { now: () => clock.nowMs }, ratePerMinute: null });
    const bench = new CallBench(emulator, clock, { folder, pairs });
    const lockstep = await bench.lockstep({ conflict: "ask" });
    await lockstep.twoWay.install("bench");
    await lockstep.close();
    return bench;
  }

  async measure(label: string, formula: number, options: TwoWayOptions): Promise<void> {
    const value = await this.run(options);
    this.figures.push({ label: `${label} (formula ${formula})`, value, unit: "calls" });
  }

  /** A run that lists what the one before has written, so that the next need not. */
  async rest(): Promise<void> {
    await this.run({ conflict: "ask" });
  }

  editPages(count: number): void {
    this.edits += 1;
    for (const { id } of this.emulator.workspace.rows(this.dataSourceId).slice(0, count)) {
      this.emulator.workspace.editPage(id, { properties: { Estimate: { number: 1_000 + this.edits } } });
    }
  }

  editRows(where: string): void {
    this.edits += 1;
    this.items.exec(`UPDATE items SET note = 'Changed ${this.edits}' WHERE ${where}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.items.close();
    await this.emulator.close();
  }

  private async run(options: TwoWayOptions): Promise<number> {
    const lockstep = await this.lockstep(options);
    this.emulator.calls.reset();
    const [report] = await lockstep.sync([], { trigger: "bench", isAccepted: true });
    await lockstep.close();
    if (report?.run.status !== "succeeded") throw new Error(JSON.stringify(report?.run.errors));
    this.clock.nowMs += 10 * minuteMs;
    return this.emulator.calls.total;
  }

  private lockstep(options: TwoWayOptions) {
    return openLockstep({
      config: twoWayConfig(this.folder, this.dataSourceId, options),
      secrets: { ...noSecrets, notionToken: this.emulator.token },
      baseUrl: this.emulator.url,
      clock: { ...systemClock, now: () => this.clock.nowMs },
    });
  }
}
