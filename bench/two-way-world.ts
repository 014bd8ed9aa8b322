import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Config, TableConfig } from "../src/config/config.ts";
import { benchConfig } from "./support.ts";

export interface TwoWayOptions {
  /** When both sides changed a field: the table wins, so that nothing is read before a write; or a person is asked. */
  readonly conflict: "table" | "ask";
  /** 0: everything is listed in every run; default: never. */
  readonly sweepEveryHours?: number;
}

export const itemColumns = ["title", "note", "link", "estimate"] as const;
const properties = { title: "Name", note: "Notes", link: "Link", estimate: "Estimate" } as const;

/** One table sync, the limiter as good as off. */
export function twoWayConfig(
  folder: string,
  dataSourceId: string,
  { conflict, sweepEveryHours = 24 * 365 }: TwoWayOptions,
): Config {
  const table: TableConfig = {
    name: "bench",
    notion: { id: dataSourceId, dataSource: null, idProperty: "Lockstep ID", isProvisioningOptions: false },
    table: {
      url: { url: `sqlite:${join(folder, "items.db")}` },
      name: "items",
      key: "id",
      markerColumn: "lockstep_id",
      softDelete: null,
      isHardDeleting: false,
      keyGenerator: null,
    },
    fields: itemColumns.map((column) => ({
      property: properties[column],
      column,
      owner: null,
      conflict,
      map: null,
      isWriteOnce: false,
    })),
    match: null,
    creates: { notion: true, table: true },
    onDelete: "unlink",
    onDeleteEdit: "ask",
    guard: { deletesMax: 10, deleteShareMax: 0.1, clearShareMax: 1, changeShareMax: 1 },
    pollSeconds: 60,
    sweepEveryHours,
    isEnabled: true,
    isFollowed: true,
  };
  const config = benchConfig(folder, dataSourceId);
  return { ...config, backup: { ...config.backup, databases: [] }, tables: [table] };
}

/** The columns of the Notion database that are mapped, for an emulator in this process. */
export const notionProperties = {
  Name: { title: {} },
  Notes: { rich_text: {} },
  Link: { url: {} },
  Estimate: { number: { format: "number" } },
} as const;

export const words = "Some words about it, as people write them. ".repeat(4);

/** The user's table, with so many rows in it, and a connection of somebody else's program. */
export function createItems(folder: string, rows: number): DatabaseSync {
  const database = new DatabaseSync(join(folder, "items.db"), { timeout: 10_000 });
  database.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE items (id INTEGER PRIMARY KEY, title text, note text, link text, estimate integer, lockstep_id text UNIQUE)`);
  const insert = database.prepare("INSERT INTO items (title, note, link, estimate) VALUES (?, ?, ?, ?)");
  database.exec("BEGIN");
  for (let row = 1; row <= rows; row += 1)
    insert.run(`Row ${row}: a title of ordinary length`, words, `https://example.com/items/${row}`, row % 13);
  database.exec("COMMIT");
  return database;
}

/** Changes one field of each of the first so many rows. */
export function editItems(database: DatabaseSync, count: number, note: string): void {
  database.prepare("UPDATE items SET note = ? WHERE id <= ?").run(note, count);
}
