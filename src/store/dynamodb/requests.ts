import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { Clock, Ids } from "../../core/clock.ts";
import { type DynamoAddress, dynamoName } from "./address.ts";
import { isPassing, storeFailure } from "./failures.ts";

export interface RequestOptions {
  readonly address: DynamoAddress;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** Tries of one request, and of what a batch left over: some 40 seconds in all. */
const attemptsMax = 14;
const waitMsFirst = 25;
const waitMsMost = 5_000;

const requestTimeoutMs = 10_000;
const connectionTimeoutMs = 3_000;

export interface Requests {
  readonly name: string;
  /** The SDK's own client, for what is about tables and not items. */
  readonly client: DynamoDBClient;
  readonly documents: DynamoDBDocumentClient;
  /** Sends it, again and again where that helps. */
  patiently<T>(send: () => Promise<T>): Promise<T>;
  /** Works through what a batch hands back undone, as a rule because it was too much at once. */
  untilNothingIsLeft<T>(
    all: readonly T[],
    work: (left: readonly T[]) => Promise<readonly T[]>,
  ): Promise<void>;
  /** Waits by chance, longer after more attempts: requests that were refused together do not come back together. */
  pause(attempt: number): Promise<void>;
  failure(error: unknown): unknown;
}

export function createRequests({ address, clock, ids }: RequestOptions): Requests {
  const name = dynamoName(address);
  const client = new DynamoDBClient({
    ...(address.endpoint === null ? {} : elsewhere(address.endpoint)),
    ...(address.region === null ? {} : { region: address.region }),
    // Retries are ours: with injected chance, and with the reasons of cancelled transactions.
    maxAttempts: 1,
    requestHandler: { requestTimeout: requestTimeoutMs, connectionTimeout: connectionTimeoutMs },
  });
  const pause = (attempt: number) =>
    clock.sleep(ids.random() * Math.min(waitMsMost, waitMsFirst * 2 ** attempt));

  return {
    name,
    client,
    documents: DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } }),
    pause,
    failure: (error) => storeFailure(name, error),
    async patiently(send) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await send();
        } catch (error) {
          if (attempt === attemptsMax || !isPassing(error)) throw error;
        }
        await pause(attempt);
      }
    },
    async untilNothingIsLeft(all, work) {
      let left = all;
      for (let attempt = 1; left.length > 0; attempt += 1) {
        left = await work(left);
        if (left.length === 0) return;
        if (attempt === attemptsMax) throw storeFailure(name, refusedOften(left.length));
        await pause(attempt);
      }
    },
  };
}

/** A server that is not Amazon's never gets to see credentials that are. */
function elsewhere(endpoint: string) {
  return { endpoint, credentials: { accessKeyId: "dummy", secretAccessKey: "dummy" }, region: "local" };
}

function refusedOften(parts: number): Error {
  const error = new Error(`${parts} parts of a batch were handed back undone ${attemptsMax} times`);
  error.name = "ProvisionedThroughputExceededException";
  return error;
}
