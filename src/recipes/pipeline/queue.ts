import { LockstepError } from "../../core/errors.ts";
import type { RunSql, SqlRow, SqlValue, TaskDatabase } from "./database.ts";
import { type LinkKind, linkTables } from "./links.ts";
import { buriedSql, linkSql, queueSql, startSql, stepSql, taskSql } from "./queue-sql.ts";
import type { StatusOf } from "./statuses.ts";
import { type Step, toStep } from "./step.ts";

/** A job that is this worker's until its lease ends. */
export interface ClaimedJob {
  readonly id: number;
  /** From 1. With the id it names this claim: a worker that comes back after its lease holds an older one. */
  readonly attempt: number;
  readonly attemptsMax: number;
  readonly correlationId: string | null;
  readonly task: Task;
}

export interface Task {
  readonly id: string;
  readonly notionPageId: string | null;
  readonly title: string;
  readonly channelId: string | null;
  readonly topic: string;
  readonly storyDirection: string;
  readonly status: string;
  readonly stage: string | null;
  readonly priority: string;
}

/** `lost`: the lease ended, and perhaps another worker has the job: nothing was written. Stop working on it. */
export type Held = "held" | "lost";

/** What workers do with jobs. Every write but the claim happens only while the lease is held. */
export interface TaskQueue {
  /** The next job that is due, its task moved to processing; null: there is none. */
  claim(options: { readonly worker: string; readonly leaseMs: number }): Promise<ClaimedJob | null>;
  /** Call it well within the lease while the work takes longer. */
  heartbeat(job: ClaimedJob, leaseMs: number): Promise<Held>;
  /** Shows where the task stands. */
  step(job: ClaimedJob, step: Step): Promise<Held>;
  /** A link that is there already stays as it is. */
  addLink(
    job: ClaimedJob,
    link: { readonly kind: LinkKind; readonly url: string; readonly name: string },
  ): Promise<Held>;
  /** The job is done, and the task stands there; both or neither. */
  complete(job: ClaimedJob, step: Step): Promise<Held>;
  /** Trying again would not help: the job is dead and the task failed. */
  fail(
    job: ClaimedJob,
    failure: { readonly error: string; readonly stage?: StatusOf<"failed"> },
  ): Promise<Held>;
  /** Later again, each time later; `dead`: that was the last attempt, and the task failed. */
  retry(job: ClaimedJob, failure: { readonly error: string }): Promise<"retrying" | "dead" | "lost">;
  /** Ends when there may be a new job, after `ms` at the latest. */
  waitForJob(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface QueueOptions {
  readonly database: TaskDatabase;
  /** In [0, 1): spreads retries. */
  readonly random: () => number;
  /** Milliseconds since the epoch. Absent: the database's own clock, which workers on several machines share. */
  readonly now?: () => number;
}

const RETRY_FIRST_MS = 10_000;
const RETRY_MAX_MS = 60 * 60_000;
const ERROR_LENGTH_MAX = 1_000;

/** Twice as long each time, and up to half of that again. */
export function retryAfterMs(attempt: number, random: number): number {
  const wait = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** (attempt - 1));
  return Math.round(wait * (1 + random / 2));
}

export function createTaskQueue({ database, random, now }: QueueOptions): TaskQueue {
  const sql = queueSql[database.product];
  const at = () => now?.() ?? null;
  /** Does `work` while the job is still this worker's, in one transaction with the proof of that. */
  const holding = <T>(
    job: ClaimedJob,
    work: (run: RunSql, at: SqlValue) => Promise<T>,
  ): Promise<T | "lost"> =>
    database.write(async (run) => {
      const time = at();
      const rows = await run(sql.hold, [time, job.id, job.attempt]);
      return rows.length === 0 ? "lost" : work(run, time);
    });
  const held = (job: ClaimedJob, work: (run: RunSql, at: SqlValue) => Promise<unknown>): Promise<Held> =>
    holding(job, async (run, time) => {
      await work(run, time);
      return "held" as const;
    });
  return {
    claim: ({ worker, leaseMs }) =>
      database.write(async (run) => {
        const time = at();
        const buried = await run(sql.bury, [time]);
        for (const { task_id: taskId } of buried.filter(({ state }) => state === "dead")) {
          await run(buriedSql, [String(taskId)]);
        }
        const [job] = await run(sql.claim, [time, worker, leaseMs]);
        if (job === undefined) return null;
        await run(startSql, [String(job.task_id)]);
        const [task] = await run(taskSql, [String(job.task_id)]);
        return task === undefined ? null : claimedJob(job, task);
      }),
    heartbeat: (job, leaseMs) => held(job, (run, time) => run(sql.renew, [time, job.id, leaseMs])),
    step: (job, step) => held(job, (run) => moveTask(run, job, step)),
    addLink: (job, { kind, url, name }) =>
      held(job, (run) => run(linkSql(linkTables[kind]), [job.task.id, name, url])),
    complete: (job, step) =>
      held(job, async (run) => {
        await run(sql.finish, [job.id, "done", null]);
        await moveTask(run, job, step);
      }),
    fail: (job, { error, stage = "Error: Manual Review" }) =>
      held(job, async (run) => {
        await run(sql.finish, [job.id, "dead", shorten(error)]);
        await moveTask(run, job, { state: "failed", stage });
      }),
    retry: (job, { error }) =>
      holding(job, async (run, time) => {
        const isLast = job.attempt >= job.attemptsMax;
        if (isLast) await run(sql.finish, [job.id, "dead", shorten(error)]);
        else await run(sql.postpone, [time, job.id, retryAfterMs(job.attempt, random()), shorten(error)]);
        await moveTask(run, job, { state: isLast ? "failed" : "retry", stage: null });
        return isLast ? "dead" : "retrying";
      }),
    waitForJob: (ms, signal) => database.waitForJob(ms, signal),
  };
}

async function moveTask(run: RunSql, { task }: ClaimedJob, { state, stage }: Step): Promise<void> {
  if (toStep(state, stage) === null) {
    throw new LockstepError(
      "VALUE_INVALID",
      `Tried to move task ${task.id} to ${state} with the stage "${stage}", which does not mean ${state}. Choose another.`,
    );
  }
  await run(stepSql, [task.id, state, stage]);
}

function claimedJob(job: SqlRow, task: SqlRow): ClaimedJob {
  const text = (value: unknown) => (value === null || value === undefined ? null : String(value));
  return {
    id: Number(job.id),
    attempt: Number(job.attempt),
    attemptsMax: Number(job.attempts_max),
    correlationId: text(job.correlation_id),
    task: {
      id: String(task.id),
      notionPageId: text(task.notion_page_id),
      title: text(task.title) ?? "",
      channelId: text(task.channel_id),
      topic: text(task.topic) ?? "",
      storyDirection: text(task.story_direction) ?? "",
      status: String(task.status),
      stage: text(task.stage),
      priority: String(task.priority),
    },
  };
}

function shorten(error: string): string {
  return error.length <= ERROR_LENGTH_MAX ? error : `${error.slice(0, ERROR_LENGTH_MAX - 1)}…`;
}
