import { canonicalJson, isJsonObject, type Json } from "../../core/json.ts";
import { otherSide, type Side } from "../../core/two-way/mapping.ts";
import type { Base, FieldWrite, Interval, SidePresence, SideWrite } from "../../core/two-way/pair.ts";
import type { PairLink, PairVersion } from "../../store/pair-store.ts";

/** The last observation of one side of a pair. */
export interface Seen {
  readonly presence: SidePresence;
  /** Own forms by rule name; what was not observed is absent. */
  readonly values: Readonly<Record<string, Json>>;
  readonly revision: string;
  readonly memo: Json;
  readonly actor: string | null;
  /** The external id on it, and whether the record is one that we made. */
  readonly marker: string | null;
  readonly isOurs: boolean;
  readonly createdAt: string;
  readonly editedBetween: Interval | null;
  /** Engine time (ms) at which the read began that gave this. */
  readonly readAt: number;
  /** Read by id, or answered to a write: what a listing of the same stamp cannot contradict. */
  readonly isStrong: boolean;
  /** Something was told that this does not show: to be read by id before anything is decided on it. */
  readonly mustRead: boolean;
  readonly changedIn: Readonly<Record<string, Interval>>;
  /** The mapping that the values were read with. */
  readonly print: string;
}

/** A write that was written down before it was sent. It stays until its fate is known and can no longer change. */
export interface Intent {
  readonly id: string;
  readonly side: Side;
  readonly kind: SideWrite["kind"];
  readonly fields: Readonly<Record<string, Pick<FieldWrite, "value" | "source">>>;
  /** What it carries along as it stood then (`FieldRule.whole`). Absent: nothing. */
  readonly along?: Readonly<Record<string, Pick<FieldWrite, "value" | "source">>>;
  /** `sending`: under way, or its process died; `doubt`: nobody knows; from `horizon` on it cannot take effect any more. */
  readonly state: "sending" | "doubt";
  /** Engine time (ms) at which it was written down, and from which on it may have effect. */
  readonly armedAt: number;
  readonly horizon: number;
}

/** A write of ours to one field, to notice somebody who keeps undoing it. */
export interface Written {
  readonly value: Json;
  readonly at: number;
}

/** A write that a side refused for what it says. Sent again, it would be refused again. */
export interface RefusedWrite {
  readonly side: Side;
  /** What it said, and what the record and its columns were like: with another, something has changed. */
  readonly key: string;
  /** For people. */
  readonly problem: string;
}

/** What the engine keeps about a pair, inside `PairLink.doc`. */
export interface LinkDoc {
  readonly base: Base["fields"];
  readonly seen: Readonly<Record<Side, Seen | null>>;
  readonly intents: readonly Intent[];
  /** Id of the open conflict, by field. */
  readonly conflicts: Readonly<Record<string, string>>;
  readonly head: Pick<PairVersion, "seq" | "hash">;
  /** Failed tries in a row, for the wait before the next. */
  readonly attempts: number;
  readonly written: Readonly<Record<string, readonly Written[]>>;
  /** How often each side was given its counterpart's id. */
  readonly marks: Readonly<Partial<Record<Side, number>>>;
  /** Records beside the linked one that carry its marker: a create that took effect after it was given up. */
  readonly extras: Readonly<Partial<Record<Side, readonly string[]>>>;
  /** Creates that made nothing, as far as anybody could find: one may come to light yet. Absent where none was given up. */
  readonly givenUp?: readonly Intent[];
  /** Those of `extras` that somebody has edited: theirs, until a person has decided. Absent in documents of earlier versions. */
  readonly duplicates?: readonly Duplicate[];
  /** null: none, or something has changed since. Absent in documents of earlier versions. */
  readonly refused?: RefusedWrite | null;
}

export interface Duplicate {
  readonly side: Side;
  readonly id: string;
  /** Ms since 1970. */
  readonly readAt: number;
}

/** A link with its document opened, to be worked on by one hand at a time. */
export interface Pair {
  readonly link: PairLink;
  readonly doc: LinkDoc;
}

const emptyDoc: LinkDoc = {
  base: {},
  seen: { left: null, right: null },
  intents: [],
  conflicts: {},
  head: { seq: 0, hash: "" },
  attempts: 0,
  written: {},
  marks: {},
  extras: {},
};

export function newPair(syncId: string, id: string): Pair {
  return {
    link: {
      id,
      syncId,
      leftId: null,
      rightId: null,
      key: null,
      status: "none",
      dueAt: null,
      priority: 1,
      problem: null,
      openConflicts: 0,
      sweptLeft: 0,
      sweptRight: 0,
      doc: null,
      revision: 0,
    },
    doc: emptyDoc,
  };
}

/** The document is the engine's own: only this file writes it, so its shape is known. */
export function openPair(link: PairLink): Pair {
  return { link, doc: isJsonObject(link.doc) ? (link.doc as unknown as LinkDoc) : emptyDoc };
}

export function closePair({ link, doc }: Pair): PairLink {
  return { ...link, doc: doc as unknown as Json, openConflicts: Object.keys(doc.conflicts).length };
}

/** Several records could be its counterpart, and a person has to say which. One that has found it is past that. */
export function isAmbiguous(link: PairLink): boolean {
  return link.status === "none" && link.problem === "AMBIGUOUS_KEY" && !isMatched(link);
}

/** Both records are known, whatever their keys become. */
export function isMatched({ leftId, rightId }: PairLink): boolean {
  return leftId !== null && rightId !== null;
}

export function recordId(link: PairLink, side: Side): string | null {
  return side === "left" ? link.leftId : link.rightId;
}

export function withRecordId(pair: Pair, side: Side, id: string | null): Pair {
  return { ...pair, link: { ...pair.link, [side === "left" ? "leftId" : "rightId"]: id } };
}

export function withSeen(pair: Pair, side: Side, seen: Seen | null): Pair {
  return { ...pair, doc: { ...pair.doc, seen: { ...pair.doc.seen, [side]: seen } } };
}

export function withIntents(pair: Pair, intents: readonly Intent[]): Pair {
  return { ...pair, doc: { ...pair.doc, intents } };
}

/** Due at `at`, unless it is due earlier already. */
export function dueBy(pair: Pair, at: number, priority: number): Pair {
  const { link } = pair;
  const dueAt = link.dueAt === null ? at : Math.min(link.dueAt, at);
  const isFirst = link.dueAt === null || at <= link.dueAt;
  return {
    ...pair,
    link: {
      ...link,
      dueAt,
      priority: isFirst ? Math.min(link.dueAt === null ? 2 : link.priority, priority) : link.priority,
    },
  };
}

/** What a create on `side` leaves on the record: the id of its counterpart. */
export function markerFor(link: PairLink, side: Side): string | null {
  return recordId(link, otherSide(side));
}

export function equalJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return typeof a === "object" && typeof b === "object" && canonicalJson(a) === canonicalJson(b);
}
