import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { openDatabase } from "../../src/store/sqlite/database.ts";
import { openSharedSqliteStore } from "../../src/store/sqlite/open.ts";
import { countingIds } from "../../src/store/suite/case.ts";
import { beginPair, inboxEvent } from "../../src/store/suite/pairs-case.ts";
import { temporaryFolder } from "./folder.ts";

async function open(path: string) {
  const { store, together } = await openSharedSqliteStore({ path, ids: countingIds() });
  return { store, together, [Symbol.asyncDispose]: () => store.close() };
}

/** What another connection sees, which is what is kept. */
function keptIn(path: string): unknown[] {
  using other = new DatabaseSync(path);
  return other
    .prepare("SELECT event_id AS id FROM pair_inbox ORDER BY seq")
    .all()
    .map(({ id }) => id);
}

describe("calls that are made together", () => {
  it("are kept together, and not before the end", async () => {
    await using folder = await temporaryFolder();
    const path = folder.path("store.db");
    await using shared = await open(path);
    const puts: Promise<number>[] = [];
    shared.together(() => {
      puts.push(shared.store.pairs.putInbox([inboxEvent("a")]));
      puts.push(shared.store.pairs.putInbox([inboxEvent("a"), inboxEvent("b")]));
      expect(keptIn(path)).toEqual([]);
    });
    expect(keptIn(path)).toEqual(["a", "b"]);
    expect(await Promise.all(puts)).toEqual([1, 1]);
  });

  it("fail alone when they fail, with all that they wrote", async () => {
    await using folder = await temporaryFolder();
    const path = folder.path("store.db");
    await using shared = await open(path);
    const { fence } = await beginPair(shared.store);
    const commit = { syncId: "pair", at: "2026-01-01T00:00:00.000Z", links: [], versions: [] };
    const rest = { conflicts: [], holds: [], handled: [], state: { cursor: "x" } };
    const calls: Promise<unknown>[] = [];
    shared.together(() => {
      calls.push(shared.store.pairs.putInbox([inboxEvent("a")]));
      calls.push(shared.store.pairs.commit({ ...commit, ...rest, fence: fence + 1 }));
      calls.push(shared.store.pairs.putInbox([inboxEvent("b")]));
    });
    const [first, second, third] = await Promise.allSettled(calls);
    expect([first, third]).toMatchObject([{ value: 1 }, { value: 1 }]);
    expect(second).toMatchObject({ status: "rejected", reason: { code: "LEASE_LOST" } });
    expect(await shared.store.pairs.getState("pair")).toBeNull();
    expect(keptIn(path)).toEqual(["a", "b"]);
  });

  it("are all taken back when what they share fails", async () => {
    await using folder = await temporaryFolder();
    const path = folder.path("store.db");
    await using shared = await open(path);
    const put: Promise<number>[] = [];
    const fail = () =>
      shared.together(() => {
        put.push(shared.store.pairs.putInbox([inboxEvent("a")]));
        throw new Error("the disk is full");
      });
    expect(fail).toThrow("the disk is full");
    expect(keptIn(path)).toEqual([]);
    expect(await shared.store.pairs.putInbox([inboxEvent("b")])).toBe(1);
    expect(keptIn(path)).toEqual(["b"]);
  });

  it("write nothing more once SQLite has taken everything back by itself", () => {
    const database = openDatabase(":memory:", 10);
    const outcomes: string[] = [];
    const attempt = (sql: string) => {
      try {
        database.write(() => database.query(sql).run());
        outcomes.push("done");
      } catch {
        outcomes.push("failed");
      }
    };
    const insert = "INSERT INTO leases VALUES ('a', 'host', 1, 0)";
    const together = () =>
      database.together(() => {
        attempt(insert);
        attempt(insert.replace("INSERT", "INSERT OR ROLLBACK"));
        attempt(insert.replace("'a'", "'b'"));
      });
    expect(together).toThrow(/UNIQUE/);
    expect(outcomes).toEqual(["done", "failed", "failed"]);
    expect(database.query<{ n: number }>("SELECT count(*) AS n FROM leases").get()).toMatchObject({ n: 0 });
    database.close();
  });
});
