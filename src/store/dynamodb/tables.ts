// The tables of a stage as data: what `lockstep store migrate` creates, and what a deployment declares.

/** `series` and `books` hold the library's collections with their histories, `sync` everything else. */
export const tableRoles = ["series", "books", "sync"] as const;
export type TableRole = (typeof tableRoles)[number];

/** A second order within a partition. Local, because only local indexes can be read right after a write. */
export interface LocalIndex {
  readonly name: string;
  /** Text; items without it are not in the index. */
  readonly sortKey: string;
  readonly projection: "KEYS_ONLY";
}

export interface TableDefinition {
  readonly role: TableRole;
  /** The stage follows it: `Lockstep-Books-` and `dev`. */
  readonly namePrefix: string;
  /** Both keys are text. */
  readonly partitionKey: string;
  readonly sortKey: string;
  readonly localIndexes: readonly LocalIndex[];
  /** Seconds since the epoch. Expiry is housekeeping: nothing goes wrong when it comes late or never. */
  readonly timeToLiveAttribute: string;
  readonly billingMode: "PAY_PER_REQUEST";
  /** No stream: nothing listens. */
  readonly stream: null;
}

export const indexNames = ["index1", "index2", "index3"] as const;
export type IndexName = (typeof indexNames)[number];

export const tableDefinitions: Readonly<Record<TableRole, TableDefinition>> = {
  series: define("series", "Lockstep-Series-", 2),
  books: define("books", "Lockstep-Books-", 2),
  sync: define("sync", "Lockstep-Sync-", 3),
};

export function tableName(role: TableRole, stage: string): string {
  return `${tableDefinitions[role].namePrefix}${stage}`;
}

function define(role: TableRole, namePrefix: string, indexes: number): TableDefinition {
  return {
    role,
    namePrefix,
    partitionKey: "pk",
    sortKey: "sk",
    localIndexes: indexNames
      .slice(0, indexes)
      .map((name) => ({ name, sortKey: name, projection: "KEYS_ONLY" })),
    timeToLiveAttribute: "expiresAt",
    billingMode: "PAY_PER_REQUEST",
    stream: null,
  };
}
