import type { CollectionVersion } from "../../core/collection/record.ts";
import type { CollectionStore } from "../collection-store.ts";
import { compare } from "../memory-shelf.ts";
import { collectionCommitTopic } from "./collection-commit.ts";
import { collectionPlaces, type RunEntry, recordOf, versionOf } from "./collection-places.ts";
import type { Database } from "./database.ts";
import { after, keyText, ordinal } from "./keys.ts";
import { readRunIndex } from "./run-index.ts";
import { headOf } from "./scopes.ts";
import { byIdOf } from "./sorting.ts";

/** Versions held at once by a reader of all versions of a run. */
const versionsPerRead = 200;

export function collectionStore(database: Database): CollectionStore {
  return {
    ...recordTopic(database),
    ...collectionCommitTopic(database),
    ...historyTopic(database),
  };
}

type RecordTopic = Pick<
  CollectionStore,
  "getRecords" | "findByMarker" | "changesSince" | "getCollectionTotals"
>;

function recordTopic(database: Database): RecordTopic {
  const places = collectionPlaces(database);
  const countsOf = async (collection: string) => {
    const scope = places.head(collection);
    return headOf(scope, await database.get(scope)).counts;
  };
  return {
    async getRecords(collection, ids) {
      await database.settle();
      const items = await database.getAll(ids.map((id) => places.record(collection, id)));
      return items.map(recordOf).sort(byIdOf);
    },
    async findByMarker(collection, marker) {
      await database.settle();
      const wanted = keyText(marker);
      const query = { ...places.partition(collection), index: "index2" as const, from: wanted, to: wanted };
      const items = await database.query(query);
      return items.map(recordOf).sort((a, b) => compare(a.createdAt, b.createdAt) || byIdOf(a, b));
    },
    async changesSince(collection, { revision, limit }) {
      await database.settle();
      // Numbers up to the head's are all in place. A commit that goes on meanwhile gives out later ones, and may have
      // written the last of them before the first: whoever read on after that one would never see the first.
      const last = (await countsOf(collection)).revision ?? 0;
      const items = await database.query({
        ...places.partition(collection),
        index: "index1",
        from: after(ordinal(revision)),
        to: ordinal(last),
        limit,
      });
      return items.map(recordOf);
    },
    async getCollectionTotals(collection) {
      await database.settle();
      const { live = 0, trashed = 0, revision = 0 } = await countsOf(collection);
      return { live, trashed, revision };
    },
  };
}

function historyTopic(
  database: Database,
): Pick<CollectionStore, "listRecordVersions" | "iterateRecordVersionsOfRun"> {
  const places = collectionPlaces(database);
  return {
    async listRecordVersions(collection, recordId, { after: seq, limit }) {
      await database.settle();
      const query = { ...places.history(collection, recordId), from: ordinal(seq + 1), limit };
      return (await database.query(query)).map(versionOf);
    },
    async *iterateRecordVersionsOfRun(runId) {
      await database.settle();
      const entries = await readRunIndex<RunEntry>(database, places.run(runId).pk);
      entries.sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]) || a[2] - b[2]);
      for (let n = 0; n < entries.length; n += versionsPerRead) {
        const keys = entries.slice(n, n + versionsPerRead).map(places.version);
        yield* (await database.getAll(keys)).map(versionOf).sort(byPlace);
      }
    },
  };
}

function byPlace(a: CollectionVersion, b: CollectionVersion): number {
  return compare(a.collection, b.collection) || compare(a.recordId, b.recordId) || a.seq - b.seq;
}
