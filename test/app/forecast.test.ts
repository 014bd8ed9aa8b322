import { describe, expect, it } from "vitest";
import { Forecast } from "../../src/app/forecast.ts";

/** When each request is sent under a limit for every 61 s, with so long for each within a burst. */
function sendTimes(
  calls: number,
  { rate, each }: { readonly rate: number; readonly each: number },
): number[] {
  const sent: number[] = [];
  let now = 0;
  for (let n = 0; n < calls; n += 1) {
    now += each;
    const before = sent[n - rate];
    if (before !== undefined) now = Math.max(now, before + 61_000);
    sent.push(now);
  }
  return sent;
}

describe("Forecast", () => {
  it.each([
    ["quick answers, a small import", { calls: 600, rate: 180, each: 40 }],
    ["quick answers, a large import", { calls: 2_400, rate: 180, each: 40 }],
    ["answers that nearly reach the limit", { calls: 2_400, rate: 180, each: 330 }],
    ["answers too slow for the limit", { calls: 2_400, rate: 180, each: 450 }],
    ["a larger limit", { calls: 5_000, rate: 600, each: 25 }],
    ["less than one minute's worth", { calls: 170, rate: 180, each: 60 }],
  ])("is never off by more than a tenth of the whole: %s", (_, { calls, rate, each }) => {
    const times = sendTimes(calls, { rate, each });
    const end = times.at(-1) ?? 0;
    const forecast = new Forecast({ calls, ratePerMinute: rate, startedAt: 0 });
    const misses = times.flatMap((now, n) => {
      const left = forecast.leftMs(n + 1, now);
      return left === null ? [] : [Math.abs(now + left - end) / end];
    });
    expect(misses.length).toBeGreaterThan(calls / 2);
    expect(Math.max(...misses)).toBeLessThan(0.1);
  });

  it("is not misled by answers of a burst that are heard of at the end of its minute", () => {
    const times = sendTimes(1_000, { rate: 180, each: 40 });
    const forecast = new Forecast({ calls: 1_000, ratePerMinute: 180, startedAt: 0 });
    for (let n = 40; n < 176; n += 1) forecast.leftMs(n, times[n] ?? 0);
    for (const late of [176, 178, 179]) forecast.leftMs(late, 60_500);
    const left = forecast.leftMs(190, times[189] ?? 0) ?? 0;
    const end = times.at(-1) ?? 0;
    expect(Math.abs((times[189] ?? 0) + left - end) / end).toBeLessThan(0.05);
  });

  it("says nothing before a pace is known, and goes by the pace so far without a limit", () => {
    const forecast = new Forecast({ calls: 1_000, ratePerMinute: null, startedAt: 1_000 });
    expect(forecast.leftMs(10, 2_000)).toBeNull();
    expect(forecast.leftMs(100, 11_000)).toBe(90_000);
  });
});
