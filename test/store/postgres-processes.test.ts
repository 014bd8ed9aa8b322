import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { openPostgresStore } from "../../src/store/postgres/open.ts";
import { beginSync, change, countingIds, draft, minute, sourceId } from "../../src/store/suite/case.ts";
import { createDatabase, type TestDatabase } from "../support/postgres.ts";

const child = (name: string) => join(import.meta.dirname, "children", name);

function runChild(name: string, ...parameters: string[]): Promise<unknown> {
  return promisify(execFile)(process.execPath, [child(name), ...parameters]);
}

describe("several processes on one Postgres store", () => {
  it("open a new store at the same moment and all of them can write", async () => {
    await using database = await createDatabase();
    await Promise.all(Array.from({ length: 8 }, () => runChild("postgres-open.ts", database.url)));
    await using store = await openPostgresStore({ url: database.url, ids: countingIds() });
    expect((await store.listTasks({}, { after: null, limit: 10 })).items).toHaveLength(8);
    const applied = await database.run("SELECT number FROM lockstep.schema_migrations ORDER BY number");
    expect(applied.map((row) => row.number)).toEqual(applied.map((_, n) => n + 1));
  });

  it("append to one task without losing, renumbering or failing to flag a version", async () => {
    await using database = await createDatabase();
    await using store = await openPostgresStore({ url: database.url, ids: countingIds() });
    const { id } = await store.createTask({ projectScopeId: "work", version: draft(), at: minute(0) });
    const perWriter = 100;
    const writers = ["ada", "bob"];
    await Promise.all(
      writers.map((name) => runChild("postgres-append.ts", database.url, id, name, String(perWriter))),
    );
    const history = await store.getHistory(id, { fromVersion: 1, limit: 1000 });
    expect(history.map((version) => version.versionNum)).toEqual(history.map((_, n) => n + 1));
    const appended = history.slice(1);
    const written = writers.flatMap((name) => Array.from({ length: perWriter }, (_, n) => `${name} ${n}`));
    expect(appended.map((version) => version.title).sort()).toEqual(written.sort());
    for (const { versionNum, changeReason, conflictFlag } of appended) {
      expect([versionNum, conflictFlag]).toEqual([versionNum, Number(changeReason) !== versionNum - 1]);
    }
    // Each writer uses every base twice, so that at least the second time is stale.
    expect(appended.filter((version) => version.conflictFlag).length).toBeGreaterThanOrEqual(perWriter);
  });
});

/** Other ids than those of the store beside it. */
const agentIds = () => {
  const counting = countingIds();
  return { ...counting, next: () => counting.next().replace("0190", "0191") };
};

describe("two stores on one Postgres database", () => {
  it("give a lease that both want at once to one of them, each time", async () => {
    await using database = await createDatabase();
    await using first = await openPostgresStore({ url: database.url, ids: countingIds() });
    await using second = await openPostgresStore({ url: database.url, ids: countingIds() });
    for (let n = 1; n <= 30; n += 1) {
      const request = { name: `lease ${n}`, owner: "host:1", now: n, ttlMs: 1000, isDead: () => false };
      const taken = await Promise.all([first, second].map((store) => store.acquireLease(request)));
      expect(taken.filter((each) => "lease" in each)).toHaveLength(1);
    }
  });

  it("keep each other from half a commit: an edit made meanwhile is stale or comes after it", async () => {
    await using database = await createDatabase();
    await using engine = await openPostgresStore({ url: database.url, ids: countingIds() });
    await using agent = await openPostgresStore({ url: database.url, ids: agentIds() });
    const { commit } = await beginSync(engine, "tasks");
    const sources = Array.from({ length: 20 }, (_, n) => sourceId(n));
    await commit(sources.map((source) => change(source)));
    const taskIds = new Map(
      [...(await engine.getLinks("tasks", sources)).values()].map((link) => [link.sourceId, link.taskId]),
    );
    const updates = sources.map((source) =>
      change(source, {
        taskId: taskIds.get(source) ?? "",
        version: draft({ title: "from the source" }),
        expectedVersionNum: 1,
      }),
    );
    const [committed] = await Promise.all([
      commit(updates),
      ...taskIds.values().map((taskId) =>
        agent.appendVersion({
          taskId,
          baseVersionNum: 1,
          version: draft({ title: "from the agent" }),
          at: minute(2),
        }),
      ),
    ]);
    const stale = new Set(committed.stale);
    for (const [source, taskId] of taskIds) {
      const titles = (await engine.getHistory(taskId, { fromVersion: 2, limit: 10 })).map(
        (version) => version.title,
      );
      const expected = stale.has(source) ? ["from the agent"] : ["from the source", "from the agent"];
      expect([source, titles]).toEqual([source, expected]);
    }
  });
});

