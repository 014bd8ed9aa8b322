import { openLockstep } from "../src/app/open.ts";
import { systemClock } from "../src/app/platform.ts";
import { noSecrets } from "../src/config/environment.ts";
import { startEmulator } from "../src/emulator/index.ts";
import { type BenchResult, benchConfig, machine, temporaryFolder } from "./support.ts";

const minuteMs = 60_000;

/** Requests counted by the server itself, against what the job needs at least: one query per hundred rows. */
export async function measureCalls(rows: number, changed: number): Promise<BenchResult> {
  using folder = temporaryFolder();
  let now = Date.UTC(2026, 6, 1);
  await using emulator = await startEmulator({ clock: { now: () => now }, ratePerMinute: null });
  const { databaseId, dataSourceIds } = emulator.workspace.createDatabase({
    title: "Bench",
    dataSources: [{ name: "Bench", properties: { Name: { title: {} } } }],
  });
  const [dataSourceId = ""] = dataSourceIds;
  const ids = emulator.workspace.addRows(dataSourceId, rows, (i) => ({
    createdAt: now - (rows - i + 60) * 10_000,
    editedAt: now - (rows - i + 60) * 10_000,
    properties: { Name: { title: [{ type: "text", text: { content: `Row ${i}` } }] } },
  }));
  const config = benchConfig(folder.path, databaseId);
  const secrets = { ...noSecrets, notionToken: emulator.token };
  const clock = { ...systemClock, now: () => now };
  const withSweep = await openLockstep({ config, secrets, baseUrl: emulator.url, clock });
  const pollOnly = await openLockstep({
    config: { ...config, backup: { ...config.backup, sweepEveryHours: 24 * 365 } },
    secrets,
    baseUrl: emulator.url,
    clock,
  });
  const callsOf = async (lockstep: typeof withSweep) => {
    emulator.calls.reset();
    const [report] = await lockstep.sync([], { trigger: "bench" });
    if (report?.run.status !== "succeeded") throw new Error(JSON.stringify(report?.run.errors));
    return emulator.calls.total;
  };
  const full = await callsOf(withSweep);
  now += 10 * minuteMs;
  const unchanged = await callsOf(pollOnly);
  const swept = await callsOf(withSweep);
  now += 10 * minuteMs;
  for (const id of ids.slice(0, changed)) {
    emulator.workspace.editPage(id, {
      properties: { Name: { title: [{ type: "text", text: { content: "Changed" } }] } },
    });
  }
  now += 10 * minuteMs;
  const afterEdits = await callsOf(pollOnly);
  await withSweep.close();
  await pollOnly.close();
  const pages = Math.ceil(rows / 100);
  const windows = Math.ceil(rows / 10_000);
  return {
    name: `calls: ${rows} rows`,
    figures: [
      {
        label: `full backup (floor ${pages}, allowed ${pages + (windows - 1) + 2})`,
        value: full,
        unit: "calls",
      },
      { label: "nothing changed (floor 1, allowed 2)", value: unchanged, unit: "calls" },
      {
        label: `nothing changed, with a sweep (floor ${pages}, allowed ${pages + (windows - 1) + 2})`,
        value: swept,
        unit: "calls",
      },
      {
        label: `${changed} changed (floor ${Math.ceil(changed / 100)}, allowed ${Math.ceil(changed / 100) + 1})`,
        value: afterEdits,
        unit: "calls",
      },
    ],
    how: `${machine}; counted by the emulator, cap of 10,000 rows per query`,
  };
}
