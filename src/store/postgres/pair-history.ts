import { type PairVersionRow, rowToPairVersion, selectPairVersions } from "../pair-rows.ts";
import type { PairStore } from "../pair-store.ts";
import type { Database } from "./database.ts";

/** Rows held at once by a reader of all versions of a run. */
const versionsPerRead = 200;

export function pairHistoryTopic(
  database: Database,
): Pick<PairStore, "listVersions" | "iterateVersionsOfRun"> {
  return {
    async listVersions(linkId, { after, limit }) {
      const rows = await database.all<PairVersionRow>(
        `${selectPairVersions} WHERE v.link_id = $1 AND v.seq > $2 ORDER BY v.seq LIMIT $3`,
        linkId,
        after,
        limit,
      );
      return rows.map(rowToPairVersion);
    },
    async *iterateVersionsOfRun(runId) {
      let last = { linkId: "", seq: 0 };
      for (;;) {
        const rows = await database.all<PairVersionRow>(
          `${selectPairVersions}
          WHERE v.run_id = $1 AND (v.link_id, v.seq) > ($2, $3::bigint) ORDER BY v.link_id, v.seq LIMIT $4`,
          runId,
          last.linkId,
          last.seq,
          versionsPerRead,
        );
        yield* rows.map(rowToPairVersion);
        const end = rows.at(-1);
        if (end === undefined || rows.length < versionsPerRead) return;
        last = end;
      }
    },
  };
}
