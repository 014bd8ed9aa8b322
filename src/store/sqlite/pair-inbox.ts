import { type InboxRow, inboxEventValues, rowToInboxEvent, selectInbox } from "../pair-rows.ts";
import type { PairStore } from "../pair-store.ts";
import type { Database } from "./database.ts";

export type InboxTopic = Pick<PairStore, "putInbox" | "listInbox" | "pruneInbox">;

export function inboxTopic(database: Database): InboxTopic {
  const insert = database.query(`
    INSERT INTO pair_inbox (sync_id, source, event_id, side, record_id, kind, changed, prior, occurred_at, received_at,
      detected_by, type)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sync_id, source, event_id) DO NOTHING`);
  const waiting = database.query<InboxRow>(
    `${selectInbox} WHERE sync_id = ? AND handled_at IS NULL ORDER BY seq LIMIT ?`,
  );
  const prune = database.query("DELETE FROM pair_inbox WHERE handled_at IS NOT NULL AND received_at < ?");
  const write = groupedWrites<readonly InboxValues[], number>(database, (events) =>
    events.reduce((count, values) => count + insert.run(...values), 0),
  );

  return {
    async putInbox(events) {
      return events.length === 0 ? 0 : write(events.map(inboxEventValues));
    },
    async listInbox(syncId, limit) {
      return database.read(() => waiting.all(syncId, limit)).map(rowToInboxEvent);
    },
    async pruneInbox(before) {
      return database.write(() => prune.run(before));
    },
  };
}

type InboxValues = ReturnType<typeof inboxEventValues>;

interface WaitingWrite<Input, Output> {
  readonly input: Input;
  readonly resolve: (output: Output) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gives writes that arrive in the same turn of the event loop one transaction, and so one wait for the disk. While it
 * waits, the next ones gather: under load the groups grow, and a lone write waits for nobody.
 */
function groupedWrites<Input, Output>(
  database: Database,
  write: (input: Input) => Output,
): (input: Input) => Promise<Output> {
  let group: WaitingWrite<Input, Output>[] = [];

  function flush(): void {
    const members = group;
    group = [];
    try {
      const written = database.write(() =>
        members.map(({ input, resolve }) => ({ resolve, output: write(input) })),
      );
      for (const { resolve, output } of written) resolve(output);
    } catch (error) {
      for (const { reject } of members) reject(error);
    }
  }

  return (input) =>
    new Promise((resolve, reject) => {
      if (database.isTogether()) return resolve(database.write(() => write(input)));
      if (group.length === 0) setImmediate(flush);
      group.push({ input, resolve, reject });
    });
}
