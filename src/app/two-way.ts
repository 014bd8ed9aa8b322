import type { Json } from "../core/json.ts";
import type { Side } from "../core/two-way/mapping.ts";
import type { PairTotals, PairVersion } from "../store/pair-store.ts";
import type { Run } from "../store/store.ts";
import type { LogEvent } from "./herald.ts";
import type { RunReport } from "./lockstep.ts";
import type { Trouble } from "./planning-troubles.ts";

/** A side of a two-way sync, as people call it: "Notion", or the name of the table. */
export interface SideLabels {
  readonly left: string;
  readonly right: string;
}

/** What a run would write to one side of one record. `from` null: nothing there, or a new record. */
export interface PlannedWrite {
  readonly side: "left" | "right";
  readonly kind: "create" | "update" | "trash" | "restore";
  readonly fields: readonly { readonly field: string; readonly from: Json; readonly to: Json }[];
}

/** A record that a run would write, or that waits for a person. */
export interface PlannedRecord {
  readonly linkId: string;
  readonly leftId: string | null;
  readonly rightId: string | null;
  readonly title: string;
  readonly writes: readonly PlannedWrite[];
  /** Both sides changed these; nothing is written to them. Under `$presence`: deleted here, edited there. */
  readonly conflicts: readonly {
    readonly field: string;
    readonly base: Json;
    readonly left: Json;
    readonly right: Json;
  }[];
  /** Values that the other side has no word for. */
  readonly waiting: readonly { readonly field: string; readonly message: string }[];
  /** The record is parted from its counterpart, which stays. */
  readonly isUnlinked: boolean;
}

/** What a run of a two-way sync would do. */
export interface PairPlanReport {
  readonly type: "two-way";
  readonly sync: string;
  readonly sides: SideLabels;
  /** At most 200 of them; `recordCount` and `counts` cover all. */
  readonly records: readonly PlannedRecord[];
  readonly recordCount: number;
  readonly counts: {
    readonly create: number;
    readonly update: number;
    readonly delete: number;
    readonly revive: number;
    readonly conflict: number;
    readonly waiting: number;
    readonly unlink: number;
  };
  /** Records that both sides agree on. */
  readonly unchanged: number;
  /** It has to be accepted before it writes: the first run, or one after the mapping has changed. */
  readonly mustBeAccepted: boolean;
  readonly refusal: string | null;
  readonly calls: number;
  readonly warnings: readonly string[];
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface PairStatus {
  readonly sync: string;
  readonly sides: SideLabels;
  readonly notionId: string;
  readonly isEnabled: boolean;
  readonly isRunning: boolean;
  /** Servers and workers ask both sides this often. null: not by themselves. */
  readonly pollSeconds: number | null;
  /** A person has let it write, with `lockstep sync --yes`. */
  readonly isAccepted: boolean;
  readonly lastRun: Run | null;
  readonly totals: PairTotals;
  /** Parts of a planning sync that do not work now; absent: another recipe's. */
  readonly leftOut?: readonly Trouble[];
}

/** A conflict with both values, as people see it. */
export interface ConflictReport {
  readonly id: string;
  readonly sync: string;
  readonly sides: SideLabels;
  readonly title: string;
  readonly leftId: string | null;
  readonly rightId: string | null;
  /** The property's name, or `$presence`: deleted on one side, edited on the other. */
  readonly field: string;
  readonly base: Json;
  readonly left: Json;
  readonly right: Json;
  readonly leftActor: string | null;
  readonly rightActor: string | null;
  readonly openedAt: string;
  /** Settled, and carried out by the next run. */
  readonly winner: "left" | "right" | null;
  readonly settledBy: string | null;
}

/** Something that stopped and waits for a person's word. */
export interface HoldReport {
  readonly id: string;
  readonly sync: string;
  readonly kind: string;
  readonly message: string;
  readonly count: number;
  readonly openedAt: string;
  readonly decision: "approved" | "rejected" | null;
  readonly decidedBy: string | null;
}

/** A record that does not get in agreement by itself, and why. It is tried again later, and whenever it changes. */
export interface ProblemReport {
  readonly sync: string;
  readonly linkId: string;
  readonly title: string;
  readonly leftId: string | null;
  readonly rightId: string | null;
  readonly problem: string;
  /** ISO 8601; null: when something changes. */
  readonly nextTryAt: string | null;
}

export interface OpenQuestions {
  readonly conflicts: readonly ConflictReport[];
  readonly holds: readonly HoldReport[];
  readonly problems: readonly ProblemReport[];
}

/** Who takes a conflict's value: a side, by its place or by its label. */
export type Taken = "left" | "right" | "notion" | "table" | "github";

export interface PairHistoryReport {
  readonly sync: string;
  readonly sides: SideLabels;
  readonly linkId: string;
  readonly leftId: string | null;
  readonly rightId: string | null;
  readonly title: string;
  readonly status: string;
  readonly problem: string | null;
  /** Ascending. */
  readonly versions: readonly PairVersion[];
  /** The whole history is exactly what was written; otherwise, what is wrong with it. */
  readonly flaw: string | null;
}

/** What `table install` does to both sides, to be read first. */
export interface CaptureReport {
  readonly sync: string;
  /** The property in Notion that keeps the key of a page's row; `isThere`: it need not be added. */
  readonly property: { readonly name: string; readonly isThere: boolean };
  /** What is run in the table's database. */
  readonly sql: string;
}

/** One webhook delivery, as it came. */
export interface Delivery {
  readonly body: Uint8Array;
  /** The header `X-Notion-Signature`, or GitHub's `X-Hub-Signature-256`; null: there is none. */
  readonly signature: string | null;
}

/** One of GitHub's webhook deliveries, as it came, with its headers; null: there is none. */
export interface GitHubDelivery extends Delivery {
  /** `X-GitHub-Event`. */
  readonly event: string | null;
  /** `X-GitHub-Delivery`. */
  readonly id: string | null;
}

/**
 * What became of a delivery.
 * - `taken`: stored, or about nothing of ours; `events`: how many were new
 * - `token`: the handshake of a new subscription, while it is waited for; for the operator's eyes
 * - `refused`: not signed with our secret, or there is none
 * - `busy`: signed, and not stored, because too many others wait for that: to be delivered again
 */
export type DeliveryOutcome =
  | { readonly kind: "taken"; readonly events: number }
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "busy" };

