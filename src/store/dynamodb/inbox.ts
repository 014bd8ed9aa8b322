import { gathered } from "../gathered.ts";
import type { InboxEvent, PairCommit, PairStore, StoredInboxEvent } from "../pair-store.ts";
import { bodyOf, bodyText } from "./bodies.ts";
import { takeNumbers } from "./counters.ts";
import type { Database } from "./database.ts";
import { isConditionFailed } from "./failures.ts";
import { type Key, numberIn, textIn } from "./items.ts";
import { keyText, ordinal, ordinalValue } from "./keys.ts";
import type { Change } from "./scopes.ts";
import { knowSync, listSyncs } from "./syncs.ts";
import type { Update } from "./writes.ts";

// An event is one item under its own name, so that it can be there once. `index1` has the waiting ones by number, `index2`
// the handled ones by when they came.

/** Handled events that nobody prunes go by themselves; one that is delivered again after that is a new hint. */
const keptSeconds = 90 * 24 * 60 * 60;

/** Events of one call that are under way together. */
const putsAtOnce = 16;

export type InboxTopic = Pick<PairStore, "putInbox" | "listInbox" | "pruneInbox">;

function partitionOf(database: Database, syncId: string) {
  return { table: database.sync, pk: `I#${keyText(syncId)}` };
}

export function inboxTopic(database: Database): InboxTopic {
  const put = gathered<readonly InboxEvent[], number>((calls) => putCalls(database, calls));
  return {
    async putInbox(events) {
      return events.length === 0 ? 0 : put(events);
    },
    async listInbox(syncId, limit) {
      await database.settle();
      const waiting = await database.query({ ...partitionOf(database, syncId), index: "index1", limit });
      return waiting.map((item) => ({
        ...bodyOf<Omit<StoredInboxEvent, "seq">>(item),
        seq: numberIn(item, "seq"),
      }));
    },
    async pruneInbox(before) {
      await database.settle();
      let pruned = 0;
      for (const syncId of await listSyncs(database)) pruned += await pruneSync(database, syncId, before);
      return pruned;
    },
  };
}

/** Of an event that several calls bring, the first has brought it. */
async function putCalls(database: Database, calls: readonly (readonly InboxEvent[])[]): Promise<number[]> {
  const unique = new Map<string, InboxEvent>();
  for (const event of calls.flat()) if (!unique.has(nameOf(event))) unique.set(nameOf(event), event);
  const bySync = Map.groupBy(unique.values(), ({ syncId }) => syncId);
  const added = new Set<string>();
  for (const [syncId, events] of bySync) {
    await knowSync(database, syncId);
    const last = await takeNumbers(database, "INBOX", events.length);
    for (let n = 0; n < events.length; n += putsAtOnce) {
      const together = events.slice(n, n + putsAtOnce).map(async (event, k) => {
        const seq = last - events.length + 1 + n + k;
        if (await putEvent(database, event, seq)) added.add(nameOf(event));
      });
      await Promise.all(together);
    }
  }
  return calls.map((events) => events.filter((event) => added.delete(nameOf(event))).length);
}

/** False: it was there already. */
async function putEvent(database: Database, event: InboxEvent, seq: number): Promise<boolean> {
  const key = eventKey(database, event);
  try {
    await database.put(key.table, eventItem(key, event, seq), "attribute_not_exists(pk)");
    return true;
  } catch (error) {
    if (!isConditionFailed(error)) throw error;
    // The answer to a first try may have been lost.
    return numberIn(await database.get(key), "seq") === seq;
  }
}

/** Of an event that waits. */
export function eventItem({ pk, sk }: Key, event: InboxEvent, seq: number) {
  return { pk, sk, seq, receivedAt: event.receivedAt, index1: ordinal(seq), body: bodyText(event) };
}

export function eventKey(database: Database, { syncId, source, eventId }: InboxEvent): Key {
  return { ...partitionOf(database, syncId), sk: `${keyText(source)}#${keyText(eventId)}` };
}

/** The events of a commit's sync that wait and that it is done with. */
export async function handledChanges(
  database: Database,
  { syncId, handled, at }: PairCommit,
): Promise<Change[]> {
  if (handled.length === 0) return [];
  const seqs = new Set(handled);
  const partition = partitionOf(database, syncId);
  const waiting = await database.query({
    ...partition,
    index: "index1",
    from: ordinal(Math.min(...handled)),
    to: ordinal(Math.max(...handled)),
    isKeysOnly: true,
  });
  return waiting.flatMap((item): Change[] => {
    const seq = ordinalValue(textIn(item, "index1") ?? "");
    if (!seqs.has(seq)) return [];
    return [{ kind: "update", update: handledUpdate({ ...partition, sk: item.sk }, seq, at) }];
  });
}

/** By its number, so that it is never meant for an event that was forgotten and came again. */
function handledUpdate(key: Key, seq: number, at: string): Update {
  return {
    key,
    expression: "SET #handled = #received, #at = :at, #expires = :expires REMOVE #waiting",
    condition: "#seq = :seq",
    names: {
      "#handled": "index2",
      "#received": "receivedAt",
      "#at": "handledAt",
      "#expires": "expiresAt",
      "#waiting": "index1",
      "#seq": "seq",
    },
    values: { ":at": at, ":expires": Math.floor(Date.parse(at) / 1000) + keptSeconds, ":seq": seq },
  };
}

async function pruneSync(database: Database, syncId: string, before: string): Promise<number> {
  const partition = partitionOf(database, syncId);
  const old = await database.query({ ...partition, index: "index2", to: before, isKeysOnly: true });
  const keys = old
    .filter((item) => (textIn(item, "index2") ?? before) < before)
    .map(({ sk }): Key => ({ ...partition, sk }));
  await database.deleteAll(database.sync, keys);
  return keys.length;
}

function nameOf({ syncId, source, eventId }: Pick<InboxEvent, "syncId" | "source" | "eventId">): string {
  return JSON.stringify([syncId, source, eventId]);
}
