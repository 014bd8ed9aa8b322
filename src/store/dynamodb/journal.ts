import type { Bodies } from "./bodies.ts";
import { isConditionFailed } from "./failures.ts";
import { itemOf, type Key, requestToken, type WriteOperation } from "./items.ts";
import type { Reads } from "./reads.ts";
import type { Requests } from "./requests.ts";
import type { Scope } from "./scopes.ts";
import type { Writes } from "./writes.ts";

// Commits too large for one transaction. All that a commit does is first laid down as a journal. Then one transaction
// moves the heads on and marks them: from here on the commit is made. Whoever meets the mark, this process or the next
// one after a crash, carries the journal out before doing anything else; each operation does nothing the second time.

interface Journal {
  readonly scopes: readonly Scope[];
  readonly operations: readonly WriteOperation[];
}

export interface Journals {
  /** True: the operations are made by one request. Else they need a journal. */
  fit(operations: readonly WriteOperation[]): boolean;
  /** Before the mark: costs nothing but room when nothing comes of it. */
  prepare(id: string, journal: Journal): Promise<void>;
  /** The mark, to be written with the heads. */
  markOperation(id: string): WriteOperation;
  /** After the mark. */
  carryOut(id: string, journal: Journal): Promise<void>;
  /** Without a mark: forgets what was prepared. */
  drop(id: string): Promise<void>;
  /** Carries out what others have marked and not finished. */
  settle(): Promise<void>;
  /** The same for one, named by a head. */
  settleOne(id: string): Promise<void>;
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html: 100, and 4 MB. */
const operationsPerRequest = 100;
const bytesPerRequest = 3_500_000;

/** Transactions of one journal that are under way together. */
const requestsAtOnce = 4;

const marks = "PENDING";

export interface JournalParts {
  readonly table: string;
  readonly requests: Requests;
  readonly reads: Reads;
  readonly writes: Writes;
  readonly bodies: Bodies;
}

export function createJournals({ table, reads, writes, bodies }: JournalParts): Journals {
  const pathOf = (id: string) => `J#${id}`;
  const markOf = (id: string): Key => ({ table, pk: marks, sk: id });

  async function perform(operations: readonly WriteOperation[], token: string): Promise<void> {
    try {
      await writes.transact(operations, token);
    } catch (error) {
      // One of them was made before, by somebody who helped. Which, is not told reliably: each by itself.
      if (!isConditionFailed(error)) throw error;
      for (const operation of operations) await performOne(operation);
    }
  }

  async function performOne(operation: WriteOperation): Promise<void> {
    try {
      await writes.transact([operation], requestToken(operation));
    } catch (error) {
      if (!isConditionFailed(error)) throw error;
    }
  }

  async function unlock(scope: Scope, id: string): Promise<void> {
    try {
      await writes.update({
        key: scope,
        expression: "REMOVE #pending",
        condition: "#pending = :id",
        names: { "#pending": "pending" },
        values: { ":id": id },
      });
    } catch (error) {
      if (!isConditionFailed(error)) throw error;
    }
  }

  async function carryOut(id: string, { scopes, operations }: Journal): Promise<void> {
    const groups = grouped(operations);
    for (let n = 0; n < groups.length; n += requestsAtOnce) {
      const together = groups.slice(n, n + requestsAtOnce);
      await Promise.all(together.map((group) => perform(group, requestToken([id, group]))));
    }
    for (const scope of scopes) await unlock(scope, id);
    // The mark goes before the journal: a mark without a journal would be a commit that nobody can carry out.
    await writes.deleteAll(table, [markOf(id)]);
    await bodies.forget(pathOf(id));
  }

  async function settleOne(id: string): Promise<void> {
    const text = await bodies.gather(pathOf(id));
    // Gone: another process has just finished it.
    if (text !== null) await carryOut(id, JSON.parse(text) as Journal);
  }

  return {
    fit: (operations) => grouped(operations).length <= 1,
    prepare: (id, journal) => bodies.lay(pathOf(id), JSON.stringify(journal)),
    markOperation: (id) => ({ Put: { TableName: table, Item: itemOf({ pk: marks, sk: id }) } }),
    carryOut,
    drop: (id) => bodies.forget(pathOf(id)),
    settleOne,
    async settle() {
      for (const { sk } of await reads.query({ table, pk: marks })) await settleOne(sk);
    },
  };
}

/** In requests that DynamoDB takes. */
function grouped(operations: readonly WriteOperation[]): WriteOperation[][] {
  const groups: WriteOperation[][] = [];
  let bytes = 0;
  for (const operation of operations) {
    const size = Buffer.byteLength(JSON.stringify(operation));
    const last = groups.at(-1);
    if (last !== undefined && last.length < operationsPerRequest && bytes + size <= bytesPerRequest) {
      last.push(operation);
      bytes += size;
    } else {
      groups.push([operation]);
      bytes = size;
    }
  }
  return groups;
}
