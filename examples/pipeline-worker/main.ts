// Run: TASKS_URL=sqlite:tasks.db node examples/pipeline-worker/main.ts [--once]

import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { createTaskQueue, migrateTasks, openTaskDatabase } from "../../src/recipes/pipeline/index.ts";
import { runWorker } from "./worker.ts";

const { TASKS_URL, STEP_MS = "2000" } = process.env;
if (TASKS_URL === undefined) {
  console.error("Set TASKS_URL to the database of the tasks: sqlite:tasks.db or postgres://…");
  process.exit(2);
}

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());

const pause = (ms: number, signal?: AbortSignal) => sleep(ms, undefined, { signal });
const clock = { now: Date.now, monotonic: () => performance.now(), sleep: pause };
await using database = openTaskDatabase(TASKS_URL, clock);
await migrateTasks(database);
await runWorker({
  queue: createTaskQueue({ database, random: Math.random }),
  name: `${hostname()}:${process.pid}`,
  pause,
  stepMs: Number(STEP_MS),
  isOnce: process.argv.includes("--once"),
  log: console.log,
  signal: stop.signal,
});
