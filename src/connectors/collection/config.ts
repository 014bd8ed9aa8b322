import type { Clock, Ids } from "../../core/clock.ts";
import type {
  CollectionCommit,
  CollectionCommitResult,
  CollectionRecord,
  FieldProvenance,
} from "../../core/collection/record.ts";
import type { FieldType } from "../../core/record.ts";

/** What the connector asks of whoever keeps the collection: a part of the store's own contract. */
export interface CollectionAccess {
  getRecords(collection: string, ids: readonly string[]): Promise<readonly CollectionRecord[]>;
  findByMarker(collection: string, marker: string): Promise<readonly CollectionRecord[]>;
  changesSince(
    collection: string,
    page: { readonly revision: number; readonly limit: number },
  ): Promise<readonly CollectionRecord[]>;
  commitRecords(commit: CollectionCommit): Promise<CollectionCommitResult>;
  getCollectionTotals(collection: string): Promise<{
    readonly live: number;
    readonly trashed: number;
    readonly revision: number;
  }>;
}

/** A field as it is kept: a text, number or boolean as such, an option by its name, options as names, a date as ISO 8601. */
export interface CollectionField {
  readonly id: string;
  readonly type: FieldType;
}

export interface CollectionConfig {
  readonly collection: string;
  /** The fields that take part; others are kept, and neither shown nor written. */
  readonly fields: readonly CollectionField[];
  /** A field whose value is a new record's id, where it has one and no record has that id; null: ids are made up. */
  readonly keyField: string | null;
  /** What is written through the connector is this one's word. */
  readonly provenance: FieldProvenance;
  /** Who that is, for history. */
  readonly by: string;
}

/** The connector's world. */
export interface CollectionWorld {
  readonly config: CollectionConfig;
  readonly access: CollectionAccess;
  readonly clock: Clock;
  readonly ids: Ids;
}
