import { bodyOf, bodyText } from "./bodies.ts";
import type { Database } from "./database.ts";
import type { Item } from "./items.ts";
import { ordinal } from "./keys.ts";
import type { Change } from "./scopes.ts";

// Which versions a run wrote: a few items for each commit, rather than an index of all versions, which could only be read
// some time after a write.

/** Entries per item. */
const entriesPerItem = 1_000;

export interface RunEntries<Entry> {
  readonly pk: string;
  /** Names the commit among those of the run. */
  readonly commit: string;
  readonly entries: readonly Entry[];
}

export function runIndexChanges<Entry extends object>(
  table: string,
  { pk, commit, entries }: RunEntries<Entry>,
): Change[] {
  const changes: Change[] = [];
  for (let n = 0; n < entries.length; n += entriesPerItem) {
    const body = bodyText(entries.slice(n, n + entriesPerItem));
    changes.push({ kind: "insert", table, item: { pk, sk: `${commit}#${ordinal(n)}`, body } });
  }
  return changes;
}

export async function readRunIndex<Entry>(database: Database, pk: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const page of database.pages({ table: database.sync, pk })) {
    entries.push(...page.flatMap((item: Item) => bodyOf<readonly Entry[]>(item)));
  }
  return entries;
}
