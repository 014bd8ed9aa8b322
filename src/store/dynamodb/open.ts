import type { Store } from "../store.ts";
import { parseDynamoAddress } from "./address.ts";
import { answerStore } from "./answers.ts";
import { collectionStore } from "./collections.ts";
import { commitTopic } from "./commit.ts";
import { conflictTopic } from "./conflicts.ts";
import { openDatabase } from "./database.ts";
import { editTopic } from "./edits.ts";
import { historyTopic } from "./history.ts";
import { leaseTopic } from "./leases.ts";
import { linkTopic } from "./links.ts";
import { checkLayout, hasTables } from "./migrate.ts";
import { syncTopic } from "./one-way-syncs.ts";
import { pairStore } from "./pair-store.ts";
import type { RequestOptions } from "./requests.ts";
import { runTopic } from "./runs.ts";
import { taskTopic } from "./tasks.ts";

export interface DynamoStoreOptions extends Omit<RequestOptions, "address"> {
  /** `dynamodb:STAGE?region=…&endpoint=…` */
  readonly url: string;
}

/**
 * A store in the three tables of a stage, shared safely by processes on any number of machines. The tables must be there; a
 * stack makes them, or `lockstep store migrate`.
 */
export async function openDynamoStore({ url, ...options }: DynamoStoreOptions): Promise<Store> {
  const database = openDatabase({ ...options, address: parseDynamoAddress(url) });
  try {
    await checkLayout(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  return {
    close: database.close,
    [Symbol.asyncDispose]: database.close,
    pairs: pairStore(database),
    collections: collectionStore(database),
    answers: answerStore(database),
    ...taskTopic(database),
    ...editTopic(database),
    ...historyTopic(database),
    ...syncTopic(database),
    ...linkTopic(database),
    ...commitTopic(database),
    ...runTopic(database),
    ...conflictTopic(database),
    ...leaseTopic(database),
  };
}

export async function hasDynamoStore({ url, ...options }: DynamoStoreOptions): Promise<boolean> {
  const database = openDatabase({ ...options, address: parseDynamoAddress(url) });
  try {
    return await hasTables(database);
  } finally {
    await database.close();
  }
}
