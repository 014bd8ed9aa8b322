import { expect, it } from "vitest";
import { commitTopic } from "../../src/store/postgres/commit.ts";
import { type Database, openDatabase, type Session } from "../../src/store/postgres/database.ts";
import { openPostgresStore } from "../../src/store/postgres/open.ts";
import { beginSync, change, countingIds, minute, sourceId } from "../../src/store/suite/case.ts";
import { createDatabase } from "../support/postgres.ts";

/** The same database, counting the statements that go to it. */
function counting(real: Database): { readonly database: Database; readonly count: () => number } {
  let count = 0;
  function counted(session: Session): Session {
    const add = () => {
      count += 1;
      return session;
    };
    return {
      all: (sql, ...values) => add().all(sql, ...values),
      get: (sql, ...values) => add().get(sql, ...values),
      run: (sql, ...values) => add().run(sql, ...values),
    };
  }
  const write: Database["write"] = (work) => real.write((session) => work(counted(session)));
  return { database: { ...real, write }, count: () => count };
}

it("a commit of a thousand changes of every sort takes a dozen statements", async () => {
  await using postgres = await createDatabase();
  const ids = countingIds();
  await using store = await openPostgresStore({ url: postgres.url, ids });
  const { commit, fence } = await beginSync(store, "many");
  const known = Array.from({ length: 500 }, (_, n) => sourceId(n));
  await commit(known.map((source) => change(source)));
  const links = await store.getLinks("many", known);
  const conflict = { field: "title", base: 1, left: 2, right: 3, resolution: "left wins" } as const;
  const updates = known.map((source) =>
    change(source, {
      taskId: links.get(source)?.taskId ?? "",
      expectedVersionNum: 1,
      conflicts: [conflict],
    }),
  );
  const creates = Array.from({ length: 500 }, (_, n) => change(sourceId(1000 + n)));
  const real = await openDatabase({ url: postgres.url });
  try {
    const counter = counting(real);
    const result = await commitTopic(counter.database, ids).commit({
      syncId: "many",
      runId: "run",
      fence,
      at: minute(2),
      changes: [...updates, ...creates],
      seen: known,
      checkpoint: { page: 1 },
    });
    expect(result).toEqual({ stale: [] });
    expect(counter.count()).toBeLessThanOrEqual(12);
  } finally {
    await real.close();
  }
  expect(await store.getTotals("many")).toMatchObject({ live: 1000 });
});
