import type { Checkpoint, RememberedRecord } from "../connector/connector.ts";
import type { Json } from "../core/json.ts";
import type { AnswerStore } from "./answer-store.ts";
import type { CollectionStore } from "./collection-store.ts";
import type { PairStore } from "./pair-store.ts";

/** The task fields that have a column of their own; everything else lives in `metadata`. */
export interface TaskFields {
  readonly title: string;
  readonly description: string | null;
  readonly status: string | null;
  readonly resolution: string | null;
}

/** One immutable entry of a task's history. Times are ISO 8601 UTC with milliseconds. */
export interface TaskVersion extends TaskFields {
  readonly id: string;
  readonly taskId: string;
  /** 1, 2, 3 … without gaps. */
  readonly versionNum: number;
  readonly metadata: { readonly [key: string]: Json };
  readonly createdAt: string;
  /** "notion:<user id>", "mcp:<client>", "cli:<user>" … */
  readonly createdBy: string;
  readonly changeReason: string;
  /** Another value was written since this one's base; that value is in an earlier version. */
  readonly conflictFlag: boolean;
  /** A tombstone: the task is deleted as of this version. */
  readonly isDeleted: boolean;
  /** The run that wrote it, null for edits by people and agents. */
  readonly runId: string | null;
}

/** Why a linked task may be out of step with its source; null when all is well. */
export type LinkState = "live" | "deleted" | "missing" | "moved" | "archived";

export interface Task {
  readonly id: string;
  readonly projectScopeId: string;
  readonly currentVersionId: string;
  readonly createdAt: string;
  /** Where it comes from, null for tasks made by agents or people. */
  readonly source: {
    readonly syncId: string;
    readonly recordId: string;
    readonly state: LinkState;
    /** Since when the source record cannot be found (ISO 8601), null otherwise. */
    readonly missingSince: string | null;
  } | null;
  readonly current: TaskVersion;
}

/** A version about to be appended. Without `taskId`, a new task is made and this is its version 1. */
export interface VersionDraft extends TaskFields {
  /** JSON text of an object, ready to store: on the hot path it is made once. */
  readonly metadataJson: string;
  readonly createdBy: string;
  readonly changeReason: string;
  readonly conflictFlag: boolean;
  readonly isDeleted: boolean;
}

/** What a sync remembers about one pair: a source record and its task. */
export interface Link {
  readonly sourceId: string;
  readonly taskId: string;
  readonly state: LinkState;
  readonly missingSince: string | null;
  /** Fingerprint of the source record's comparable fields at the last sync. */
  readonly sourceFingerprint: string;
  readonly sourceRevision: string;
  /** The task version that the last sync wrote or adopted: the base of the task's side. */
  readonly baseVersionNum: number;
  /** The source's mapped values at the last sync, when they differ from that version; else null. */
  readonly baseSource: Json;
  readonly memo: Json;
  /** The task's newest version, so that "the task was edited since" is one comparison. */
  readonly currentVersionNum: number;
  readonly isTaskDeleted: boolean;
}

/** One record's change, applied as a whole or not at all. */
export interface LinkChange {
  readonly sourceId: string;
  /** null: a new pair; a task is created with `version` as its version 1. */
  readonly taskId: string | null;
  readonly projectScopeId: string;
  /** null: the task stays as it is; only the link is updated. */
  readonly version: VersionDraft | null;
  /** The task's newest version the plan was made on; another one means: plan again. */
  readonly expectedVersionNum: number;
  readonly link: Omit<
    Link,
    "sourceId" | "taskId" | "currentVersionNum" | "isTaskDeleted" | "baseVersionNum"
  > & {
    /** "written": the version written here; a number: that version. */
    readonly baseVersionNum: number | "written";
  };
  readonly conflicts: readonly ConflictDraft[];
}

/** Both sides changed a field since the base. `left` is the value that was written, `right` the one it superseded. */
export interface ConflictDraft {
  readonly field: string;
  readonly base: Json;
  readonly left: Json;
  readonly right: Json;
  readonly resolution: "left wins";
}

export interface Conflict extends ConflictDraft {
  readonly id: string;
  /** null: between two people or agents, on a task that comes from nowhere else. */
  readonly syncId: string | null;
  readonly taskId: string;
  readonly runId: string | null;
  /** The version that won; the value it superseded is in an earlier one. */
  readonly versionNum: number;
  readonly at: string;
}

