import { gathered } from "../gathered.ts";
import { type InboxRow, inboxEventValues, rowToInboxEvent, selectInbox } from "../pair-rows.ts";
import type { InboxEvent, PairStore } from "../pair-store.ts";
import type { Database } from "./database.ts";
import { type InsertPlan, insertReturning } from "./insert.ts";

export type InboxTopic = Pick<PairStore, "putInbox" | "listInbox" | "pruneInbox">;

const inboxPlan: InsertPlan = {
  table: "pair_inbox",
  columns: {
    sync_id: "text",
    source: "text",
    event_id: "text",
    side: "text",
    record_id: "text",
    kind: "text",
    changed: "text",
    prior: "text",
    occurred_at: "text",
    received_at: "text",
    detected_by: "text",
    type: "text",
  },
  otherwise: `ON CONFLICT (sync_id, source, event_id) DO NOTHING
    RETURNING sync_id AS "syncId", source, event_id AS "eventId"`,
};

export function inboxTopic(database: Database): InboxTopic {
  const put = gathered<readonly InboxEvent[], number>((calls) => insertCalls(database, calls));

  return {
    async putInbox(events) {
      return events.length === 0 ? 0 : put(events);
    },
    async listInbox(syncId, limit) {
      const rows = await database.all<InboxRow>(
        `${selectInbox} WHERE sync_id = $1 AND handled_at IS NULL ORDER BY seq LIMIT $2`,
        syncId,
        limit,
      );
      return rows.map(rowToInboxEvent);
    },
    pruneInbox: (before) =>
      database.run("DELETE FROM pair_inbox WHERE handled_at IS NOT NULL AND received_at < $1", before),
  };
}

/** One statement for all calls. Of an event that several of them bring, the first has brought it. */
async function insertCalls(database: Database, calls: readonly (readonly InboxEvent[])[]): Promise<number[]> {
  const rows = await insertReturning<Pick<InboxEvent, "syncId" | "source" | "eventId">>(
    database,
    inboxPlan,
    calls.flat().map(inboxEventValues),
  );
  const added = new Set(rows.map(nameOf));
  return calls.map((events) => events.filter((event) => added.delete(nameOf(event))).length);
}

function nameOf({ syncId, source, eventId }: Pick<InboxEvent, "syncId" | "source" | "eventId">): string {
  return JSON.stringify([syncId, source, eventId]);
}
