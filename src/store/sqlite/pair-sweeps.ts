import type { Side } from "../../core/two-way/mapping.ts";
import { type PairLinkRow, rowToPairLink, selectPairLinks } from "../pair-rows.ts";
import type { PairStore } from "../pair-store.ts";
import type { Database } from "./database.ts";
import type { PairSyncWriter } from "./pair-syncs.ts";

const columnsOf: Record<Side, { readonly record: string; readonly swept: string }> = {
  left: { record: "left_id", swept: "swept_left" },
  right: { record: "right_id", swept: "swept_right" },
};

export function pairSweepTopic(
  database: Database,
  syncs: PairSyncWriter,
): Pick<PairStore, "markSwept" | "listUnswept"> {
  const queriesOf = (side: Side) => {
    const { record, swept } = columnsOf[side];
    return {
      mark: database.query(`
        UPDATE pair_links SET ${swept} = ?2
        WHERE sync_id = ?1 AND ${record} IN (SELECT value FROM json_each(?3)) AND ${swept} < ?2`),
      unswept: database.query<PairLinkRow>(`${selectPairLinks}
        WHERE l.sync_id = ?1 AND l.id > ?2 AND l.status IN ('live', 'none') AND l.${record} IS NOT NULL AND l.${swept} < ?3
        ORDER BY l.id LIMIT ?4`),
    };
  };
  const queries = { left: queriesOf("left"), right: queriesOf("right") };

  return {
    async markSwept({ syncId, fence, side, sweep, recordIds }) {
      database.write(() => {
        syncs.enter({ syncId, fence });
        queries[side].mark.run(syncId, sweep, JSON.stringify(recordIds));
      });
    },
    async listUnswept(syncId, { side, sweep, after, limit }) {
      const rows = database.read(() => queries[side].unswept.all(syncId, after ?? "", sweep, limit));
      return rows.map(rowToPairLink);
    },
  };
}
