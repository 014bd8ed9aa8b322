import { type PairVersionRow, rowToPairVersion, selectPairVersions } from "../pair-rows.ts";
import type { PairStore } from "../pair-store.ts";
import type { Database } from "./database.ts";

/** Rows held at once by a reader of all versions of a run. */
const versionsPerRead = 200;

export function pairHistoryTopic(
  database: Database,
): Pick<PairStore, "listVersions" | "iterateVersionsOfRun"> {
  const ofLink = database.query<PairVersionRow>(
    `${selectPairVersions} WHERE v.link_id = ? AND v.seq > ? ORDER BY v.seq LIMIT ?`,
  );
  const ofRunAfter = database.query<PairVersionRow>(`${selectPairVersions}
    WHERE v.run_id = ? AND (v.link_id, v.seq) > (?, ?) ORDER BY v.link_id, v.seq LIMIT ?`);

  return {
    async listVersions(linkId, { after, limit }) {
      return database.read(() => ofLink.all(linkId, after, limit)).map(rowToPairVersion);
    },
    async *iterateVersionsOfRun(runId) {
      let last = { linkId: "", seq: 0 };
      for (;;) {
        const rows = database.read(() => ofRunAfter.all(runId, last.linkId, last.seq, versionsPerRead));
        yield* rows.map(rowToPairVersion);
        const end = rows.at(-1);
        if (end === undefined || rows.length < versionsPerRead) return;
        last = end;
      }
    },
  };
}
