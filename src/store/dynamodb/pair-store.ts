import type { Json } from "../../core/json.ts";
import type { PairStore } from "../pair-store.ts";
import { bodyOf } from "./bodies.ts";
import type { Database } from "./database.ts";
import { inboxTopic } from "./inbox.ts";
import { keyText } from "./keys.ts";
import { pairCommitTopic } from "./pair-commit.ts";
import { holdTopic, pairConflictTopic } from "./pair-decisions.ts";
import { pairHistoryTopic } from "./pair-history.ts";
import { pairDueTopic, pairLinkTopic, pairSearchTopic } from "./pair-links.ts";
import { pairPlaces } from "./pair-places.ts";
import { pairSweepTopic } from "./pair-sweeps.ts";
import { headOf } from "./scopes.ts";
import { syncHead } from "./syncs.ts";

/** What two-way syncs know. */
export function pairStore(database: Database): PairStore {
  return {
    ...pairLinkTopic(database),
    ...pairSearchTopic(database),
    ...pairDueTopic(database),
    ...pairCommitTopic(database),
    ...pairSweepTopic(database),
    ...inboxTopic(database),
    ...pairHistoryTopic(database),
    ...pairConflictTopic(database),
    ...holdTopic(database),
    ...totalsTopic(database),
  };
}

/** Links are counted by the head; what is open or waiting is in an index of its own, and little. */
function totalsTopic(database: Database): Pick<PairStore, "getState" | "getPairTotals"> {
  const places = pairPlaces(database);
  return {
    async getState(syncId) {
      await database.settle();
      const item = await database.get(places.state(syncId));
      return item === null ? null : bodyOf<Json>(item);
    },
    async getPairTotals(syncId) {
      await database.settle();
      const [head, openConflicts, openHolds, inbox] = await Promise.all([
        database.get(syncHead(database, syncId)),
        database.count({ ...places.conflicts(syncId), index: "index2" }),
        database.count({ ...places.holds(syncId), index: "index2" }),
        database.count({ table: database.sync, pk: `I#${keyText(syncId)}`, index: "index1" }),
      ]);
      const { counts } = headOf(syncHead(database, syncId), head);
      return {
        live: counts["pairs.live"] ?? 0,
        dead: counts["pairs.dead"] ?? 0,
        unlinked: counts["pairs.unlinked"] ?? 0,
        pending: counts["pairs.none"] ?? 0,
        due: counts["pairs.due"] ?? 0,
        problems: counts["pairs.problems"] ?? 0,
        openConflicts,
        openHolds,
        inbox,
      };
    },
  };
}
