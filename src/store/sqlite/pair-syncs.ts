import type { Json } from "../../core/json.ts";
import { rowToPairTotals } from "../pair-rows.ts";
import { checkFence } from "../pair-rules.ts";
import type { PairStore, PairTotals } from "../pair-store.ts";
import { jsonToText, textToJson } from "../rows.ts";
import type { Database } from "./database.ts";

/** Writes inside the caller's transaction. */
export interface PairSyncWriter {
  /** The first step of every write to a sync: refuses an older holder of its lease, then makes sure it is known. */
  enter(sync: { readonly syncId: string; readonly fence: number }): void;
  saveState(syncId: string, state: Json): void;
}

export function pairSyncWriter(database: Database): PairSyncWriter {
  const heldFence = database.query<{ fence: number }>(
    "SELECT fence FROM leases WHERE name = ? AND until_ms > 0",
  );
  const insertSync = database.query("INSERT INTO pair_state (sync_id) VALUES (?) ON CONFLICT DO NOTHING");
  const setState = database.query("UPDATE pair_state SET state = ? WHERE sync_id = ?");
  return {
    enter(sync) {
      checkFence(sync, heldFence.get(sync.syncId)?.fence ?? null);
      insertSync.run(sync.syncId);
    },
    saveState(syncId, state) {
      setState.run(jsonToText(state), syncId);
    },
  };
}

export function pairTotalsTopic(database: Database): Pick<PairStore, "getState" | "getPairTotals"> {
  const state = database.query<{ state: string | null }>("SELECT state FROM pair_state WHERE sync_id = ?");
  const totals = database.query<PairTotals>(`
    SELECT count(*) FILTER (WHERE status = 'live') AS live, count(*) FILTER (WHERE status = 'dead') AS dead,
      count(*) FILTER (WHERE status = 'unlinked') AS unlinked, count(*) FILTER (WHERE status = 'none') AS pending,
      (SELECT count(*) FROM pair_links WHERE sync_id = ?1 AND due_at IS NOT NULL) AS due,
      (SELECT count(*) FROM pair_links WHERE sync_id = ?1 AND problem IS NOT NULL) AS problems,
      (SELECT count(*) FROM pair_conflicts WHERE sync_id = ?1 AND closed_at IS NULL) AS openConflicts,
      (SELECT count(*) FROM pair_holds WHERE sync_id = ?1 AND closed_at IS NULL) AS openHolds,
      (SELECT count(*) FROM pair_inbox WHERE sync_id = ?1 AND handled_at IS NULL) AS inbox
    FROM pair_links WHERE sync_id = ?1`);
  return {
    async getState(syncId) {
      return textToJson(database.read(() => state.get(syncId))?.state ?? null);
    },
    async getPairTotals(syncId) {
      return rowToPairTotals(database.read(() => totals.get(syncId)));
    },
  };
}
