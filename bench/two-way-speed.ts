import type { DatabaseSync } from "node:sqlite";
import { openLockstep } from "../src/app/open.ts";
import { noSecrets } from "../src/config/environment.ts";
import {
  type BenchResult,
  type BenchServer,
  machine,
  median,
  runScript,
  startServer,
  temporaryFolder,
} from "./support.ts";
import { createItems, type TwoWayOptions, twoWayConfig } from "./two-way-world.ts";

interface Timed {
  readonly seconds: number;
}

/** What a run did against what its floor did, in the same round. */
interface Round {
  readonly rowsPerSecond: number;
  /** Of a floor that keeps nothing, and of one that makes as much durable. */
  readonly share: number;
  readonly durableShare: number;
}

interface Floors {
  readonly plain: Timed;
  readonly durable: Timed;
}

/** Rows a second of table syncs with the limiter off, beside a plain loop that sends the same requests to the same kind of server. */
export async function measureTwoWaySpeed(rows = 500, rounds = 3): Promise<BenchResult> {
  const measured = new Map<string, Round[]>();
  for (let round = 0; round <= rounds; round += 1) {
    for (const [label, figure] of [...(await toNotion(rows)), ...(await toTable(rows))]) {
      // The first round warms the machine up.
      if (round > 0) measured.set(label, [...(measured.get(label) ?? []), figure]);
    }
  }
  return {
    name: `two-way-speed: ${rows} rows`,
    figures: [...measured].flatMap(([label, all]) => [
      { label, value: median(all.map(({ rowsPerSecond }) => rowsPerSecond)), unit: "rows/s" },
      { label: `${label}: share of the floor`, value: median(all.map(({ share }) => share)), unit: "of 1" },
      {
        label: `${label}: share of the floor with durable commits`,
        value: median(all.map(({ durableShare }) => durableShare)),
        unit: "of 1",
      },
    ]),
    how:
      `${machine}; server in another process, limiter off, SQLite table and store; ${rounds} rounds, fresh processes, engine and floor in turn; ` +
      "medians. The floor sends the same writes, four at once, or reads the same pages and inserts each row in a transaction; the " +
      "other one also commits twice for each record, as durably as the store does.",
  };
}

/** A first run that makes every page, and runs after a change of every tenth row. */
async function toNotion(rows: number): Promise<readonly (readonly [string, Round])[]> {
  using folder = temporaryFolder();
  await using server = await startServer(0);
  const items = createItems(folder.path, rows);
  await install(server, folder.path);
  const first = await engine(server, folder.path, "table");
  const edited = Math.ceil(rows / 10);
  const edit = (note: string) => items.prepare("UPDATE items SET note = ? WHERE id <= ?").run(note, edited);
  edit("Changed once");
  const blind = await engine(server, folder.path, "table");
  edit("Changed twice");
  const careful = await engine(server, folder.path, "ask");
  const [firstFloors, changedFloors] = await floorsToNotion(folder.path, items, edited);
  items.close();
  return [
    ["table to Notion, first run", roundOf(rows, first, firstFloors)],
    ["table to Notion, a tenth changed, the table wins conflicts", roundOf(edited, blind, changedFloors)],
    ["table to Notion, a tenth changed, each page read first", roundOf(edited, careful, changedFloors)],
  ];
}

/** Floors of the first run, and of one after `edited` changes; each on a server of its own. */
async function floorsToNotion(
  folder: string,
  items: DatabaseSync,
  edited: number,
): Promise<readonly [Floors, Floors]> {
  const run = async (durable: "" | "durable") => {
    await using server = await startServer(0);
    await install(server, folder);
    const first = await floor(server, folder, { kind: "create", durable });
    await notePages(server, items, edited);
    return { first, changed: await floor(server, folder, { kind: "update", durable }) };
  };
  const [plain, durable] = [await run(""), await run("durable")];
  return [
    { plain: plain.first, durable: durable.first },
    { plain: plain.changed, durable: durable.changed },
  ];
}

async function toTable(rows: number): Promise<readonly (readonly [string, Round])[]> {
  await using server = await startServer(rows);
  const floorOf = async (durable: "" | "durable") => {
    using folder = temporaryFolder();
    createItems(folder.path, 0).close();
    return await floor(server, folder.path, { kind: "read", durable });
  };
  const floors = { plain: await floorOf(""), durable: await floorOf("durable") };
  using folder = temporaryFolder();
  createItems(folder.path, 0).close();
  await install(server, folder.path);
  return [["Notion to table, first run", roundOf(rows, await engine(server, folder.path, "ask"), floors)]];
}

function roundOf(rows: number, { seconds }: Timed, { plain, durable }: Floors): Round {
  return {
    rowsPerSecond: rows / seconds,
    share: plain.seconds / seconds,
    durableShare: durable.seconds / seconds,
  };
}

function engine(server: BenchServer, folder: string, conflict: TwoWayOptions["conflict"]): Promise<Timed> {
  return runScript<Timed>("two-way-once.ts", [
    server.url,
    server.token,
    folder,
    server.dataSourceId,
    conflict,
  ]);
}

function floor(
  server: BenchServer,
  folder: string,
  { kind, durable }: { readonly kind: "create" | "update" | "read"; readonly durable: "" | "durable" },
): Promise<Timed> {
  const args = [server.url, server.token, folder, server.dataSourceId, kind, durable];
  return runScript<Timed>("two-way-floor.ts", args);
}

async function install(server: BenchServer, folder: string): Promise<void> {
  const lockstep = await openLockstep({
    config: twoWayConfig(folder, server.dataSourceId, { conflict: "ask" }),
    secrets: { ...noSecrets, notionToken: server.token },
    baseUrl: server.url,
  });
  await lockstep.twoWay.install("bench");
  await lockstep.close();
}

/** Which pages the floor is to change. */
async function notePages(server: BenchServer, items: DatabaseSync, count: number): Promise<void> {
  const response = await fetch(`${server.url}/_emulator/rows?data_source=${server.dataSourceId}`);
  const { rows } = (await response.json()) as { readonly rows: readonly { readonly id: string }[] };
  items.exec("DROP TABLE IF EXISTS changed; CREATE TABLE changed (page_id text, note text)");
  const insert = items.prepare("INSERT INTO changed VALUES (?, 'Changed once')");
  for (const { id } of rows.slice(0, count)) insert.run(id);
}
