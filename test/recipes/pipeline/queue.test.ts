import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { type ClaimedJob, retryAfterMs, type TaskQueue } from "../../../src/recipes/pipeline/queue.ts";
import { products, type TaskWorld, useTaskWorlds } from "./world.ts";

const taskWorld = useTaskWorlds();
const MINUTE = 60_000;
const NOW = Date.parse("2026-11-21T10:00:00Z");
const child = join(import.meta.dirname, "children/worker.ts");

/** Claims and expects a job. */
async function claim(queue: TaskQueue, worker = "w"): Promise<ClaimedJob> {
  const job = await queue.claim({ worker, leaseMs: MINUTE });
  if (job === null) throw new Error("expected a job");
  return job;
}

async function jobsOf(world: TaskWorld, taskId: string): Promise<readonly string[]> {
  const rows = await world.run("SELECT state, attempt FROM task_jobs WHERE task_id = $1 ORDER BY id", [
    taskId,
  ]);
  return rows.map(({ state, attempt }) => `${String(state)} ${String(attempt)}`);
}

async function standOf(world: TaskWorld, taskId: string): Promise<string> {
  const [row] = await world.run("SELECT status, stage FROM tasks WHERE id = $1", [taskId]);
  return `${String(row?.status)}${row?.stage === null ? "" : `:${String(row?.stage)}`}`;
}

const move = (world: TaskWorld, taskId: string, status: string) =>
  world.run("UPDATE tasks SET status = $1, stage = NULL WHERE id = $2", [status, taskId]);

