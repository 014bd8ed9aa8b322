import type { Json } from "../../core/json.ts";
import { rowToPairTotals } from "../pair-rows.ts";
import { checkFence } from "../pair-rules.ts";
import type { PairStore, PairTotals } from "../pair-store.ts";
import { jsonToText, textToJson } from "../rows.ts";
import type { Database, Session } from "./database.ts";
import { holdLease } from "./leases.ts";

/** The first step of every write to a sync: refuses an older holder of its lease, then makes sure it is known. */
export async function enterPairSync(
  session: Session,
  sync: { readonly syncId: string; readonly fence: number },
): Promise<void> {
  checkFence(sync, await holdLease(session, sync.syncId));
  await session.run("INSERT INTO pair_state (sync_id) VALUES ($1) ON CONFLICT DO NOTHING", sync.syncId);
}

export async function savePairState(session: Session, syncId: string, state: Json): Promise<void> {
  await session.run("UPDATE pair_state SET state = $1 WHERE sync_id = $2", jsonToText(state), syncId);
}

export function pairTotalsTopic(database: Database): Pick<PairStore, "getState" | "getPairTotals"> {
  return {
    async getState(syncId) {
      const row = await database.get<{ state: string | null }>(
        "SELECT state FROM pair_state WHERE sync_id = $1",
        syncId,
      );
      return textToJson(row?.state ?? null);
    },
    async getPairTotals(syncId) {
      const totals = await database.get<PairTotals>(
        `SELECT count(*) FILTER (WHERE status = 'live') AS live, count(*) FILTER (WHERE status = 'dead') AS dead,
          count(*) FILTER (WHERE status = 'unlinked') AS unlinked, count(*) FILTER (WHERE status = 'none') AS pending,
          (SELECT count(*) FROM pair_links WHERE sync_id = $1 AND due_at IS NOT NULL) AS due,
          (SELECT count(*) FROM pair_links WHERE sync_id = $1 AND problem IS NOT NULL) AS problems,
          (SELECT count(*) FROM pair_conflicts WHERE sync_id = $1 AND closed_at IS NULL) AS "openConflicts",
          (SELECT count(*) FROM pair_holds WHERE sync_id = $1 AND closed_at IS NULL) AS "openHolds",
          (SELECT count(*) FROM pair_inbox WHERE sync_id = $1 AND handled_at IS NULL) AS inbox
        FROM pair_links WHERE sync_id = $1`,
        syncId,
      );
      return rowToPairTotals(totals);
    },
  };
}
