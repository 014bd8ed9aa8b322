import { LockstepError } from "../../core/errors.ts";
import type { StoreTables } from "../tables.ts";
import { parseDynamoAddress } from "./address.ts";
import { openDatabase } from "./database.ts";
import { checkLayout, createTables } from "./migrate.ts";
import type { DynamoStoreOptions } from "./open.ts";

/** Makes what tables of the stage are missing. */
export async function openDynamoTables({ url, ...options }: DynamoStoreOptions): Promise<StoreTables> {
  const database = openDatabase({ ...options, address: parseDynamoAddress(url) });
  await createTables(database);
  const schema = await checkLayout(database);
  const refuse = async (): Promise<never> => {
    throw new LockstepError("STORE_FAILED", `the store ${database.name} cannot be copied yet`);
  };
  return {
    name: database.name,
    schema,
    read: refuse,
    startCopy: refuse,
    insert: refuse,
    finishCopy: refuse,
    [Symbol.asyncDispose]: database.close,
  };
}
