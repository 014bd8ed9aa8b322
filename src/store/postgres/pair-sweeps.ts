import type { Side } from "../../core/two-way/mapping.ts";
import { type PairLinkRow, rowToPairLink, selectPairLinks } from "../pair-rows.ts";
import type { PairStore } from "../pair-store.ts";
import type { Database } from "./database.ts";
import { enterPairSync } from "./pair-syncs.ts";

const columnsOf: Record<Side, { readonly record: string; readonly swept: string }> = {
  left: { record: "left_id", swept: "swept_left" },
  right: { record: "right_id", swept: "swept_right" },
};

export function pairSweepTopic(database: Database): Pick<PairStore, "markSwept" | "listUnswept"> {
  return {
    async markSwept({ syncId, fence, side, sweep, recordIds }) {
      const { record, swept } = columnsOf[side];
      await database.write(async (session) => {
        await enterPairSync(session, { syncId, fence });
        await session.run(
          `UPDATE pair_links SET ${swept} = $2
          WHERE sync_id = $1 AND ${record} = ANY ($3::text[]) AND ${swept} < $2`,
          syncId,
          sweep,
          recordIds,
        );
      });
    },
    async listUnswept(syncId, { side, sweep, after, limit }) {
      const { record, swept } = columnsOf[side];
      const rows = await database.all<PairLinkRow>(
        `${selectPairLinks}
        WHERE l.sync_id = $1 AND l.id > $2 AND l.status IN ('live', 'none') AND l.${record} IS NOT NULL
          AND l.${swept} < $3
        ORDER BY l.id LIMIT $4`,
        syncId,
        after ?? "",
        sweep,
        limit,
      );
      return rows.map(rowToPairLink);
    },
  };
}
