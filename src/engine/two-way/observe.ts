import type { Observation } from "../../connector/connector.ts";
import type { Json } from "../../core/json.ts";
import type { SourceRecord } from "../../core/record.ts";
import type { Side } from "../../core/two-way/mapping.ts";
import { type Interval, presenceField, type SidePresence } from "../../core/two-way/pair.ts";
import type { VersionDraft } from "../../core/two-way/version-chain.ts";
import type { PairVersion } from "../../store/pair-store.ts";
import type { BoundMapping } from "./definition.ts";
import { equalJson, type Pair, type Seen, withSeen } from "./link.ts";

/** Where an observation comes from. `readAt`: engine time (ms) when its request was begun. */
export interface ReadContext {
  readonly readAt: number;
  readonly isStrong: boolean;
}

/** A record in the words of the mapping. */
export function seenFrom(mapping: BoundMapping, side: Side, record: SourceRecord, read: ReadContext): Seen {
  const values: Record<string, Json> = {};
  for (const rule of mapping.rules) {
    const canonical = record.fields[rule[side]];
    const own = canonical === undefined ? undefined : rule.forms[side].read(canonical);
    if (own !== undefined) values[rule.name] = own;
  }
  const isOut = mapping.isInScope !== null && !mapping.isInScope(side, values);
  return {
    presence: isOut && record.presence === "live" ? "out" : sidePresence(record.presence),
    values,
    revision: record.revision,
    memo: record.memo,
    actor: record.editedBy,
    marker: record.marker ?? null,
    isOurs: record.isOurs ?? false,
    createdAt: record.createdAt,
    editedBetween: record.editedBetween ?? null,
    readAt: read.readAt,
    isStrong: read.isStrong,
    mustRead: false,
    changedIn: {},
    print: mapping.print,
  };
}

/** The same for a read by id, which may show that there is nothing to be seen. */
export function seenByRead(
  mapping: BoundMapping,
  side: Side,
  observation: Observation,
  known: { readonly previous: Seen | null; readonly readAt: number },
): Seen {
  const { readAt, previous } = known;
  if ("record" in observation) {
    const seen = seenFrom(mapping, side, observation.record, { readAt, isStrong: true });
    const presence = observation.presence === "live" ? seen.presence : sidePresence(observation.presence);
    return { ...seen, presence };
  }
  const nothing = previous ?? unseen;
  const { presence } = observation;
  return { ...nothing, presence, readAt, isStrong: true, mustRead: false, print: mapping.print };
}

const unseen: Seen = {
  presence: "unknown",
  values: {},
  revision: "",
  memo: null,
  actor: null,
  marker: null,
  isOurs: false,
  createdAt: "",
  editedBetween: null,
  readAt: 0,
  isStrong: false,
  mustRead: false,
  changedIn: {},
  print: "",
};

function sidePresence(presence: SourceRecord["presence"] | "gone"): SidePresence {
  return presence === "archived" || presence === "moved" ? "out" : presence;
}

/** What of a listed record may be believed, against what is known. */
export type Trust = "news" | "same" | "older" | "unclear";

/**
 * A listing may show an older state than a read by id did. A later stamp is news; an earlier one is not; under the same
 * stamp (Notion's are whole minutes) differing content could be either, and only a read by id can tell.
 */
export function trustOf(known: Seen | null, listed: Seen, isExact: boolean): Trust {
  if (known === null || known.revision === "") return "news";
  if (listed.revision < known.revision) return "older";
  if (isSameContent(known, listed)) return "same";
  return isExact || listed.revision > known.revision ? "news" : "unclear";
}

function isSameContent(a: Seen, b: Seen): boolean {
  if (a.presence !== b.presence || a.marker !== b.marker) return false;
  const names = Object.keys(b.values);
  // A value that this reading lacks (cut short) says nothing; one that was lacking before is news.
  return names.every((name) => equalJson(a.values[name], b.values[name]));
}

/** The pair with what was seen, and what changed since as history. */
export interface Observed {
  readonly pair: Pair;
  readonly versions: readonly VersionDraft[];
}

export function observe(
  pair: Pair,
  side: Side,
  seen: Seen,
  from: Pick<PairVersion, "detectedBy" | "runId" | "origin"> & {
    readonly reason: string;
    readonly at: string;
  },
): Observed {
  const previous = pair.doc.seen[side];
  const { fields, prior } = differences(previous, seen);
  const changedIn = { ...previous?.changedIn };
  for (const name of Object.keys(fields)) changedIn[name] = changeInterval(previous, seen);
  const next = withSeen(pair, side, { ...seen, changedIn });
  if (Object.keys(fields).length === 0) return { pair: next, versions: [] };
  const { detectedBy, runId, origin, reason, at } = from;
  const version: VersionDraft = {
    linkId: pair.link.id,
    side,
    origin,
    actor: seen.actor,
    detectedBy,
    fields,
    prior,
    reason,
    recordRevision: seen.revision,
    runId,
    at,
  };
  return { pair: next, versions: [version] };
}

function differences(previous: Seen | null, seen: Seen) {
  const fields: Record<string, Json> = {};
  const prior: Record<string, Json> = {};
  for (const [name, value] of Object.entries(seen.values)) {
    const before = previous?.values[name];
    if (equalJson(before, value)) continue;
    fields[name] = value;
    if (before !== undefined) prior[name] = before;
  }
  if (previous?.presence !== seen.presence) {
    fields[presenceField] = seen.presence;
    if (previous !== null) prior[presenceField] = previous.presence;
  }
  return { fields, prior };
}

/** When the vendor says; else between the last look without the change and this one. */
function changeInterval(previous: Seen | null, seen: Seen): Interval {
  return seen.editedBetween ?? { from: previous?.readAt ?? 0, to: seen.readAt };
}
