import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { runWorker, type WorkerOptions } from "../../../examples/pipeline-worker/worker.ts";
import { products, type TaskWorld, useTaskWorlds } from "./world.ts";

const taskWorld = useTaskWorlds();
const main = join(import.meta.dirname, "../../../examples/pipeline-worker/main.ts");

/** The worker as a program, until no job is due; gives what it said. */
async function runMain(url: string): Promise<string> {
  const env = { ...process.env, TASKS_URL: url, STEP_MS: "1" };
  const running = spawn(process.execPath, [main, "--once"], { env, stdio: ["ignore", "pipe", "inherit"] });
  const said = text(running.stdout);
  const [code] = await once(running, "close");
  expect(code).toBe(0);
  return said;
}

function optionsOf(
  world: TaskWorld,
  now: () => number,
  overrides: Partial<WorkerOptions> = {},
): WorkerOptions {
  return {
    queue: world.queue(now),
    name: "test",
    pause: async () => {},
    stepMs: 0,
    isOnce: true,
    log: () => {},
    signal: new AbortController().signal,
    ...overrides,
  };
}

async function tasksOf(world: TaskWorld) {
  return world.run("SELECT title, status, stage FROM tasks ORDER BY title");
}

describe.each(products)("the example worker on %s", (product) => {
  it("runs as a program: makes the tables, then works through what is queued", async () => {
    await using world = await taskWorld(product, false);
    expect(await runMain(world.url)).toBe("");
    const id = await world.addTask({ title: "Good", status: "pending" });
    await world.addTask({ title: "Wrong", topic: "[invalid]", status: "pending" });
    const said = await runMain(world.url);
    expect(said).toContain("Good (job 1, attempt 1): done, waits for review");
    expect(await tasksOf(world)).toEqual([
      { title: "Good", status: "awaiting_review", stage: null },
      { title: "Wrong", status: "failed", stage: "Error: Invalid Input" },
    ]);
    const links = await world.run(
      "SELECT url FROM task_assets UNION ALL SELECT url FROM task_videos UNION ALL SELECT url FROM task_audio",
    );
    expect(links.map(({ url }) => url).sort()).toEqual(
      ["background.png", "final.mp4", "host.png", "scene-1.mp4", "voice.wav"].map(
        (file) => `https://files.example/${id}/${file}`,
      ),
    );
  });

  it("shows each stage, fails, and finishes at the second attempt without doubling a link", async () => {
    await using world = await taskWorld(product);
    await world.addTask({ title: "Flaky", topic: "[flaky]", status: "pending" });
    let now = Date.parse("2026-11-21T10:00:00Z");
    const seen: unknown[] = [];
    const pause = async () => {
      const [task] = await tasksOf(world);
      seen.push(task?.stage);
    };
    await runWorker(optionsOf(world, () => now, { pause }));
    expect(await tasksOf(world)).toMatchObject([{ status: "retry" }]);
    now += 60_000;
    await runWorker(optionsOf(world, () => now, { pause }));
    expect(await tasksOf(world)).toMatchObject([{ status: "awaiting_review" }]);
    expect(seen).toEqual([
      "Assets Generating",
      "Assets Ready",
      "Assets Generating",
      "Assets Ready",
      "Videos Generating",
      "Audio Generating",
      "Assembling Video",
    ]);
    const [links] = await world.run("SELECT count(*) AS n FROM task_assets");
    expect(Number(links?.n)).toBe(2);
  });

  it("leaves a job behind when it is stopped, and drops one that is queued anew", async () => {
    await using world = await taskWorld(product);
    const id = await world.addTask({ status: "pending" });
    let now = Date.parse("2026-11-21T10:00:00Z");
    const stop = new AbortController();
    const lines: string[] = [];
    const log = (line: string) => lines.push(line);
    const halt = async (_: number, signal?: AbortSignal) => {
      stop.abort();
      signal?.throwIfAborted();
    };
    await runWorker(optionsOf(world, () => now, { pause: halt, signal: stop.signal, log }));
    expect(await world.run("SELECT state FROM task_jobs")).toEqual([{ state: "running" }]);
    now += 60_000;
    let isFirst = true;
    const requeue = async () => {
      if (isFirst) await world.run("UPDATE tasks SET status = 'pending', stage = NULL WHERE id = $1", [id]);
      isFirst = false;
    };
    await runWorker(optionsOf(world, () => now, { pause: requeue, log }));
    expect(lines.map((line) => line.split(": ").at(-1))).toEqual([
      "left behind",
      "lost; somebody else has it",
      "done, waits for review",
    ]);
    expect(await world.run("SELECT state FROM task_jobs ORDER BY id")).toEqual([
      { state: "cancelled" },
      { state: "done" },
    ]);
  });
});
