import type { Lockstep } from "../../src/app/lockstep.ts";
import { openLockstep } from "../../src/app/open.ts";
import type { Config, DatabaseConfig } from "../../src/config/config.ts";
import { noSecrets } from "../../src/config/environment.ts";
import { type Emulator, startEmulator } from "../../src/emulator/index.ts";
import { countingIds } from "../../src/store/suite/case.ts";
import { type ManualClock, manualClock } from "../engine/manual-clock.ts";

/** An emulated workspace and Lockstep opened on it, with an empty store in memory. */
export interface AppWorld extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly clock: ManualClock;
  /** Makes a database with these data sources, of two rows each. */
  database(...dataSources: readonly string[]): { databaseId: string; dataSourceIds: readonly string[] };
  open(
    databases: readonly (Partial<DatabaseConfig> & { name: string; notionId: string })[],
    options?: { readonly token?: string | null; readonly sweepEveryHours?: number },
  ): Promise<Lockstep>;
}

const columns = { Name: { title: {} }, Notes: { rich_text: {} } };

export const titled = (title: string, notes = "Notes") => ({
  properties: {
    Name: { title: [{ text: { content: title } }] },
    Notes: { rich_text: [{ text: { content: notes } }] },
  },
});

export async function openAppWorld(startAt?: number): Promise<AppWorld> {
  const clock = manualClock(startAt);
  const emulator = await startEmulator({ ratePerMinute: null, clock });
  const opened: Lockstep[] = [];
  return {
    emulator,
    clock,
    database(...names) {
      const dataSources = names.map((name) => ({ name, properties: columns }));
      const made = emulator.workspace.createDatabase({ title: names[0] ?? "Tasks", dataSources });
      for (const [index, id] of made.dataSourceIds.entries()) {
        emulator.workspace.addRows(id, 2, (row) => titled(`${names[index]} ${row}`));
      }
      return made;
    },
    async open(databases, { token = emulator.token, sweepEveryHours = 0 } = {}) {
      const lockstep = await openLockstep({
        config: configOf(databases, sweepEveryHours),
        secrets: { ...noSecrets, notionToken: token },
        baseUrl: emulator.url,
        clock,
        ids: countingIds(),
      });
      opened.push(lockstep);
      return lockstep;
    },
    async [Symbol.asyncDispose]() {
      for (const lockstep of opened) await lockstep.close();
      await emulator.close();
    },
  };
}

function configOf(databases: Parameters<AppWorld["open"]>[0], sweepEveryHours: number): Config {
  return {
    file: "/nowhere/lockstep.config.json",
    store: "sqlite::memory:",
    notion: { ratePerMinute: 100_000, timeoutMs: 10_000 },
    tables: [],
    backup: {
      sweepEveryHours,
      guard: { deletesMax: 10, deleteShareMax: 0.1 },
      databases: databases.map((database) => ({
        dataSource: null,
        projectScopeId: "work",
        isEnabled: true,
        fieldMappings: [{ property: "Notes", field: "description" }],
        schedule: { cron: "0 3 * * *", timeZone: "UTC", isEnabled: true },
        ...database,
      })),
    },
  };
}
