// The floor of a full backup, in a fresh process: parse the same answers, insert the same bytes, nothing else. Twice:
// with the answers read from the server as the backup must (one page ahead), and with all of them in memory already.
// Usage: node bench/floor-once.ts URL TOKEN DATA_SOURCE_ID BACKUP_DB FOLDER  ->  {seconds, inMemorySeconds, rows}
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const [url = "", token = "", dataSourceId = "", backup = "", folder = ""] = process.argv.slice(2);

interface Answer {
  results: { id: string; created_time: string }[];
  next_cursor: string | null;
  has_more: boolean;
  request_status?: { type: string };
}

/** Pages of the data source; the next request leaves as soon as a page is in, like the connector's. */
async function* answers(): AsyncGenerator<{ text: string; answer: Answer }> {
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
    const answer: Answer = JSON.parse(text);
    yield { text, answer };
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

function openFloor(name: string): { insert: (answer: Answer) => void; close: () => void } {
  const database = new DatabaseSync(join(folder, name));
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE floor (id TEXT, bytes TEXT)",
  );
  const statement = database.prepare("INSERT INTO floor VALUES (?, ?)");
  return {
    insert({ results }) {
      database.exec("BEGIN IMMEDIATE");
      for (const { id } of results) statement.run(id, bytesById.get(id) ?? "");
      database.exec("COMMIT");
    },
    close: () => database.close(),
  };
}

const texts: string[] = [];
let rows = 0;
const floor = openFloor("floor.db");
const start = performance.now();
const reading = answers();
let next = reading.next();
for (;;) {
  const page = await next;
  if (page.done) break;
  next = reading.next();
  const { text, answer } = page.value;
  floor.insert(answer);
  rows += answer.results.length;
  texts.push(text);
}
const seconds = (performance.now() - start) / 1000;
floor.close();

const inMemory = openFloor("floor-in-memory.db");
const inMemoryStart = performance.now();
for (const text of texts) inMemory.insert(JSON.parse(text));
const inMemorySeconds = (performance.now() - inMemoryStart) / 1000;
inMemory.close();
console.log(JSON.stringify({ seconds, inMemorySeconds, rows }));
