import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { openLockstep } from "../src/app/open.ts";
import { noSecrets } from "../src/config/environment.ts";
import { type Emulator, startEmulator } from "../src/emulator/index.ts";
import { type BenchResult, machine, runScript, temporaryFolder } from "./support.ts";
import { createItems, notionProperties, type TwoWayOptions, twoWayConfig } from "./two-way-world.ts";

/** Doubts are over by then. */
const laterMs = 400_000;

interface Kind {
  readonly name: string;
  readonly conflict: TwoWayOptions["conflict"];
  readonly route: "POST /pages" | "PATCH /pages/{page_id}";
  /** Reads of single pages that the work takes without a kill, for each row. */
  readonly readsEach: number;
}

const kinds: readonly Kind[] = [
  { name: "creates", conflict: "ask", route: "POST /pages", readsEach: 0 },
  { name: "updates", conflict: "table", route: "PATCH /pages/{page_id}", readsEach: 0 },
  { name: "updates with a read before", conflict: "ask", route: "PATCH /pages/{page_id}", readsEach: 1 },
];

/** Requests beyond those that the work takes without a kill. */
interface Cost {
  readonly writes: number;
  /** Reads of single pages, by the run that follows at once. */
  readonly reads: number;
  /** The same by the run after doubts are over. */
  readonly laterReads: number;
}

/** What a `kill -9` costs in requests: those of the killed run and of the runs that finish its work, less those needed. */
export async function measureTwoWayResume(rows = 200, kills = 5): Promise<BenchResult> {
  const figures: { label: string; value: number; unit: string }[] = [];
  for (const kind of kinds) {
    const costs: Cost[] = [];
    for (let kill = 1; kill <= kills; kill += 1) {
      // Somewhere in the work, each time elsewhere.
      costs.push(await costOfKill(kind, rows, Math.ceil((rows * kill) / (kills + 1))));
    }
    const worst = (of: (cost: Cost) => number) => Math.max(...costs.map(of));
    figures.push(
      { label: `${kind.name}: writes sent again`, value: worst(({ writes }) => writes), unit: "calls" },
      { label: `${kind.name}: pages read again`, value: worst(({ reads }) => reads), unit: "calls" },
      {
        label: `${kind.name}: pages read when doubts are over`,
        value: worst(({ laterReads }) => laterReads),
        unit: "calls",
      },
    );
  }
  return {
    name: `two-way-resume: ${rows} records`,
    figures,
    how:
      `${machine}; real processes, calls counted by the emulator, the worst of ${kills} kills of each kind, spread over the work. ` +
      "Up to 4 writes are under way at once. A run is killed amid its writes, one follows at once, and one 400 s later.",
  };
}

async function costOfKill(kind: Kind, rows: number, afterWrites: number): Promise<Cost> {
  using folder = temporaryFolder();
  const clock = { aheadMs: 0 };
  await using emulator = await startEmulator({
    clock: { now: () => Date.now() + clock.aheadMs },
    ratePerMinute: null,
  });
  const { dataSourceIds } = emulator.workspace.createDatabase({
    title: "Bench",
    dataSources: [{ name: "Bench", properties: notionProperties }],
  });
  const [dataSourceId = ""] = dataSourceIds;
  const items = createItems(folder.path, rows);
  const args = () => [
    emulator.url,
    emulator.token,
    folder.path,
    dataSourceId,
    kind.conflict,
    String(clock.aheadMs),
  ];
  await install(emulator, folder.path, dataSourceId);
  if (kind.route !== "POST /pages") await synced(items, args());
  clock.aheadMs += laterMs;
  emulator.calls.reset();
  const child = spawn(process.execPath, [join(import.meta.dirname, "two-way-once.ts"), ...args()], {
    stdio: "ignore",
  });
  const exited = once(child, "exit");
  while ((emulator.calls.byRoute[kind.route] ?? 0) < afterWrites && child.exitCode === null) await nextTurn();
  child.kill("SIGKILL");
  await exited;
  const reads = () => (emulator.calls.byRoute["GET /pages/{page_id}"] ?? 0) - rows * kind.readsEach;
  await runScript("two-way-once.ts", args());
  const readsAtOnce = reads();
  clock.aheadMs += laterMs;
  await runScript("two-way-once.ts", args());
  items.close();
  const writes = (emulator.calls.byRoute[kind.route] ?? 0) - rows;
  return { writes, reads: readsAtOnce, laterReads: reads() - readsAtOnce };
}

/** Both sides agree, and then every row is edited. */
async function synced(items: DatabaseSync, args: readonly string[]): Promise<void> {
  await runScript("two-way-once.ts", args);
  items.exec("UPDATE items SET note = 'Changed'");
}

async function install(emulator: Emulator, folder: string, dataSourceId: string): Promise<void> {
  const lockstep = await openLockstep({
    config: twoWayConfig(folder, dataSourceId, { conflict: "ask" }),
    secrets: { ...noSecrets, notionToken: emulator.token },
    baseUrl: emulator.url,
  });
  await lockstep.twoWay.install("bench");
  await lockstep.close();
}
