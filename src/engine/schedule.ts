import { Cron } from "croner";
import type { Clock } from "../core/clock.ts";

/** Timers are 32 bit, and a sleeping machine should notice the time soon after it wakes. */
const sleepMsMax = 60_000;

/** One thing that runs by the clock. */
export interface Scheduled {
  readonly name: string;
  readonly cron: string;
  readonly timeZone: string;
  /** When it last started (ms), null when it never ran. */
  readonly lastStartedAt: number | null;
}

/** The next time a cron expression fires strictly after `after` (ms), null when it never does. */
export function nextRunAfter(cron: string, timeZone: string, after: number): number | null {
  return new Cron(cron, { timezone: timeZone, paused: true }).nextRun(new Date(after))?.getTime() ?? null;
}

/**
 * Runs each thing at its times, one after another, until the signal aborts. A time that passed while nobody was
 * running is made up once at the start, however many were missed. A run that takes past its next time is not
 * started twice: the next time is found after it ends.
 */
export async function runSchedule(
  clock: Clock,
  scheduled: readonly Scheduled[],
  run: (name: string, trigger: "schedule" | "schedule:missed") => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const nextByName = new Map<string, number>();
  const beganAt = clock.now();
  for (const each of scheduled) {
    if (signal.aborted) return;
    // Making up the ones before takes time, in which this one may have fallen due.
    if (isMissed(each, each.lastStartedAt ?? beganAt, clock.now())) await run(each.name, "schedule:missed");
    plan(each, clock.now(), nextByName);
  }
  while (!signal.aborted && nextByName.size > 0) {
    const now = clock.now();
    const due = scheduled.find((each) => (nextByName.get(each.name) ?? Number.POSITIVE_INFINITY) <= now);
    if (due !== undefined) {
      await run(due.name, "schedule");
      plan(due, clock.now(), nextByName);
      continue;
    }
    const wait = Math.min(...nextByName.values()) - now;
    await clock.sleep(Math.min(wait, sleepMsMax), signal).catch(() => {});
  }
}

function isMissed({ cron, timeZone }: Scheduled, since: number, now: number): boolean {
  const next = nextRunAfter(cron, timeZone, since);
  return next !== null && next <= now;
}

function plan({ name, cron, timeZone }: Scheduled, now: number, nextByName: Map<string, number>): void {
  const next = nextRunAfter(cron, timeZone, now);
  if (next === null) nextByName.delete(name);
  else nextByName.set(name, next);
}
