import type { CollectionRecord, CollectionVersion } from "../core/collection/record.ts";
import { checkCommit, judgeCommit } from "./collection-rules.ts";
import type { CollectionStore } from "./collection-store.ts";
import { compare } from "./memory-shelf.ts";

/** The reference collection store. */
export function createMemoryCollections(): CollectionStore {
  const collections = new Map<string, Map<string, CollectionRecord>>();
  const revisions = new Map<string, number>();
  const versions: CollectionVersion[] = [];
  const recordsOf = (collection: string) => [...(collections.get(collection)?.values() ?? [])];
  return {
    async getRecords(collection, ids) {
      const records = collections.get(collection);
      const found = [...new Set(ids)].flatMap((id) => records?.get(id) ?? []);
      return copied(found.sort((a, b) => compare(a.id, b.id)));
    },
    async findByMarker(collection, marker) {
      const found = recordsOf(collection).filter((record) => record.marker === marker);
      return copied(found.sort((a, b) => compare(a.createdAt, b.createdAt) || compare(a.id, b.id)));
    },
    async changesSince(collection, { revision, limit }) {
      const found = recordsOf(collection).filter((record) => record.revision > revision);
      return copied(found.sort((a, b) => a.revision - b.revision).slice(0, limit));
    },
    async commitRecords(commit) {
      checkCommit(commit);
      const stored = commit.writes.flatMap(
        ({ collection, id }) => collections.get(collection)?.get(id) ?? [],
      );
      const judged = judgeCommit(commit, stored, (name) => revisions.get(name) ?? 0);
      for (const record of copied(judged.changed)) {
        const records = collections.get(record.collection) ?? new Map<string, CollectionRecord>();
        collections.set(record.collection, records.set(record.id, record));
      }
      for (const [name, revision] of judged.revisions) revisions.set(name, revision);
      versions.push(...copied(judged.versions));
      return { stale: judged.stale, records: copied(judged.records) };
    },
    async listRecordVersions(collection, recordId, { after, limit }) {
      const found = versions.filter(
        (version) =>
          version.collection === collection && version.recordId === recordId && version.seq > after,
      );
      return copied(found.slice(0, limit));
    },
    async *iterateRecordVersionsOfRun(runId) {
      const found = versions.filter((version) => version.runId === runId);
      yield* copied(
        found.sort(
          (a, b) => compare(a.collection, b.collection) || compare(a.recordId, b.recordId) || a.seq - b.seq,
        ),
      );
    },
    async getCollectionTotals(collection) {
      const records = recordsOf(collection);
      const live = records.filter(({ status }) => status === "live").length;
      return { live, trashed: records.length - live, revision: revisions.get(collection) ?? 0 };
    },
  };
}

/** What it keeps is its own, whatever callers do with what they get. */
function copied<T>(items: readonly T[]): T[] {
  return items.map((item) => structuredClone(item));
}
