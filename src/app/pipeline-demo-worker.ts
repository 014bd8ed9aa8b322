import type { TaskQueue } from "../recipes/pipeline/queue.ts";
import type { StatusOf } from "../recipes/pipeline/statuses.ts";

const leaseMs = 60_000;
const stages: readonly StatusOf<"processing">[] = [
  "Assets Generating",
  "Videos Generating",
  "Audio Generating",
  "Assembling Video",
];

/** Works on the next job as examples/pipeline-worker does, with nothing to wait for. `fails`: in the middle, this time. */
export async function workOnNext(
  queue: TaskQueue,
  {
    onStage,
    fails = false,
  }: {
    readonly onStage?: (stage: string) => Promise<unknown> | undefined;
    readonly fails?: boolean;
  },
): Promise<void> {
  const job = await queue.claim({ worker: "demo", leaseMs });
  if (job === null) return;
  const { id } = job.task;
  for (const stage of stages) {
    await queue.step(job, { state: "processing", stage });
    await onStage?.(stage);
    if (stage === "Assets Generating") {
      const url = `https://files.example/${id}/background.png`;
      await queue.addLink(job, { kind: "assets", name: "background.png", url });
    }
    if (fails && stage === "Videos Generating") {
      await queue.retry(job, { error: "the video service did not answer" });
      return;
    }
  }
  await queue.complete(job, { state: "awaiting_review", stage: null });
}
