import type { Store } from "../store.ts";
import { parseDynamoAddress } from "./address.ts";
import { answerStore } from "./answers.ts";
import { collectionStore } from "./collections.ts";
import { openDatabase } from "./database.ts";
import { leaseTopic } from "./leases.ts";
import { checkLayout } from "./migrate.ts";
import { pairStore } from "./pair-store.ts";
import type { RequestOptions } from "./requests.ts";

export interface DynamoStoreOptions extends Omit<RequestOptions, "address"> {
  /** `dynamodb:STAGE?region=…&endpoint=…` */
  readonly url: string;
}

export async function openDynamoStore({ url, ...options }: DynamoStoreOptions): Promise<Partial<Store>> {
  const database = openDatabase({ ...options, address: parseDynamoAddress(url) });
  await checkLayout(database);
  return {
    close: database.close,
    [Symbol.asyncDispose]: database.close,
    pairs: pairStore(database),
    collections: collectionStore(database),
    answers: answerStore(database),
    ...leaseTopic(database),
  };
}
