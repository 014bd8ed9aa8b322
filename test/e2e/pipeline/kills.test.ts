import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Product } from "../../../src/recipes/pipeline/database.ts";
import { randomFrom } from "../../simulation/random.ts";
import { Day } from "./day-world.ts";

const products: readonly Product[] = ["sqlite", "postgres"];
const kills = Number(process.env.LOCKSTEP_KILLS ?? 4);
const seed = Number(process.env.LOCKSTEP_SEED ?? 20_261_121);
const entriesPerRound = 3;
/** Deliveries under way at once, until the kill. */
const senders = 4;
const aliveMs: readonly [number, number] = [300, 2_500];

describe.each(products)("kill -9 of a server under load, on %s", (product) => {
  it(`queues each transition once and deals with each acknowledged delivery once, ${kills} times over`, {
    timeout: 120_000 + kills * 20_000,
  }, async () => {
    await using day = await Day.open(product);
    const random = randomFrom(seed, product);
    const queued: string[] = [];
    const acknowledged = new Set<string>();
    await day.serve();
    for (let round = 0; round < kills; round += 1) {
      const pages = Array.from({ length: entriesPerRound }, (_, index) => day.add(`Entry ${round}.${index}`));
      await day.until("every entry has a row", async () => (await missing(day, pages)) === 0);
      const storm = new AbortController();
      const storming = Array.from({ length: senders }, (_, sender) =>
        send(day, { prefix: `r${round}s${sender}`, pages, acknowledged, signal: storm.signal }),
      );
      for (const page of pages) day.move(page, "Queued");
      queued.push(...pages);
      await delay(random.int(...aliveMs));
      await day.kill();
      storm.abort();
      await Promise.all(storming);
      await day.serve();
    }
    const pending = "SELECT count(*) AS tasks FROM tasks WHERE status = 'pending'";
    await day.until("every entry is pending", async () => {
      const [row] = await day.run(pending);
      return Number(row?.tasks) === queued.length;
    });
    const waiting = async () => (await day.inbox()).filter((event) => event.handled_at === null).length;
    await day.until("every delivery was looked at", async () => (await waiting()) === 0);
    {
      await using _ = day.work();
      await day.until("the worker is through", () =>
        queued.every((page) => day.statusOn(page) === "Ready for Review"),
      );
    }
    await day.kill();

    const times = (table: string) => `SELECT task_id, count(*) AS times FROM ${table} GROUP BY task_id`;
    for (const table of ["counted", "task_jobs"]) {
      const rows = await day.run(times(table));
      expect(rows.length, table).toBe(queued.length);
      expect(new Set(rows.map((row) => Number(row.times))), table).toEqual(new Set([1]));
    }
    expect(new Set((await day.run("SELECT state FROM task_jobs")).map(({ state }) => state))).toEqual(
      new Set(["done"]),
    );
    const stored = (await day.inbox()).filter(({ event_id: id }) => String(id).startsWith("r"));
    const ids = stored.map(({ event_id: id }) => String(id));
    expect(new Set(ids).size, "stored once").toBe(ids.length);
    expect(acknowledged.size).toBeGreaterThan(kills * senders);
    expect(
      [...acknowledged].filter((id) => !ids.includes(id)),
      "acknowledged and lost",
    ).toEqual([]);
    expect(day.pages().length, "no page twice").toBe(queued.length);
  });
});

async function missing(day: Day, pages: readonly string[]): Promise<number> {
  const rows = await Promise.all(pages.map((page) => day.row(page)));
  return rows.filter((row) => row === undefined).length;
}

/** Sends one delivery after another, some of them twice, as senders do. */
async function send(
  day: Day,
  order: {
    readonly prefix: string;
    readonly pages: readonly string[];
    readonly acknowledged: Set<string>;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { prefix, pages, acknowledged, signal } = order;
  for (let count = 0; !signal.aborted; count += 1) {
    const id = `${prefix}e${count}`;
    const page = pages[count % pages.length] ?? "";
    if (await day.deliver(id, page)) acknowledged.add(id);
    if (count % 5 === 0) await day.deliver(id, page);
    // The machine is to do other things, too.
    await delay(5);
  }
}
