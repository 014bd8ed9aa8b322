import type { Json } from "../core/json.ts";
import type { FieldSchema, SourceRecord } from "../core/record.ts";

/** What a connector can do, as positive data; the suite tests each power and each documented absence. */
export interface Capabilities {
  /** `pull` in mode "changes" reads only what changed since the checkpoint. */
  readonly canPullChanges: boolean;
  /** A completed sweep lists every live record, so that an absent one is a suspect. */
  readonly canSweep: boolean;
  /** `get` tells a deleted record from one that cannot be read. */
  readonly canCertifyDeaths: boolean;
  readonly canWrite: boolean;
}

/** The collection as its vendor describes it now. */
export interface Description {
  readonly id: string;
  readonly name: string;
  readonly fields: readonly FieldSchema[];
  readonly capabilities: Capabilities;
  /** Things a person should know (a property type nobody can map, a renamed column). */
  readonly warnings: readonly string[];
}

/**
 * How far a side has been read. Opaque to everyone but the connector that made it; JSON, so that it can be stored.
 * null: nothing was ever read completely.
 */
export type Checkpoint = { readonly [key: string]: Json } | null;

/**
 * - `full`: every record, when nothing is known yet; resumable through checkpoints in its batches
 * - `changes`: what changed since the checkpoint
 * - `sweep`: every record again, to certify absence and catch silent drift; leaves the checkpoint as it was
 */
export type PullMode = "full" | "changes" | "sweep";

export interface PullRequest {
  readonly mode: PullMode;
  readonly checkpoint: Checkpoint;
  /** What earlier pulls noted about records (`SourceRecord.memo`), for ids that have one. */
  readonly memosOf: (ids: readonly string[]) => Promise<ReadonlyMap<string, RememberedRecord>>;
  /**
   * The fields as an earlier `describe` gave them, so that a poll need not ask again: every row shows the collection's
   * current columns (id, name, type), and the pull compares the first row of each page with these. null: do not compare.
   */
  readonly knownFields: readonly FieldSchema[] | null;
  readonly signal?: AbortSignal | undefined;
}

export interface RememberedRecord {
  readonly revision: string;
  readonly memo: Json;
}

/** A record that was seen in place and needs no comparison: the connector knows it is unchanged. */
export interface SameRecord {
  readonly id: string;
  readonly revision: string;
}

/** A record that the vendor lists but that could not be read whole. Never a reason to delete. */
export interface UnreadableRecord {
  readonly id: string;
  readonly reason: string;
}

export interface PullBatch {
  readonly records: readonly SourceRecord[];
  readonly same: readonly SameRecord[];
  readonly unreadable: readonly UnreadableRecord[];
  /** Only in mode "full": a checkpoint that is true once this batch is durable, for resuming. */
  readonly resumeAt?: Checkpoint;
}

/** One stretch that was read, with proof that it was read to its end. Times are the vendor's, ISO 8601. */
export interface PullWindow {
  readonly stream: "full" | "changes" | "sweep";
  readonly from: string | null;
  readonly to: string | null;
  readonly pages: number;
  readonly rows: number;
  /** The vendor cut this window at its result cap; the next window goes on where it ended. */
  readonly isCapped: boolean;
}

export interface PullEnd {
  /** False: something could not be enumerated. The checkpoint stays, nothing counts as absent. */
  readonly isComplete: boolean;
  /** Why not, for people. */
  readonly reason: string | null;
  readonly checkpoint: Checkpoint;
  readonly windows: readonly PullWindow[];
  readonly truncated: { readonly found: number; readonly completed: number; readonly failed: number };
  /** The rows have other columns than `knownFields` (added, gone, renamed or retyped): describe again. */
  readonly isSchemaChanged: boolean;
  /** How access was proven in the same exchange ("row <id> was listed"), null when it was not. */
  readonly accessProof: string | null;
}

/** What a single strong read of one id shows. `gone` only with a certificate; a 404 is `unknown`. */
export type Observation =
  | { readonly presence: "live" | "trashed" | "archived" | "moved"; readonly record: SourceRecord }
  | { readonly presence: "gone"; readonly certificate: string }
  | { readonly presence: "unknown"; readonly reason: string };

/**
 * Translates one collection of one outside system into records. The behavioural suite beside this file is part of
 * the contract. A connector keeps no state between calls but caches; everything durable flows through checkpoints.
 */
export interface Connector {
  describe(signal?: AbortSignal): Promise<Description>;
  /** Batches as they arrive; the generator's return value says how far the reading got. */
  pull(request: PullRequest): AsyncGenerator<PullBatch, PullEnd, void>;
  get(id: string, signal?: AbortSignal): Promise<Observation>;
  /** A cheap read that succeeds only while the collection is accessible; throws ACCESS_LOST otherwise. */
  proveAccess(signal?: AbortSignal): Promise<string>;
}
