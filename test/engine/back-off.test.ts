import { describe, expect, it } from "vitest";
import { backOffMs } from "../../src/engine/back-off.ts";

describe("the wait after failures that pass by themselves", () => {
  it.each([
    { failures: 0, from: 5_000, to: 10_000 },
    { failures: 1, from: 5_000, to: 10_000 },
    { failures: 2, from: 10_000, to: 20_000 },
    { failures: 3, from: 20_000, to: 40_000 },
    { failures: 4, from: 30_000, to: 60_000 },
    { failures: 1_000, from: 30_000, to: 60_000 },
  ])("is between $from and $to ms after $failures", ({ failures, from, to }) => {
    expect(backOffMs(failures, 0)).toBe(from);
    expect(backOffMs(failures, 0.5)).toBe((from + to) / 2);
    expect(backOffMs(failures, 0.999_999)).toBeLessThanOrEqual(to);
  });
});
