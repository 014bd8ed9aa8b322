import {
  BatchWriteCommand,
  PutCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { type Item, itemOf, type Key, type ValueMap, type WriteOperation } from "./items.ts";
import type { Requests } from "./requests.ts";

export interface Update {
  readonly key: Key;
  readonly expression: string;
  /** Without one it always holds. */
  readonly condition?: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: ValueMap;
}

export interface Writes {
  /** Throws when the condition does not hold. */
  put(table: string, item: Item, condition?: string): Promise<void>;
  /** The item as it is then. Throws when the condition does not hold. */
  update(update: Update): Promise<Item>;
  /** All or nothing. The same token again within ten minutes: the same answer, and no second effect. */
  transact(operations: readonly WriteOperation[], token: string): Promise<void>;
  /** Each by itself, in place of what is there. */
  putAll(table: string, items: readonly Item[]): Promise<void>;
  /** Each by itself; what is gone already stays so. */
  deleteAll(table: string, keys: readonly Key[]): Promise<void>;
}

type BatchRequest = { readonly PutRequest: { Item: Item } } | { readonly DeleteRequest: { Key: ValueMap } };

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html: 25, and 16 MB, which 25 items never are. */
const writesPerBatch = 25;

export function createWrites({ documents, patiently, untilNothingIsLeft }: Requests): Writes {
  async function writeBatches(table: string, requests: readonly BatchRequest[], size: number): Promise<void> {
    for (let n = 0; n < requests.length; n += size) {
      await untilNothingIsLeft<object>(requests.slice(n, n + size), async (left) => {
        const command = new BatchWriteCommand({ RequestItems: { [table]: [...left] } });
        const answer = await patiently(() => documents.send(command));
        return answer.UnprocessedItems?.[table] ?? [];
      });
    }
  }

  return {
    async put(table, item, condition) {
      const command = new PutCommand({
        TableName: table,
        Item: item,
        ...(condition === undefined ? {} : { ConditionExpression: condition }),
      });
      await patiently(() => documents.send(command));
    },
    async update(update) {
      const command = new UpdateCommand({ ...updateInput(update), ReturnValues: "ALL_NEW" });
      const answer = await patiently(() => documents.send(command));
      return itemOf(answer.Attributes ?? {});
    },
    async transact(operations, token) {
      const input: TransactWriteCommandInput = { TransactItems: [...operations], ClientRequestToken: token };
      const command = new TransactWriteCommand(input);
      await patiently(() => documents.send(command));
    },
    putAll: (table, items) =>
      writeBatches(
        table,
        items.map((item) => ({ PutRequest: { Item: item } })),
        writesPerBatch,
      ),
    deleteAll: (table, keys) =>
      writeBatches(
        table,
        keys.map(({ pk, sk }) => ({ DeleteRequest: { Key: { pk, sk } } })),
        writesPerBatch,
      ),
  };
}

/** An update as a request of its own, or as a part of a transaction. */
export function updateInput({ key, expression, condition, names, values }: Update) {
  return {
    TableName: key.table,
    Key: { pk: key.pk, sk: key.sk },
    UpdateExpression: expression,
    ...(condition === undefined ? {} : { ConditionExpression: condition }),
    ...(names === undefined ? {} : { ExpressionAttributeNames: names }),
    ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
  };
}
