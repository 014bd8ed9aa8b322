import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Database, openDatabase } from "../../src/store/postgres/database.ts";
import { openPostgresStore } from "../../src/store/postgres/open.ts";
import { inboxTopic } from "../../src/store/postgres/pair-inbox.ts";
import type { Store } from "../../src/store/store.ts";
import { countingIds } from "../../src/store/suite/case.ts";
import { inboxEvent } from "../../src/store/suite/pairs-case.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";

let database: TestDatabase;
let store: Store;
beforeAll(async () => {
  database = await createDatabase();
  store = await openPostgresStore({ url: database.url, ids: countingIds() });
});
afterAll(async () => {
  await store.close();
  await database[Symbol.asyncDispose]();
});

const eventsOf = (syncId: string, count: number) =>
  Array.from({ length: count }, (_, n) => inboxEvent(`event ${n}`, { syncId }));
const waitingIn = async (syncId: string) =>
  (await store.pairs.listInbox(syncId, 10_000)).map(({ eventId }) => eventId);

async function withDatabase<T>(url: string, use: (database: Database) => Promise<T>): Promise<T> {
  const opened = await openDatabase({ url });
  try {
    return await use(opened);
  } finally {
    await opened.close();
  }
}

describe("the inbox in Postgres", () => {
  it("gives calls that arrive while another is on its way one statement, in their order", async () => {
    const events = eventsOf("gathered", 200);
    const statements = await withDatabase(database.url, async (real) => {
      let count = 0;
      const counted: Database = {
        ...real,
        all: (sql, ...values) => {
          count += 1;
          return real.all(sql, ...values);
        },
      };
      const { putInbox } = inboxTopic(counted);
      const added = await Promise.all(events.map((event) => putInbox([event])));
      expect(added).toEqual(events.map(() => 1));
      return count;
    });
    expect(statements).toBe(2);
    expect(await waitingIn("gathered")).toEqual(events.map(({ eventId }) => eventId));
  });

  it("counts an event once that several calls and processes bring at the same moment", async () => {
    await using other = await openPostgresStore({ url: database.url, ids: countingIds() });
    const events = eventsOf("twice", 300);
    // In opposite orders, so that each waits for what the other has brought.
    const added = await Promise.all([
      ...events.map((event) => store.pairs.putInbox([event, event])),
      store.pairs.putInbox(events.slice(0, 10)),
      other.pairs.putInbox(events.toReversed()),
    ]);
    expect(added.reduce((sum, count) => sum + count, 0)).toBe(events.length);
    expect(new Set(await waitingIn("twice")).size).toBe(events.length);
  });

  it("tells every call when the server takes nothing, and goes on after that", async () => {
    const syncId = "failing";
    await database.run("ALTER TABLE lockstep.pair_inbox RENAME TO away");
    const calls = await Promise.allSettled(eventsOf(syncId, 3).map((event) => store.pairs.putInbox([event])));
    await database.run("ALTER TABLE lockstep.away RENAME TO pair_inbox");
    for (const call of calls)
      expect(call).toMatchObject({ status: "rejected", reason: { code: "STORE_FAILED" } });
    expect(await store.pairs.putInbox(eventsOf(syncId, 3))).toBe(3);
  });

  it("keeps every event that was acknowledged before the process was killed", async () => {
    await using own = await createDatabase();
    const child = join(import.meta.dirname, "children/postgres-pairs-inbox.ts");
    const taker = spawn(process.execPath, [child, own.url]);
    const acknowledged: string[] = [];
    for await (const eventId of createInterface({ input: taker.stdout })) {
      acknowledged.push(eventId);
      if (acknowledged.length === 500) taker.kill("SIGKILL");
    }
    if (taker.exitCode === null && taker.signalCode === null) await once(taker, "exit");
    expect(taker.signalCode).toBe("SIGKILL");
    await using after = await openPostgresStore({ url: own.url, ids: countingIds() });
    const kept = new Set((await after.pairs.listInbox("pair", 1_000_000)).map(({ eventId }) => eventId));
    expect(acknowledged.length).toBeGreaterThanOrEqual(500);
    expect(acknowledged.filter((eventId) => !kept.has(eventId))).toEqual([]);
  });
});

describe("what the store in Postgres acknowledges", () => {
  it.each([
    ["off", "on"],
    ["on", "on"],
    ["remote_apply", "remote_apply"],
  ])("is on disk, also where the server's synchronous_commit is %s", async (configured, used) => {
    await using own = await createDatabase();
    await own.run(`ALTER DATABASE ${own.url.split("/").at(-1)} SET synchronous_commit = ${configured}`);
    const row = await withDatabase(own.url, (opened) => opened.get("SHOW synchronous_commit"));
    expect(row).toEqual({ synchronous_commit: used });
  });
});
