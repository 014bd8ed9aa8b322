import type { PairConfig } from "../config/config.ts";
import { demandTable } from "./pair-recipe.ts";
import type { SyncWorld } from "./run-syncs.ts";
import { tableCalled } from "./targets.ts";
import type { CaptureReport } from "./two-way.ts";

/** What would be done to both sides. Changes nothing. */
export async function showCapture(
  world: SyncWorld,
  sync: string,
  what: "install" | "remove",
): Promise<CaptureReport> {
  const table = demandTable(tableCalled(world.config, sync));
  const { capture } = world.pairs.table(table);
  return {
    sync,
    property: await propertyOf(world, table),
    sql: what === "install" ? await capture.installSql() : await capture.removeSql(),
  };
}

/** Adds what is missing on both sides: the property for keys in Notion, and the triggers that see every write to the table. */
export async function installCapture(world: SyncWorld, sync: string): Promise<CaptureReport> {
  const table = demandTable(tableCalled(world.config, sync));
  const source = await world.pairs.resolve(table, { isDry: false });
  const { capture } = world.pairs.table(table);
  const sql = await capture.installSql();
  const { name, isNew } = await world.pairs.ensureMarker(source);
  await capture.install();
  return { sync, property: { name, isThere: !isNew }, sql };
}

/** Removes what was installed in the table's database. The property stays: it holds keys that people may want. */
export async function removeCapture(world: SyncWorld, sync: string): Promise<CaptureReport> {
  const table = demandTable(tableCalled(world.config, sync));
  const { capture } = world.pairs.table(table);
  const sql = await capture.removeSql();
  await capture.remove();
  return { sync, property: { name: table.notion.idProperty, isThere: true }, sql };
}

async function propertyOf({ pairs }: SyncWorld, table: PairConfig): Promise<CaptureReport["property"]> {
  const marker = await pairs.findMarker(await pairs.resolve(table, { isDry: true, signal: undefined }));
  return { name: marker?.name ?? table.notion.idProperty, isThere: marker !== null };
}
