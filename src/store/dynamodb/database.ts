import type { Ids } from "../../core/clock.ts";
import { LockstepError } from "../../core/errors.ts";
import { type Bodies, createBodies } from "./bodies.ts";
import { isConditionFailed } from "./failures.ts";
import { type Item, type Key, keyName, requestToken, type WriteOperation } from "./items.ts";
import { createJournals, type Journals } from "./journal.ts";
import { createReads, type QueryOptions, type Reads } from "./reads.ts";
import { createRequests, type RequestOptions, type Requests } from "./requests.ts";
import {
  type Change,
  changeOperation,
  type Head,
  headOf,
  headOperation,
  type Scope,
  type ScopeWrite,
} from "./scopes.ts";
import { createSerial } from "./serial.ts";
import { type TableRole, tableName } from "./tables.ts";
import { createWrites, type Update, type Writes } from "./writes.ts";

/** What a write comes to: nothing without `writes`. */
export interface Decision<T> {
  readonly result: T;
  readonly writes: readonly ScopeWrite[];
}

export interface Database {
  readonly name: string;
  readonly requests: Requests;
  readonly ids: Ids;
  table(role: TableRole): string;
  /** Of the table that holds most. */
  readonly sync: string;
  /** Syncs that this process has listed. */
  readonly knownSyncs: Set<string>;
  /** Reads bring items with their bodies. First what others left unfinished is finished. */
  get(key: Key): Promise<Item | null>;
  getAll(keys: readonly Key[]): Promise<Item[]>;
  query(options: QueryOptions): Promise<Item[]>;
  pages(options: QueryOptions): AsyncGenerator<Item[]>;
  count(options: QueryOptions): Promise<number>;
  /** Before the reads of a method that writes nothing. */
  settle(): Promise<void>;
  /**
   * Reads the heads, lets `work` decide on them and on what it reads then, and makes all of it durable together; `work` is
   * called anew when one of the scopes was written to meanwhile.
   */
  write<T>(scopes: readonly Scope[], work: (heads: readonly Head[]) => Promise<Decision<T>>): Promise<T>;
  /** One item, of no scope. */
  put(table: string, item: Item, condition?: string): Promise<void>;
  /** One item, of no scope. Throws when the condition does not hold: `isConditionFailed`. */
  update(update: Update): Promise<Item>;
  /** Each by itself, in place of what is there. */
  putAll(items: readonly { readonly table: string; readonly item: Item }[]): Promise<void>;
  /** Items as they are stored, with their bodies. */
  opened(items: readonly Item[]): Promise<Item[]>;
  deleteAll(table: string, keys: readonly Key[]): Promise<void>;
  pause(attempt: number): Promise<void>;
  close(): Promise<void>;
}

/** Times that a write is planned anew because others were faster. */
const plansMax = 100;
/** Waits between them grow up to this attempt. */
const pauseMost = 5;

export function openDatabase(options: RequestOptions): Database {
  const requests = createRequests(options);
  const { stage } = options.address;
  const table = (role: TableRole) => tableName(role, stage);
  const sync = table("sync");
  const reads = createReads(requests);
  const writes = createWrites(requests);
  const bodies = createBodies(sync, reads, writes);
  const journals = createJournals({ table: sync, requests, reads, writes, bodies });
  const database: Omit<Database, keyof Guarded> = {
    name: requests.name,
    requests,
    ids: options.ids,
    table,
    sync,
    knownSyncs: new Set(),
    pages: (query) => openedPages(bodies, reads.pages(query)),
    pause: requests.pause,
    async close() {
      requests.client.destroy();
    },
  };
  return { ...database, ...guarded({ requests, reads, writes, bodies, journals, ids: options.ids }) };
}

interface Parts {
  readonly requests: Requests;
  readonly reads: Reads;
  readonly writes: Writes;
  readonly bodies: Bodies;
  readonly journals: Journals;
  readonly ids: Ids;
}

type Guarded = Omit<
  Database,
  "name" | "requests" | "ids" | "table" | "sync" | "knownSyncs" | "pages" | "pause" | "close"
>;

/** What may fail with the SDK's errors, told in ours. */
function guarded(parts: Parts): Guarded {
  const { requests, reads, writes, bodies, journals } = parts;
  const serial = createSerial();
  const told = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw isConditionFailed(error) ? error : requests.failure(error);
    }
  };
  const opened = async (items: Promise<Item[]>) => bodies.opened(await items);
  return {
    get: async (key) => (await told(opened(reads.getAll([key]))))[0] ?? null,
    getAll: (keys) => told(opened(reads.getAll(keys))),
    query: (query) => told(opened(reads.query(query))),
    count: (query) => told(reads.count(query)),
    settle: () => told(journals.settle()),
    write: (scopes, work) => told(serial(scopes.map(keyName), () => planUntilKept(parts, scopes, work))),
    put: (table, item, condition) =>
      told(bodies.sealed(item).then((sealed) => writes.put(table, sealed, condition))),
    update: (update) => told(writes.update(update)),
    opened: (items) => told(bodies.opened(items)),
    putAll: (items) => told(putSealed(parts, items)),
    deleteAll: (table, keys) => told(writes.deleteAll(table, keys)),
  };
}

