import { compare } from "../memory-shelf.ts";
import type { Conflict, Store } from "../store.ts";
import { bodyOf } from "./bodies.ts";
import type { Database } from "./database.ts";
import { endOf, keyText } from "./keys.ts";
import type { QueryOptions } from "./reads.ts";
import { listSyncs } from "./syncs.ts";
import { taskPlaces } from "./task-places.ts";

/** Newest first, by id: ids ascend with time. */
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
      const found: Conflict[] = [];
      for (const each of syncs) {
        const items = await database.query({ ...queryOf(each, taskId), isDescending: true, limit });
        found.push(...items.map((item) => bodyOf<Conflict>(item)));
      }
      return found.sort((a, b) => compare(b.id, a.id)).slice(0, limit);
    },
  };
}
