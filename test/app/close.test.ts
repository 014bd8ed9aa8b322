import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openLockstep } from "../../src/app/open.ts";
import type { Config } from "../../src/config/config.ts";
import { noSecrets } from "../../src/config/environment.ts";
import { startEmulator } from "../../src/emulator/index.ts";

it("close waits for a sync that nobody waits for any more, so that its evidence is saved", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lockstep-close-"));
  await using emulator = await startEmulator();
  const { databaseId } = emulator.workspace.createDatabase({
    title: "Rows",
    dataSources: [{ name: "Rows", properties: { Name: { title: {} } } }],
  });
  const schedule = { cron: "0 3 * * *", timeZone: "UTC", isEnabled: false };
  const database = { name: "rows", notionId: databaseId, dataSource: null, projectScopeId: "test" };
  const config: Config = {
    file: join(folder, "lockstep.config.json"),
    store: `sqlite:${join(folder, "lockstep.db")}`,
    notion: { ratePerMinute: 180, timeoutMs: 60_000 },
    tables: [],
    backup: {
      sweepEveryHours: 0,
      guard: { deletesMax: 10, deleteShareMax: 0.1 },
      databases: [{ ...database, isEnabled: true, schedule, fieldMappings: [] }],
    },
  };
  const open = () =>
    openLockstep({
      config,
      secrets: { ...noSecrets, notionToken: emulator.token },
      baseUrl: emulator.url,
    });
  const first = await open();
  const forgotten = first.sync([], { trigger: "test" });
  await first.close();
  const second = await open();
  const [report] = await second.runs({ limit: 1 });
  expect(report?.run.status).toBe("succeeded");
  expect(report?.run.endedAt).not.toBeNull();
  await forgotten;
  await second.close();
  rmSync(folder, { recursive: true, force: true });
});
