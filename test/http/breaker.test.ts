import { describe, expect, it } from "vitest";
import { createBreaker } from "../../src/http/breaker.ts";
import { virtualClock } from "./virtual-clock.ts";

function broken() {
  const clock = virtualClock();
  const breaker = createBreaker({ clock, service: "Notion" });
  for (let failure = 0; failure < 5; failure += 1) breaker.record("failed");
  return { clock, breaker };
}

describe("createBreaker", () => {
  it("opens after five failures in a row and says until when", () => {
    const { breaker } = broken();
    expect(() => breaker.check()).toThrow(
      expect.objectContaining({
        code: "CIRCUIT_OPEN",
        message: expect.stringContaining("2026-11-21T10:00:50.000Z"),
      }),
    );
  });

  it("starts counting again after an answer", () => {
    const breaker = createBreaker({ clock: virtualClock(), service: "Notion" });
    for (let failure = 0; failure < 20; failure += 1)
      breaker.record(failure % 5 === 4 ? "answered" : "failed");
    expect(() => breaker.check()).not.toThrow();
  });

  it("lets one probe through after its rest, and closes when that is answered", () => {
    const { clock, breaker } = broken();
    clock.advance(30_000);
    breaker.check();
    expect(() => breaker.check()).toThrow("not asked again");
    breaker.record("answered");
    expect(() => breaker.check()).not.toThrow();
  });

  it.each(["failed", "unknown"] as const)("rests again when the probe ends %s", (outcome) => {
    const { clock, breaker } = broken();
    clock.advance(30_000);
    breaker.check();
    breaker.record(outcome);
    clock.advance(29_999);
    expect(() => breaker.check()).toThrow("not asked again");
    clock.advance(1);
    expect(() => breaker.check()).not.toThrow();
  });
});
