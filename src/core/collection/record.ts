import type { Json } from "../json.ts";

/** Who says that a field holds what it holds, and how sure that is (0 to 1). The words are the recipe's own. */
export interface FieldProvenance {
  readonly origin: string;
  readonly confidence: number;
}

/** A record of one of Lockstep's own collections. Nothing ever deletes one: it goes to the trash, and its history stays. */
export interface CollectionRecord {
  readonly collection: string;
  /** Unique in its collection. */
  readonly id: string;
  /** What an outside record that it stands for is known by; null: there is none, or it is not known. */
  readonly marker: string | null;
  readonly status: "live" | "trashed";
  /** Fields that are empty are absent. */
  readonly fields: Readonly<Record<string, Json>>;
  /** Of fields, and of `$status`; what nobody vouches for is absent. */
  readonly provenance: Readonly<Record<string, FieldProvenance>>;
  /**
   * The number of the collection's change that made it what it is. Changes are counted per collection, without gaps, so
   * that "what changed since" is one question, and a write can say which state it was planned on.
   */
  readonly revision: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Its newest version. */
  readonly head: { readonly seq: number; readonly hash: string };
}

/** One immutable entry of a record's history. The hash covers every other member and the hash before it. */
export interface CollectionVersion {
  readonly collection: string;
  readonly recordId: string;
  /** 1, 2, 3 … without gaps. */
  readonly seq: number;
  readonly revision: number;
  /** What changed, null where it became empty; `$status` and `$marker` among it. */
  readonly fields: Readonly<Record<string, Json>>;
  /** The same fields before. */
  readonly prior: Readonly<Record<string, Json>>;
  /** Of what changed, and of fields of which only the word of somebody else counts now. null: nobody's. */
  readonly provenance: Readonly<Record<string, FieldProvenance | null>>;
  readonly priorProvenance: Readonly<Record<string, FieldProvenance | null>>;
  /** "Notion", "import", "cascade" … */
  readonly by: string;
  readonly reason: string;
  readonly runId: string | null;
  /** ISO 8601 UTC with milliseconds. */
  readonly at: string;
  readonly prevHash: string;
  /** SHA-256 in hex, of the canonical JSON of all other members. */
  readonly hash: string;
}

/** A change of one record. What it does not name stays as it is. */
export interface CollectionWrite {
  readonly collection: string;
  readonly id: string;
  /** The revision that it was planned on; 0: there is no such record yet. */
  readonly expected: number;
  /** null: becomes empty. */
  readonly fields: Readonly<Record<string, Json>>;
  /** null: nobody vouches for it any more. */
  readonly provenance?: Readonly<Record<string, FieldProvenance | null>>;
  readonly status?: CollectionRecord["status"];
  readonly marker?: string | null;
  readonly reason: string;
}

/** Writes that become durable together or not at all. */
export interface CollectionCommit {
  readonly by: string;
  readonly runId: string | null;
  readonly at: string;
  /** Each record once. */
  readonly writes: readonly CollectionWrite[];
}

/** `stale`: somebody has changed or made these since; then nothing was written. Else every record as it is now, in order. */
export interface CollectionCommitResult {
  readonly stale: readonly { readonly collection: string; readonly id: string }[];
  readonly records: readonly CollectionRecord[];
}
