import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPostgresStore } from "../../src/store/postgres/open.ts";
import type { Store } from "../../src/store/store.ts";
import { countingIds, draft, minute } from "../../src/store/suite/case.ts";
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

/** Copies version 1 of a task under another id and number. */
const copy = (taskId: string, id: string, versionNum: number) => `
  INSERT INTO task_versions SELECT ${id}, task_id, ${versionNum}, 'forged', description, status, resolution, metadata,
    created_at, created_by, change_reason, conflict_flag, is_deleted, run_id
  FROM task_versions WHERE task_id = '${taskId}' AND version_num = 1`;

async function taskOfTwoVersions(): Promise<string> {
  const { id } = await store.createTask({ projectScopeId: "work", version: draft(), at: minute(0) });
  const version = draft({ title: "second" });
  await store.appendVersion({ taskId: id, baseVersionNum: 1, version, at: minute(1) });
  return id;
}

describe("history in Postgres, by the administrator's hand with foreign keys off,", () => {
  it.each<[string, (taskId: string) => string]>([
    ["refuses an update", (id) => `UPDATE task_versions SET title = 'forged' WHERE task_id = '${id}'`],
    ["refuses a delete", (id) => `DELETE FROM task_versions WHERE task_id = '${id}'`],
    ["refuses to empty it", () => "TRUNCATE task_versions CASCADE"],
    ["refuses an id that is taken", (id) => copy(id, "id", 3)],
    ["refuses an upsert", (id) => `${copy(id, "id", 3)} ON CONFLICT (id) DO UPDATE SET title = 'forged'`],
    ["refuses a number that leaves a gap", (id) => copy(id, "'new'", 4)],
    ["refuses a number that is taken", (id) => copy(id, "'new'", 2)],
    ["refuses to delete a task", (id) => `DELETE FROM tasks WHERE id = '${id}'`],
    ["refuses to empty the tasks", () => "TRUNCATE tasks CASCADE"],
    ["refuses to empty the links of pairs", () => "TRUNCATE pair_links CASCADE"],
  ])("%s", async (_, sqlOf) => {
    const id = await taskOfTwoVersions();
    const before = await store.getHistory(id, { fromVersion: 1, limit: 10 });
    const byHand = `SET search_path = lockstep; SET session_replication_role = replica; ${sqlOf(id)}`;
    await expect(database.run(byHand)).rejects.toThrow(/append-only|duplicate key/);
    expect(await store.getHistory(id, { fromVersion: 1, limit: 10 })).toEqual(before);
  });

  it("takes the next version of a task from any hand, whatever schema it looks in", async () => {
    const id = await taskOfTwoVersions();
    const sql = copy(id, "'by hand'", 3).replaceAll("task_versions", "lockstep.task_versions");
    await database.run(sql);
    expect(await store.getVersion(id, 3)).toMatchObject({ id: "by hand", title: "forged" });
  });
});
