import { checkFence } from "../pair-rules.ts";
import type { Store, SyncState } from "../store.ts";
import { bodyOf, bodyText } from "./bodies.ts";
import type { Database } from "./database.ts";
import { heldFence } from "./leases.ts";
import { added, type Change, type Counts } from "./scopes.ts";
import { knowSync, syncHead } from "./syncs.ts";
import { taskPlaces } from "./task-places.ts";

type SyncTopic = Pick<Store, "getSync" | "saveBinding" | "startSweep" | "finishSweep">;
type SyncChange = Partial<Omit<SyncState, "syncId">>;

/** What a one-way sync knows beside its links. */
export function syncTopic(database: Database): SyncTopic {
  async function save(
    { syncId, fence }: { readonly syncId: string; readonly fence: number },
    change: SyncChange,
    counts: Counts = {},
  ): Promise<void> {
    await knowSync(database, syncId);
    await database.write([syncHead(database, syncId)], async ([head]) => {
      if (head === undefined) throw new TypeError("a write came without its head");
      checkFence({ syncId, fence }, heldFence(syncId, head.item));
      const changes = await checkpointChanges(database, syncId, change);
      return { result: undefined, writes: [{ head, counts: added(head.counts, counts), changes }] };
    });
  }
  /** Marks belong to the sweep with this number: with another one, all of them are forgotten. */
  const anotherSweep: Counts = { "links.sweep": 1 };
  return {
    async getSync(syncId) {
      await database.settle();
      const item = await database.get(taskPlaces(database).sync(syncId));
      return item === null ? null : bodyOf<SyncState>(item);
    },
    saveBinding: (syncId, fence, binding) => save({ syncId, fence }, { binding }),
    startSweep: (syncId, fence) => save({ syncId, fence }, {}, anotherSweep),
    finishSweep: (syncId, fence, at) => save({ syncId, fence }, { lastSweepAt: at }, anotherSweep),
  };
}

/** None when the sync is known and nothing of it changes. */
export async function checkpointChanges(
  database: Database,
  syncId: string,
  change: SyncChange,
): Promise<Change[]> {
  const { table, ...key } = taskPlaces(database).sync(syncId);
  const item = await database.get({ table, ...key });
  if (item !== null && Object.keys(change).length === 0) return [];
  const stored: SyncState =
    item === null ? { syncId, checkpoint: null, binding: null, lastSweepAt: null } : bodyOf<SyncState>(item);
  return [{ kind: "replace", table, item: { ...key, body: bodyText({ ...stored, ...change }) } }];
}
