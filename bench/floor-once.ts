// The floor of a full backup, in a fresh process: parse the same answers, insert the same bytes, nothing else.
// Usage: node bench/floor-once.ts URL TOKEN DATA_SOURCE_ID BACKUP_DB FOLDER  ->  {seconds, networkSeconds, rows}
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const [url = "", token = "", dataSourceId = "", backup = "", folder = ""] = process.argv.slice(2);

interface Answer {
  results: { id: string; created_time: string }[];
  next_cursor: string | null;
  has_more: boolean;
  request_status?: { type: string };
}

async function* answers(): AsyncGenerator<string> {
  let cursor: string | null = null;
  let from: string | null = null;
  for (;;) {
    const response = await fetch(`${url}/v1/data_sources/${dataSourceId}/query`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "notion-version": "2026-03-11",
        "content-type": "application/json",
      },
      body: JSON.stringify({
        page_size: 100,
        sorts: [{ timestamp: "created_time", direction: "ascending" }],
        ...(from === null
          ? {}
          : { filter: { timestamp: "created_time", created_time: { on_or_after: from } } }),
        ...(cursor === null ? {} : { start_cursor: cursor }),
      }),
    });
    const text = await response.text();
    yield text;
    const answer: Answer = JSON.parse(text);
    cursor = answer.next_cursor;
    if (answer.has_more) continue;
    if (answer.request_status?.type !== "incomplete") return;
    from = answer.results.at(-1)?.created_time ?? null;
    cursor = null;
  }
}

/** The very bytes that the backup keeps per row, by source id. */
const bytesById = new Map<string, string>();
const reader = new DatabaseSync(backup, { readOnly: true });
for (const row of reader
  .prepare(
    "SELECT t.source_id AS id, v.title || v.metadata AS bytes FROM tasks t JOIN task_versions v ON v.id = t.current_version_id",
  )
  .iterate()) {
  bytesById.set(String(row.id), String(row.bytes));
}
reader.close();

const networkStart = performance.now();
const texts: string[] = [];
for await (const text of answers()) texts.push(text);
const networkSeconds = (performance.now() - networkStart) / 1000;

const database = new DatabaseSync(join(folder, "floor.db"));
database.exec(
  "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE floor (id TEXT, bytes TEXT)",
);
const insert = database.prepare("INSERT INTO floor VALUES (?, ?)");
const cpuBefore = process.cpuUsage();
const start = performance.now();
let rows = 0;
for (const text of texts) {
  const answer: Answer = JSON.parse(text);
  database.exec("BEGIN IMMEDIATE");
  for (const { id } of answer.results) {
    insert.run(id, bytesById.get(id) ?? "");
    rows += 1;
  }
  database.exec("COMMIT");
}
const seconds = (performance.now() - start) / 1000;
const cpu = process.cpuUsage(cpuBefore);
const cpuSeconds = (cpu.user + cpu.system) / 1e6;
database.close();
console.log(JSON.stringify({ seconds, cpuSeconds, networkSeconds, rows }));
