import { expect, it } from "vitest";
import { openLockstep } from "../../src/app/open.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import { startEmulator } from "../../src/emulator/index.ts";
import { createDatabase } from "../support/postgres.ts";

it("a backup kept in Postgres reads everything once, then writes nothing, and proves itself", async () => {
  await using postgres = await createDatabase();
  await using emulator = await startEmulator({ ratePerMinute: null });
  const { databaseId, dataSourceIds } = emulator.workspace.createDatabase({
    title: "Rows",
    dataSources: [{ name: "Rows", properties: { Name: { title: {} } } }],
  });
  emulator.workspace.addRows(dataSourceIds[0] ?? "", 250, (row) => ({
    properties: { Name: { title: [{ text: { content: `Row ${row}` } }] } },
  }));
  const databases = [{ name: "rows", notionDatabaseId: databaseId, projectScopeId: "team" }];
  const written = { backup: { databases }, notion: { ratePerMinute: "auto" } };
  const config = { ...resolveConfig(written, "/nowhere/lockstep.config.json"), store: postgres.url };
  const open = (isReadOnly: boolean) =>
    openLockstep({
      config,
      secrets: readEnvironment({ NOTION_TOKEN: emulator.token }).secrets,
      baseUrl: emulator.url,
      isReadOnly,
    });

  const looking = await open(true);
  expect(await looking.runs({ limit: 10 })).toEqual([]);
  await looking.close();
  expect(await postgres.run("SELECT 1 FROM pg_namespace WHERE nspname = 'lockstep'")).toEqual([]);

  const lockstep = await open(false);
  try {
    const [first] = await lockstep.sync([], { trigger: "test" });
    expect(first?.run).toMatchObject({ status: "succeeded", counts: { created: 250 }, errors: [] });
    const [second] = await lockstep.sync([], { trigger: "test" });
    expect(second?.run).toMatchObject({
      status: "succeeded",
      counts: { created: 0, updated: 0, deleted: 0 },
    });
    expect(await lockstep.verifyRun(first?.run.id ?? "", {})).toMatchObject({ ok: true });
    expect((await lockstep.tasks.list({ text: "row 249" }, { after: null, limit: 5 })).items).toHaveLength(1);
  } finally {
    await lockstep.close();
  }
  const [evidence] = await postgres.run(
    "SELECT created, seconds, error_count FROM lockstep.run_evidence ORDER BY started_at LIMIT 1",
  );
  expect(evidence).toMatchObject({ created: 250, error_count: 0 });
  const [task] = await postgres.run(
    "SELECT title, notion_url FROM lockstep.current_tasks WHERE title = 'Row 7'",
  );
  expect(task).toMatchObject({ title: "Row 7", notion_url: expect.stringContaining("http") });
});
