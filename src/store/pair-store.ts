import type { Json } from "../core/json.ts";
import type { Side } from "../core/two-way/mapping.ts";
import type { Base } from "../core/two-way/pair.ts";
import type { PairVersion } from "../core/two-way/version-chain.ts";

export type { PairVersion };

/** A left record and a right record that are the same thing, and everything a two-way sync knows about them. */
export interface PairLink {
  /** UUID version 7. It is the marker that created records carry. */
  readonly id: string;
  readonly syncId: string;
  /** Unique per sync and side. */
  readonly leftId: string | null;
  readonly rightId: string | null;
  /** Normalised natural key, unique per sync; null: none. */
  readonly key: string | null;
  readonly status: Base["status"];
  /** When it wants attention next (engine clock, whole ms); null: both sides agreed at the last look. */
  readonly dueAt: number | null;
  /** 0 before 1 before 2: hints and people, polls, backfill. */
  readonly priority: number;
  /** Why it does not converge, for people (an error code of the registry); null: nothing is wrong. */
  readonly problem: string | null;
  readonly openConflicts: number;
  /** Number of the last sweep of each side that saw it in place; 0: none. A commit never lowers them. */
  readonly sweptLeft: number;
  readonly sweptRight: number;
  /** Bases, last observations, open intents, doubts: owned by the engine (engine/two-way/link.ts). */
  readonly doc: Json;
  /** Grows with every commit of this link, and when a person settles one of its conflicts. 0: not stored yet. */
  readonly revision: number;
}

export interface PairConflict {
  readonly id: string;
  readonly syncId: string;
  readonly linkId: string;
  /** Rule name, or `$presence`: deleted on one side, edited on the other. */
  readonly field: string;
  readonly base: Json;
  readonly left: Json;
  readonly right: Json;
  readonly leftActor: string | null;
  readonly rightActor: string | null;
  /** The run that found it. */
  readonly runId: string;
  readonly openedAt: string;
  /** A person's (or a policy's) word; carried out by the next run, which then sets `closedAt`. */
  readonly winner: Side | null;
  readonly settledBy: string | null;
  readonly settledAt: string | null;
  /** null: open. */
  readonly closedAt: string | null;
}

/** A guard's refusal that waits for a person. It stops what it names, nothing else. */
export interface Hold {
  readonly id: string;
  readonly syncId: string;
  readonly kind:
    | "mass-delete"
    | "mass-clear"
    | "mass-change"
    | "schema"
    | "access"
    | "oscillation"
    | "ambiguous-match"
    | "config";
  /** What was found, for people. */
  readonly message: string;
  readonly evidence: Json;
  /** How many records, and a digest of their ids: an approval is for exactly these. */
  readonly count: number;
  readonly digest: string;
  readonly openedAt: string;
  readonly decision: "approved" | "rejected" | null;
  readonly decidedBy: string | null;
  readonly decidedAt: string | null;
  /** null: in force. A hold whose reason went away closes by itself. */
  readonly closedAt: string | null;
}

/**
 * A hint that something changed, stored before it is acknowledged. It says where to look, never what to believe.
 * The same schema for every source.
 */
export interface InboxEvent {
  readonly syncId: string;
  /** "notion", "github", "sql" … With `eventId`, unique per sync. */
  readonly source: string;
  readonly eventId: string;
  readonly side: Side;
  /** The record it is about; null: look at the whole collection. */
  readonly recordId: string | null;
  readonly kind: "created" | "updated" | "deleted" | "restored" | "moved" | "schema" | "unknown";
  /** Names or ids of changed properties, as far as told. */
  readonly changed: readonly string[];
  readonly prior: Readonly<Record<string, Json>>;
  /** When it happened, as the source says (ISO 8601); null: not told. */
  readonly occurredAt: string | null;
  readonly receivedAt: string;
  readonly detectedBy: "webhook" | "poll" | "sweep";
  /** The source's own word for it ("page.properties_updated"). */
  readonly type: string;
}

export interface StoredInboxEvent extends InboxEvent {
  /** Ascending in the order of arrival. */
  readonly seq: number;
}

/**
 * Everything that becomes durable together, or not at all. A commit that no plan can mean is a bug of the caller and
 * throws a TypeError: a link twice, a part of another sync, a version that does not continue its link's chain, a conflict
 * without its link.
 */
export interface PairCommit {
  readonly syncId: string;
  /** Fencing token of the lease that has the sync's id as its name; else LEASE_LOST. */
  readonly fence: number;
  readonly at: string;
  /** With the revision they were read with (0: new); each is stored with the next one. */
  readonly links: readonly PairLink[];
  /** Ascending by seq, each the next one of a link that is stored or made here. */
  readonly versions: readonly PairVersion[];
  /** Inserted, or replaced by id; together with their links, whose revision keeps a person's word from being lost. */
  readonly conflicts: readonly PairConflict[];
  /** Inserted, or replaced by id. A decision that came in between stays, when it is about the same digest. */
  readonly holds: readonly Hold[];
  /** Inbox entries that are dealt with. */
  readonly handled: readonly number[];
  /** The sync's own document (checkpoints, bindings, sweeps), when it changes. */
  readonly state?: Json;
}

