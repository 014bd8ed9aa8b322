import { type HoldRow, rowToHold, selectHolds } from "../pair-rows.ts";
import type { PairStore } from "../pair-store.ts";
import type { Database } from "./database.ts";
import { newestFirst } from "./pair-newest.ts";

export function holdTopic(database: Database): Pick<PairStore, "listHolds" | "decideHold"> {
  const listed = newestFirst<HoldRow>(database, selectHolds);
  const decide = database.query(`
    UPDATE pair_holds SET decision = ?2, decided_by = ?3, decided_at = ?4
    WHERE id = ?1 AND decision IS NULL AND closed_at IS NULL`);

  return {
    async listHolds({ syncId, isOpen, limit }) {
      return listed({ equal: { sync_id: syncId }, isOpen, limit }).map(rowToHold);
    },
    async decideHold({ id, decision, by, at }) {
      return database.write(() => decide.run(id, decision, by, at)) === 1;
    },
  };
}
