import type {
  CollectionCommit,
  CollectionCommitResult,
  CollectionRecord,
  CollectionVersion,
} from "../core/collection/record.ts";

export interface CollectionTotals {
  readonly live: number;
  readonly trashed: number;
  /** Of its last change; 0: it was never written to. */
  readonly revision: number;
}

/**
 * Lockstep's own collections: named sets of records with append-only history. Part of every store; its behavioural suite
 * stands beside the store's. Everything is asked for by collection and id, by marker, or by number of change, and every
 * write is conditional on a revision: a store without joins and with conditional writes can keep this contract as well.
 */
export interface CollectionStore {
  /** Those that are there, by id. */
  getRecords(collection: string, ids: readonly string[]): Promise<readonly CollectionRecord[]>;
  /** Trashed ones too, oldest first. */
  findByMarker(collection: string, marker: string): Promise<readonly CollectionRecord[]>;
  /**
   * Records that changed after that revision, each as it is now, in the order of their last change; trashed ones too. From
   * 0 on these are all of them; read on after the last one's revision.
   */
  changesSince(
    collection: string,
    page: { readonly revision: number; readonly limit: number },
  ): Promise<readonly CollectionRecord[]>;
  /** At most `collectionWritesMax` writes. A write that changes nothing leaves no trace. */
  commitRecords(commit: CollectionCommit): Promise<CollectionCommitResult>;
  /** Ascending by seq. */
  listRecordVersions(
    collection: string,
    recordId: string,
    page: { readonly after: number; readonly limit: number },
  ): Promise<readonly CollectionVersion[]>;
  /** Of one run, by collection, record and seq; streamed. */
  iterateRecordVersionsOfRun(runId: string): AsyncIterable<CollectionVersion>;
  getCollectionTotals(collection: string): Promise<CollectionTotals>;
}

/** What one commit may hold. Callers with more make several, each of which leaves everything right. */
export const collectionWritesMax = 1_000;
