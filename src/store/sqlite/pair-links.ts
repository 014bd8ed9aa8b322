import { type PairLinkRow, rowToPairLink, selectPairLinks } from "../pair-rows.ts";
import type { PairLink, PairStore } from "../pair-store.ts";
import { idForms } from "../rules.ts";
import type { Database } from "./database.ts";

export type PairLinkTopic = Pick<
  PairStore,
  "getLinks" | "findLinks" | "findLinksByKey" | "searchLinks" | "listDue" | "nextDue" | "iterateLinks"
>;

/** Rows held at once by a reader of all links. */
const linksPerRead = 200;

/** Sorts after every id that begins with the same characters. */
const last = "\u{10ffff}";

export function pairLinkTopic(database: Database): PairLinkTopic {
  /** Links of a sync (?1) where the column is one of a list (?2). */
  const listedBy = (column: string) =>
    database.query<PairLinkRow>(`${selectPairLinks}
      WHERE l.sync_id = ?1 AND l.${column} IN (SELECT value FROM json_each(?2)) ORDER BY l.id`);
  const byId = listedBy("id");
  const byRecord = { left: listedBy("left_id"), right: listedBy("right_id") };
  const byKey = listedBy("natural_key");
  const after = database.query<PairLinkRow>(
    `${selectPairLinks} WHERE l.sync_id = ? AND l.id > ? ORDER BY l.id LIMIT ?`,
  );

  return {
    async getLinks(syncId, ids) {
      return database.read(() => byId.all(syncId, JSON.stringify(ids))).map(rowToPairLink);
    },
    async findLinks(syncId, side, recordIds) {
      return database.read(() => byRecord[side].all(syncId, JSON.stringify(recordIds))).map(rowToPairLink);
    },
    async findLinksByKey(syncId, keys) {
      return database.read(() => byKey.all(syncId, JSON.stringify(keys))).map(rowToPairLink);
    },
    async *iterateLinks(syncId) {
      let lastId = "";
      for (;;) {
        const rows = database.read(() => after.all(syncId, lastId, linksPerRead));
        yield* rows.map(rowToPairLink);
        const end = rows.at(-1);
        if (end === undefined || rows.length < linksPerRead) return;
        lastId = end.id;
      }
    },
    ...searchTopic(database),
    ...dueTopic(database),
  };
}

function searchTopic(database: Database): Pick<PairStore, "searchLinks"> {
  // The few syncs come first, so that each is one range of an index.
  const inRange = database.query<PairLinkRow>(`${selectPairLinks}
    WHERE l.id IN (
      SELECT id FROM pair_links WHERE id BETWEEN ?1 AND ?2
      UNION
      SELECT r.id FROM pair_state s CROSS JOIN pair_links r ON r.sync_id = s.sync_id AND r.left_id BETWEEN ?1 AND ?2
      UNION
      SELECT r.id FROM pair_state s CROSS JOIN pair_links r ON r.sync_id = s.sync_id AND r.right_id BETWEEN ?1 AND ?2
    ) ORDER BY l.id LIMIT ?3`);

  /** Links with an id from one of the forms to that form followed by `suffix`. */
  function find(forms: readonly string[], suffix: string, limit: number): PairLink[] {
    const rows = forms.flatMap((form) => inRange.all(form, form + suffix, limit));
    const byLinkId = new Map(rows.map((row) => [row.id, rowToPairLink(row)]));
    return [...byLinkId.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit);
  }

  return {
    async searchLinks(reference, limit) {
      const forms = idForms(reference);
      return database.read(() => {
        const exact = find(forms, "", limit);
        return exact.length > 0 ? exact : find(forms, last, limit);
      });
    },
  };
}

/** Priorities are few: each is one range of the index, and what is due later is never passed over. */
function dueTopic(database: Database): Pick<PairStore, "listDue" | "nextDue"> {
  const priorityAfter = database.query<{ priority: number | null }>(`
    SELECT min(priority) AS priority FROM pair_links WHERE sync_id = ? AND priority > ? AND due_at IS NOT NULL`);
  const dueOf = database.query<PairLinkRow>(`${selectPairLinks}
    WHERE l.sync_id = ? AND l.priority = ? AND l.due_at <= ? ORDER BY l.due_at, l.id LIMIT ?`);
  const earliestOf = database.query<{ dueAt: number }>(`
    SELECT min(due_at) AS dueAt FROM pair_links WHERE sync_id = ? AND priority = ? AND due_at IS NOT NULL`);

  function* priorities(syncId: string): Generator<number> {
    for (let before = Number.MIN_SAFE_INTEGER; ; ) {
      const priority = priorityAfter.get(syncId, before)?.priority ?? null;
      if (priority === null) return;
      yield priority;
      before = priority;
    }
  }

  return {
    async listDue(syncId, { now, limit }) {
      return database.read(() => {
        const rows: PairLinkRow[] = [];
        for (const priority of priorities(syncId)) {
          if (rows.length === limit) break;
          rows.push(...dueOf.all(syncId, priority, now, limit - rows.length));
        }
        return rows.map(rowToPairLink);
      });
    },
    async nextDue(syncId) {
      return database.read(() => {
        const dues = [...priorities(syncId)].flatMap(
          (priority) => earliestOf.get(syncId, priority)?.dueAt ?? [],
        );
        return dues.length === 0 ? null : Math.min(...dues);
      });
    },
  };
}
