import { type LinkRow, linkColumns, rowToLink, textToJson } from "../rows.ts";
import type { Store } from "../store.ts";
import type { Database } from "./database.ts";

interface MemoRow {
  sourceId: string;
  revision: string;
  memo: string | null;
}

interface TotalsRow {
  live: number;
  deleted: number;
  missing: number;
  outOfScope: number;
}

const joinNewest = "JOIN tasks t ON t.id = l.task_id JOIN task_versions v ON v.id = t.current_version_id";

const selectLinks = `SELECT ${linkColumns} FROM links l ${joinNewest}`;

/** Rows held at once by a reader of all links. */
const linksPerRead = 500;

export type LinkTopic = Pick<Store, "getLinks" | "getMemos" | "getTotals" | "iterateLinks" | "getUnseen">;

export function linkTopic(database: Database): LinkTopic {
  // One statement for a whole batch takes less than half the time of one per id.
  const listed = database.query<LinkRow>(`
    SELECT ${linkColumns} FROM json_each(?2) id CROSS JOIN links l ON l.sync_id = ?1 AND l.source_id = id.value
    ${joinNewest}`);
  const memosListed = database.query<MemoRow>(`
    SELECT l.source_id AS sourceId, l.source_revision AS revision, l.memo
    FROM json_each(?2) id CROSS JOIN links l ON l.sync_id = ?1 AND l.source_id = id.value`);
  const totals = database.query<TotalsRow>(`
    SELECT count(*) FILTER (WHERE state = 'live') AS live, count(*) FILTER (WHERE state = 'deleted') AS deleted,
      count(*) FILTER (WHERE state = 'missing') AS missing,
      count(*) FILTER (WHERE state IN ('moved', 'archived')) AS outOfScope
    FROM links WHERE sync_id = ?`);
  const presentAfter = database.query<LinkRow>(
    `${selectLinks} WHERE l.sync_id = ? AND l.source_id > ? AND l.state IN ('live', 'missing') ORDER BY l.source_id LIMIT ?`,
  );
  const unseenAfter = database.query<LinkRow>(`${selectLinks}
    WHERE l.sync_id = ? AND l.source_id > ? AND l.state IN ('live', 'missing')
      AND NOT EXISTS (SELECT 1 FROM sweep_marks m WHERE m.sync_id = l.sync_id AND m.source_id = l.source_id)
    ORDER BY l.source_id LIMIT ?`);

  return {
    async getLinks(syncId, sourceIds) {
      const rows = database.read(() => listed.all(syncId, JSON.stringify(sourceIds)));
      return new Map(rows.map((row) => [row.sourceId, rowToLink(row)]));
    },

    async getMemos(syncId, sourceIds) {
      const rows = database.read(() => memosListed.all(syncId, JSON.stringify(sourceIds)));
      return new Map(
        rows.map(({ sourceId, revision, memo }) => [sourceId, { revision, memo: textToJson(memo) }]),
      );
    },

    async getTotals(syncId) {
      const row = database.read(() => totals.get(syncId));
      return { live: 0, deleted: 0, missing: 0, outOfScope: 0, ...row };
    },

    async *iterateLinks(syncId) {
      let after = "";
      for (;;) {
        const rows = database.read(() => presentAfter.all(syncId, after, linksPerRead));
        yield* rows.map(rowToLink);
        const last = rows.at(-1);
        if (last === undefined || rows.length < linksPerRead) return;
        after = last.sourceId;
      }
    },

    async getUnseen(syncId, { after, limit }) {
      return database.read(() => unseenAfter.all(syncId, after ?? "", limit)).map(rowToLink);
    },
  };
}
