// The loop of a worker: take a job, work on it, say how it went. Everything of your own goes into `makeVideo`.

import type { ClaimedJob, Status, TaskQueue } from "../../src/recipes/pipeline/index.ts";

export interface WorkerOptions {
  readonly queue: TaskQueue;
  /** Who holds a job, for people who look into `task_jobs`. */
  readonly name: string;
  /** Waits, and rejects when the signal is aborted. */
  readonly pause: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** How long each pretended step takes. */
  readonly stepMs: number;
  /** Ends as soon as no job is due, instead of waiting for the next. */
  readonly isOnce: boolean;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Long enough for one step; the heartbeat after each renews it. */
const LEASE_MS = 60_000;
/** Retries come due without a sign, and a sign may be missed. */
const WAIT_MS = 5_000;

export async function runWorker(options: WorkerOptions): Promise<void> {
  const { queue, name, isOnce, signal } = options;
  while (!signal.aborted) {
    const job = await queue.claim({ worker: name, leaseMs: LEASE_MS });
    if (job !== null) await work(options, job);
    else if (isOnce) return;
    else await queue.waitForJob(WAIT_MS, signal);
  }
}

/** This failed and will fail again: a person has to change the entry. */
class InvalidInput extends Error {}

/** The lease ended, or the task was queued anew: somebody else works on it, and this worker has no say any more. */
class Lost extends Error {}

async function work(options: WorkerOptions, job: ClaimedJob): Promise<void> {
  const { queue, log, signal } = options;
  const said = (what: string) => log(`${job.task.title} (job ${job.id}, attempt ${job.attempt}): ${what}`);
  try {
    await makeVideo(options, job);
    keep(await queue.complete(job, { state: "awaiting_review", stage: null }));
    said("done, waits for review");
  } catch (error) {
    if (error instanceof Lost) said("lost; somebody else has it");
    // Stopped in the middle: the job comes back by itself when its lease ends.
    else if (signal.aborted) said("left behind");
    else if (error instanceof InvalidInput) {
      await queue.fail(job, { error: error.message, stage: "Error: Invalid Input" });
      said(`failed: ${error.message}`);
    } else {
      const message = error instanceof Error ? error.message : String(error);
      said(`${await queue.retry(job, { error: message })}: ${message}`);
    }
  }
}

/** The stages of a video, and what each leaves behind. Put the real work here. */
async function makeVideo({ queue, pause, stepMs, signal }: WorkerOptions, job: ClaimedJob): Promise<void> {
  const { id, topic } = job.task;
  // Two words that make the example fail, to see on the board what failures look like.
  if (topic.includes("[invalid]")) throw new InvalidInput('the topic says "[invalid]"');
  const show = async (stage: Status) => {
    keep(await queue.step(job, { state: "processing", stage }));
    await pause(stepMs, signal);
    keep(await queue.heartbeat(job, LEASE_MS));
  };
  const link = async (kind: "assets" | "videos" | "audio", file: string) => {
    keep(await queue.addLink(job, { kind, name: file, url: `https://files.example/${id}/${file}` }));
  };
  await show("Assets Generating");
  await link("assets", "background.png");
  await link("assets", "host.png");
  await show("Assets Ready");
  if (topic.includes("[flaky]") && job.attempt === 1) throw new Error('the topic says "[flaky]"');
  await show("Videos Generating");
  await link("videos", "scene-1.mp4");
  await show("Audio Generating");
  await link("audio", "voice.wav");
  await show("Assembling Video");
  await link("videos", "final.mp4");
}

function keep(held: "held" | "lost"): void {
  if (held === "lost") throw new Lost();
}
