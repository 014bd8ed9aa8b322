import { type LinkRow, linkColumns, rowToLink, textToJson } from "../rows.ts";
import type { Store, SyncTotals } from "../store.ts";
import type { Database } from "./database.ts";

interface MemoRow {
  readonly sourceId: string;
  readonly revision: string;
  readonly memo: string | null;
}

const joinNewest = "JOIN tasks t ON t.id = l.task_id JOIN task_versions v ON v.id = t.current_version_id";

/**
 * The page first, then what belongs to its links: however Postgres guesses the sizes of the tables, it does not join
 * them whole.
 */
const selectPage = (condition: string) => `
  SELECT ${linkColumns} FROM (
    SELECT * FROM links
    WHERE sync_id = $1 AND source_id > $2 AND state IN ('live', 'missing') ${condition}
    ORDER BY source_id LIMIT $3
  ) l ${joinNewest} ORDER BY l.source_id`;

const unseen = `
  AND NOT EXISTS (SELECT 1 FROM sweep_marks m WHERE m.sync_id = links.sync_id AND m.source_id = links.source_id)`;

/** Rows held at once by a reader of all links. */
const linksPerRead = 500;

export type LinkTopic = Pick<Store, "getLinks" | "getMemos" | "getTotals" | "iterateLinks" | "getUnseen">;

export function linkTopic(database: Database): LinkTopic {
  return {
    async getLinks(syncId, sourceIds) {
      const rows = await database.all<LinkRow>(
        `SELECT ${linkColumns} FROM links l ${joinNewest}
        WHERE l.sync_id = $1 AND l.source_id = ANY ($2::text[])`,
        syncId,
        sourceIds,
      );
      return new Map(rows.map((row) => [row.sourceId, rowToLink(row)]));
    },

    async getMemos(syncId, sourceIds) {
      const rows = await database.all<MemoRow>(
        `SELECT source_id AS "sourceId", source_revision AS revision, memo
        FROM links WHERE sync_id = $1 AND source_id = ANY ($2::text[])`,
        syncId,
        sourceIds,
      );
      return new Map(
        rows.map(({ sourceId, revision, memo }) => [sourceId, { revision, memo: textToJson(memo) }]),
      );
    },

    async getTotals(syncId) {
      const row = await database.get<SyncTotals>(
        `SELECT count(*) FILTER (WHERE state = 'live') AS live, count(*) FILTER (WHERE state = 'deleted') AS deleted,
          count(*) FILTER (WHERE state = 'missing') AS missing,
          count(*) FILTER (WHERE state IN ('moved', 'archived')) AS "outOfScope"
        FROM links WHERE sync_id = $1`,
        syncId,
      );
      return { live: 0, deleted: 0, missing: 0, outOfScope: 0, ...row };
    },

    async *iterateLinks(syncId) {
      let after = "";
      for (;;) {
        const rows = await database.all<LinkRow>(selectPage(""), syncId, after, linksPerRead);
        yield* rows.map(rowToLink);
        const last = rows.at(-1);
        if (last === undefined || rows.length < linksPerRead) return;
        after = last.sourceId;
      }
    },

    async getUnseen(syncId, { after, limit }) {
      const rows = await database.all<LinkRow>(selectPage(unseen), syncId, after ?? "", limit);
      return rows.map(rowToLink);
    },
  };
}
