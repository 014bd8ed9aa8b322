import { describe, expect, it } from "vitest";
import { nextRunAfter, runSchedule, type Scheduled } from "../../src/engine/schedule.ts";
import { type ManualClock, manualClock, settle } from "./manual-clock.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const at = (iso: string) => Date.parse(iso);
const iso = (ms: number) => new Date(ms).toISOString();

function hourly(name: string, fields: Partial<Scheduled> = {}): Scheduled {
  return { name, cron: "0 * * * *", timeZone: "UTC", lastStartedAt: null, ...fields };
}

interface Started {
  readonly at: string;
  readonly name: string;
  readonly trigger: string;
}

/** A scheduler at work. Each run takes as long as `durationMs` says, on the same clock. */
function started(clock: ManualClock, scheduled: readonly Scheduled[], durationMs = 0) {
  const stop = new AbortController();
  const runs: Started[] = [];
  let running = 0;
  let runningMax = 0;
  const run = async (name: string, trigger: string) => {
    runs.push({ at: iso(clock.now()), name, trigger });
    running += 1;
    runningMax = Math.max(runningMax, running);
    if (durationMs > 0) await clock.sleep(durationMs, stop.signal).catch(() => {});
    running -= 1;
  };
  const ended = runSchedule(clock, scheduled, run, stop.signal);
  return {
    runs,
    runningMax: () => runningMax,
    async pass(ms: number) {
      for (let passed = 0; passed < ms; passed += MINUTE) {
        clock.advance(MINUTE);
        await settle(3);
      }
    },
    async stop() {
      stop.abort();
      await ended;
    },
  };
}

const startOf = (runs: readonly Started[]) => runs.map((run) => `${run.name} ${run.at.slice(11, 16)}`);

describe("nextRunAfter", () => {
  it.each([
    ["strictly after", "0 3 * * *", "UTC", "2026-11-21T03:00:00Z", "2026-11-22T03:00:00.000Z"],
    ["in its zone", "0 3 * * *", "Asia/Tokyo", "2026-11-21T00:00:00Z", "2026-11-21T18:00:00.000Z"],
    ["in winter", "0 3 * * *", "Europe/Berlin", "2026-01-10T00:00:00Z", "2026-01-10T02:00:00.000Z"],
    ["in summer", "0 3 * * *", "Europe/Berlin", "2026-07-10T00:00:00Z", "2026-07-10T01:00:00.000Z"],
    [
      "once when the clock goes back",
      "30 2 * * *",
      "Europe/Berlin",
      "2026-10-25T00:30:00Z",
      "2026-10-26T01:30:00.000Z",
    ],
  ])("finds the next time %s", (_, cron, timeZone, after, next) => {
    const found = nextRunAfter(cron, timeZone, at(after));
    expect(found === null ? null : iso(found)).toBe(next);
  });

  it("finds none for a day that never comes", () => {
    expect(nextRunAfter("0 0 30 2 *", "UTC", at("2026-01-01T00:00:00Z"))).toBeNull();
  });
});

describe("runSchedule", () => {
  it("runs each thing at its times, and not before", async () => {
    const clock = manualClock(at("2026-11-21T10:30:00Z"));
    const schedule = started(clock, [hourly("a"), hourly("b", { cron: "15 * * * *" })]);
    await settle();
    expect(schedule.runs).toEqual([]);
    await schedule.pass(2 * HOUR);
    await schedule.stop();
    expect(startOf(schedule.runs)).toEqual(["a 11:00", "b 11:15", "a 12:00", "b 12:15"]);
    expect(schedule.runs.every((run) => run.trigger === "schedule")).toBe(true);
  });

  it("makes up a missed run once, however many were missed", async () => {
    const clock = manualClock(at("2026-11-21T10:30:00Z"));
    const lastStartedAt = at("2026-11-20T10:00:00Z");
    const schedule = started(clock, [hourly("a", { lastStartedAt })]);
    await settle();
    expect(schedule.runs).toMatchObject([{ name: "a", trigger: "schedule:missed" }]);
    await schedule.pass(HOUR);
    await schedule.stop();
    expect(startOf(schedule.runs)).toEqual(["a 10:30", "a 11:00"]);
  });

  it("makes nothing up that was not missed or never ran", async () => {
    const clock = manualClock(at("2026-11-21T10:30:00Z"));
    const schedule = started(clock, [
      hourly("never ran"),
      hourly("on time", { lastStartedAt: at("2026-11-21T10:00:01Z") }),
    ]);
    await settle();
    await schedule.stop();
    expect(schedule.runs).toEqual([]);
  });

  it("makes up what fell due while it made up something else, also for what never ran", async () => {
    const clock = manualClock(at("2026-11-21T10:58:00Z"));
    const late = hourly("late", { lastStartedAt: at("2026-11-20T10:00:00Z") });
    const schedule = started(
      clock,
      [late, hourly("new"), hourly("old", { lastStartedAt: at("2026-11-21T10:00:00Z") })],
      5 * MINUTE,
    );
    await schedule.pass(20 * MINUTE);
    await schedule.stop();
    expect(startOf(schedule.runs)).toEqual(["late 10:58", "new 11:03", "old 11:08"]);
  });

  it("never runs two at once, and takes the next time after a long run", async () => {
    const clock = manualClock(at("2026-11-21T10:59:00Z"));
    const schedule = started(clock, [hourly("a"), hourly("b")], 90 * MINUTE);
    await schedule.pass(6 * HOUR);
    await schedule.stop();
    expect(schedule.runningMax()).toBe(1);
    expect(startOf(schedule.runs)).toEqual(["a 11:00", "b 12:30", "a 14:00", "b 15:30"]);
  });

  it("ends when it is aborted, asleep or at work, and starts nothing more", async () => {
    for (const passed of [10 * MINUTE, 40 * MINUTE]) {
      const clock = manualClock(at("2026-11-21T10:30:00Z"));
      const schedule = started(clock, [hourly("a"), hourly("b")], HOUR);
      await schedule.pass(passed);
      const before = schedule.runs.length;
      await schedule.stop();
      clock.advance(24 * HOUR);
      await settle();
      expect(schedule.runs).toHaveLength(before);
    }
  });

  it("ends at once when nothing is scheduled", async () => {
    const clock = manualClock();
    await expect(
      runSchedule(clock, [], async () => {}, new AbortController().signal),
    ).resolves.toBeUndefined();
  });
});
