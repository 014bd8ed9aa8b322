import { type PairLinkRow, rowToPairLink, selectPairLinks } from "../pair-rows.ts";
import type { PairLink, PairStore } from "../pair-store.ts";
import { idForms } from "../rules.ts";
import type { Database, Session } from "./database.ts";

export type PairLinkTopic = Pick<
  PairStore,
  "getLinks" | "findLinks" | "findLinksByKey" | "searchLinks" | "listDue" | "nextDue" | "iterateLinks"
>;

/** Rows held at once by a reader of all links. */
const linksPerRead = 200;

/** Sorts after every id that begins with the same characters. */
const last = "\u{10ffff}";

/** That a link `l` has one of a list of natural keys, in the form that the index answers. */
export function keyCondition(list: string): string {
  return `(left(l.natural_key, 500) = ANY (ARRAY(SELECT left(each, 500) FROM unnest(${list}::text[]) AS each))
    AND l.natural_key = ANY (${list}::text[]))`;
}

export function pairLinkTopic(database: Database): PairLinkTopic {
  async function listed(condition: string, syncId: string, list: readonly string[]): Promise<PairLink[]> {
    const rows = await database.all<PairLinkRow>(
      `${selectPairLinks} WHERE l.sync_id = $1 AND ${condition} ORDER BY l.id`,
      syncId,
      list,
    );
    return rows.map(rowToPairLink);
  }

  return {
    getLinks: (syncId, ids) => listed("l.id = ANY ($2::text[])", syncId, ids),
    findLinks: (syncId, side, recordIds) =>
      listed(
        side === "left" ? "l.left_id = ANY ($2::text[])" : "l.right_id = ANY ($2::text[])",
        syncId,
        recordIds,
      ),
    findLinksByKey: (syncId, keys) => listed(keyCondition("$2"), syncId, keys),

    async searchLinks(reference, limit) {
      const forms = idForms(reference);
      return database.snapshot(async (session) => {
        const exact = await findBetween(session, forms, { suffix: "", limit });
        return exact.length > 0 ? exact : findBetween(session, forms, { suffix: last, limit });
      });
    },

    async *iterateLinks(syncId) {
      let after = "";
      for (;;) {
        const rows = await database.all<PairLinkRow>(
          `${selectPairLinks} WHERE l.sync_id = $1 AND l.id > $2 ORDER BY l.id LIMIT $3`,
          syncId,
          after,
          linksPerRead,
        );
        yield* rows.map(rowToPairLink);
        const end = rows.at(-1);
        if (end === undefined || rows.length < linksPerRead) return;
        after = end.id;
      }
    },
    ...dueTopic(database),
  };
}

/** Links with an id from one of the forms to that form followed by `suffix`. */
async function findBetween(
  session: Session,
  forms: readonly string[],
  { suffix, limit }: { suffix: string; limit: number },
): Promise<PairLink[]> {
  const rows = await session.all<PairLinkRow>(
    `WITH form AS (SELECT written AS first, written || $2 AS last FROM unnest($1::text[]) AS written)
    ${selectPairLinks}
    WHERE l.id IN (
      SELECT r.id FROM form JOIN pair_links r ON r.id BETWEEN first AND last
      UNION
      SELECT r.id FROM form CROSS JOIN pair_state s
      JOIN pair_links r ON r.sync_id = s.sync_id AND r.left_id BETWEEN first AND last
      UNION
      SELECT r.id FROM form CROSS JOIN pair_state s
      JOIN pair_links r ON r.sync_id = s.sync_id AND r.right_id BETWEEN first AND last
    ) ORDER BY l.id LIMIT $3`,
    forms,
    suffix,
    limit,
  );
  return rows.map(rowToPairLink);
}

/** The sync's priorities. They are few: each is one range of the index, and what is due later is never passed over. */
const withPriorities = `
  WITH RECURSIVE priorities AS (
    SELECT min(priority) AS priority FROM pair_links WHERE sync_id = $1 AND due_at IS NOT NULL
    UNION ALL
    SELECT (
      SELECT min(l.priority) FROM pair_links l
      WHERE l.sync_id = $1 AND l.due_at IS NOT NULL AND l.priority > p.priority
    ) FROM priorities p WHERE p.priority IS NOT NULL
  )`;

function dueTopic(database: Database): Pick<PairStore, "listDue" | "nextDue"> {
  return {
    async listDue(syncId, { now, limit }) {
      const rows = await database.all<PairLinkRow>(
        `${withPriorities}
        ${selectPairLinks}
        WHERE l.id IN (
          SELECT due.id FROM priorities p CROSS JOIN LATERAL (
            SELECT id FROM pair_links
            WHERE sync_id = $1 AND priority = p.priority AND due_at <= $2 ORDER BY due_at, id LIMIT $3
          ) due
        ) ORDER BY l.priority, l.due_at, l.id LIMIT $3`,
        syncId,
        now,
        limit,
      );
      return rows.map(rowToPairLink);
    },
    async nextDue(syncId) {
      const row = await database.get<{ dueAt: number | null }>(
        `${withPriorities}
        SELECT min(due.due_at) AS "dueAt" FROM priorities p CROSS JOIN LATERAL (
          SELECT min(due_at) AS due_at FROM pair_links
          WHERE sync_id = $1 AND priority = p.priority AND due_at IS NOT NULL
        ) due`,
        syncId,
      );
      return row?.dueAt ?? null;
    },
  };
}
