import type { Ids } from "../../core/clock.ts";
import type { Store } from "../store.ts";
import { answerStore } from "./answers.ts";
import { collectionStore } from "./collections.ts";
import { commitTopic } from "./commit.ts";
import { conflictTopic } from "./conflicts.ts";
import type { DatabaseOptions } from "./connections.ts";
import { openDatabase } from "./database.ts";
import { editTopic } from "./edits.ts";
import { historyTopic } from "./history.ts";
import { leaseTopic } from "./leases.ts";
import { linkTopic } from "./links.ts";
import { pairStore } from "./pair-store.ts";
import { runTopic } from "./runs.ts";
import { syncTopic } from "./syncs.ts";
import { taskTopic } from "./tasks.ts";

export interface PostgresStoreOptions extends DatabaseOptions {
  readonly ids: Ids;
}

/** A store in one schema of a Postgres database (14 or newer), shared safely by processes on any number of machines. */
export async function openPostgresStore({ ids, ...options }: PostgresStoreOptions): Promise<Store> {
  const database = await openDatabase(options);
  return {
    close: database.close,
    [Symbol.asyncDispose]: database.close,
    pairs: pairStore(database),
    collections: collectionStore(database),
    answers: answerStore(database),
    ...taskTopic(database),
    ...editTopic(database, ids),
    ...historyTopic(database),
    ...syncTopic(database),
    ...linkTopic(database),
    ...commitTopic(database, ids),
    ...runTopic(database),
    ...conflictTopic(database),
    ...leaseTopic(database),
  };
}
