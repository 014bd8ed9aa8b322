import type { CollectionRecord, CollectionVersion } from "../../core/collection/record.ts";
import { bodyOf, bodyText } from "./bodies.ts";
import type { Database } from "./database.ts";
import type { Item, Key } from "./items.ts";
import { keyText, ordinal } from "./keys.ts";
import type { Scope } from "./scopes.ts";

// A collection is one partition: its head, and its records, which `index1` has in the order of their changes and `index2`
// by marker. The versions of a record are a partition of their own.

/** Which version a run wrote. */
export type RunEntry = readonly [collection: string, recordId: string, seq: number];

/** Where collections are: the library's two have a table each. */
export function collectionPlaces(database: Database) {
  const table = (collection: string) =>
    database.table(collection === "books" || collection === "series" ? collection : "sync");
  const pk = (collection: string) => `C#${keyText(collection)}`;
  const historyOf = (collection: string, id: string) => `V#${keyText(collection)}#${keyText(id)}`;
  return {
    table,
    partition: (collection: string) => ({ table: table(collection), pk: pk(collection) }),
    head: (collection: string): Scope => ({ table: table(collection), pk: pk(collection), sk: "HEAD" }),
    record: (collection: string, id: string): Key => ({
      table: table(collection),
      pk: pk(collection),
      sk: `R#${keyText(id)}`,
    }),
    version: ([collection, id, seq]: RunEntry): Key => ({
      table: table(collection),
      pk: historyOf(collection, id),
      sk: ordinal(seq),
    }),
    /** Which versions a run wrote, of all collections. */
    run: (runId: string) => ({ table: database.sync, pk: `CR#${keyText(runId)}` }),
    history: (collection: string, id: string) => ({
      table: table(collection),
      pk: historyOf(collection, id),
    }),
  };
}

export function recordItem({ pk, sk }: Key, record: CollectionRecord): Item {
  return {
    pk,
    sk,
    index1: ordinal(record.revision),
    ...(record.marker === null ? {} : { index2: keyText(record.marker) }),
    body: bodyText(record),
  };
}

export function recordOf(item: Item): CollectionRecord {
  return bodyOf<CollectionRecord>(item);
}

export function versionOf(item: Item): CollectionVersion {
  return bodyOf<CollectionVersion>(item);
}
