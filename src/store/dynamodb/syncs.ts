import { bodyOf, bodyText } from "./bodies.ts";
import type { Database } from "./database.ts";
import type { Item } from "./items.ts";
import { keyText } from "./keys.ts";
import type { Scope } from "./scopes.ts";

// A sync's head counts its writes and holds its lease. The names of all syncs are listed, so that what is asked of all of
// them is asked of each; no table is ever scanned for it.

const list = "SYNCS";

export function syncHead(database: Database, syncId: string): Scope {
  return { table: database.sync, pk: `S#${keyText(syncId)}`, sk: "HEAD" };
}

/** Lists the sync, before anything of it is written. */
export async function knowSync(database: Database, syncId: string): Promise<void> {
  if (database.knownSyncs.has(syncId)) return;
  await database.put(database.sync, syncListItem(syncId));
  database.knownSyncs.add(syncId);
}

export function syncListItem(syncId: string): Item {
  return { pk: list, sk: keyText(syncId), body: bodyText(syncId) };
}

export async function listSyncs(database: Database): Promise<string[]> {
  const items = await database.query({ table: database.sync, pk: list });
  return items.map((item) => bodyOf<string>(item));
}
