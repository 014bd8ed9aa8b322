import { describe, expect, it } from "vitest";
import { createPacer, type PacedOutcome, type Pacer, type Priority } from "../../src/http/pacer.ts";
import { virtualClock } from "./virtual-clock.ts";

const MINUTE = 60_000;

async function sendAll(pacer: Pacer, count: number, clock: { monotonic(): number }): Promise<number[]> {
  const sends: number[] = [];
  const sendOne = async () => {
    const admission = await pacer.admit();
    sends.push(clock.monotonic());
    admission.settle({ kind: "accepted" });
  };
  await Promise.all(Array.from({ length: count }, sendOne));
  return sends;
}

/** The most sends that any window of a minute holds, its start at any millisecond. */
function mostInAnyMinute(sends: readonly number[]): number {
  return Math.max(...sends.map((start) => sends.filter((at) => at >= start && at < start + MINUTE).length));
}

describe("createPacer", () => {
  it.each([1, 7, 180, 600])(
    "never sends more than %i requests in any minute and uses 98 % of them",
    async (rate) => {
      const clock = virtualClock();
      const pacer = createPacer({ clock, ratePerMinute: rate });
      const windows = 5;
      const sends = await sendAll(pacer, rate * windows, clock);
      expect(mostInAnyMinute(sends)).toBe(rate);
      const last = sends.at(-1) ?? 0;
      const used = (rate * (windows - 1)) / ((last / MINUTE) * rate);
      expect(used).toBeGreaterThanOrEqual(0.98);
    },
  );

  it("keeps the order in which requests came", async () => {
    const clock = virtualClock();
    const pacer = createPacer({ clock, ratePerMinute: 2 });
    const order: number[] = [];
    const admit = async (index: number) => {
      await pacer.admit();
      order.push(index);
    };
    await Promise.all(Array.from({ length: 9 }, (_, index) => admit(index)));
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("lets go of an aborted waiter without letting the next one overtake", async () => {
    const clock = virtualClock();
    const pacer = createPacer({ clock, ratePerMinute: 1 });
    await pacer.admit();
    const abort = new AbortController();
    const order: string[] = [];
    const first = pacer.admit().then(() => order.push("first"));
    const second = pacer.admit({ signal: abort.signal });
    const third = pacer.admit().then(() => order.push("third"));
    abort.abort(new Error("stopped"));
    await expect(second).rejects.toThrow("stopped");
    await Promise.all([first, third]);
    expect(order).toEqual(["first", "third"]);
    expect(clock.monotonic()).toBeGreaterThanOrEqual(2 * MINUTE);
  });

  it("says how long requests are held back, and 0 when none is", async () => {
    const clock = virtualClock();
    const pacer = createPacer({ clock, ratePerMinute: 1 });
    await pacer.admit();
    expect(pacer.waitingMs()).toBe(0);
    const held = pacer.admit();
    expect(pacer.waitingMs()).toBe(61_000);
    await held;
    expect(pacer.waitingMs()).toBe(0);
  });

  it.each([
    { name: "429", outcome: { kind: "limited", scope: "other", retryAfterMs: 300_000 } },
    { name: "529", outcome: { kind: "overloaded", retryAfterMs: 300_000 } },
  ] satisfies { name: string; outcome: PacedOutcome }[])(
    "sends nothing until a $name's time is over",
    async ({ outcome }) => {
      const clock = virtualClock();
      const pacer = createPacer({ clock, ratePerMinute: 100 });
      (await pacer.admit()).settle(outcome);
      expect(pacer.waitingMs()).toBe(300_000);
      await pacer.admit();
      expect(clock.monotonic()).toBe(300_000);
    },
  );

  it("sends less after the connection's limit was met, and wins it back slowly", async () => {
    const clock = virtualClock();
    const pacer = createPacer({ clock, ratePerMinute: 100 });
    for (let sent = 0; sent < 79; sent += 1) (await pacer.admit()).settle({ kind: "accepted" });
    (await pacer.admit()).settle({ kind: "limited", scope: "connection", retryAfterMs: 2_000 });
    clock.advance(2 * MINUTE);
    expect(mostInAnyMinute(await sendAll(pacer, 300, clock))).toBeLessThanOrEqual(82);
    clock.advance(60 * MINUTE);
    expect(mostInAnyMinute(await sendAll(pacer, 300, clock))).toBe(100);
  });

  it("keeps its rate when the limit was the workspace's", async () => {
    const clock = virtualClock();
    const pacer = createPacer({ clock, ratePerMinute: 100 });
    (await pacer.admit()).settle({ kind: "limited", scope: "other", retryAfterMs: 2_000 });
    clock.advance(2 * MINUTE);
    expect(mostInAnyMinute(await sendAll(pacer, 300, clock))).toBe(100);
  });
});

describe("createPacer with ratePerMinute auto", () => {
  /** A server with a window of a minute and this many requests in it. */
  async function againstServer(limit: number, count: number) {
    const clock = virtualClock();
    const pacer = createPacer({ clock, ratePerMinute: "auto" });
    let refused = 0;
    let sent: number[] = [];
    const all: number[] = [];
    const sendOne = async (): Promise<void> => {
      const admission = await pacer.admit();
      const now = clock.monotonic();
      all.push(now);
      sent = sent.filter((at) => at > now - MINUTE);
      if (sent.length >= limit) {
        refused += 1;
        admission.settle({ kind: "limited", scope: "connection", retryAfterMs: 60_000 });
        return await sendOne();
      }
      sent.push(now);
      admission.settle({ kind: "accepted" });
    };
    await Promise.all(Array.from({ length: count }, sendOne));
    return { refused, minutes: clock.monotonic() / MINUTE, most: mostInAnyMinute(all) };
  }

  it("finds the large plan with one request more", async () => {
    const { refused, minutes, most } = await againstServer(600, 1_800);
    expect(refused).toBe(0);
    expect(most).toBe(600);
    expect(minutes).toBeLessThan(2.1);
  });

  it("stays with the small plan after one refusal, for good", async () => {
    const { refused, minutes } = await againstServer(180, 1_800);
    expect(refused).toBe(1);
    expect(minutes).toBeLessThan(10.3);
  });

  it("goes back to the small plan when only the start of a new window let the probe through", async () => {
    const clock = virtualClock();
    const pacer = createPacer({ clock, ratePerMinute: "auto" });
    const phase = 30_000;
    const used = new Map<number, number>();
    const refusals: number[] = [];
    const sends: number[] = [];
    const sendOne = async (): Promise<void> => {
      const admission = await pacer.admit();
      const now = clock.monotonic();
      const window = Math.floor((now + phase) / MINUTE);
      const count = (used.get(window) ?? 0) + 1;
      used.set(window, count);
      if (count <= 180) {
        sends.push(now);
        return admission.settle({ kind: "accepted" });
      }
      refusals.push(now);
      admission.settle({
        kind: "limited",
        scope: "connection",
        retryAfterMs: (window + 1) * MINUTE - phase - now,
      });
      return await sendOne();
    };
    for (let sent = 0; sent < 90; sent += 1) await sendOne();
    clock.advance(30_000);
    for (let sent = 0; sent < 1_000; sent += 1) await sendOne();
    expect(refusals.length).toBe(1);
    const later = sends.filter((at) => at > (refusals[0] ?? 0) + MINUTE);
    expect(mostInAnyMinute(later)).toBe(180);
  });

  it("sends no probe while nothing waits", async () => {
    const clock = virtualClock();
    const pacer = createPacer({ clock, ratePerMinute: "auto" });
    expect(mostInAnyMinute(await sendAll(pacer, 180, clock))).toBe(180);
    clock.advance(2 * MINUTE);
    expect(mostInAnyMinute(await sendAll(pacer, 180, clock))).toBe(180);
  });
});

describe("priorities", () => {
  /** The names of requests in the order they were admitted, one a minute. */
  async function orderOf(
    requests: readonly { readonly name: string; readonly priority: Priority; readonly afterMs?: number }[],
  ): Promise<string[]> {
    const clock = virtualClock();
    const pacer = createPacer({ clock, ratePerMinute: 1 });
    await pacer.admit();
    const order: string[] = [];
    const admitted: Promise<unknown>[] = [];
    for (const { name, priority, afterMs = 0 } of requests) {
      if (afterMs > 0) await clock.sleep(afterMs);
      admitted.push(pacer.admit({ priority }).then(() => order.push(name)));
    }
    await Promise.all(admitted);
    return order;
  }

  it("let the urgent go first, and equals in the order they came", async () => {
    const order = await orderOf([
      { name: "sweep 1", priority: 2 },
      { name: "poll 1", priority: 1 },
      { name: "sweep 2", priority: 2 },
      { name: "push 1", priority: 0 },
      { name: "poll 2", priority: 1 },
      { name: "push 2", priority: 0 },
    ]);
    expect(order).toEqual(["push 1", "push 2", "poll 1", "poll 2", "sweep 1", "sweep 2"]);
  });

  it("let nothing starve: two minutes make up for the lowest class", async () => {
    const clock = virtualClock();
    const pacer = createPacer({ clock, ratePerMinute: 1 });
    await pacer.admit();
    // There is always an urgent request waiting.
    const urgent = async () => {
      for (let sent = 0; sent < 20; sent += 1) await pacer.admit({ priority: 0 });
    };
    const urgents = [urgent(), urgent()];
    await pacer.admit({ priority: 2 });
    expect(clock.monotonic()).toBeGreaterThan(2 * MINUTE);
    expect(clock.monotonic()).toBeLessThan(6 * MINUTE);
    await Promise.all(urgents);
  });

  it("give up what may no longer be sent, at no cost to the budget", async () => {
    const clock = virtualClock();
    const pacer = createPacer({ clock, ratePerMinute: 2 });
    await Promise.all([pacer.admit(), pacer.admit()]);
    const late = Array.from({ length: 10 }, () =>
      pacer.admit({ sendBy: 2_000 }).catch((error) => error.code),
    );
    const next = [pacer.admit(), pacer.admit()];
    expect(new Set(await Promise.all(late))).toEqual(new Set(["SENT_TOO_LATE"]));
    await Promise.all(next);
    expect(clock.monotonic()).toBe(61_000);
  });
});
