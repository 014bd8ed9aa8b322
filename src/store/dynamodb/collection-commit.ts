import type { CollectionCommit, CollectionRecord } from "../../core/collection/record.ts";
import { checkCommit, type JudgedCommit, judgeCommit } from "../collection-rules.ts";
import type { CollectionStore } from "../collection-store.ts";
import { bodyText } from "./bodies.ts";
import { collectionPlaces, type RunEntry, recordItem, recordOf } from "./collection-places.ts";
import type { Database } from "./database.ts";
import { ordinal } from "./keys.ts";
import { runIndexChanges } from "./run-index.ts";
import { added, type Change, type Head, type ScopeWrite } from "./scopes.ts";

/** Each collection that a commit names is a scope of its own. */
export function collectionCommitTopic(database: Database): Pick<CollectionStore, "commitRecords"> {
  const places = collectionPlaces(database);
  return {
    async commitRecords(commit) {
      checkCommit(commit);
      const names = [...new Set(commit.writes.map(({ collection }) => collection))];
      return database.write(names.map(places.head), async (heads) => {
        const keys = commit.writes.map(({ collection, id }) => places.record(collection, id));
        const stored = (await database.getAll(keys)).map(recordOf);
        const headOfName = new Map(names.map((name, n) => [name, heads[n]]));
        const judged = judgeCommit(commit, stored, (name) => headOfName.get(name)?.counts.revision ?? 0);
        const result = { stale: judged.stale, records: structuredClone(judged.records) };
        const writes = names.flatMap((name) => {
          const head = headOfName.get(name);
          return head === undefined ? [] : writesTo(database, name, { head, judged, stored });
        });
        return { result, writes: withRunIndex(database, { commit, judged, writes }) };
      });
    },
  };
}

interface Judged {
  readonly head: Head;
  readonly judged: JudgedCommit;
  readonly stored: readonly CollectionRecord[];
}

/** What the commit does to one collection. */
function writesTo(database: Database, name: string, { head, judged, stored }: Judged): ScopeWrite[] {
  const places = collectionPlaces(database);
  const changed = judged.changed.filter(({ collection }) => collection === name);
  const revision = judged.revisions.get(name);
  if (revision === undefined) return [];
  const ids = new Set(changed.map(({ id }) => id));
  const before = stored.filter(({ collection, id }) => collection === name && ids.has(id));
  const counts = added(head.counts, {
    live: countOf(changed, "live") - countOf(before, "live"),
    trashed: countOf(changed, "trashed") - countOf(before, "trashed"),
  });
  const records = changed.map(
    (record): Change => ({
      kind: judged.isNew(record) ? "insert" : "replace",
      table: places.table(name),
      item: recordItem(places.record(name, record.id), record),
    }),
  );
  const versions = judged.versions
    .filter(({ collection }) => collection === name)
    .map((version): Change => {
      const { table, ...key } = places.version([name, version.recordId, version.seq]);
      return { kind: "insert", table, item: { ...key, body: bodyText(version) } };
    });
  return [{ head, counts: { ...counts, revision }, changes: [...records, ...versions] }];
}

function countOf(records: readonly CollectionRecord[], status: CollectionRecord["status"]): number {
  return records.filter((record) => record.status === status).length;
}

interface Written {
  readonly commit: CollectionCommit;
  readonly judged: JudgedCommit;
  readonly writes: readonly ScopeWrite[];
}

/** With the first of the scopes, whose head names the commit; it is made with all of them. */
function withRunIndex(database: Database, { commit, judged, writes }: Written): readonly ScopeWrite[] {
  const [first, ...others] = writes;
  if (first === undefined || commit.runId === null) return writes;
  const entries = judged.versions.map(
    ({ collection, recordId, seq }): RunEntry => [collection, recordId, seq],
  );
  const { table, pk } = collectionPlaces(database).run(commit.runId);
  const name = `${first.head.scope.pk}#${ordinal(first.head.generation + 1)}`;
  const index = runIndexChanges(table, { pk, commit: name, entries });
  return [{ ...first, changes: [...first.changes, ...index] }, ...others];
}
