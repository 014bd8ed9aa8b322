// The floor of a table sync, in a fresh process: the same requests in a plain loop, as many at once, and nothing else. With
// "durable", it also commits a row of a link's size before and after each, as safe from a power cut as the store's.
// Usage: node bench/two-way-floor.ts URL TOKEN FOLDER DATA_SOURCE_ID create|update|read [durable]  ->  {seconds, rows}
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { itemColumns } from "./two-way-world.ts";

const [url = "", token = "", folder = "", dataSourceId = "", kind = "", durable = ""] = process.argv.slice(2);
const requestsAtOnce = 4;
const columns = itemColumns.join(", ");

interface Page {
  readonly id: string;
  readonly properties: Readonly<Record<string, { readonly [type: string]: unknown }>>;
}

interface Answer {
  readonly results: readonly Page[];
  readonly next_cursor: string | null;
}

async function send<T>(method: string, path: string, body: unknown): Promise<T> {
  const response = await fetch(`${url}/v1/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      "notion-version": "2026-03-11",
      "content-type": "application/json",
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text) as T;
}

const text = (content: unknown) => [{ type: "text", text: { content: String(content) } }];
const items = new DatabaseSync(join(folder, "items.db"));

const kept = new DatabaseSync(durable === "" ? ":memory:" : join(folder, "floor.db"));
kept.exec(
  "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS kept (text text)",
);
const insertKept = kept.prepare("INSERT INTO kept VALUES (?)");
const linkText = "x".repeat(2_000);

function keep(): void {
  if (durable !== "") insertKept.run(linkText);
}

async function forEach<T>(all: readonly T[], act: (one: T) => Promise<unknown>): Promise<number> {
  const queue = all.values();
  const work = async () => {
    for (const one of queue) {
      keep();
      await act(one);
      keep();
    }
  };
  await Promise.all(Array.from({ length: requestsAtOnce }, work));
  return all.length;
}

async function createPages(): Promise<number> {
  const parent = { type: "data_source_id", data_source_id: dataSourceId };
  return forEach(
    items.prepare(`SELECT id, ${columns} FROM items`).all(),
    ({ id, title, note, link, estimate }) =>
      send("POST", "pages", {
        parent,
        properties: {
          Name: { title: text(title) },
          Notes: { rich_text: text(note) },
          Link: { url: link },
          Estimate: { number: estimate },
          "Lockstep ID": { rich_text: text(id) },
        },
      }),
  );
}

async function updatePages(): Promise<number> {
  const rows = items.prepare("SELECT page_id, note FROM changed").all();
  return forEach(rows, ({ page_id, note }) =>
    send("PATCH", `pages/${page_id}`, { properties: { Notes: { rich_text: text(note) } } }),
  );
}

/** Each row in a transaction of its own, as durable as the table's own writers have it. */
async function readPages(): Promise<number> {
  items.exec("PRAGMA synchronous = FULL");
  const insert = items.prepare(`INSERT INTO items (${columns}, lockstep_id) VALUES (?, ?, ?, ?, ?)`);
  let cursor: string | null = null;
  let rows = 0;
  do {
    const body = { page_size: 100, ...(cursor === null ? {} : { start_cursor: cursor }) };
    const answer: Answer = await send("POST", `data_sources/${dataSourceId}/query`, body);
    for (const { id, properties } of answer.results) {
      keep();
      insert.run(
        plain(properties.Name?.title),
        plain(properties.Notes?.rich_text),
        plain(properties.Link?.url),
        Number(properties.Estimate?.number),
        id,
      );
      keep();
      rows += 1;
    }
    cursor = answer.next_cursor;
  } while (cursor !== null);
  return rows;
}

function plain(value: unknown): string {
  return Array.isArray(value) ? value.map(({ plain_text }) => plain_text).join("") : String(value);
}

const work = kind === "create" ? createPages : kind === "update" ? updatePages : readPages;
const start = performance.now();
const rows = await work();
const seconds = (performance.now() - start) / 1000;
items.close();
kept.close();
console.log(JSON.stringify({ seconds, rows }));