/** What taking a run back does, or would do, to one side of a record. */
export interface UndoneRecord {
  readonly linkId: string;
  readonly title: string;
  readonly side: "left" | "right";
  readonly kind: "update" | "trash" | "restore";
  readonly fields: readonly { readonly field: string; readonly from: Json; readonly to: Json }[];
  /** What stays as it is, and why. */
  readonly left: readonly { readonly field: string; readonly reason: string }[];
  /** null: nothing was written to it. */
  readonly outcome: "applied" | "stale" | "refused" | "doubt" | null;
}

export interface PairUndoReport {
  readonly sync: string;
  readonly sides: SideLabels;
  readonly records: readonly UndoneRecord[];
  /** null: nothing was written. */
  readonly run: Run | null;
}

/** What two-way syncs offer beside running and planning. */
export interface TwoWay {
  /** Open conflicts and holds of one sync or all, newest first, and records with a problem; at most `limit` of each. */
  questions(filter: { readonly sync?: string | undefined; readonly limit: number }): Promise<OpenQuestions>;
  /** Settles an open conflict, known by its id or the beginning of it. The next run carries it out. */
  settle(settled: {
    readonly id: string;
    readonly take: Taken;
    readonly by: string;
  }): Promise<ConflictReport>;
  decide(decided: {
    readonly id: string;
    readonly decision: "approved" | "rejected";
    readonly by: string;
  }): Promise<HoldReport>;
  /** The newest versions of the record with this id on either side, the beginning of one, or these words in its title. */
  history(reference: string, limit: number): Promise<PairHistoryReport>;
  /** Takes back what a run wrote where it still stands, or shows what that would do. The next run carries it over. */
  undo(
    runId: string,
    options: {
      readonly isCommitted: boolean;
      readonly allowDeletes: number | null;
      readonly signal: AbortSignal | undefined;
    },
  ): Promise<PairUndoReport>;
  /** What installing or removing would do. Changes nothing. */
  showCapture(sync: string, what: "install" | "remove"): Promise<CaptureReport>;
  install(sync: string): Promise<CaptureReport>;
  /** Removes what was installed in the table's database. Nothing in Notion is removed. */
  remove(sync: string): Promise<CaptureReport>;
  /** Keeps all enabled two-way syncs in agreement until the signal aborts. */
  follow(signal: AbortSignal, onRun: (report: RunReport) => void): Promise<void>;
  /** Tells a listener of what people who run it should know, one log line each. */
  listen(listener: (event: LogEvent) => void): void;
  /**
   * Tells which sync a delivery concerns, once it is stored; also of one that is delivered again. `poll`: the side that has to
   * be asked to learn more, because it is about no record of its own; null: none.
   */
  onHint(listener: (sync: string, poll: Side | null) => void): void;
  /** Takes in a webhook delivery. Throws STORE_FAILED when it could not be kept. */
  receive(delivery: Delivery): Promise<DeliveryOutcome>;
  /** The same for one of GitHub's. */
  receiveGitHub(delivery: GitHubDelivery): Promise<DeliveryOutcome>;
  /** For ten minutes, the handshake of a new webhook subscription is taken. */
  awaitHandshake(): void;
}
