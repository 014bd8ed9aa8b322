import { BatchGetCommand, GetCommand, QueryCommand, type QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import { type Item, itemOf, type Key, keyName } from "./items.ts";
import type { Requests } from "./requests.ts";
import type { IndexName } from "./tables.ts";

export interface QueryOptions {
  readonly table: string;
  readonly pk: string;
  /** Without one: the items' own order. */
  readonly index?: IndexName;
  /** Both inclusive. */
  readonly from?: string;
  readonly to?: string;
  readonly isDescending?: boolean;
  readonly limit?: number;
  /** Keys alone, which an index has without looking further. */
  readonly isKeysOnly?: boolean;
}

/** Every read is strongly consistent. There is no way to scan a table here. */
export interface Reads {
  get(key: Key): Promise<Item | null>;
  /** Those that are there, each once, in no order. */
  getAll(keys: readonly Key[]): Promise<Item[]>;
  pages(options: QueryOptions): AsyncGenerator<Item[]>;
  query(options: QueryOptions): Promise<Item[]>;
  count(options: QueryOptions): Promise<number>;
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const keysPerRequest = 100;

export function createReads({ documents, patiently, untilNothingIsLeft }: Requests): Reads {
  async function getSome(keys: readonly Key[]): Promise<Item[]> {
    const found: Item[] = [];
    await untilNothingIsLeft(keys, async (left) => {
      const command = new BatchGetCommand({ RequestItems: batchOf(left) });
      const answer = await patiently(() => documents.send(command));
      found.push(...Object.values(answer.Responses ?? {}).flatMap((items) => items.map(itemOf)));
      return Object.entries(answer.UnprocessedKeys ?? {}).flatMap(([table, { Keys = [] }]) =>
        Keys.map((key) => ({ ...itemOf(key), table })),
      );
    });
    return found;
  }

  async function* answers(options: QueryOptions, select: Pick<QueryCommandInput, "Select"> = {}) {
    if (isEmpty(options)) return;
    const input = { ...queryInput(options), ...select };
    let start: QueryCommandInput["ExclusiveStartKey"];
    do {
      const command = new QueryCommand({
        ...input,
        ...(start === undefined ? {} : { ExclusiveStartKey: start }),
      });
      const answer = await patiently(() => documents.send(command));
      yield answer;
      start = answer.LastEvaluatedKey;
    } while (start !== undefined);
  }

  async function* pages(options: QueryOptions): AsyncGenerator<Item[]> {
    for await (const { Items: items = [] } of answers(options)) yield items.map(itemOf);
  }

  return {
    pages,
    async get({ table, pk, sk }) {
      const command = new GetCommand({ TableName: table, Key: { pk, sk }, ConsistentRead: true });
      const { Item: item } = await patiently(() => documents.send(command));
      return item === undefined ? null : itemOf(item);
    },
    async getAll(keys) {
      const unique = [...new Map(keys.map((key) => [keyName(key), key])).values()];
      const found: Item[] = [];
      for (let n = 0; n < unique.length; n += keysPerRequest) {
        found.push(...(await getSome(unique.slice(n, n + keysPerRequest))));
      }
      return found;
    },
    async query(options) {
      const found: Item[] = [];
      for await (const page of pages(options)) {
        found.push(...page);
        if (options.limit !== undefined && found.length >= options.limit) break;
      }
      return found.slice(0, options.limit);
    },
    async count(options) {
      let counted = 0;
      for await (const { Count: count = 0 } of answers(options, { Select: "COUNT" })) counted += count;
      return counted;
    },
  };
}

function batchOf(keys: readonly Key[]) {
  const tables = [...new Set(keys.map(({ table }) => table))];
  return Object.fromEntries(
    tables.map((table) => {
      const ofTable = keys.filter((key) => key.table === table);
      return [table, { Keys: ofTable.map(({ pk, sk }) => ({ pk, sk })), ConsistentRead: true }];
    }),
  );
}

function queryInput(options: QueryOptions): QueryCommandInput {
  const { table, pk, index, from, to, isDescending, limit, isKeysOnly } = options;
  const bounds = boundsOf(from, to);
  return {
    TableName: table,
    ConsistentRead: true,
    KeyConditionExpression: `pk = :pk${bounds}`,
    ExpressionAttributeValues: {
      ":pk": pk,
      ...(from === undefined ? {} : { ":from": from }),
      ...(to === undefined ? {} : { ":to": to }),
    },
    ...(bounds === "" ? {} : { ExpressionAttributeNames: { "#sort": index ?? "sk" } }),
    ...(index === undefined ? {} : { IndexName: index }),
    ...(index === undefined || isKeysOnly === true ? {} : { Select: "ALL_ATTRIBUTES" }),
    ...(isDescending === true ? { ScanIndexForward: false } : {}),
    ...(limit === undefined ? {} : { Limit: limit }),
  };
}

/** What DynamoDB takes for a mistake. */
function isEmpty({ from, to, limit }: QueryOptions): boolean {
  if (limit === 0) return true;
  return from !== undefined && to !== undefined && Buffer.compare(Buffer.from(from), Buffer.from(to)) > 0;
}

function boundsOf(from: string | undefined, to: string | undefined): string {
  if (from !== undefined && to !== undefined) return " AND #sort BETWEEN :from AND :to";
  if (from !== undefined) return " AND #sort >= :from";
  return to === undefined ? "" : " AND #sort <= :to";
}
