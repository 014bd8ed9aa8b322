import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { countingIds, draft, minute } from "../../src/store/suite/case.ts";
import { temporaryFolder } from "./folder.ts";

const columns = `id, task_id, version_num, title, description, status, resolution, metadata, created_at, created_by,
  change_reason, conflict_flag, is_deleted, run_id`;

/** Copies version 1 under another id and number. */
const copy = (verb: string, id: string, versionNum: number) => `
  ${verb} INTO task_versions SELECT ${id}, task_id, ${versionNum}, 'forged', description, status, resolution, metadata,
    created_at, created_by, change_reason, conflict_flag, is_deleted, run_id
  FROM task_versions WHERE version_num = 1`;

describe("history, by hand with plain SQL and foreign keys off,", () => {
  it.each([
    ["refuses an update", "UPDATE task_versions SET title = 'forged' WHERE version_num = 1"],
    ["refuses a delete", "DELETE FROM task_versions"],
    ["refuses to replace a version by its id", copy("REPLACE", "id", 3)],
    ["refuses to replace a version by its number", copy("REPLACE", "'new'", 1)],
    ["refuses an upsert", `${copy("INSERT", "id", 1)} ON CONFLICT DO UPDATE SET title = 'forged'`],
    ["refuses a number that leaves a gap", copy("INSERT", "'new'", 4)],
    ["refuses a number that is taken", copy("INSERT", "'new'", 2)],
    ["refuses to delete a task", "DELETE FROM tasks"],
  ])("%s", async (_, sql) => {
    await using folder = await temporaryFolder();
    const path = folder.path("store.db");
    await using store = await openSqliteStore({ path, ids: countingIds() });
    const { id } = await store.createTask({ projectScopeId: "work", version: draft(), at: minute(0) });
    await store.appendVersion({
      taskId: id,
      baseVersionNum: 1,
      version: draft({ title: "second" }),
      at: minute(1),
    });
    const before = await store.getHistory(id, { fromVersion: 1, limit: 10 });
    const database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
    expect(() => database.exec(sql)).toThrow(/append-only|never deleted/);
    database.close();
    expect(await store.getHistory(id, { fromVersion: 1, limit: 10 })).toEqual(before);
    expect(await store.getTask(id)).toMatchObject({ id });
  });

  it("takes the next version of a task from any hand", async () => {
    await using folder = await temporaryFolder();
    const path = folder.path("store.db");
    await using store = await openSqliteStore({ path, ids: countingIds() });
    const { id } = await store.createTask({ projectScopeId: "work", version: draft(), at: minute(0) });
    const database = new DatabaseSync(path);
    const written = database.prepare(`${copy("INSERT", "'by hand'", 2)} RETURNING ${columns}`).get();
    database.close();
    expect(written).toMatchObject({ id: "by hand", version_num: 2, title: "forged" });
    expect(await store.getHistory(id, { fromVersion: 1, limit: 10 })).toHaveLength(2);
  });
});
