import { describe, expect, it } from "vitest";
import { decideRetry, type FailureKind, RETRY_AFTER_MAX_MS } from "../../src/http/retry.ts";

const rules = { isSafeRead: false, canRepeatConflict: false };

describe("decideRetry", () => {
  /** What may be sent again: [a write, a safe read, a write whose 409 the caller can judge]. */
  const table: Record<FailureKind, readonly [boolean, boolean, boolean]> = {
    limited: [true, true, true],
    overloaded: [true, true, true],
    unreachable: [true, true, true],
    server: [false, true, false],
    timeout: [false, true, false],
    network: [false, true, false],
    malformed: [false, true, false],
    conflict: [false, false, true],
    refused: [false, false, false],
  };
  it.each(Object.entries(table) as [FailureKind, readonly boolean[]][])(
    "judges %s by method",
    (kind, expected) => {
      const kinds = [rules, { ...rules, isSafeRead: true }, { ...rules, canRepeatConflict: true }];
      const decided = kinds.map(
        (each) =>
          decideRetry({ attempt: 1, failure: { kind, retryAfterMs: null }, rules: each, random: 0.5 })
            .kind === "retry",
      );
      expect(decided).toEqual(expected);
    },
  );

  it("ends after three tries", () => {
    const decide = (attempt: number) =>
      decideRetry({ attempt, failure: { kind: "limited", retryAfterMs: 1 }, rules, random: 0 }).kind;
    expect([1, 2, 3].map(decide)).toEqual(["retry", "retry", "fail"]);
  });

  it.each([
    { attempt: 1, random: 0, delayMs: 0 },
    { attempt: 1, random: 0.5, delayMs: 500 },
    { attempt: 2, random: 0.999, delayMs: 1998 },
  ])(
    "waits between nothing and the backoff: attempt $attempt, random $random",
    ({ attempt, random, delayMs }) => {
      const failure = { kind: "limited", retryAfterMs: null } as const;
      expect(decideRetry({ attempt, failure, rules, random })).toEqual({ kind: "retry", delayMs });
    },
  );

  it("obeys a Retry-After longer than its own backoff, up to a bound", () => {
    const decide = (retryAfterMs: number) =>
      decideRetry({ attempt: 1, failure: { kind: "limited", retryAfterMs }, rules, random: 1 });
    expect(decide(RETRY_AFTER_MAX_MS)).toEqual({ kind: "retry", delayMs: RETRY_AFTER_MAX_MS });
    expect(decide(RETRY_AFTER_MAX_MS + 1)).toEqual({ kind: "fail" });
  });
});
