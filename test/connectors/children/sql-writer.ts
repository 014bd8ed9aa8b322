// Another program that writes to tasks, statement by statement, until it is killed. Argument: the URL.

import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import pg from "pg";

const url = process.argv[2] ?? "";
const run = url.startsWith("sqlite:") ? sqlite(url.slice("sqlite:".length)) : await postgres(url);
for (let round = 0; ; round += 1) {
  await run("BEGIN");
  await run(`INSERT INTO tasks (title) VALUES ('a ${round}')`);
  await run(`INSERT INTO tasks (title) VALUES ('b ${round}')`);
  await run("COMMIT");
  if (round === 20) console.log("writing");
  await setImmediate();
}

function sqlite(path: string): (sql: string) => Promise<void> {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  return async (sql) => database.exec(sql);
}

async function postgres(connectionString: string): Promise<(sql: string) => Promise<void>> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return async (sql) => void (await client.query(sql));
}
