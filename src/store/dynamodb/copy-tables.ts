import { collectionTables } from "./copy-collections.ts";
import type { Filling, Placed } from "./copy-filling.ts";
import { pairTables } from "./copy-pairs.ts";
import type { NamedRow } from "./copy-rows.ts";
import { taskTables } from "./copy-tasks.ts";
import type { Database } from "./database.ts";
import type { Item } from "./items.ts";

/** What an item's key does not tell by itself. */
export interface CopyNames {
  /** By their text in keys. */
  readonly syncs: ReadonlyMap<string, string>;
  /** The number of the last sweep of each sync. */
  readonly sweeps: ReadonlyMap<string, number>;
}

/** A table of the SQL stores, and the items that hold its rows here. */
export interface CopiedTable {
  readonly name: string;
  /** In alphabetical order. */
  readonly columns: readonly string[];
  /** Whether an item holds rows of the table. */
  holds(item: Item): boolean;
  /** Its rows, as a rule one. The item has its body. */
  rows(item: Item, names: CopyNames): readonly NamedRow[] | Promise<readonly NamedRow[]>;
  /** What rows are ordered by. */
  order(row: NamedRow, item: Item): readonly (string | number)[];
  /** What the row makes. */
  items(row: NamedRow, filling: Filling): readonly Placed[];
}

export function copiedTables(database: Database): readonly CopiedTable[] {
  return [...taskTables(database), ...pairTables(database), ...collectionTables(database)];
}