async function putSealed(
  { bodies, writes }: Parts,
  items: readonly { readonly table: string; readonly item: Item }[],
): Promise<void> {
  for (const [table, ofTable] of Map.groupBy(items, (each) => each.table)) {
    await writes.putAll(table, await Promise.all(ofTable.map(({ item }) => bodies.sealed(item))));
  }
}

async function* openedPages(bodies: Bodies, pages: AsyncGenerator<Item[]>): AsyncGenerator<Item[]> {
  for await (const page of pages) yield await bodies.opened(page);
}

async function planUntilKept<T>(
  parts: Parts,
  scopes: readonly Scope[],
  work: (heads: readonly Head[]) => Promise<Decision<T>>,
): Promise<T> {
  for (let plan = 1; plan <= plansMax; plan += 1) {
    const { result, writes } = await work(await readHeads(parts, scopes));
    if (writes.length === 0 || (await keep(parts, writes))) return result;
    await parts.requests.pause(Math.min(plan, pauseMost));
  }
  throw new LockstepError(
    "STORE_FAILED",
    `the store ${parts.requests.name} is written to by so many at once that a write was overtaken ${plansMax} times. ` +
      "Nothing of it was kept; try again.",
    { retry: "safe" },
  );
}

/** The heads, with nothing unfinished behind them. */
async function readHeads({ reads, journals }: Parts, scopes: readonly Scope[]): Promise<Head[]> {
  for (let round = 1; round <= plansMax; round += 1) {
    const items = await reads.getAll(scopes);
    const heads = scopes.map((scope) =>
      headOf(scope, items.find(({ pk, sk }) => pk === scope.pk && sk === scope.sk) ?? null),
    );
    const pending = heads.flatMap((head) => head.pending ?? []);
    if (pending.length === 0) return heads;
    for (const id of new Set(pending)) await journals.settleOne(id);
  }
  throw new LockstepError("STORE_FAILED", "a commit of another process stays unfinished; please report this");
}

/** False: a head has moved on, and nothing was written. */
async function keep(parts: Parts, writes: readonly ScopeWrite[]): Promise<boolean> {
  const operations = (
    await Promise.all(
      writes.map(({ head, changes }) =>
        Promise.all(changes.map((change) => operationOf(parts.bodies, change, head.generation + 1))),
      ),
    )
  ).flat();
  const heads = writes.map(({ head }) => [head.scope, head.generation]);
  const token = requestToken([parts.ids.next(), heads, operations]);
  const headsAs = (pending: boolean) => writes.map((write) => headOperation(write, { token, pending }));
  const together = [...headsAs(false), ...operations];
  if (parts.journals.fit(together)) return isKept(parts, { writes, token, operations: together });
  return keepByJournal(parts, { writes, token, operations, heads: headsAs(true) });
}

interface Kept {
  readonly writes: readonly ScopeWrite[];
  readonly token: string;
  readonly operations: readonly WriteOperation[];
}

async function keepByJournal(
  parts: Parts,
  { writes, token, operations, heads }: Kept & { readonly heads: readonly WriteOperation[] },
): Promise<boolean> {
  const { journals } = parts;
  const journal = { scopes: writes.map(({ head }) => head.scope), operations };
  await journals.prepare(token, journal);
  const marked = [...heads, journals.markOperation(token)];
  if (!(await isKept(parts, { writes, token, operations: marked }))) {
    await journals.drop(token);
    return false;
  }
  await journals.carryOut(token, journal);
  return true;
}

/** When an answer was lost, the head tells whether this very commit was made. */
async function isKept({ reads, writes }: Parts, kept: Kept): Promise<boolean> {
  try {
    await writes.transact(kept.operations, kept.token);
    return true;
  } catch (error) {
    const [first] = kept.writes;
    const item = first === undefined ? null : await reads.get(first.head.scope).catch(() => null);
    if (item?.token === kept.token) return true;
    if (isConditionFailed(error)) return false;
    throw error;
  }
}

async function operationOf(bodies: Bodies, change: Change, generation: number): Promise<WriteOperation> {
  if (change.kind === "update") return changeOperation(change, generation);
  return changeOperation({ ...change, item: await bodies.sealed(change.item) }, generation);
}
