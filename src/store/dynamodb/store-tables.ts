import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { notEmpty, type StoreTables, type Table, type TableReader, type TableRow } from "../tables.ts";
import { parseDynamoAddress } from "./address.ts";
import { startFilling } from "./copy-filling.ts";
import { finishFilling } from "./copy-finish.ts";
import { namedRow, plainRow } from "./copy-rows.ts";
import { type CopiedTable, type CopyNames, copiedTables } from "./copy-tables.ts";
import { type Database, openDatabase } from "./database.ts";
import { type Item, itemOf, type Key, keyName } from "./items.ts";
import { keyText } from "./keys.ts";
import { checkLayout, createTables, markFilling } from "./migrate.ts";
import type { DynamoStoreOptions } from "./open.ts";
import { headOf } from "./scopes.ts";
import { listSyncs, syncHead } from "./syncs.ts";
import { tableRoles } from "./tables.ts";
import { sweepOf } from "./task-places.ts";

// The store as the tables of the SQL stores. This is the one place that scans: a copy reads everything there is.

/** Rows held at once. */
const rowsPerRead = 500;

/** Makes what tables of the stage are missing. */
export async function openDynamoTables({ url, ...options }: DynamoStoreOptions): Promise<StoreTables> {
  const database = openDatabase({ ...options, address: parseDynamoAddress(url) });
  await createTables(database);
  const schema = await checkLayout(database);
  const tables = copiedTables(database);
  const filling = startFilling(database);
  return {
    name: database.name,
    schema,
    read: async (work) => work(await readerOf(database, tables)),
    async startCopy() {
      for await (const item of everyItem(database)) {
        const held = tables.find((table) => table.holds(item));
        if (held !== undefined) throw notEmpty(database.name, held.name);
      }
      await markFilling(database, true);
    },
    async insert({ name, columns }, rows) {
      const table = tableOf(tables, name);
      await database.putAll(rows.flatMap((row) => table.items(namedRow(columns, row), filling)));
    },
    async finishCopy(counters) {
      await finishFilling(filling, counters);
      await markFilling(database, false);
    },
    [Symbol.asyncDispose]: database.close,
  };
}

/** Where a row is, and what it is ordered by. The rows themselves are read again when they are asked for. */
interface Place {
  readonly order: readonly (string | number)[];
  readonly key: Key;
  /** Among the rows of its item. */
  readonly n: number;
}

async function readerOf(database: Database, tables: readonly CopiedTable[]): Promise<TableReader> {
  await database.settle();
  const names = await readNames(database);
  const places = new Map<string, Place[]>(tables.map(({ name }) => [name, []]));
  for await (const item of everyItem(database)) {
    const table = tables.find((each) => each.holds(item));
    if (table === undefined) continue;
    const rows = await table.rows(item, names);
    const key = { table: String(item.tableName), pk: item.pk, sk: item.sk };
    places.get(table.name)?.push(...rows.map((row, n) => ({ order: table.order(row, item), key, n })));
  }
  const placesOf = new Map([...places].map(([name, all]) => [name, unique(all.sort(byOrder))]));
  return {
    tables: async () => tables.map(({ name, columns }) => ({ name, columns })),
    count: async ({ name }) => placesOf.get(name)?.length ?? 0,
    rows: (table) =>
      rowsOf(database, { table, copied: tableOf(tables, table.name), names, places: placesOf }),
    counters: () => countersOf(database),
  };
}

async function readNames(database: Database): Promise<CopyNames> {
  const syncs = await listSyncs(database);
  const heads = await database.getAll(syncs.map((syncId) => syncHead(database, syncId)));
  const headAt = new Map(heads.map((item) => [item.pk, item]));
  const sweepIn = (syncId: string) => {
    const scope = syncHead(database, syncId);
    return sweepOf(headOf(scope, headAt.get(scope.pk) ?? null));
  };
  return {
    syncs: new Map(syncs.map((syncId) => [keyText(syncId), syncId])),
    sweeps: new Map(syncs.map((syncId) => [syncId, sweepIn(syncId)])),
  };
}

interface RowSource {
  readonly table: Table;
  readonly copied: CopiedTable;
  readonly names: CopyNames;
  readonly places: ReadonlyMap<string, readonly Place[]>;
}

async function* rowsOf(
  database: Database,
  { table, copied, names, places }: RowSource,
): AsyncIterable<readonly TableRow[]> {
  const all = places.get(table.name) ?? [];
  for (let n = 0; n < all.length; n += rowsPerRead) {
    const page = all.slice(n, n + rowsPerRead);
    const rowsAt = new Map<string, readonly TableRow[]>();
    for (const item of await database.getAll(page.map(({ key }) => key))) {
      for (const role of tableRoles) {
        const key = { table: database.table(role), pk: item.pk, sk: item.sk };
        if (!page.some((place) => keyName(place.key) === keyName(key))) continue;
        const rows = await copied.rows({ ...item, tableName: key.table }, names);
        rowsAt.set(
          keyName(key),
          rows.map((row) => plainRow(table.columns, row)),
        );
      }
    }
    yield page.flatMap(({ key, n: row }) => rowsAt.get(keyName(key))?.slice(row, row + 1) ?? []);
  }
}

/** With its body, and the name of its table beside its attributes. */
async function* everyItem(database: Database): AsyncGenerator<Item> {
  const { documents, patiently } = database.requests;
  for (const role of tableRoles) {
    const name = database.table(role);
    let start: Record<string, unknown> | undefined;
    do {
      const command = new ScanCommand({
        TableName: name,
        ConsistentRead: true,
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      });
      const answer = await patiently(() => documents.send(command));
      for (const item of await database.opened((answer.Items ?? []).map(itemOf))) {
        yield { ...item, tableName: name };
      }
      start = answer.LastEvaluatedKey;
    } while (start !== undefined);
  }
}

async function countersOf(database: Database): Promise<ReadonlyMap<string, number>> {
  const item = await database.get({ table: database.sync, pk: "STORE", sk: "INBOX" });
  const last = item?.lastSeq;
  return typeof last === "number" ? new Map([["pair_inbox", last]]) : new Map();
}

function tableOf(tables: readonly CopiedTable[], name: string): CopiedTable {
  const table = tables.find((each) => each.name === name);
  if (table === undefined) throw new TypeError(`there is no table ${name}`);
  return table;
}

/** Marks of one sweep may repeat. */
function unique(places: readonly Place[]): Place[] {
  return places.filter((place, n) => {
    const before = places[n - 1];
    return before === undefined || byOrder(before, place) !== 0;
  });
}

function byOrder(a: Place, b: Place): number {
  for (const [n, value] of a.order.entries()) {
    const compared = compareValues(value, b.order[n] ?? value);
    if (compared !== 0) return compared;
  }
  return 0;
}

/** Texts as bytes, as the SQL stores do. */
function compareValues(a: string | number, b: string | number): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
}
