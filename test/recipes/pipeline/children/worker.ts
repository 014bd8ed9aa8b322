// A worker that is killed while it holds a job, or that works until nothing is left. Arguments: URL, name, "hold" | "work".

import { openTaskDatabase } from "../../../../src/recipes/pipeline/database.ts";
import { createTaskQueue } from "../../../../src/recipes/pipeline/queue.ts";

const [, , url = "", worker = "", mode = ""] = process.argv;
const clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
};
await using database = openTaskDatabase(url, clock);
const queue = createTaskQueue({ database, random: Math.random });
for (;;) {
  const job = await queue.claim({ worker, leaseMs: 60_000 });
  if (job === null) break;
  console.log(JSON.stringify({ worker, task: job.task.id, job: job.id }));
  if (mode === "hold") await clock.sleep(600_000);
  await queue.step(job, { state: "processing", stage: "Assets Generating" });
  await queue.complete(job, { state: "awaiting_review", stage: null });
}
