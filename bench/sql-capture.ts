// node bench/sql-capture.ts [--rows 20000] [--rounds 5] [--json]: what a captured table costs the programs that write to it.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import pg from "pg";
import { createSqlConnector } from "../src/connectors/sql/connector.ts";
import { startPostgres } from "./postgres.ts";
import { type BenchResult, machine, median, temporaryFolder } from "./support.ts";

const rowsPerTransaction = 100;
const columns = "id, title, note, status, points, lockstep_id";

/** A program of the user's: one statement, or many in one transaction. */
interface Writer extends AsyncDisposable {
  readonly url: string;
  run(sql: string): Promise<void>;
}

/**
 * Rows written a second with the triggers and without, in turns on two tables of one database, so that whatever else the
 * machine does hits both alike. The ratio is that of each round's pair; its median is given.
 */
export async function run({ rows = 20_000, rounds = 5 } = {}): Promise<BenchResult> {
  const figures: { label: string; value: number; unit: string }[] = [];
  for (const [product, open] of [
    ["SQLite", openSqlite],
    ["Postgres", openPostgres],
  ] as const) {
    await using writer = await open();
    await prepare(writer);
    for (const kind of kinds) {
      const plain: number[] = [];
      const captured: number[] = [];
      // The first round warms up.
      for (let round = -1; round < rounds; round += 1) {
        const order = round % 2 === 0 ? ["plain", "captured"] : ["captured", "plain"];
        for (const table of order) {
          const rate = await measure(writer, { kind, table, rows });
          if (round >= 0) (table === "plain" ? plain : captured).push(rate);
        }
      }
      const ratios = captured.map((rate, index) => rate / (plain[index] ?? Number.NaN));
      figures.push(
        { label: `${product}, ${kind.name}: without capture`, value: median(plain), unit: "rows/s" },
        { label: `${product}, ${kind.name}: with capture`, value: median(captured), unit: "rows/s" },
        { label: `${product}, ${kind.name}: captured against plain`, value: median(ratios), unit: "of 1" },
      );
    }
  }
  return {
    name: "sql-capture",
    figures,
    how:
      `${machine}. Two tables of six columns in one database, one captured; ${rounds} rounds in turns after one to warm ` +
      `up, medians. In bulk: ${rows} rows in transactions of ${rowsPerTransaction} statements; alone: ${Math.round(rows / 20)} ` +
      "transactions of one statement. SQLite: WAL, synchronous FULL. Postgres 18 on this machine, its settings as they come.",
  };
}

interface Kind {
  readonly name: string;
  readonly statement: (table: string, row: number) => string;
  readonly rowsPerTransaction: number;
  /** Of the rows that are asked for: single commits are slow. */
  readonly share: number;
}

const insert = (table: string, row: number) =>
  `INSERT INTO ${table} (${columns}) VALUES (${row}, 'Task ${row}', 'Some words about it', 'Open', 3, NULL)`;
const update = (table: string, row: number) =>
  `UPDATE ${table} SET status = 'Done ${Math.random()}', points = points + 1 WHERE id = ${row}`;

const kinds: readonly Kind[] = [
  { name: "inserts in bulk", statement: insert, rowsPerTransaction, share: 1 },
  { name: "updates in bulk", statement: update, rowsPerTransaction, share: 1 },
  { name: "updates alone", statement: update, rowsPerTransaction: 1, share: 1 / 20 },
];

async function measure(
  writer: Writer,
  { kind, table, rows }: { readonly kind: Kind; readonly table: string; readonly rows: number },
): Promise<number> {
  const count = Math.round(rows * kind.share);
  if (kind.statement === insert) await writer.run(`DELETE FROM ${table}`);
  const startedAt = performance.now();
  for (let from = 1; from <= count; from += kind.rowsPerTransaction) {
    const last = Math.min(count, from + kind.rowsPerTransaction - 1);
    const statements = Array.from({ length: last - from + 1 }, (_, index) =>
      kind.statement(table, from + index),
    );
    await writer.run(`BEGIN; ${statements.join("; ")}; COMMIT`);
  }
  return (count / (performance.now() - startedAt)) * 1_000;
}

async function prepare(writer: Writer): Promise<void> {
  for (const table of ["plain", "captured"]) {
    await writer.run(
      `CREATE TABLE ${table} (id integer PRIMARY KEY, title text, note text, status text, points integer, lockstep_id text UNIQUE)`,
    );
  }
  await using connector = createSqlConnector({
    config: { url: writer.url, table: "captured", key: "id", columns: "all", markerColumn: "lockstep_id" },
    clock: { now: Date.now, monotonic: () => performance.now(), sleep: async () => {} },
    ids: { next: randomUUID, random: Math.random },
  });
  await connector.capture.install();
}

async function openSqlite(): Promise<Writer> {
  const folder = temporaryFolder();
  const path = join(folder.path, "user.db");
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  return {
    url: `sqlite:${path}`,
    run: async (sql) => database.exec(sql),
    async [Symbol.asyncDispose]() {
      database.close();
      folder[Symbol.dispose]();
    },
  };
}

async function openPostgres(): Promise<Writer> {
  const server = await startPostgres();
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  return {
    url: server.url,
    run: async (sql) => void (await client.query(sql)),
    async [Symbol.asyncDispose]() {
      await client.end();
      await server[Symbol.asyncDispose]();
    },
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { rows: { type: "string" }, rounds: { type: "string" }, json: { type: "boolean" } },
  });
  const result = await run({
    ...(values.rows === undefined ? {} : { rows: Number(values.rows) }),
    ...(values.rounds === undefined ? {} : { rounds: Number(values.rounds) }),
  });
  if (values.json) console.log(JSON.stringify(result));
  else {
    console.log(result.name);
    for (const { label, value, unit } of result.figures) {
      console.log(`  ${value.toFixed(2).padStart(12)} ${unit.padEnd(6)} ${label}`);
    }
    console.log(`  how: ${result.how}`);
  }
}
