import { compare } from "../memory-shelf.ts";
import type { Conflict, Store } from "../store.ts";
import { bodyOf } from "./bodies.ts";
import type { Database } from "./database.ts";
import type { Item } from "./items.ts";
import { endOf, keyText } from "./keys.ts";
import type { QueryOptions } from "./reads.ts";
import { listSyncs } from "./syncs.ts";
import { taskPlaces } from "./task-places.ts";

/** Newest first, by their places. */
export function conflictTopic(database: Database): Pick<Store, "listConflicts"> {
  const places = taskPlaces(database);

  function queryOf(syncId: string | null, taskId: string | undefined): QueryOptions {
    if (taskId === undefined) return places.conflicts(syncId);
    const from = `${keyText(taskId)}#`;
    return { ...places.conflicts(syncId), index: "index1", from, to: endOf(from) };
  }

  return {
    async listConflicts({ syncId, taskId, limit }) {
      await database.settle();
      const syncs = syncId === undefined ? [null, ...(await listSyncs(database))] : [syncId];
      const found: Item[] = [];
      for (const each of syncs) {
        const items = await database.query({ ...queryOf(each, taskId), isDescending: true, limit });
        found.push(...items);
      }
      const newest = found.sort((a, b) => compare(b.sk, a.sk)).slice(0, limit);
      return newest.map((item) => bodyOf<Conflict>(item));
    },
  };
}