describe.each(products)("the queue on %s", (product) => {
  it("has one job for each transition to pending, made in its transaction", async () => {
    await using world = await taskWorld(product);
    const born = await world.addTask({ status: "pending" });
    const moved = await world.addTask();
    expect(await jobsOf(world, moved)).toEqual([]);
    await move(world, moved, "pending");
    await move(world, moved, "pending");
    await world.run("UPDATE tasks SET title = 'B' WHERE id = $1", [moved]);
    expect([await jobsOf(world, born), await jobsOf(world, moved)]).toEqual([["ready 0"], ["ready 0"]]);
    const undone = world.database.write(async (sql) => {
      await sql("UPDATE tasks SET status = 'draft' WHERE id = $1", [moved]);
      await sql("UPDATE tasks SET status = 'pending' WHERE id = $1", [moved]);
      throw new Error("undone");
    });
    await expect(undone).rejects.toThrow("undone");
    expect(await jobsOf(world, moved)).toEqual(["ready 0"]);
    await move(world, moved, "draft");
    await move(world, moved, "pending");
    expect(await jobsOf(world, moved)).toEqual(["cancelled 0", "ready 0"]);
  });

  it("gives jobs in the order of priority, then of queueing, also when a priority changes", async () => {
    await using world = await taskWorld(product);
    const add = (title: string, priority: string) => world.addTask({ title, priority, status: "pending" });
    await add("low", "low");
    await add("normal", "normal");
    await add("high", "high");
    await world.run("UPDATE tasks SET priority = 'high' WHERE id = $1", [await add("raised", "low")]);
    const queue = world.queue();
    const titles: string[] = [];
    for (let index = 0; index < 4; index += 1) titles.push((await claim(queue)).task.title);
    expect(titles).toEqual(["high", "raised", "normal", "low"]);
    expect(await queue.claim({ worker: "w", leaseMs: MINUTE })).toBeNull();
  });

  it("shows the task as processing from the claim on, and moves it with the worker's steps", async () => {
    await using world = await taskWorld(product);
    const id = await world.addTask({ status: "pending", correlation_id: "c-1", channel_id: "news" });
    const queue = world.queue();
    const job = await claim(queue);
    expect(job).toMatchObject({
      attempt: 1,
      attemptsMax: 5,
      correlationId: "c-1",
      task: { id, channelId: "news" },
    });
    expect(await standOf(world, id)).toBe("processing");
    expect(await queue.step(job, { state: "processing", stage: "Audio Generating" })).toBe("held");
    expect(await standOf(world, id)).toBe("processing:Audio Generating");
    expect(await queue.complete(job, { state: "awaiting_review", stage: null })).toBe("held");
    expect([await standOf(world, id), await jobsOf(world, id)]).toEqual(["awaiting_review", ["done 1"]]);
    expect(await queue.complete(job, { state: "completed", stage: null })).toBe("lost");
    expect(await standOf(world, id)).toBe("awaiting_review");
  });

  it("refuses a stage that means another state, and keeps job and task together", async () => {
    await using world = await taskWorld(product);
    const id = await world.addTask({ status: "pending" });
    const queue = world.queue();
    const job = await claim(queue);
    const wrong = { state: "awaiting_review", stage: "Audio Ready" } as const;
    await expect(queue.complete(job, wrong)).rejects.toMatchObject({ code: "VALUE_INVALID" });
    expect([await standOf(world, id), await jobsOf(world, id)]).toEqual(["processing", ["running 1"]]);
  });

  it("adds each link once", async () => {
    await using world = await taskWorld(product);
    const id = await world.addTask({ status: "pending", notion_page_id: "page" });
    const queue = world.queue();
    const job = await claim(queue);
    for (const kind of ["assets", "videos", "audio", "assets"] as const)
      expect(await queue.addLink(job, { kind, url: "https://a.example/1", name: "One" })).toBe("held");
    for (const table of ["task_assets", "task_videos", "task_audio"]) {
      expect(await world.run(`SELECT task_id, name, url FROM ${table}`)).toEqual([
        { task_id: id, name: "One", url: "https://a.example/1" },
      ]);
    }
  });

  it("tries again later and later, and buries the job with the last attempt", async () => {
    await using world = await taskWorld(product);
    const id = await world.addTask({ status: "pending" });
    let now = NOW;
    const queue = world.queue(() => now);
    for (let attempt = 1; attempt < 5; attempt += 1) {
      const job = await claim(queue);
      expect(job.attempt).toBe(attempt);
      expect(await queue.retry(job, { error: "no answer" })).toBe("retrying");
      expect(await standOf(world, id)).toBe("retry");
      now += retryAfterMs(attempt, 0) - 1;
      expect(await queue.claim({ worker: "w", leaseMs: MINUTE })).toBeNull();
      now += 1;
    }
    expect(await queue.retry(await claim(queue), { error: "no answer" })).toBe("dead");
    expect([await standOf(world, id), await jobsOf(world, id)]).toEqual(["failed", ["dead 5"]]);
    const [row] = await world.run("SELECT last_error FROM task_jobs");
    expect(row?.last_error).toBe("no answer");
  });

  it("fails a task for good, with the error that people see on the board", async () => {
    await using world = await taskWorld(product);
    const id = await world.addTask({ status: "pending" });
    const queue = world.queue();
    expect(await queue.fail(await claim(queue), { error: "bad input", stage: "Error: Invalid Input" })).toBe(
      "held",
    );
    expect([await standOf(world, id), await jobsOf(world, id)]).toEqual([
      "failed:Error: Invalid Input",
      ["dead 1"],
    ]);
  });

  it("gives a job to another worker once its lease has ended, and nothing more to the first", async () => {
    await using world = await taskWorld(product);
    const id = await world.addTask({ status: "pending" });
    let now = NOW;
    const [first, second] = [world.queue(() => now), world.queue(() => now)];
    const lost = await claim(first, "first");
    now += MINUTE - 1;
    expect(await first.heartbeat(lost, MINUTE)).toBe("held");
    now += MINUTE - 1;
    expect(await second.claim({ worker: "second", leaseMs: MINUTE })).toBeNull();
    now += 1;
    expect(await first.step(lost, { state: "processing", stage: null })).toBe("lost");
    const job = await claim(second, "second");
    expect(job).toMatchObject({ id: lost.id, attempt: 2 });
    expect([
      await first.heartbeat(lost, MINUTE),
      await first.step(lost, { state: "failed", stage: null }),
      await first.addLink(lost, { kind: "audio", url: "https://a.example/1", name: "" }),
      await first.complete(lost, { state: "completed", stage: null }),
      await first.fail(lost, { error: "x" }),
      await first.retry(lost, { error: "x" }),
    ]).toEqual(Array.from({ length: 6 }, () => "lost"));
    expect(await world.run("SELECT 1 FROM task_audio")).toEqual([]);
    expect(await second.complete(job, { state: "awaiting_review", stage: null })).toBe("held");
    expect([await standOf(world, id), await jobsOf(world, id)]).toEqual(["awaiting_review", ["done 2"]]);
  });

  it("buries a job that takes every worker down with it", async () => {
    await using world = await taskWorld(product);
    const id = await world.addTask({ status: "pending" });
    let now = NOW;
    const queue = world.queue(() => now);
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      expect((await claim(queue)).attempt).toBe(attempt);
      now += MINUTE;
    }
    expect(await queue.claim({ worker: "w", leaseMs: MINUTE })).toBeNull();
    expect([await standOf(world, id), await jobsOf(world, id)]).toEqual(["failed", ["dead 5"]]);
  });

  it("lets a new transition take the place of a retry, and of a worker that is still at the old one", async () => {
    await using world = await taskWorld(product);
    const id = await world.addTask({ status: "pending" });
    const queue = world.queue();
    await queue.retry(await claim(queue), { error: "x" });
    await move(world, id, "pending");
    expect(await jobsOf(world, id)).toEqual(["cancelled 1", "ready 0"]);
    const old = await claim(queue);
    await move(world, id, "pending");
    expect(await queue.complete(old, { state: "completed", stage: null })).toBe("lost");
    expect(await queue.complete(await claim(queue), { state: "awaiting_review", stage: null })).toBe("held");
    expect(await jobsOf(world, id)).toEqual(["cancelled 1", "cancelled 1", "done 1"]);
  });

  it("takes the job of a task that people took out of the queue", async () => {
    await using world = await taskWorld(product);
    const id = await world.addTask({ status: "pending" });
    await move(world, id, "draft");
    expect(await world.queue().claim({ worker: "w", leaseMs: MINUTE })).toBeNull();
    expect(await jobsOf(world, id)).toEqual(["cancelled 0"]);
    await world.run("DELETE FROM tasks WHERE id = $1", [id]);
    expect(await jobsOf(world, id)).toEqual([]);
  });

  it("has each of 120 transitions worked exactly once by four processes", async () => {
    await using world = await taskWorld(product);
    await world.database.write(async (sql) => {
      for (let index = 0; index < 120; index += 1)
        await sql("INSERT INTO tasks (title, topic, status) VALUES ($1, 'x', 'pending')", [`task ${index}`]);
    });
    const workers = Array.from({ length: 4 }, (_, index) =>
      startWorker(world.url, `worker ${index}`, "work"),
    );
    const worked = (await Promise.all(workers.map((worker) => worker.ended()))).flat();
    expect(worked).toHaveLength(120);
    expect(new Set(worked.map(({ task }) => task)).size).toBe(120);
    expect(
      await world.run("SELECT state, attempt, count(*) AS jobs FROM task_jobs GROUP BY state, attempt"),
    ).toMatchObject([{ state: "done", attempt: 1, jobs: product === "sqlite" ? 120 : "120" }]);
    const [left] = await world.run("SELECT count(*) AS n FROM tasks WHERE status <> 'awaiting_review'");
    expect(Number(left?.n)).toBe(0);
  });

  it("gives back the job of a worker that was killed, after its lease", async () => {
    await using world = await taskWorld(product);
    const id = await world.addTask({ status: "pending" });
    const victim = startWorker(world.url, "victim", "hold");
    const held = await victim.first();
    victim.kill();
    await victim.ended();
    expect(held.task).toBe(id);
    expect(await world.queue().claim({ worker: "w", leaseMs: MINUTE })).toBeNull();
    const later = world.queue(() => Date.now() + MINUTE + 1_000);
    const job = await claim(later);
    expect(job).toMatchObject({ id: held.job, attempt: 2 });
    expect(await later.complete(job, { state: "awaiting_review", stage: null })).toBe("held");
  });

  it("wakes a waiting worker when a task is queued, and lets it go when it is stopped", async () => {
    await using world = await taskWorld(product);
    const id = await world.addTask();
    const queue = world.queue();
    const woken = queue.waitForJob(10 * MINUTE);
    // Whoever listens must be listening first; a hint that was missed costs one wait, so it is given until it is heard.
    let isAwake = false;
    woken.then(() => {
      isAwake = true;
    });
    for (let round = 0; !isAwake && round < 100; round += 1) {
      await move(world, id, round % 2 === 0 ? "pending" : "draft");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(isAwake).toBe(true);
    const stop = new AbortController();
    const stopped = queue.waitForJob(10 * MINUTE, stop.signal);
    stop.abort();
    await stopped;
  });
});

