import { startEmulator } from "../src/emulator/index.ts";
import { createBreaker } from "../src/http/breaker.ts";
import { createHttpClient } from "../src/http/client.ts";
import { createPacer } from "../src/http/pacer.ts";
import { type BenchResult, machine } from "./support.ts";

const minuteMs = 60_000;

/** How much of a strict server's budget is used while work waits, over virtual minutes, at several window phases. */
export async function measurePace(ratePerMinute = 180, minutes = 60): Promise<BenchResult> {
  const shares: number[] = [];
  let refused = 0;
  for (const phaseMs of [0, 17_000, 59_500]) {
    let now = Date.UTC(2026, 6, 1) + phaseMs;
    const start = now;
    // Time passes only while the client waits, and a little with every request.
    const clock = {
      now: () => now,
      monotonic: () => now,
      sleep: async (ms: number) => {
        now += ms;
      },
    };
    await using emulator = await startEmulator({ clock, ratePerMinute });
    const client = createHttpClient({
      service: "Notion",
      baseUrl: emulator.url,
      headers: { authorization: `Bearer ${emulator.token}`, "notion-version": "2026-03-11" },
      clock,
      random: Math.random,
      pacer: createPacer({ clock, ratePerMinute }),
      breaker: createBreaker({ clock, service: "Notion" }),
    });
    let requests = 0;
    while (now - start < minutes * minuteMs) {
      await client.request({ method: "GET", path: "/v1/users/me", isSafeRead: true });
      requests += 1;
      now += 40;
    }
    shares.push(requests / (ratePerMinute * minutes));
    refused += emulator.calls.rateLimited;
  }
  return {
    name: `pace: a strict server at ${ratePerMinute} calls a minute`,
    figures: [
      {
        label: "share of the budget used while work waits, worst phase",
        value: Math.min(...shares),
        unit: "of 1",
      },
      { label: "answers 429", value: refused, unit: "answers" },
    ],
    how: `${machine}; ${minutes} virtual minutes at three phases of the server's window, 40 ms a request, real HTTP`,
  };
}
