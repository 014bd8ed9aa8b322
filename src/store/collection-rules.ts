import type {
  CollectionCommit,
  CollectionCommitResult,
  CollectionRecord,
  CollectionVersion,
} from "../core/collection/record.ts";
import { applyCollectionWrite, checkCollectionCommit } from "../core/collection/write.ts";
import { collectionWritesMax } from "./collection-store.ts";

/** A commit thought through: what to store, and what to answer. */
export interface JudgedCommit extends CollectionCommitResult {
  readonly changed: readonly CollectionRecord[];
  readonly isNew: (record: CollectionRecord) => boolean;
  readonly versions: readonly CollectionVersion[];
  /** The number of each collection's last change, where it moves. */
  readonly revisions: ReadonlyMap<string, number>;
}

export function checkCommit(commit: CollectionCommit): void {
  checkCollectionCommit(commit);
  if (commit.writes.length <= collectionWritesMax) return;
  throw new TypeError(
    `a commit of ${commit.writes.length} writes: at most ${collectionWritesMax} go together`,
  );
}

/**
 * What a commit does, given the stored records that it names and the last change of their collections. Those must stay as
 * they are until the end of the transaction.
 */
export function judgeCommit(
  commit: CollectionCommit,
  stored: readonly CollectionRecord[],
  revisionOf: (collection: string) => number,
): JudgedCommit {
  const byKey = new Map(stored.map((record) => [keyOf(record), record]));
  const stale = commit.writes.filter((write) => (byKey.get(keyOf(write))?.revision ?? 0) !== write.expected);
  const isNew = (record: CollectionRecord) => !byKey.has(keyOf(record));
  if (stale.length > 0) {
    const named = stale.map(({ collection, id }) => ({ collection, id }));
    return { stale: named, records: [], changed: [], isNew, versions: [], revisions: new Map() };
  }
  const revisions = new Map<string, number>();
  const changed: CollectionRecord[] = [];
  const versions: CollectionVersion[] = [];
  const records = commit.writes.map((write) => {
    const before = byKey.get(keyOf(write)) ?? null;
    const revision = (revisions.get(write.collection) ?? revisionOf(write.collection)) + 1;
    const written = applyCollectionWrite(before, write, { ...commit, revision });
    if (written === null) return before;
    revisions.set(write.collection, revision);
    changed.push(written.record);
    versions.push(written.version);
    return written.record;
  });
  return {
    stale: [],
    records: records.filter((record) => record !== null),
    changed,
    isNew,
    versions,
    revisions,
  };
}

function keyOf({ collection, id }: { readonly collection: string; readonly id: string }): string {
  return `${collection}\n${id}`;
}
