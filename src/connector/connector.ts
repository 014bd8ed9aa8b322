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
  /** Writes are refused when the record changed since the revision they were planned on. */
  readonly hasPreconditions: boolean;
  /** An update rests on a fresh read of the record in any case, which its caller can make for several at once. Default: it does not. */
  readonly readsBeforeWriting?: boolean;
  /**
   * How long after it was sent a write may still take effect (ms). 0: an answer, or its absence on a closed connection,
   * settles it at once.
   */
  readonly lateWriteMs: number;
  /** How long a change may stay invisible to `pull` and `find` after it was made (ms). */
  readonly visibleAfterMs: number;
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
  /**
   * Several records in one request, each as `get` shows it, where the vendor can be asked so. What it cannot tell of one is left
   * out, and `get` says it.
   */
  getMany?(ids: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, Observation>>;
  /** A cheap read that succeeds only while the collection is accessible; throws ACCESS_LOST otherwise. */
  proveAccess(signal?: AbortSignal): Promise<string>;
}

/**
 * One write to one record. Fields by field id, in canonical form; only what changes. `expected` is what the record was
 * seen to hold: sides with preconditions refuse to write over anything else.
 */
export type RecordWrite =
  | {
      readonly kind: "create";
      /** Stays with the record (external-id property, column): `find` finds it by this. */
      readonly marker: string;
      readonly fields: Readonly<Record<string, Json>>;
    }
  | {
      readonly kind: "update" | "restore";
      readonly id: string;
      readonly fields: Readonly<Record<string, Json>>;
      /** Set when the record lost it, or never had it. */
      readonly marker?: string;
      readonly expected: { readonly revision: string };
    }
  | { readonly kind: "trash"; readonly id: string; readonly expected: { readonly revision: string } };

/**
 * What became of a write.
 * - `applied`: the record as it is now
 * - `stale`: refused, because it changed since; nothing was written
 * - `refused`: certainly without effect; `retryAfterMs` null: not before something changes
 * - `doubt`: it may or may not have taken effect, now or until `lateWriteMs` have passed; `committedId` when the answer
 *   named what it made
 * Throws ACCESS_LOST only when nothing was written, CANCELLED only before anything was sent.
 */
export type WriteOutcome =
  | { readonly kind: "applied"; readonly record: SourceRecord }
  | { readonly kind: "stale" }
  | {
      readonly kind: "refused";
      readonly code: string;
      readonly message: string;
      readonly retryAfterMs: number | null;
    }
  | { readonly kind: "doubt"; readonly reason: string; readonly committedId: string | null };

export interface ApplyOptions {
  /**
   * Monotonic time (ms) after which the write must not be sent any more, however long it waited for its turn: what it
   * was planned on is too old by then. Past it: `refused` with code SENT_TOO_LATE and `retryAfterMs` 0.
   */
  readonly sendBy: number;
  readonly signal?: AbortSignal | undefined;
}

/** Every record that carries a marker, trashed ones too, oldest first. */
export interface Found {
  readonly records: readonly SourceRecord[];
  /** How access was proven around the search; null: that nothing was found proves nothing. */
  readonly accessProof: string | null;
}

/** A side that Lockstep writes to. */
export interface WritableConnector extends Connector {
  /** One request at most, never repeated by itself. */
  apply(write: RecordWrite, options: ApplyOptions): Promise<WriteOutcome>;
  find(marker: string, signal?: AbortSignal): Promise<Found>;
}
