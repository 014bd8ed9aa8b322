import type { Ids } from "../../core/clock.ts";
import type { Store } from "../store.ts";
import type { SharedStore } from "../threaded/host.ts";
import { commitTopic } from "./commit.ts";
import { conflictTopic } from "./conflicts.ts";
import { type Database, openDatabase } from "./database.ts";
import { editTopic } from "./edits.ts";
import { historyTopic } from "./history.ts";
import { leaseTopic } from "./leases.ts";
import { linkTopic } from "./links.ts";
import { pairStore } from "./pair-store.ts";
import { runTopic } from "./runs.ts";
import { syncTopic, syncWriter } from "./syncs.ts";
import { taskReader, taskTopic } from "./tasks.ts";

export interface SqliteStoreOptions {
  /** A file, made when missing (its folder must exist), or ":memory:". */
  readonly path: string;
  readonly ids: Ids;
  /** How long a write waits for another process's transaction before it fails with STORE_FAILED. */
  readonly busyTimeoutMs?: number;
}

const busyTimeoutMs = 10_000;

/** A store in one SQLite file, shared safely by several processes on one machine. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  return storeOn(openDatabase(options.path, options.busyTimeoutMs ?? busyTimeoutMs), options.ids);
}

/** The same, for whoever collects calls: what those write that begin in `together` is kept with one wait for the disk. */
export async function openSharedSqliteStore({ path, ids }: SqliteStoreOptions): Promise<SharedStore> {
  const database = openDatabase(path, busyTimeoutMs);
  return { store: storeOn(database, ids), together: database.together };
}

function storeOn(database: Database, ids: Ids): Store {
  const tasks = taskReader(database);
  const syncs = syncWriter(database);
  const close = async () => database.close();
  return {
    close,
    [Symbol.asyncDispose]: close,
    pairs: pairStore(database),
    ...taskTopic(database, tasks),
    ...editTopic(database, ids, tasks),
    ...historyTopic(database),
    ...syncTopic(database, syncs),
    ...linkTopic(database),
    ...commitTopic(database, ids, syncs),
    ...runTopic(database),
    ...conflictTopic(database),
    ...leaseTopic(database),
  };
}
