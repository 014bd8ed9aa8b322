import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { countingIds, draft, minute } from "../../src/store/suite/case.ts";
import { temporaryFolder } from "./folder.ts";

const child = (name: string) => join(import.meta.dirname, "children", name);

function runChild(name: string, ...parameters: string[]): Promise<unknown> {
  return promisify(execFile)(process.execPath, [child(name), ...parameters]);
}

describe("several processes on one store", () => {
  it("append to one task without losing, renumbering or failing to flag a version", async () => {
    await using folder = await temporaryFolder();
    const path = folder.path("store.db");
    await using store = await openSqliteStore({ path, ids: countingIds() });
    const { id } = await store.createTask({ projectScopeId: "work", version: draft(), at: minute(0) });
    const perWriter = 150;
    const writers = ["ada", "bob"];
    await Promise.all(writers.map((name) => runChild("append.ts", path, id, name, String(perWriter))));

    const history = await store.getHistory(id, { fromVersion: 1, limit: 1000 });
    expect(history.map((version) => version.versionNum)).toEqual(history.map((_, n) => n + 1));
    const written = writers.flatMap((name) => Array.from({ length: perWriter }, (_, n) => `${name} ${n}`));
    const appended = history.slice(1);
    expect(appended.map((version) => version.title).sort()).toEqual(written.sort());
    for (const { versionNum, changeReason, conflictFlag } of appended) {
      const baseVersionNum = Number(changeReason);
      expect([versionNum, conflictFlag]).toEqual([versionNum, baseVersionNum !== versionNum - 1]);
    }
    // Each writer uses every base twice, so that at least the second time is stale.
    expect(appended.filter((version) => version.conflictFlag).length).toBeGreaterThanOrEqual(perWriter);
    expect((await store.getTask(id))?.current.versionNum).toBe(history.length);
  });

  it("open a new store at the same moment and all of them can write", async () => {
    await using folder = await temporaryFolder();
    const path = folder.path("store.db");
    await Promise.all(Array.from({ length: 6 }, () => runChild("open.ts", path)));
    await using store = await openSqliteStore({ path, ids: countingIds() });
    expect((await store.listTasks({}, { after: null, limit: 10 })).items).toHaveLength(6);
  });
});

/** Starts the committing child and kills it when it has acknowledged `batches`; returns the last one acknowledged. */
async function commitUntilKilled(path: string, start: number, options: { batches: number; pairs: number }) {
  const { batches, pairs } = options;
  const writer = spawn(process.execPath, [child("commit.ts"), path, String(start), String(pairs)]);
  let acknowledged = start - 1;
  for await (const line of createInterface({ input: writer.stdout })) {
    acknowledged = Number(line);
    if (acknowledged >= start + batches - 1) writer.kill("SIGKILL");
  }
  if (writer.signalCode === null && writer.exitCode === null) await once(writer, "exit");
  expect(writer.signalCode).toBe("SIGKILL");
  return acknowledged;
}

describe("a writer killed in the middle", () => {
  it("leaves whole batches, whole histories and every acknowledged write", async () => {
    await using folder = await temporaryFolder();
    const path = folder.path("store.db");
    const pairs = 30;
    let next = 0;
    for (const batches of [1, 2, 3, 5, 8, 13]) {
      const acknowledged = await commitUntilKilled(path, next, { batches, pairs });
      await using store = await openSqliteStore({ path, ids: countingIds() });
      const checkpoint = (await store.getSync("tasks"))?.checkpoint;
      const reached = Number(checkpoint?.batch);
      expect(reached).toBeGreaterThanOrEqual(acknowledged);
      expect(inspect(path)).toEqual({
        integrity: "ok",
        foreignKeyProblems: 0,
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

/** Looks at the file with plain SQL, past the store. */
function inspect(path: string) {
  const database = new DatabaseSync(path, { readOnly: true });
  const value = (sql: string) => Object.values(database.prepare(sql).get() ?? {})[0];
  const found = {
    integrity: value("PRAGMA integrity_check"),
    foreignKeyProblems: database.prepare("PRAGMA foreign_key_check").all().length,
    tasks: value("SELECT count(*) FROM tasks"),
    links: value("SELECT count(*) FROM links"),
    marks: value("SELECT count(*) FROM sweep_marks"),
    // In each batch but the first, every pair is made and every pair of the batch before is updated.
    brokenBatches: value(`
      WITH written AS (
        SELECT run_id, count(*) FILTER (WHERE version_num = 1) AS created, count(*) FILTER (WHERE version_num = 2) AS updated
        FROM task_versions GROUP BY run_id
      )
      SELECT count(*) FROM written WHERE created <> 30 OR updated <> iif(run_id = 'batch-0', 0, 30)`),
    brokenTasks: value(`
      WITH histories AS (
        SELECT task_id, count(*) AS versions, max(version_num) AS newest, min(json_valid(metadata)) AS is_whole
        FROM task_versions GROUP BY task_id
      )
      SELECT count(*) FROM tasks t
      LEFT JOIN histories h ON h.task_id = t.id
      LEFT JOIN task_versions v ON v.id = t.current_version_id
      WHERE h.versions IS NOT h.newest OR v.version_num IS NOT h.newest OR h.is_whole IS NOT 1`),
    brokenLinks: value(`
      SELECT count(*) FROM links l LEFT JOIN tasks t ON t.id = l.task_id
      LEFT JOIN task_versions v ON v.id = t.current_version_id
      WHERE l.base_version_num IS NOT v.version_num OR t.source_id IS NOT l.source_id`),
  };
  database.close();
  return found;
}
