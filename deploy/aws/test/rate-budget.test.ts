import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { describe, expect, it } from "vitest";
import { startTables } from "../local/stage.ts";
import { createRateBudget, type RateBudget } from "../runtime/rate-budget.ts";

/** So many a minute that a test of a few seconds sees hundreds of turns. */
const ratePerMinute = 6_000;
const processes = 4;
const turnsEach = 60;

class Clock {
  time = Date.parse("2026-11-21T10:00:00.000Z");
  now = () => this.time;
  monotonic = () => this.time;
  sleep = async (ms: number, signal?: AbortSignal) => {
    signal?.throwIfAborted();
    this.time += ms;
  };
}

async function withBudget(work: (budget: RateBudget, clock: Clock) => Promise<void>): Promise<void> {
  await using resources = new AsyncDisposableStack();
  const endpoint = await startTables(resources);
  const credentials = { accessKeyId: "dummy", secretAccessKey: "dummy" };
  const client = new DynamoDBClient({ endpoint, region: "eu-central-1", credentials });
  resources.defer(() => client.destroy());
  const clock = new Clock();
  await work(
    createRateBudget({ client, table: "Lockstep-Sync-dev", key: "test", ratePerMinute: 60, clock }),
    clock,
  );
}

describe("the rate budget", () => {
  it("gives no two processes one turn, and no window more turns than the rate", async () => {
    await using resources = new AsyncDisposableStack();
    const endpoint = await startTables(resources);
    const times = await Promise.all(Array.from({ length: processes }, () => turnsOf(endpoint)));
    const taken = times.flat().sort((a, b) => a - b);
    expect(taken).toHaveLength(processes * turnsEach);
    // In every window, of whatever length: the windows that begin with a turn are the fullest.
    const perMs = ratePerMinute / 60_000;
    const lateMs = 500;
    for (const windowMs of [1_000, 2_000]) {
      const fullest = Math.max(
        ...taken.map((from) => taken.filter((at) => at >= from && at < from + windowMs).length),
      );
      expect(fullest).toBeLessThanOrEqual(Math.ceil((windowMs + lateMs) * perMs));
    }
    const spanMs = (taken.at(-1) ?? 0) - (taken[0] ?? 0);
    expect(spanMs).toBeGreaterThanOrEqual((taken.length - 1) / perMs - lateMs);
  });

  it("never lets more than the rate through in a minute, at whatever moments it is asked", async () => {
    await withBudget(async (budget, clock) => {
      const sent: number[] = [];
      for (let n = 0; n < 150; n += 1) {
        await budget.admit();
        sent.push(clock.time);
        if (n % 40 === 0) clock.time += 7_000;
      }
      const fullest = Math.max(
        ...sent.map((from) => sent.filter((at) => at >= from && at < from + 60_000).length),
      );
      expect(fullest).toBeLessThanOrEqual(60);
      expect(fullest).toBeGreaterThan(50);
    });
  });

  it("holds everybody back as long as an answer asks for, and refuses what would be too late at no cost", async () => {
    await withBudget(async (budget, clock) => {
      const { settle } = await budget.admit();
      settle({ kind: "limited", scope: "connection", retryAfterMs: 30_000 });
      await budget.settled();
      const before = clock.time;
      const late = budget.admit({ sendBy: clock.monotonic() + 5_000 });
      await expect(late).rejects.toMatchObject({ code: "SENT_TOO_LATE" });
      await expect(budget.admit({ sendBy: clock.monotonic() - 1 })).rejects.toMatchObject({
        code: "SENT_TOO_LATE",
      });
      await budget.admit();
      expect(clock.time - before).toBe(30_000);
    });
  });
});

/** The times of the turns that one process was given. */
async function turnsOf(endpoint: string): Promise<readonly number[]> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "support/take-turns.ts")], {
    env: { ...process.env, ENDPOINT: endpoint, RATE: String(ratePerMinute), TURNS: String(turnsEach) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(child, "close");
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