/** Empty lists: applied. Otherwise nothing was. */
export interface PairCommitResult {
  /** Links that somebody else has changed or made since: read and plan again. */
  readonly stale: readonly string[];
  /**
   * Links whose record or key belongs to another link, stored or earlier in the same commit. Judged by what the commit
   * would leave behind: a record may pass from one of its links to another.
   */
  readonly taken: readonly { readonly linkId: string; readonly by: string }[];
}

export interface PairTotals {
  readonly live: number;
  readonly dead: number;
  readonly unlinked: number;
  /** Status "none": known on one side only so far, or matched and not yet compared. */
  readonly pending: number;
  /** Wanting attention, now or later. */
  readonly due: number;
  readonly problems: number;
  readonly openConflicts: number;
  readonly openHolds: number;
  readonly inbox: number;
}

/**
 * What two-way syncs know. Part of every store; its behavioural suite stands beside the store's. Each method is one
 * transaction; none is open while anything waits for a network. Lists come back in the order that is said, or by id.
 */
export interface PairStore {
  /** The sync's document; null until its first commit. */
  getState(syncId: string): Promise<Json>;
  getLinks(syncId: string, ids: readonly string[]): Promise<readonly PairLink[]>;
  findLinks(syncId: string, side: Side, recordIds: readonly string[]): Promise<readonly PairLink[]>;
  findLinksByKey(syncId: string, keys: readonly string[]): Promise<readonly PairLink[]>;
  /**
   * By link id, or record id of either side, or a prefix of these (with or without dashes), in all syncs; by id. An exact
   * id is never ambiguous with longer ones.
   */
  searchLinks(reference: string, limit: number): Promise<readonly PairLink[]>;
  /** Due at `now` or before, by priority, then by due time, then by id. */
  listDue(
    syncId: string,
    options: { readonly now: number; readonly limit: number },
  ): Promise<readonly PairLink[]>;
  /** The earliest due time of all; null: nothing is due ever. */
  nextDue(syncId: string): Promise<number | null>;
  /** By id; streamed in pages. */
  iterateLinks(syncId: string): AsyncIterable<PairLink>;
  commit(commit: PairCommit): Promise<PairCommitResult>;

  /** Says that a sweep saw these records in place. Records without a link are ignored. */
  markSwept(mark: {
    readonly syncId: string;
    readonly fence: number;
    readonly side: Side;
    readonly sweep: number;
    readonly recordIds: readonly string[];
  }): Promise<void>;
  /** Links with a record on that side, in status "live" or "none", that the sweep has not seen; by id after `after`. */
  listUnswept(
    syncId: string,
    query: {
      readonly side: Side;
      readonly sweep: number;
      readonly after: string | null;
      readonly limit: number;
    },
  ): Promise<readonly PairLink[]>;

  /** Durable when it returns. Events that are known already (source and event id) are left out. Returns how many are new. */
  putInbox(events: readonly InboxEvent[]): Promise<number>;
  /** Not handled yet, oldest first. */
  listInbox(syncId: string, limit: number): Promise<readonly StoredInboxEvent[]>;
  /** Forgets handled events (delivered once more, they are new) that were received before `before` (ISO 8601); returns how many. */
  pruneInbox(before: string): Promise<number>;

  /** Ascending by seq. */
  listVersions(
    linkId: string,
    page: { readonly after: number; readonly limit: number },
  ): Promise<readonly PairVersion[]>;
  /** Of one run, in no particular order; streamed. */
  iterateVersionsOfRun(runId: string): AsyncIterable<PairVersion>;

  /** Newest first, by when they were opened. */
  listConflicts(filter: {
    readonly syncId?: string | undefined;
    readonly linkId?: string | undefined;
    readonly isOpen?: boolean | undefined;
    readonly limit: number;
  }): Promise<readonly PairConflict[]>;
  /**
   * Notes a person's word on an open conflict and makes its link due now, first, under a new revision. False: it is closed,
   * unknown, or settled already.
   */
  settleConflict(settled: {
    readonly id: string;
    readonly winner: Side;
    readonly by: string;
    readonly at: string;
    readonly now: number;
  }): Promise<boolean>;

  /** Newest first, by when they were opened. */
  listHolds(filter: {
    readonly syncId?: string | undefined;
    readonly isOpen?: boolean | undefined;
    readonly limit: number;
  }): Promise<readonly Hold[]>;
  /** False: it is closed, unknown, or decided already. */
  decideHold(decided: {
    readonly id: string;
    readonly decision: "approved" | "rejected";
    readonly by: string;
    readonly at: string;
  }): Promise<boolean>;

  getPairTotals(syncId: string): Promise<PairTotals>;
}
