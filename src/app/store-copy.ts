import { createHash } from "node:crypto";
import { maskSecrets } from "../config/secrets.ts";
import { LockstepError } from "../core/errors.ts";
import type { SchemaChange, StoreTables, Table, TableReader } from "../store/tables.ts";
import { hasStore, openTables } from "./stores.ts";

export interface StoreCopyProgress {
  readonly phase: "copying" | "checking";
  readonly table: string;
  /** Rows of this table so far. */
  readonly rows: number;
  readonly rowsExpected: number;
}

export interface StoreCopyRequest {
  /** Store URLs; paths are absolute. */
  readonly from: string;
  readonly to: string;
  readonly onProgress?: (progress: StoreCopyProgress) => void;
  readonly signal?: AbortSignal | undefined;
}

/** What one side of a table holds: how many rows, and a hash of every value of every row in their order. */
interface Content {
  readonly rows: number;
  readonly sha256: string;
}

export interface CopiedTable {
  readonly table: string;
  readonly from: Content;
  readonly to: Content;
  readonly isEqual: boolean;
}

export interface StoreCopyReport {
  readonly from: string;
  readonly to: string;
  /** False: the copy is not like its source, stays marked as unfinished, and cannot be used. */
  readonly isEqual: boolean;
  readonly tables: readonly CopiedTable[];
}

export interface StoreMigration extends SchemaChange {
  readonly store: string;
}

/** Brings a store up to date, or makes it, and says from which schema to which. */
export async function migrateStore(url: string): Promise<StoreMigration> {
  await using tables = await openTables(url);
  return { store: tables.name, ...tables.schema };
}

/**
 * Copies everything a store holds at one moment into an empty one of either kind, then reads both again and compares.
 * Until that is done the target is marked as unfinished, and nothing opens it.
 */
export async function copyStore(request: StoreCopyRequest): Promise<StoreCopyReport> {
  if (!(await hasStore(request.from))) throw noSource(request.from);
  await using from = await openTables(request.from);
  await using to = await openTables(request.to);
  // Awaited here: the stores are closed when this function returns.
  return await from.read(async (source) => {
    const tables = await commonTables(source, to);
    await to.startCopy();
    for (const table of tables) await copyTable(source, to, { table, request });
    const compared = await compareTables(source, to, { tables, request });
    const isEqual = compared.every((table) => table.isEqual);
    if (isEqual) await to.finishCopy(await source.counters());
    return { from: from.name, to: to.name, isEqual, tables: compared };
  });
}

interface Work {
  readonly table: Table;
  readonly request: StoreCopyRequest;
}

async function copyTable(source: TableReader, to: StoreTables, { table, request }: Work): Promise<void> {
  const rowsExpected = await source.count(table);
  let rows = 0;
  for await (const batch of source.rows(table)) {
    request.signal?.throwIfAborted();
    await to.insert(table, batch);
    rows += batch.length;
    request.onProgress?.({ phase: "copying", table: table.name, rows, rowsExpected });
  }
}

/** Both sides are read anew, each by its own way of reading: what was sent proves nothing about what was kept. */
async function compareTables(
  source: TableReader,
  to: StoreTables,
  { tables, request }: { readonly tables: readonly Table[]; readonly request: StoreCopyRequest },
): Promise<CopiedTable[]> {
  return to.read(async (target) => {
    const compared: CopiedTable[] = [];
    for (const table of tables) {
      request.signal?.throwIfAborted();
      const rowsExpected = await source.count(table);
      request.onProgress?.({ phase: "checking", table: table.name, rows: compared.length, rowsExpected });
      const [ofSource, ofTarget] = await Promise.all([contentOf(source, table), contentOf(target, table)]);
      const isEqual = ofSource.rows === ofTarget.rows && ofSource.sha256 === ofTarget.sha256;
      compared.push({ table: table.name, from: ofSource, to: ofTarget, isEqual });
    }
    return compared;
  });
}

async function contentOf(reader: TableReader, table: Table): Promise<Content> {
  const hash = createHash("sha256").update(JSON.stringify(table.columns));
  let rows = 0;
  for await (const batch of reader.rows(table)) {
    for (const row of batch) hash.update(JSON.stringify(row));
    rows += batch.length;
  }
  return { rows, sha256: hash.digest("hex") };
}

/** Both stores are up to date, so they have the same tables with the same columns. If they have not, nothing is copied. */
async function commonTables(source: TableReader, to: StoreTables): Promise<readonly Table[]> {
  const tables = [...(await source.tables())].sort((a, b) => (a.name < b.name ? -1 : 1));
  const targets = await to.read((target) => target.tables());
  const shapeOf = (all: readonly Table[]) =>
    all
      .map(({ name, columns }) => `${name} (${columns.join(", ")})`)
      .sort()
      .join("; ");
  if (shapeOf(tables) === shapeOf(targets)) return tables;
  throw new LockstepError(
    "STORE_FAILED",
    `cannot copy: expected the same tables in both kinds of store. The source has ${shapeOf(tables)}; the target has ` +
      `${shapeOf(targets)}. Nothing was copied. Please report this.`,
  );
}

function noSource(url: string): LockstepError {
  return new LockstepError(
    "STORE_FAILED",
    `cannot copy from ${maskSecrets(url)}: there is no store. Check the address after --from.`,
  );
}