/** Everything of one batch that becomes durable together. */
export interface Commit {
  readonly syncId: string;
  readonly runId: string;
  /** Fencing token of the lease; a commit by an older holder is refused with LEASE_LOST. */
  readonly fence: number;
  readonly at: string;
  readonly changes: readonly LinkChange[];
  /** Source ids that a sweep saw in place. */
  readonly seen: readonly string[];
  /** Moves the sync's checkpoint in the same transaction, when given and no change is stale. */
  readonly checkpoint?: Checkpoint;
}

export interface CommitResult {
  /**
   * Source ids of changes not applied: the task had moved on since the plan, or the pair is not what the plan took it
   * for (a new one that exists, one linked to another task). Plan these again. While there are any, the checkpoint
   * stays, because it would say that they are durable.
   */
  readonly stale: readonly string[];
}

/** What the store keeps per sync. */
export interface SyncState {
  readonly syncId: string;
  readonly checkpoint: Checkpoint;
  /** Bindings of configured names to vendor ids and the like; owned by the recipe. */
  readonly binding: Json;
  readonly lastSweepAt: string | null;
}

export type RunStatus = "running" | "succeeded" | "failed" | "refused" | "interrupted" | "cancelled";

export interface RunCounts {
  readonly read: number;
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly deleted: number;
  readonly revived: number;
  readonly conflicts: number;
  readonly missing: number;
}

/** One execution and its evidence. */
export interface Run {
  readonly id: string;
  readonly syncId: string;
  /** `import`: one way into tasks; `two-way`: a pair of collections; `library`: a change of collections by rule. */
  readonly type: "import" | "two-way" | "library";
  /** "notion"; for a pair, both sides: "Notion and tasks". */
  readonly source: string;
  /** The data source that was read. */
  readonly sourceId: string;
  /** "cli", "schedule", "schedule:missed", "mcp", "demo" … */
  readonly trigger: string;
  readonly status: RunStatus;
  readonly startedAt: string;
  /** null while it runs, and for an interrupted one: nobody saw its end. */
  readonly endedAt: string | null;
  readonly counts: RunCounts;
  /** Requests sent to the source, answers of every kind included. */
  readonly calls: number;
  readonly retries: number;
  readonly errors: readonly { readonly code: string; readonly message: string }[];
  readonly warnings: readonly string[];
  readonly checkpointBefore: Checkpoint;
  readonly checkpointAfter: Checkpoint;
  /** The completeness certificate (engine/certificate.ts), null until the run has read something. */
  readonly certificate: Json;
}

export interface Lease {
  readonly name: string;
  readonly owner: string;
  readonly fence: number;
  readonly until: number;
}

/** A page of a listing: pass `next` back as `after`. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export interface TaskFilter {
  readonly projectScopeId?: string | undefined;
  readonly status?: string | undefined;
  /** Include tombstones. */
  readonly withDeleted?: boolean | undefined;
  /** Words looked for in title and description, case-insensitive. */
  readonly text?: string | undefined;
}

/** A store's counts for one sync, as of now. */
export interface SyncTotals {
  readonly live: number;
  readonly deleted: number;
  readonly missing: number;
  /** moved and archived */
  readonly outOfScope: number;
}

/**
 * Remembers: tasks with append-only history, and what syncs know. The behavioural suite beside this file is part of
 * the contract. Each method is one transaction; none is open while anything waits for a network.
 */
export interface Store extends AsyncDisposable {
  close(): Promise<void>;

  /** What two-way syncs know. */
  readonly pairs: PairStore;
  /** Records that Lockstep keeps itself. */
  readonly collections: CollectionStore;
  /** What outside services answered. */
  readonly answers: AnswerStore;

