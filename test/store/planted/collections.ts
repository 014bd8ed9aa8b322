import type { CollectionRecord } from "../../../src/core/collection/record.ts";
import type { CollectionStore } from "../../../src/store/collection-store.ts";

/** A collection store that is right but for one thing, and the case that has to notice. */
export interface Broken {
  readonly fault: string;
  readonly noticedBy: string;
  readonly spoil: (collections: CollectionStore) => Partial<CollectionStore>;
}

export const broken: readonly Broken[] = [
  {
    fault: "ignores the revision that a write was planned on",
    noticedBy: "keeps nothing of a commit of which one write is stale, and names every stale one",
    spoil: (collections) => ({
      async commitRecords(commit) {
        const writes = [];
        for (const write of commit.writes) {
          const [stored] = await collections.getRecords(write.collection, [write.id]);
          writes.push({ ...write, expected: stored?.revision ?? 0 });
        }
        return collections.commitRecords({ ...commit, writes });
      },
    }),
  },
  {
    fault: "commits the half that is not stale",
    noticedBy: "keeps nothing of a commit of which one write is stale, and names every stale one",
    spoil: (collections) => ({
      async commitRecords(commit) {
        const result = await collections.commitRecords(commit);
        const isStale = (id: string) => result.stale.some((each) => each.id === id);
        const writes = commit.writes.filter(({ id }) => !isStale(id));
        if (result.stale.length > 0) await collections.commitRecords({ ...commit, writes });
        return result;
      },
    }),
  },
  {
    fault: "replaces a record with what a write names",
    noticedBy: "makes records, and changes of one only what a write names",
    spoil: (collections) => ({
      async commitRecords(commit) {
        const writes = [];
        for (const write of commit.writes) {
          const [stored] = await collections.getRecords(write.collection, [write.id]);
          const emptied = Object.fromEntries(Object.keys(stored?.fields ?? {}).map((name) => [name, null]));
          writes.push({ ...write, fields: { ...emptied, ...write.fields } });
        }
        return collections.commitRecords({ ...commit, writes });
      },
    }),
  },
  {
    fault: "loses provenance",
    noticedBy: "makes records, and changes of one only what a write names",
    spoil: (collections) => ({
      commitRecords: (commit) =>
        collections.commitRecords({
          ...commit,
          writes: commit.writes.map(({ provenance: _, ...write }) => write),
        }),
    }),
  },
  {
    fault: "lists changes by id",
    noticedBy: "lists what changed since a revision, page by page, each record once and as it is now",
    spoil: (collections) => ({
      async changesSince(collection, page) {
        const found = await collections.changesSince(collection, { ...page, limit: 1_000 });
        return found.toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(0, page.limit);
      },
    }),
  },
  {
    fault: "drops the last page of changes",
    noticedBy: "lists what changed since a revision, page by page, each record once and as it is now",
    spoil: (collections) => ({
      async changesSince(collection, page) {
        const found = await collections.changesSince(collection, page);
        return page.revision > 0 && found.length < page.limit ? [] : found;
      },
    }),
  },
  {
    fault: "returns stale reads",
    noticedBy: "makes records, and changes of one only what a write names",
    spoil(collections) {
      const cache = new Map<string, readonly CollectionRecord[]>();
      return {
        async getRecords(collection, ids) {
          const key = JSON.stringify([collection, ids]);
          const records = cache.get(key) ?? (await collections.getRecords(collection, ids));
          cache.set(key, records);
          return records;
        },
      };
    },
  },
  {
    fault: "forgets what is in the trash",
    noticedBy: "finds records by their marker, trashed ones too, oldest first",
    spoil: (collections) => ({
      async findByMarker(collection, marker) {
        const found = await collections.findByMarker(collection, marker);
        return found.filter(({ status }) => status === "live");
      },
    }),
  },
  {
    fault: "counts trashed records as live",
    noticedBy: "counts the changes of each collection without gaps, and tells how many records there are",
    spoil: (collections) => ({
      async getCollectionTotals(collection) {
        const { live, trashed, revision } = await collections.getCollectionTotals(collection);
        return { live: live + trashed, trashed, revision };
      },
    }),
  },
  {
    fault: "writes a version for a write that changes nothing",
    noticedBy: "leaves no trace of a write that changes nothing",
    spoil: (collections) => ({
      commitRecords: (commit) =>
        collections.commitRecords({
          ...commit,
          writes: commit.writes.map((write) => ({
            ...write,
            fields: { ...write.fields, seenAt: commit.at },
          })),
        }),
    }),
  },
  {
    fault: "drops the end of a history",
    noticedBy: "keeps every version of a record with what was before, chained, and pages through them",
    spoil: (collections) => ({
      async listRecordVersions(collection, id, page) {
        return (await collections.listRecordVersions(collection, id, page)).slice(0, 5);
      },
    }),
  },
  {
    fault: "streams only the first read of a run's versions",
    noticedBy: "streams the versions of a run by collection, record and number",
    spoil: (collections) => ({
      async *iterateRecordVersionsOfRun(runId) {
        let count = 0;
        for await (const version of collections.iterateRecordVersionsOfRun(runId))
          if (++count <= 200) yield version;
      },
    }),
  },
];