it("retryAfterMs doubles up to an hour, and spreads", () => {
  expect([1, 2, 3, 20].map((attempt) => retryAfterMs(attempt, 0))).toEqual([
    10_000, 20_000, 40_000, 3_600_000,
  ]);
  expect(retryAfterMs(1, 0.999)).toBeLessThanOrEqual(15_000);
});

interface Worked {
  readonly task: string;
  readonly job: number;
}

/** Another process; `ended` gives all that it worked on. */
function startWorker(url: string, name: string, mode: "hold" | "work") {
  const process_ = spawn(process.execPath, [child, url, name, mode], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: Worked[] = [];
  const reader = createInterface({ input: process_.stdout });
  reader.on("line", (line) => lines.push(JSON.parse(line) as Worked));
  const closed = once(process_, "close");
  return {
    async first(): Promise<Worked> {
      if (lines.length === 0) await once(reader, "line");
      const [line] = lines;
      if (line === undefined) throw new Error("the worker said nothing");
      return line;
    },
    kill: () => process_.kill("SIGKILL"),
    async ended(): Promise<readonly Worked[]> {
      await closed;
      return lines;
    },
  };
}

describe("a queue that is there already, on postgres", () => {
  it("has each job handed over once, by the statements of the documentation", async () => {
    await using world = await taskWorld("postgres");
    const page = await readFile(join(import.meta.dirname, "../../../docs/pipeline.md"), "utf8");
    const part = page.split("### A queue that you have already")[1] ?? "";
    const [handOver = "", begin = ""] = [...part.matchAll(/```sql\n([\s\S]*?)```/g)].map(
      ([, sql = ""]) => sql,
    );
    await world.run("CREATE TABLE your_queue (kind text, task_id uuid, priority smallint)");
    await world.run(handOver);

    const task = await world.addTask({ priority: "high" });
    const undone = world.database.write(async (sql) => {
      await sql("UPDATE tasks SET status = 'pending' WHERE id = $1", [task]);
      throw new Error("undone");
    });
    await expect(undone).rejects.toThrow("undone");
    await move(world, task, "pending");
    await world.run("UPDATE tasks SET title = 'B' WHERE id = $1", [task]);
    expect(await world.run("SELECT * FROM your_queue")).toEqual([
      { kind: "make-video", task_id: task, priority: 0 },
    ]);

    expect(await world.run(begin, [task])).toEqual([{ id: task }]);
    expect(await world.run(begin, [task])).toEqual([]);
    expect(await jobsOf(world, task)).toEqual(["cancelled 0"]);
    await move(world, task, "awaiting_review");
    await move(world, task, "pending");
    expect(await world.run("SELECT task_id FROM your_queue")).toHaveLength(2);
  });
});