/** Starts the committing child and kills it when it has acknowledged `batches`; returns the last one acknowledged. */
async function commitUntilKilled(url: string, start: number, options: { batches: number; pairs: number }) {
  const { batches, pairs } = options;
  const writer = spawn(process.execPath, [child("postgres-commit.ts"), url, String(start), String(pairs)]);
  let acknowledged = start - 1;
  for await (const line of createInterface({ input: writer.stdout })) {
    acknowledged = Number(line);
    if (acknowledged >= start + batches - 1) writer.kill("SIGKILL");
  }
  if (writer.signalCode === null && writer.exitCode === null) await once(writer, "exit");
  expect(writer.signalCode).toBe("SIGKILL");
  return acknowledged;
}

describe("a writer to Postgres killed in the middle", () => {
  it("leaves whole batches, whole histories and every acknowledged write", async () => {
    await using database = await createDatabase();
    const pairs = 30;
    let next = 0;
    for (const batches of [1, 3, 8]) {
      const acknowledged = await commitUntilKilled(database.url, next, { batches, pairs });
      await using store = await openPostgresStore({ url: database.url, ids: countingIds() });
      const reached = await reachedBatch(store, acknowledged);
      expect(await inspect(database)).toEqual({
        tasks: (reached + 1) * pairs,
        links: (reached + 1) * pairs,
        marks: (reached + 1) * pairs,
        brokenBatches: 0,
        brokenTasks: 0,
        brokenLinks: 0,
      });
      next = reached + 1;
    }
  });
});

/** What the killed writer had sent may still be committed by the server: taking its lease waits for that. */
async function reachedBatch(
  store: Awaited<ReturnType<typeof openPostgresStore>>,
  acknowledged: number,
): Promise<number> {
  const isDead = () => true;
  await store.acquireLease({ name: "tasks", owner: "host:2", now: 2, ttlMs: 1, isDead });
  const reached = Number((await store.getSync("tasks"))?.checkpoint?.batch);
  expect(reached).toBeGreaterThanOrEqual(acknowledged);
  return reached;
}

/** Looks at the database with plain SQL, past the store. */
async function inspect(database: TestDatabase) {
  const [found] = await database.run(`
    SET search_path = lockstep;
    SELECT
      (SELECT count(*)::int FROM tasks) AS tasks,
      (SELECT count(*)::int FROM links) AS links,
      (SELECT count(*)::int FROM sweep_marks) AS marks,
      -- In each batch but the first, every pair is made and every pair of the batch before is updated.
      (SELECT count(*)::int FROM (
        SELECT run_id, count(*) FILTER (WHERE version_num = 1) AS created,
          count(*) FILTER (WHERE version_num = 2) AS updated
        FROM task_versions GROUP BY run_id
      ) written WHERE created <> 30 OR updated <> CASE run_id WHEN 'batch-0' THEN 0 ELSE 30 END) AS "brokenBatches",
      (SELECT count(*)::int FROM tasks t
        LEFT JOIN (
          SELECT task_id, count(*) AS versions, max(version_num) AS newest FROM task_versions GROUP BY task_id
        ) h ON h.task_id = t.id
        LEFT JOIN task_versions v ON v.id = t.current_version_id
        WHERE h.versions IS DISTINCT FROM h.newest OR v.version_num IS DISTINCT FROM h.newest) AS "brokenTasks",
      (SELECT count(*)::int FROM links l LEFT JOIN tasks t ON t.id = l.task_id
        LEFT JOIN task_versions v ON v.id = t.current_version_id
        WHERE l.base_version_num IS DISTINCT FROM v.version_num OR t.source_id IS DISTINCT FROM l.source_id
      ) AS "brokenLinks"`);
  return found;
}
