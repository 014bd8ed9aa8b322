import type { RememberedRecord } from "../../connector/connector.ts";
import type { Link, LinkState, Store } from "../store.ts";
import type { Database } from "./database.ts";
import { textToJson } from "./json.ts";

interface LinkRow {
  sourceId: string;
  taskId: string;
  state: LinkState;
  missingSince: string | null;
  sourceFingerprint: string;
  sourceRevision: string;
  baseVersionNum: number;
  baseSource: string | null;
  memo: string | null;
  currentVersionNum: number;
  isTaskDeleted: number;
}

interface TotalsRow {
  live: number;
  deleted: number;
  missing: number;
  outOfScope: number;
}

const selectLinks = `
  SELECT l.source_id AS sourceId, l.task_id AS taskId, l.state, l.missing_since AS missingSince,
    l.source_fingerprint AS sourceFingerprint, l.source_revision AS sourceRevision,
    l.base_version_num AS baseVersionNum, l.base_source AS baseSource, l.memo,
    v.version_num AS currentVersionNum, v.is_deleted AS isTaskDeleted
  FROM links l
  JOIN tasks t ON t.id = l.task_id
  JOIN task_versions v ON v.id = t.current_version_id`;

/** Rows held at once by a reader of all links. */
const linksPerRead = 500;

export type LinkTopic = Pick<Store, "getLinks" | "getMemos" | "getTotals" | "iterateLinks" | "getUnseen">;

export function linkTopic(database: Database): LinkTopic {
  const byId = database.query<LinkRow>(`${selectLinks} WHERE l.sync_id = ? AND l.source_id = ?`);
  const memoById = database.query<{ revision: string; memo: string | null }>(
    "SELECT source_revision AS revision, memo FROM links WHERE sync_id = ? AND source_id = ?",
  );
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
      return database.read(() => {
        const links = new Map<string, Link>();
        for (const sourceId of sourceIds) {
          const row = byId.get(syncId, sourceId);
          if (row !== undefined) links.set(sourceId, rowToLink(row));
        }
        return links;
      });
    },

    async getMemos(syncId, sourceIds) {
      return database.read(() => {
        const memos = new Map<string, RememberedRecord>();
        for (const sourceId of sourceIds) {
          const row = memoById.get(syncId, sourceId);
          if (row !== undefined) memos.set(sourceId, { revision: row.revision, memo: textToJson(row.memo) });
        }
        return memos;
      });
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

function rowToLink(row: LinkRow): Link {
  return {
    sourceId: row.sourceId,
    taskId: row.taskId,
    state: row.state,
    missingSince: row.missingSince,
    sourceFingerprint: row.sourceFingerprint,
    sourceRevision: row.sourceRevision,
    baseVersionNum: row.baseVersionNum,
    baseSource: textToJson(row.baseSource),
    memo: textToJson(row.memo),
    currentVersionNum: row.currentVersionNum,
    isTaskDeleted: row.isTaskDeleted === 1,
  };
}
