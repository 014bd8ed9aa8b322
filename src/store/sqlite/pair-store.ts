import type { PairStore } from "../pair-store.ts";
import type { Database } from "./database.ts";
import { pairCommitTopic } from "./pair-commit.ts";
import { pairConflictTopic } from "./pair-conflicts.ts";
import { pairHistoryTopic } from "./pair-history.ts";
import { holdTopic } from "./pair-holds.ts";
import { inboxTopic } from "./pair-inbox.ts";
import { pairLinkTopic } from "./pair-links.ts";
import { pairSweepTopic } from "./pair-sweeps.ts";
import { pairSyncWriter, pairTotalsTopic } from "./pair-syncs.ts";

/** What two-way syncs know, in the tables that begin with `pair_`. */
export function pairStore(database: Database): PairStore {
  const syncs = pairSyncWriter(database);
  return {
    ...pairTotalsTopic(database),
    ...pairLinkTopic(database),
    ...pairCommitTopic(database, syncs),
    ...pairSweepTopic(database, syncs),
    ...inboxTopic(database),
    ...pairHistoryTopic(database),
    ...pairConflictTopic(database),
    ...holdTopic(database),
  };
}
