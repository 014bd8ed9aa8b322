import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { systemClock } from "../../src/app/platform.ts";
import type { Clock, Ids } from "../../src/core/clock.ts";
import { parseDynamoAddress } from "../../src/store/dynamodb/address.ts";
import { openDatabase } from "../../src/store/dynamodb/database.ts";
import { createTables } from "../../src/store/dynamodb/migrate.ts";
import { countingIds } from "../../src/store/suite/case.ts";

/** Of the run's DynamoDB server, which is started at the first request. */
export async function dynamoEndpoint(): Promise<string> {
  const starter = inject("postgresStarter");
  if (starter === undefined)
    throw new Error("test/support/global-setup.ts is not among vitest's globalSetup");
  const response = await fetch(`${starter}/dynamodb`);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}

/** The address of a new, empty stage with its tables. The server keeps it in memory and goes at the end of the run. */
export async function createStage(endpoint?: string): Promise<string> {
  const server = endpoint ?? (await dynamoEndpoint());
  const url = `dynamodb:test-${randomBytes(6).toString("hex")}?endpoint=${encodeURIComponent(server)}`;
  const database = openDatabase({ address: parseDynamoAddress(url), clock: systemClock, ids: countingIds() });
  try {
    await createTables(database);
  } finally {
    await database.close();
  }
  return url;
}

/** Waits hardly at all, so that what is tried again is tried at once. */
export const hastyClock: Clock = { ...systemClock, sleep: (ms) => systemClock.sleep(Math.min(ms, 2)) };

/** Ids that no other store beside it gives out, and real chance. */
export function ownIds(): Ids {
  const counting = countingIds();
  const prefix = randomBytes(2).toString("hex");
  return { next: () => counting.next().replace("0190", `${prefix}`), random: () => Math.random() };
}
