import { type PairConflictRow, rowToPairConflict, selectPairConflicts } from "../pair-rows.ts";
import type { PairStore } from "../pair-store.ts";
import type { Database } from "./database.ts";
import { newestFirst } from "./pair-newest.ts";

export function pairConflictTopic(database: Database): Pick<PairStore, "listConflicts" | "settleConflict"> {
  return {
    async listConflicts({ syncId, linkId, isOpen, limit }) {
      const filter = { equal: { sync_id: syncId, link_id: linkId }, isOpen, limit };
      return (await newestFirst<PairConflictRow>(database, selectPairConflicts, filter)).map(
        rowToPairConflict,
      );
    },
    async settleConflict({ id, winner, by, at, now }) {
      return database.write(async (session) => {
        // The link first, as a commit does, so that neither waits for the other.
        await session.run(
          `SELECT 1 FROM pair_links WHERE id = (SELECT link_id FROM pair_conflicts WHERE id = $1)
          FOR NO KEY UPDATE`,
          id,
        );
        const settled = await session.get<{ linkId: string }>(
          `UPDATE pair_conflicts SET winner = $2, settled_by = $3, settled_at = $4
          WHERE id = $1 AND winner IS NULL AND closed_at IS NULL RETURNING link_id AS "linkId"`,
          id,
          winner,
          by,
          at,
        );
        if (settled === undefined) return false;
        await session.run(
          "UPDATE pair_links SET due_at = least(due_at, $2), priority = 0, revision = revision + 1 WHERE id = $1",
          settled.linkId,
          now,
        );
        return true;
      });
    },
  };
}
