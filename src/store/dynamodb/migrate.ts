import {
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { LockstepError } from "../../core/errors.ts";
import type { SchemaChange } from "../tables.ts";
import type { Database } from "./database.ts";
import { isConditionFailed, isMissingTable, isUnknownOperation } from "./failures.ts";
import { numberIn } from "./items.ts";
import { type TableDefinition, tableDefinitions, tableRoles } from "./tables.ts";

/** The number of the layout of items and keys. A change of it comes with a way from the one before. */
const layout = 1;

const tableWaitSeconds = 120;

const mark = { pk: "STORE", sk: "LAYOUT" };

/** Makes the tables that are missing, for stages that no stack has made. */
export async function createTables(database: Database): Promise<void> {
  const { client, failure } = database.requests;
  try {
    for (const role of tableRoles) {
      const name = database.table(role);
      if (!(await hasTable(client, name))) await createTable(client, name, tableDefinitions[role]);
    }
  } catch (error) {
    throw failure(error);
  }
}

export async function hasTables(database: Database): Promise<boolean> {
  try {
    return await hasTable(database.requests.client, database.table("sync"));
  } catch (error) {
    throw database.requests.failure(error);
  }
}

/** Marks new tables with their layout; refuses another one, and a copy that was not finished. */
export async function checkLayout(database: Database, { isFilling = false } = {}): Promise<SchemaChange> {
  const item = await database.get({ table: database.sync, ...mark });
  if (item === null) {
    await firstMark(database);
    return { from: 0, to: layout };
  }
  const found = numberIn(item, "layout");
  if (found > layout) throw newerLayout(database.name, found);
  if (item.filling === true && !isFilling) throw unfinished(database.name);
  return { from: found, to: layout };
}

/** Whether the store is being filled by a copy. */
export async function markFilling(database: Database, isFilling: boolean): Promise<void> {
  await database.put(database.sync, { ...mark, layout, ...(isFilling ? { filling: true } : {}) });
}

/** Of several that open a new store at once, one marks it. */
async function firstMark(database: Database): Promise<void> {
  try {
    await database.put(database.sync, { ...mark, layout }, "attribute_not_exists(pk)");
  } catch (error) {
    if (!isConditionFailed(error)) throw error;
  }
}

async function hasTable(client: DynamoDBClient, name: string): Promise<boolean> {
  try {
    await client.send(new DescribeTableCommand({ TableName: name }));
    return true;
  } catch (error) {
    if (isMissingTable(error)) return false;
    throw error;
  }
}

async function createTable(client: DynamoDBClient, name: string, table: TableDefinition): Promise<void> {
  const { partitionKey, sortKey, localIndexes } = table;
  const keys = (sort: string) => [
    { AttributeName: partitionKey, KeyType: "HASH" as const },
    { AttributeName: sort, KeyType: "RANGE" as const },
  ];
  const attributes = [partitionKey, sortKey, ...localIndexes.map((index) => index.sortKey)];
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: table.billingMode,
      KeySchema: keys(sortKey),
      AttributeDefinitions: attributes.map((each) => ({ AttributeName: each, AttributeType: "S" })),
      LocalSecondaryIndexes: localIndexes.map((index) => ({
        IndexName: index.name,
        KeySchema: keys(index.sortKey),
        Projection: { ProjectionType: index.projection },
      })),
      DeletionProtectionEnabled: true,
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: tableWaitSeconds, minDelay: 1 }, { TableName: name });
  const specification = { Enabled: true, AttributeName: table.timeToLiveAttribute };
  await client.send(new UpdateTimeToLiveCommand({ TableName: name, TimeToLiveSpecification: specification }));
  await enableRecovery(client, name);
}

async function enableRecovery(client: DynamoDBClient, name: string): Promise<void> {
  const specification = { PointInTimeRecoveryEnabled: true };
  try {
    await client.send(
      new UpdateContinuousBackupsCommand({
        TableName: name,
        PointInTimeRecoverySpecification: specification,
      }),
    );
  } catch (error) {
    // A stand-in for DynamoDB that keeps its tables in memory has no backups.
    if (!isUnknownOperation(error)) throw error;
  }
}

function newerLayout(name: string, found: number): LockstepError {
  return new LockstepError(
    "STORE_FAILED",
    `the store ${name} has layout ${found}, made by a newer Lockstep; this one knows layout ${layout}. Update Lockstep.`,
  );
}

function unfinished(name: string): LockstepError {
  return new LockstepError(
    "STORE_FAILED",
    `the store ${name} is marked as unfinished: a copy into it did not end. Copy again into another stage.`,
  );
}
