import { LockstepError } from "../core/errors.ts";

// A store's tables as such, for what handles all of them alike whatever they mean: copying a store into another one.

/** A row's values, in the order of the columns that were asked for. */
export type TableRow = readonly (string | number | null)[];

export interface Table {
  readonly name: string;
  /** In alphabetical order, so that two kinds of store name them alike. */
  readonly columns: readonly string[];
}

/** The number of a store's schema before and after it was opened. 0: there was no store. */
export interface SchemaChange {
  readonly from: number;
  readonly to: number;
}

/** One moment of a store. */
export interface TableReader {
  tables(): Promise<readonly Table[]>;
  count(table: Table): Promise<number>;
  /** Every row in the table's order, in batches. */
  rows(table: Table): AsyncIterable<readonly TableRow[]>;
  /** The last number given out by each table that numbers its rows. */
  counters(): Promise<ReadonlyMap<string, number>>;
}

/**
 * The tables of a store that is up to date. While it is filled it is marked as unfinished, so that nothing else opens it;
 * the mark goes with `finishCopy` alone.
 */
export interface StoreTables extends AsyncDisposable {
  /** How messages call the store: its address without any secret. */
  readonly name: string;
  readonly schema: SchemaChange;
  read<T>(work: (reader: TableReader) => Promise<T>): Promise<T>;
  /** STORE_FAILED when the store holds anything. */
  startCopy(): Promise<void>;
  /** In the table's order from batch to batch. */
  insert(table: Table, rows: readonly TableRow[]): Promise<void>;
  /** Refuses rows that point to nothing. */
  finishCopy(counters: ReadonlyMap<string, number>): Promise<void>;
}

/** By columns, or by when the rows were written: an order that the columns do not show. */
export type TableOrder = readonly string[] | "arrival";

/** Every table of every kind of store. A history's versions come in their order, because both kinds only append them. */
const orders: Readonly<Record<string, TableOrder>> = {
  syncs: ["id"],
  tasks: ["id"],
  task_versions: ["task_id", "version_num"],
  links: ["sync_id", "source_id"],
  sweep_marks: ["sync_id", "source_id"],
  runs: "arrival",
  conflicts: "arrival",
  leases: ["name"],
  pair_state: ["sync_id"],
  pair_links: ["id"],
  pair_versions: ["link_id", "seq"],
  pair_conflicts: ["id"],
  pair_holds: ["id"],
  pair_inbox: ["seq"],
  collections: ["name"],
  collection_records: ["collection", "id"],
  collection_versions: ["collection", "record_id", "seq"],
  answers: ["key"],
};

/** Throws for a table that is not listed above: it would be left behind by every copy. */
export function orderOf(table: string): TableOrder {
  const order = orders[table];
  if (order !== undefined) return order;
  throw new LockstepError(
    "STORE_FAILED",
    `the table ${table} cannot be copied: expected one that src/store/tables.ts lists. Please report this.`,
  );
}

export function notEmpty(name: string, table: string): LockstepError {
  return new LockstepError(
    "STORE_FAILED",
    `cannot copy into the store ${name}: expected it to be empty, and its table ${table} is not. It was left as it ` +
      "is. Name a store that is not there yet.",
  );
}

export function strayRow(name: string, table: string): LockstepError {
  return new LockstepError(
    "STORE_FAILED",
    `the copy in the store ${name} is not usable: a row of its table ${table} points to one that is not there. It stays ` +
      "marked as unfinished. The store that was copied may be damaged: look at what it says of itself first.",
  );
}
