import type { Product } from "./database.ts";

/**
 * The queue's statements. `$1` is the time in milliseconds, or null for the database's own clock, which all workers
 * share wherever they run.
 */
export interface QueueSql {
  /** `$2` worker, `$3` lease in ms. The next job, taken: high priority first, then in order; nothing: no job is due. */
  readonly claim: string;
  /** Jobs whose workers vanished once too often, and those whose task went elsewhere meanwhile. */
  readonly bury: string;
  /** `$2` job, `$3` attempt. One row while the job is still this worker's. */
  readonly hold: string;
  /** `$2` job, `$3` lease in ms. */
  readonly renew: string;
  /** `$2` job, `$3` wait in ms, `$4` error. */
  readonly postpone: string;
  /** No time: `$1` job, `$2` state (done or dead), `$3` error. */
  readonly finish: string;
}

interface Dialect {
  readonly now: string;
  readonly time: string;
  readonly number: (parameter: string) => string;
  /** Lets several workers take different jobs at once. */
  readonly lock: string;
}

const dialects: Readonly<Record<Product, Dialect>> = {
  sqlite: {
    now: "coalesce($1, CAST(unixepoch('subsec') * 1000 AS INTEGER))",
    time: "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
    number: (parameter) => parameter,
    // One writer at a time: the statement itself is the lock.
    lock: "",
  },
  postgres: {
    now: "coalesce($1::bigint, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)",
    time: "now()",
    number: (parameter) => `${parameter}::bigint`,
    lock: "\n  FOR UPDATE SKIP LOCKED",
  },
};

export const queueSql: Readonly<Record<Product, QueueSql>> = {
  sqlite: statements(dialects.sqlite),
  postgres: statements(dialects.postgres),
};

function statements({ now, time, number, lock }: Dialect): QueueSql {
  return {
    claim: `UPDATE task_jobs SET
  state = 'running', attempt = attempt + 1, worker = $2, lease_until = ${now} + ${number("$3")}
WHERE id = (
  SELECT id FROM task_jobs AS job
  WHERE (state = 'running' AND lease_until <= ${now})
     OR (state = 'ready' AND run_at <= ${now}
         AND NOT EXISTS (SELECT 1 FROM task_jobs AS other WHERE other.task_id = job.task_id AND other.state = 'running'))
  ORDER BY priority, id LIMIT 1${lock}
)
RETURNING id, task_id, attempt, attempts_max, correlation_id`,
    bury: `UPDATE task_jobs SET
  state = CASE WHEN attempt >= attempts_max THEN 'dead' ELSE 'cancelled' END,
  finished_at = ${time}, last_error = 'its worker vanished, attempt ' || attempt
WHERE state = 'running' AND lease_until <= ${now} AND (attempt >= attempts_max
  OR NOT EXISTS (SELECT 1 FROM tasks WHERE id = task_id AND status IN ('pending', 'processing', 'retry')))
RETURNING task_id, state`,
    hold: `UPDATE task_jobs SET worker = worker
WHERE id = ${number("$2")} AND attempt = ${number("$3")} AND state = 'running' AND lease_until > ${now}
RETURNING task_id`,
    renew: `UPDATE task_jobs SET lease_until = ${now} + ${number("$3")} WHERE id = ${number("$2")}`,
    postpone: `UPDATE task_jobs SET state = 'ready', lease_until = NULL, worker = NULL, run_at = ${now} + ${number("$3")},
  last_error = $4
WHERE id = ${number("$2")}`,
    finish: `UPDATE task_jobs SET state = $2, finished_at = ${time}, lease_until = NULL, last_error = $3
WHERE id = ${number("$1")}`,
  };
}

/** The task of a job that was taken: from now on the machine decides where it stands. */
export const startSql =
  "UPDATE tasks SET status = 'processing', stage = NULL WHERE id = $1 AND status IN ('pending', 'retry')";
export const taskSql =
  "SELECT id, notion_page_id, title, channel_id, topic, story_direction, status, stage, priority FROM tasks WHERE id = $1";
/** `$2` status, `$3` stage. */
export const stepSql = "UPDATE tasks SET status = $2, stage = $3 WHERE id = $1";
/** The task of a dead job whose worker cannot say so any more. */
export const buriedSql =
  "UPDATE tasks SET status = 'failed', stage = NULL WHERE id = $1 AND status IN ('processing', 'retry')";
/** `$2` name, `$3` url. */
export const linkSql = (table: string) =>
  `INSERT INTO ${table} (task_id, name, url) VALUES ($1, $2, $3) ON CONFLICT (task_id, url) DO NOTHING`;
