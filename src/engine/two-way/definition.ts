import type { Description, WritableConnector } from "../../connector/connector.ts";
import type { Clock, Ids } from "../../core/clock.ts";
import type { Json } from "../../core/json.ts";
import type { FieldRule, PairPolicy, Side } from "../../core/two-way/mapping.ts";
import type { Refused, Unmappable, Values } from "../../core/two-way/pair.ts";
import type { Store } from "../../store/store.ts";
import type { Meter } from "../sync.ts";

/** A mapping bound to the two collections as they look now. */
export interface BoundMapping {
  readonly rules: readonly FieldRule[];
  /** Rules that cannot be used now (a column is gone or has another type), with the reason for people. */
  readonly suspended: readonly { readonly name: string; readonly reason: string }[];
  /**
   * The natural key of a record's values, normalised; null: it has none (yet). Records of the two sides with one key are
   * the same thing when neither is linked. null for the whole: records are never matched by content.
   */
  readonly keyOf: ((side: Side, values: Values) => string | null) | null;
  /** Which records take part; null: all of them. One that no longer does leaves the scope: unlinked, never deleted. */
  readonly isInScope: ((side: Side, values: Values) => boolean) | null;
  /** What identifies this mapping: another print means that bases must be looked at anew before anything is written. */
  readonly print: string;
  /** Kept in the store and handed back at the next binding (property ids of names, option ids …). */
  readonly binding: Json;
  readonly warnings: readonly string[];
}

export interface PairSide {
  readonly connector: WritableConnector;
  /** The vendor's id of the collection, for evidence. */
  readonly collectionId: string;
  /** How people call it ("Notion", "tasks"). */
  readonly label: string;
  /** Every record is listed at least this often: to find what stamps do not show, and what is gone (ms). */
  readonly sweepEveryMs: number;
  readonly meter: () => Meter;
  /**
   * Records that others made get their counterpart's id too, where it is missing or another one: one write each.
   * `unnamed`: at once only where the counterpart is not a record of ours that names them already; else with their next write.
   */
  readonly marksOthers?: boolean | "unnamed";
}

export interface PairGuardLimits {
  /** Deletions within 24 h that pass: the greater of both. */
  readonly deletesMax: number;
  readonly deleteShareMax: number;
  /** Share of the records that may be cleared in one field, or changed altogether, in one reading. */
  readonly clearShareMax: number;
  readonly changeShareMax: number;
}

/** Two collections kept in agreement. */
export interface PairDefinition {
  readonly id: string;
  readonly name: string;
  readonly sides: Readonly<Record<Side, PairSide>>;
  readonly bind: (descriptions: Readonly<Record<Side, Description>>, stored: Json) => BoundMapping;
  readonly policy: PairPolicy;
  readonly guard: PairGuardLimits;
  /** Writes under way at once, per side. */
  readonly writesAtOnce: number;
  /**
   * Told, once it is durable, of what the domain did not take over and of values that the other side has no word for. Told
   * again whenever a pair is looked at and it is still so. A failure here is nobody's but the teller's.
   */
  readonly onNotice?: (notice: PairNotice) => Promise<void>;
  /**
   * Told at the end of a pass, also of one that failed, which pairs it brought to agreement or found in agreement when it
   * looked at them. A failure here is nobody's but the teller's.
   */
  readonly onAgreed?: (agreed: readonly AgreedPair[]) => Promise<void>;
}

/** A pair whose two sides say the same, as far as it was looked at. */
export interface AgreedPair {
  readonly leftId: string;
  readonly rightId: string;
}

/** Something about a record that a person should know. */
export interface PairNotice {
  readonly linkId: string;
  readonly leftId: string | null;
  readonly rightId: string | null;
  readonly refused: readonly Refused[];
  readonly unmappable: readonly Unmappable[];
  /** What each side holds, by rule name, in its own form. */
  readonly values: Readonly<Record<Side, Values>>;
  readonly runId: string;
}

/** The outside world of the two-way engine. */
export interface PairDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly owner: string;
  readonly isDead: (owner: string) => boolean;
}

export interface PassOptions {
  readonly trigger: string;
  /** Sweep both sides now. */
  readonly isFull: boolean;
  /** Which sides to ask for changes; hints and what is due are taken up in any case. */
  readonly polls: readonly Side[];
  /** Certified deletions that this one run may carry out beyond the guard; null: none. */
  readonly allowDeletes: number | null;
  /** The first run of a pair, and one with another mapping, writes only when it was planned and accepted. */
  readonly isAccepted: boolean;
  readonly onProgress: (phase: PassPhase, records: number) => void;
  readonly signal: AbortSignal | undefined;
}

export type PassPhase =
  | "connecting"
  | "reading left"
  | "reading right"
  | "sweeping left"
  | "sweeping right"
  | "converging"
  | "done";
