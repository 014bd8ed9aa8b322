// A large board at work in simulated time: how much of Notion's budget keeping it up to date takes, and whether work piles up.
// Usage: node bench/pipeline-day.ts [TASKS] [MINUTES]  ->  prints lines of JSON; the last is the result. Default: 5000 and 1440.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { initPipeline } from "../src/app/init-pipeline.ts";
import { openLockstep } from "../src/app/open.ts";
import { systemClock, systemIds } from "../src/app/platform.ts";
import { noSecrets } from "../src/config/environment.ts";
import { resolveConfig } from "../src/config/resolve.ts";
import type { Clock } from "../src/core/clock.ts";
import { startEmulator } from "../src/emulator/index.ts";
import { openTaskDatabase } from "../src/recipes/pipeline/database.ts";
import { machine } from "./support.ts";

const tasks = Number(process.argv[2] ?? 5_000);
const minutes = Number(process.argv[3] ?? 1_440);
const ratePerMinute = 180;
const share = 0.01;
const minuteMs = 60_000;
/** Turns of the event loop without a request under way, after which nothing happens until time passes. */
const idleTurns = 30;

const clock = createIdleClock();
const folder = await mkdtemp(join(tmpdir(), "lockstep-bench-"));
await mkdir(join(folder, "channel_configs"));
await writeFile(join(folder, "channel_configs/news.yaml"), "id: news\nname: Daily News\n");
const emulator = await startEmulator({ ratePerMinute, clock });
// Making the board is not what is measured: it happens on an hour of its own.
const written = (notion: object) =>
  resolveConfig(
    { notion: { ratePerMinute }, pipeline: { notion: { ...notion } } },
    join(folder, "lockstep.config.json"),
  );
const parentPage = emulator.workspace.createPage({ properties: {} });
const secrets = { ...noSecrets, notionToken: emulator.token };
const before = written({ parentPage });
if (before.pipeline === undefined) throw new Error("no pipeline");
const { setup } = await initPipeline({
  config: before,
  pipeline: before.pipeline,
  secrets,
  baseUrl: emulator.url,
});
clock.skip(60 * minuteMs);
const database = openTaskDatabase(`sqlite:${join(folder, "tasks.db")}`, systemClock);
const run = (sql: string, values: readonly (string | number)[] = []) =>
  database.write((ask) => ask(sql, values));
for (let number = 0; number < tasks; number += 1)
  await run("INSERT INTO tasks (title, topic, channel_id, status) VALUES ($1, 'x', 'news', 'processing')", [
    `Task ${number}`,
  ]);

const lockstep = await openLockstep({
  config: written({ database: setup.board }),
  secrets,
  baseUrl: emulator.url,
  clock,
  ids: systemIds,
});
const stop = new AbortController();
const following = lockstep.twoWay.follow(stop.signal, () => {});
clock.run();
await until(async () => (await behind()) === 0, 1_000);
console.log(
  JSON.stringify({ machine, tasks, boardMadeAfterMinutes: Math.round(clock.passedMs() / minuteMs) - 60 }),
);

const begin = clock.passedMs();
emulator.calls.reset();
const backlog: number[] = [];
const stages = ["Assets Generating", "Videos Generating", "Audio Generating", "SFX Generating"];
for (let minute = 1; minute <= minutes; minute += 1) {
  const stage = stages[minute % stages.length] ?? "Processing";
  const each = Math.round(tasks * share);
  await run("UPDATE tasks SET stage = $1 WHERE id IN (SELECT id FROM tasks ORDER BY random() LIMIT $2)", [
    stage,
    each,
  ]);
  await until(async () => clock.passedMs() - begin >= minute * minuteMs);
  backlog.push(await behind());
}
const passed = (clock.passedMs() - begin) / minuteMs;
const quarter = Math.max(1, Math.floor(backlog.length / 4));
const mean = (list: readonly number[]) => Math.round(list.reduce((sum, each) => sum + each, 0) / list.length);
console.log(
  JSON.stringify({
    minutes: Math.round(passed),
    changedPerMinute: Math.round(tasks * share),
    callsPerMinute: Number((emulator.calls.total / passed).toFixed(1)),
    budgetUsed: Number((emulator.calls.total / passed / ratePerMinute).toFixed(3)),
    rateLimited: emulator.calls.rateLimited,
    backlog: {
      firstQuarter: mean(backlog.slice(0, quarter)),
      lastQuarter: mean(backlog.slice(-quarter)),
      max: Math.max(...backlog),
    },
    byRoute: emulator.calls.byRoute,
  }),
);
stop.abort();
await following.catch(() => {});
await lockstep.close();
clock.stop();
await database[Symbol.asyncDispose]();
await emulator.close();
await rm(folder, { recursive: true, force: true });

/** Tasks whose status the board does not show yet. */
async function behind(): Promise<number> {
  const shown = new Map(
    emulator.workspace.rows(setup.board).map(({ id, properties }) => [id, JSON.stringify(properties.Status)]),
  );
  const rows = await run("SELECT notion_page_id AS page, coalesce(stage, 'Processing') AS status FROM tasks");
  return rows.filter(({ page, status }) => shown.get(String(page))?.includes(`"${String(status)}"`) !== true)
    .length;
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
