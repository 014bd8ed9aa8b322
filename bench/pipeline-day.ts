// A large board at work in simulated time: how much of Notion's budget keeping it up to date takes, and whether work piles up.
// Usage: node bench/pipeline-day.ts [TASKS] [MINUTES]  ->  prints the result as JSON. Default: 5000, and 1440: a day.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { initPipeline } from "../src/app/init-pipeline.ts";
import { openLockstep } from "../src/app/open.ts";
import { systemClock, systemIds } from "../src/app/platform.ts";
import { noSecrets } from "../src/config/environment.ts";
import { resolveConfig } from "../src/config/resolve.ts";
import type { Clock } from "../src/core/clock.ts";
import { type Emulator, startEmulator } from "../src/emulator/index.ts";
import { openTaskDatabase, type RunSql } from "../src/recipes/pipeline/database.ts";
import { type BenchResult, machine } from "./support.ts";

const ratePerMinute = 180;
const share = 0.01;
const minuteMs = 60_000;
/** Turns of the event loop without a request under way, after which nothing happens until time passes. */
const idleTurns = 30;
const stages = ["Assets Generating", "Videos Generating", "Audio Generating", "SFX Generating"];

/** One task in a hundred changes each minute; the board follows at Notion's own pace. */
export async function measurePipelineDay(tasks = 5_000, minutes = 120): Promise<BenchResult> {
  const clock = createIdleClock();
  await using board = await openBoard(clock, tasks);
  clock.run();
  const stop = new AbortController();
  const following = board.lockstep.twoWay.follow(stop.signal, () => {});
  try {
    await until(async () => (await board.behind()) === 0, 1_000);
    const madeAfter = clock.passedMs() / minuteMs - 60;
    const { backlog, passed } = await work(board, { clock, tasks, minutes });
    return resultOf({ calls: board.emulator.calls, backlog, passed, madeAfter, tasks });
  } finally {
    stop.abort();
    await following.catch(() => {});
    clock.stop();
  }
}

interface Board extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly lockstep: Awaited<ReturnType<typeof openLockstep>>;
  readonly run: RunSql;
  /** Tasks whose status the board does not show yet. */
  behind(): Promise<number>;
}

type IdleClock = ReturnType<typeof createIdleClock>;

