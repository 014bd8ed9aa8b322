// node bench/history.ts [--versions 1000000] [--json]: reading one record's history out of a million versions.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { openSqliteStore } from "../src/store/sqlite/open.ts";
import { type BenchResult, machine, temporaryFolder } from "./support.ts";

const versionsPerTask = 20;
const samples = 20_000;
const warmUpSamples = 2_000;
const tasksPerTransaction = 5_000;
const ids = { next: randomUUID, random: Math.random };

/** Fills a store and measures `getHistory` beside its floor: the same rows read by one bare prepared statement. */
export async function run({ versions = 1_000_000 } = {}): Promise<BenchResult> {
  using folder = temporaryFolder();
  const path = join(folder.path, "history.db");
  await (await openSqliteStore({ path, ids })).close();
  const startedAt = performance.now();
  const taskIds = fill(path, Math.max(1, Math.round(versions / versionsPerTask)));
  const fillSeconds = (performance.now() - startedAt) / 1000;
  const { store, floor, rows } = await measure(path, taskIds);
  const ratio = quantile(store, 0.5) / quantile(floor, 0.5);
  return {
    name: "history",
    figures: [
      { label: "getHistory of a random record, p50", value: quantile(store, 0.5), unit: "µs" },
      { label: "getHistory of a random record, p99", value: quantile(store, 0.99), unit: "µs" },
      { label: "bare prepared statement, same rows, p50", value: quantile(floor, 0.5), unit: "µs" },
      { label: "bare prepared statement, same rows, p99", value: quantile(floor, 0.99), unit: "µs" },
      { label: "ratio of the p50s", value: ratio, unit: "×" },
      { label: "ratio of the p99s", value: quantile(store, 0.99) / quantile(floor, 0.99), unit: "×" },
      { label: "versions in the store", value: taskIds.length * versionsPerTask, unit: "rows" },
      { label: "filling it with plain inserts", value: fillSeconds, unit: "s" },
    ],
    how:
      `${machine}. ${taskIds.length} tasks with ${versionsPerTask} versions each, version n of every task written ` +
      `before version n + 1 of any. ${samples} random records (${rows} rows), after ${warmUpSamples} to warm up; each ` +
      "read through the Store and by one bare indexed statement with the same columns on a connection of its own, " +
      "in turns, either one first. The Store's share on top: parsing metadata, building the versions, a promise.",
  };
}

/** Plain inserts without fsync; a history's rows lie far apart in the file, as they do after years of use. */
function fill(path: string, tasks: number): string[] {
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: false });
  database.exec("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; PRAGMA temp_store = MEMORY");
  const insertVersion = database.prepare(
    "INSERT INTO task_versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const insertTask = database.prepare("INSERT INTO tasks VALUES (?, 'bench', NULL, NULL, ?, ?)");
  const taskIds = Array.from({ length: tasks }, () => randomUUID());
  const metadata = JSON.stringify({ estimate: 3, notion: { url: "https://www.notion.so/a-page" } });
  for (let versionNum = 1; versionNum <= versionsPerTask; versionNum += 1) {
    const at = new Date(Date.UTC(2026, 0, versionNum)).toISOString();
    for (const [n, taskId] of taskIds.entries()) {
      if (n % tasksPerTransaction === 0) database.exec(n === 0 ? "BEGIN" : "COMMIT; BEGIN");
      const id = randomUUID();
      const text = [
        `Task ${n}`,
        "Some words about it",
        "Open",
        null,
        metadata,
        at,
        "notion:ada",
        "status changed",
      ];
      insertVersion.run(id, taskId, versionNum, ...text, 0, 0, null);
      if (versionNum === versionsPerTask) insertTask.run(taskId, id, at);
    }
    database.exec("COMMIT");
  }
  database.close();
  return taskIds;
}

async function measure(path: string, taskIds: readonly string[]) {
  await using store = await openSqliteStore({ path, ids });
  const database = new DatabaseSync(path, { readOnly: true });
  database.exec("PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY");
  const statement = database.prepare(`
    SELECT id, task_id, version_num, title, description, status, resolution, metadata, created_at, created_by,
      change_reason, conflict_flag, is_deleted, run_id
    FROM task_versions WHERE task_id = ? AND version_num >= ? ORDER BY version_num LIMIT ?`);
  const times: { store: number[]; floor: number[]; rows: number } = { store: [], floor: [], rows: 0 };
  const readStore = async (taskId: string) => {
    const startedAt = performance.now();
    const history = await store.getHistory(taskId, { fromVersion: 1, limit: 100 });
    times.store.push((performance.now() - startedAt) * 1000);
    times.rows += history.length;
  };
  const readFloor = (taskId: string) => {
    const startedAt = performance.now();
    statement.all(taskId, 1, 100);
    times.floor.push((performance.now() - startedAt) * 1000);
  };
  for (let n = -warmUpSamples; n < samples; n += 1) {
    if (n === 0) Object.assign(times, { store: [], floor: [], rows: 0 });
    const taskId = taskIds[Math.floor(Math.random() * taskIds.length)] ?? "";
    if (n % 2 === 0) readFloor(taskId);
    await readStore(taskId);
    if (n % 2 !== 0) readFloor(taskId);
  }
  database.close();
  return times;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { versions: { type: "string" }, json: { type: "boolean" } } });
  const result = await run(values.versions === undefined ? {} : { versions: Number(values.versions) });
  if (values.json) console.log(JSON.stringify(result));
  else {
    console.log(result.name);
    for (const { label, value, unit } of result.figures)
      console.log(`  ${value.toFixed(2).padStart(12)} ${unit}  ${label}`);
    console.log(`  how: ${result.how}`);
  }
}
