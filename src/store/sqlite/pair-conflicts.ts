import { type PairConflictRow, rowToPairConflict, selectPairConflicts } from "../pair-rows.ts";
import type { PairStore } from "../pair-store.ts";
import type { Database } from "./database.ts";
import { newestFirst } from "./pair-newest.ts";

export function pairConflictTopic(database: Database): Pick<PairStore, "listConflicts" | "settleConflict"> {
  const listed = newestFirst<PairConflictRow>(database, selectPairConflicts);
  const settle = database.query<{ linkId: string }>(`
    UPDATE pair_conflicts SET winner = ?2, settled_by = ?3, settled_at = ?4
    WHERE id = ?1 AND winner IS NULL AND closed_at IS NULL RETURNING link_id AS linkId`);
  const makeDue = database.query(`
    UPDATE pair_links SET due_at = min(coalesce(due_at, ?2), ?2), priority = 0, revision = revision + 1
    WHERE id = ?1`);

  return {
    async listConflicts({ syncId, linkId, isOpen, limit }) {
      return listed({ equal: { sync_id: syncId, link_id: linkId }, isOpen, limit }).map(rowToPairConflict);
    },
    async settleConflict({ id, winner, by, at, now }) {
      return database.write(() => {
        const settled = settle.get(id, winner, by, at);
        if (settled === undefined) return false;
        makeDue.run(settled.linkId, now);
        return true;
      });
    },
  };
}