  // Tasks (people and agents)
  createTask(task: { projectScopeId: string; version: VersionDraft; at: string }): Promise<Task>;
  /**
   * Appends a version. `baseVersionNum` is the version the writer had read: when the task has moved on since, the
   * version is appended all the same (nothing is lost) with its conflict flag set, and each field that both changed
   * since the base, to different values, is listed as a conflict. null: no base known, not flagged.
   * RECORD_NOT_FOUND when the task or the base version is not there.
   *
   * `version` may be a function of the newest version, called inside the transaction: a writer that changes a few
   * fields then leaves alone what others have written in the meantime.
   */
  appendVersion(input: {
    taskId: string;
    baseVersionNum: number | null;
    version: VersionDraft | ((newest: TaskVersion) => VersionDraft);
    at: string;
  }): Promise<TaskVersion>;
  getTask(taskId: string): Promise<Task | null>;
  /**
   * By task id, source record id (with or without dashes), or a prefix of either, in id order; several: ambiguous.
   * An exact id is never ambiguous with longer ones.
   */
  findTasks(reference: string, limit: number): Promise<readonly Task[]>;
  /** In id order, which is the order of creation. */
  listTasks(filter: TaskFilter, page: { after: string | null; limit: number }): Promise<Page<Task>>;
  /** Ascending by version number. `fromVersion` is inclusive. */
  getHistory(taskId: string, page: { fromVersion: number; limit: number }): Promise<readonly TaskVersion[]>;
  getVersion(taskId: string, versionNum: number): Promise<TaskVersion | null>;
  /** The version that was current at `at`, null when the task did not exist yet. */
  getVersionAt(taskId: string, at: string): Promise<TaskVersion | null>;

  // Syncs (the engine). A write to a sync carries the fence of the lease that has the sync's id as its name; it is
  // refused with LEASE_LOST unless that lease is held with that fence.
  /** null until the sync was first written to. */
  getSync(syncId: string): Promise<SyncState | null>;
  saveBinding(syncId: string, fence: number, binding: Json): Promise<void>;
  getLinks(syncId: string, sourceIds: readonly string[]): Promise<ReadonlyMap<string, Link>>;
  getMemos(syncId: string, sourceIds: readonly string[]): Promise<ReadonlyMap<string, RememberedRecord>>;
  /** Applies all changes whose expectation holds, reports the others; links, versions, checkpoint move together. */
  commit(commit: Commit): Promise<CommitResult>;
  getTotals(syncId: string): Promise<SyncTotals>;
  /** Links in state live or missing, in source-id order; streamed. */
  iterateLinks(syncId: string): AsyncIterable<Link>;

  // Sweeps: which source ids were seen since `startSweep`
  startSweep(syncId: string, fence: number): Promise<void>;
  /** Live or missing links that the current sweep has not seen, in source-id order after `after`. */
  getUnseen(syncId: string, page: { after: string | null; limit: number }): Promise<readonly Link[]>;
  finishSweep(syncId: string, fence: number, at: string): Promise<void>;

  // Runs, conflicts
  /**
   * Runs of the sync that are still "running" become "interrupted": the caller holds the lease, so they crashed. A run
   * that ended before it could begin (its status is not "running") holds no lease, and is only recorded.
   */
  startRun(run: Run): Promise<void>;
  /** RUN_NOT_FOUND when it was never started. */
  saveRun(run: Run): Promise<void>;
  getRun(runId: string): Promise<Run | null>;
  /** Newest first. */
  listRuns(filter: { syncId?: string | undefined; limit: number }): Promise<readonly Run[]>;
  /** Versions that a run wrote, with the source id of their task; streamed, in no particular order. */
  iterateVersionsOfRun(runId: string): AsyncIterable<TaskVersion & { readonly sourceId: string | null }>;
  /** Newest first. */
  listConflicts(filter: {
    syncId?: string | undefined;
    taskId?: string | undefined;
    limit: number;
  }): Promise<readonly Conflict[]>;

  // Leases: one holder at a time, across processes
  /**
   * The lease when it is free, released, past its time or held by a dead owner, with a fence one above any before it;
   * else who holds it, which may be the same owner.
   */
  acquireLease(request: {
    name: string;
    owner: string;
    now: number;
    ttlMs: number;
    isDead: (owner: string) => boolean;
  }): Promise<{ readonly lease: Lease } | { readonly heldBy: Lease }>;
  /** False when another holder has taken over. */
  renewLease(lease: Lease, until: number): Promise<boolean>;
  releaseLease(lease: Lease): Promise<void>;
  /** Who holds it, or held it last (`until` is 0 once released); null when nobody ever did. */
  getLease(name: string): Promise<Lease | null>;
}