async function openBoard(clock: IdleClock, tasks: number): Promise<Board> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "lockstep-bench-"));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, "channel_configs"));
  await writeFile(join(folder, "channel_configs/news.yaml"), "id: news\nname: Daily News\n");
  const emulator = resources.use(await startEmulator({ ratePerMinute, clock }));
  const written = (notion: object) =>
    resolveConfig(
      { notion: { ratePerMinute }, pipeline: { notion: { ...notion } } },
      join(folder, "lockstep.config.json"),
    );
  // Making the board is not what is measured: it happens on an hour of its own.
  const config = written({ parentPage: emulator.workspace.createPage({ properties: {} }) });
  if (config.pipeline === undefined) throw new Error("no pipeline");
  const secrets = { ...noSecrets, notionToken: emulator.token };
  const { pipeline } = config;
  const { setup } = await initPipeline({ config, pipeline, secrets, baseUrl: emulator.url });
  clock.skip(60 * minuteMs);
  const database = resources.use(openTaskDatabase(`sqlite:${join(folder, "tasks.db")}`, systemClock));
  const run: RunSql = (sql, values = []) => database.write((ask) => ask(sql, values));
  const insert =
    "INSERT INTO tasks (title, topic, channel_id, status) VALUES ($1, 'x', 'news', 'processing')";
  for (let number = 0; number < tasks; number += 1) await run(insert, [`Task ${number}`]);
  const lockstep = await openLockstep({
    config: written({ database: setup.board }),
    secrets,
    baseUrl: emulator.url,
    clock,
    ids: systemIds,
  });
  resources.defer(() => lockstep.close());
  const owned = resources.move();
  return {
    emulator,
    lockstep,
    run,
    behind: () => countBehind(emulator, { board: setup.board, run }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function countBehind(
  { workspace }: Emulator,
  { board, run }: { readonly board: string; readonly run: RunSql },
): Promise<number> {
  const shown = new Map(
    workspace.rows(board).map(({ id, properties }) => [id, JSON.stringify(properties.Status)]),
  );
  const rows = await run("SELECT notion_page_id AS page, coalesce(stage, 'Processing') AS status FROM tasks");
  return rows.filter(({ page, status }) => shown.get(String(page))?.includes(`"${String(status)}"`) !== true)
    .length;
}

/** Tasks move on, minute by minute; at the end of each, what the board does not show yet is counted. */
async function work(
  { emulator, run, behind }: Board,
  { clock, tasks, minutes }: { readonly clock: IdleClock; readonly tasks: number; readonly minutes: number },
): Promise<{ readonly backlog: readonly number[]; readonly passed: number }> {
  const begin = clock.passedMs();
  emulator.calls.reset();
  const backlog: number[] = [];
  const move = "UPDATE tasks SET stage = $1 WHERE id IN (SELECT id FROM tasks ORDER BY random() LIMIT $2)";
  for (let minute = 1; minute <= minutes; minute += 1) {
    await run(move, [stages[minute % stages.length] ?? "Processing", Math.round(tasks * share)]);
    await until(async () => clock.passedMs() - begin >= minute * minuteMs);
    backlog.push(await behind());
  }
  return { backlog, passed: (clock.passedMs() - begin) / minuteMs };
}

function resultOf(measured: {
  readonly calls: Emulator["calls"];
  readonly backlog: readonly number[];
  readonly passed: number;
  readonly madeAfter: number;
  readonly tasks: number;
}): BenchResult {
  const { calls, backlog, passed, madeAfter, tasks } = measured;
  const quarter = Math.max(1, Math.floor(backlog.length / 4));
  const mean = (list: readonly number[]) => list.reduce((sum, each) => sum + each, 0) / list.length;
  return {
    name: `pipeline: ${tasks} tasks, ${Math.round(tasks * share)} changed each minute, ${Math.round(passed)} minutes`,
    figures: [
      { label: "until the board was made", value: madeAfter, unit: "min" },
      { label: "requests a minute", value: calls.total / passed, unit: "/min" },
      { label: "share of the budget", value: calls.total / passed / ratePerMinute, unit: "" },
      { label: "answers 429", value: calls.rateLimited, unit: "" },
      {
        label: "behind at the end of a minute, first quarter",
        value: mean(backlog.slice(0, quarter)),
        unit: "tasks",
      },
      {
        label: "behind at the end of a minute, last quarter",
        value: mean(backlog.slice(-quarter)),
        unit: "tasks",
      },
      { label: "behind at the end of a minute, at most", value: Math.max(...backlog), unit: "tasks" },
    ],
    how: `${machine}; simulated time that jumps whenever nothing is under way; ${ratePerMinute} requests a minute allowed; a push each minute; by route: ${JSON.stringify(calls.byRoute)}`,
  };
}

async function until(isTrue: () => Promise<boolean>, lookEveryMs = 5): Promise<void> {
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
}

/** Time stands still while a request is under way, and else jumps to the next sleeper. */
function createIdleClock(): Clock & {
  skip(ms: number): void;
  run(): void;
  stop(): void;
  passedMs(): number;
} {
  const startAt = Date.parse("2026-11-21T10:00:20.000Z");
  let elapsed = 0;
  let isRunning = false;
  let underWay = 0;
  const sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();
  const real = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    underWay += 1;
    try {
      return await real(input, init);
    } finally {
      underWay -= 1;
    }
  };
  const beat = async () => {
    for (let idle = 0; isRunning; ) {
      await new Promise((resolve) => setImmediate(resolve));
      idle = underWay === 0 ? idle + 1 : 0;
      const [next] = idle < idleTurns ? [] : [...sleepers].sort((a, b) => a.at - b.at);
      if (next === undefined) continue;
      idle = 0;
      elapsed = Math.max(elapsed, next.at);
      sleepers.delete(next);
      next.wake();
    }
  };
  return {
    now: () => startAt + elapsed,
    monotonic: () => elapsed,
    passedMs: () => elapsed,
    skip: (ms) => {
      elapsed += ms;
    },
    run: () => {
      isRunning = true;
      void beat();
    },
    stop: () => {
      isRunning = false;
      globalThis.fetch = real;
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const sleeper = { at: elapsed + ms, wake: resolve };
        sleepers.add(sleeper);
        const cancel = () => {
          if (sleepers.delete(sleeper)) reject(signal?.reason);
        };
        signal?.addEventListener("abort", cancel, { once: true });
      }),
  };
}

if (import.meta.main) {
  const [tasks, minutes] = process.argv.slice(2).map(Number);
  console.log(JSON.stringify(await measurePipelineDay(tasks ?? 5_000, minutes ?? 1_440), null, 2));
}
