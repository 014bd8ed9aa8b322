import { type HoldRow, rowToHold, selectHolds } from "../pair-rows.ts";
import type { PairStore } from "../pair-store.ts";
import type { Database } from "./database.ts";
import { newestFirst } from "./pair-newest.ts";

export function holdTopic(database: Database): Pick<PairStore, "listHolds" | "decideHold"> {
  return {
    async listHolds({ syncId, isOpen, limit }) {
      const filter = { equal: { sync_id: syncId }, isOpen, limit };
      return (await newestFirst<HoldRow>(database, selectHolds, filter)).map(rowToHold);
    },
    async decideHold({ id, decision, by, at }) {
      const decided = await database.run(
        `UPDATE pair_holds SET decision = $2, decided_by = $3, decided_at = $4
        WHERE id = $1 AND decision IS NULL AND closed_at IS NULL`,
        id,
        decision,
        by,
        at,
      );
      return decided === 1;
    },
  };
}
