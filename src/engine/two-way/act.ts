import type { RecordWrite, WriteOutcome } from "../../connector/connector.ts";
import type { Json } from "../../core/json.ts";
import type { SourceRecord } from "../../core/record.ts";
import { otherSide, type Side } from "../../core/two-way/mapping.ts";
import { type PairPlan, presenceField, type SideWrite } from "../../core/two-way/pair.ts";
import type { VersionDraft } from "../../core/two-way/version-chain.ts";
import { agreeOn, withoutIntent } from "./creates.ts";
import { duplicateProblem } from "./extras.ts";
import { equalJson, type Intent, markerFor, type Pair, recordId, withIntents, withRecordId } from "./link.ts";
import { observe, seenFrom } from "./observe.ts";
import { isBadRequest, refused, withRefused } from "./refusals.ts";
import type { PairChange, Session } from "./session.ts";

/** A write that is planned on a strong read is sent within this time, or not at all (ms). */
export const freshMs = 2_000;
/** Others may wait for their turn a little longer (ms). */
const patientMs = 15_000;

/** One write on its way: the intent, made durable with everything the plan knew, before anything is sent. */
export interface Armed {
  readonly change: PairChange;
  readonly intent: Intent;
  readonly write: RecordWrite;
  /** Monotonic ms. */
  readonly sendBy: number;
}

/** Prepares a write. What it will overwrite on its side, and what gives way, is in history before it is sent. */
export function arm(
  session: Session,
  change: PairChange,
  step: {
    readonly side: Side;
    readonly write: SideWrite;
    readonly readAt: number | null;
  },
): Armed {
  const { deps } = session;
  const { side, write, readAt } = step;
  const now = deps.clock.now();
  const patience = readAt === null ? patientMs : Math.max(0, freshMs - (now - readAt));
  const { lateWriteMs } = session.capabilities[side];
  const intent: Intent = {
    id: deps.ids.next(),
    side,
    kind: write.kind,
    fields: Object.fromEntries(
      Object.entries(write.fields).map(([name, { value, source }]) => [name, { value, source }]),
    ),
    state: "sending",
    armedAt: now,
    horizon: now + patience + lateWriteMs,
  };
  const { pair } = change;
  const along = carriedAlong(session, pair, { side, write });
  const written = Object.keys(along).length === 0 ? intent : { ...intent, along };
  return {
    change: { ...change, pair: withIntents(pair, [...pair.doc.intents, written]) },
    intent: written,
    write: recordWrite(session, pair, side, write),
    sendBy: deps.clock.monotonic() + patience,
  };
}

/** Agreed values that the side takes as one with those that are written: landing late, the write puts them back. */
function carriedAlong(
  { mapping: { rules } }: Session,
  { doc }: Pair,
  { side, write }: { readonly side: Side; readonly write: SideWrite },
): Intent["fields"] {
  const wholes = new Set(
    rules.flatMap(({ name, whole }) => (name in write.fields ? (whole?.[side] ?? []) : [])),
  );
  const carried = rules.flatMap(({ name, whole }) => {
    const agreed = doc.base[name];
    const isPart = !(name in write.fields) && wholes.has(whole?.[side] ?? "");
    const isAgreed = agreed !== undefined && equalJson(doc.seen[side]?.values[name], agreed[side]);
    return isPart && isAgreed
      ? [[name, { value: agreed[side], source: agreed[otherSide(side)] }] as const]
      : [];
  });
  return Object.fromEntries(carried);
}

function recordWrite(session: Session, { link, doc }: Pair, side: Side, write: SideWrite): RecordWrite {
  const fields: Record<string, Json> = {};
  for (const rule of session.mapping.rules) {
    const field = write.fields[rule.name];
    if (field !== undefined) fields[rule[side]] = rule.forms[side].write(field.value);
  }
  const marker = markerFor(link, side);
  const id = recordId(link, side);
  const expected = { revision: doc.seen[side]?.revision ?? "" };
  if (write.kind === "create" || id === null) return { kind: "create", marker: marker ?? link.id, fields };
  if (write.kind === "trash") return { kind: "trash", id, expected };
  const isUnmarked = marker !== null && isToMark(session, { link, doc }, side);
  return { kind: write.kind, id, fields, expected, ...(isUnmarked ? { marker } : {}) };
}

/** True when the record on that side should carry its counterpart's id, and does not. */
export function isToMark(session: Session, { link, doc }: Pair, side: Side): boolean {
  const seen = doc.seen[side];
  const isMarked = (session.pair.sides[side].marksOthers ?? false) !== false || seen?.isOurs === true;
  const marker = markerFor(link, side);
  return seen?.presence === "live" && isMarked && marker !== null && seen.marker !== marker;
}

/** What a write's outcome does to the pair. `next`: go on with it at once, leave it for later, or look at it again. */
export interface Resolved {
  readonly change: PairChange;
  readonly next: "go on" | "later";
}

export function resolve(session: Session, pair: Pair, intent: Intent, outcome: WriteOutcome): Resolved {
  const rest = withoutIntent(pair, intent);
  const now = session.deps.clock.now();
  switch (outcome.kind) {
    case "applied":
      return { change: confirm(session, rest, intent, outcome.record), next: "go on" };
    case "stale":
      return { change: plain(mustRead(rest, intent.side)), next: "go on" };
    case "refused": {
      const random = session.deps.ids.random();
      const kept = isBadRequest(outcome) ? withRefused(session, rest, { intent, outcome }) : rest;
      // Refused for good: the record may not be what it was taken for (in the trash, say), so it is read before the next try.
      const doubted = outcome.retryAfterMs === null ? mustRead(kept, intent.side) : kept;
      return { change: plain(refused(doubted, outcome, { now, random })), next: "later" };
    }
    case "doubt": {
      const horizon = now + session.capabilities[intent.side].lateWriteMs;
      const doubtful: Intent = { ...intent, state: "doubt", horizon: Math.min(intent.horizon, horizon) };
      const doubted = withIntents(rest, [...rest.doc.intents, doubtful]);
      return { change: plain(doubted), next: "go on" };
    }
  }
}

/** The answer is the record as it is now: what it shows of our fields is the new base, the rest is an observation. */
function confirm(session: Session, pair: Pair, intent: Intent, record: SourceRecord): PairChange {
  const { mapping, runId, deps } = session;
  const { side, fields } = intent;
  const now = deps.clock.now();
  const at = new Date(now).toISOString();
  const seen = seenFrom(mapping, side, record, { readAt: now, isStrong: true });
  const isCreate = intent.kind === "create";
  const linked = isCreate ? withRecordId(pair, side, record.id) : pair;
  const presence = intent.kind === "trash" ? "trashed" : seen.presence;
  const landed = Object.fromEntries(
    Object.entries(fields).flatMap(([name, { value, source }]) => {
      const shown = seen.values[name];
      // A created record that holds something else was there before: the ordinary rules look at that field.
      if (shown === undefined || (isCreate && !equalJson(shown, value))) return [];
      return [[name, { value: shown, source }]];
    }),
  );
  const agreed = agreeOn(linked, intent, { rules: mapping.rules, fields: landed });
  const ours = observe(agreed, side, onlyOurs(agreed, side, { ...seen, presence }, fields), {
    detectedBy: "write",
    runId,
    origin: "engine",
    reason: intent.kind,
    at,
  });
  const theirs = observe(
    ours.pair,
    side,
    { ...seen, presence },
    {
      detectedBy: "write",
      runId,
      origin: "person",
      reason: "seen in the answer to a write",
      at,
    },
  );
  // What was never agreed on before cannot have been undone by anybody.
  const known = Object.entries(fields).filter(([name]) => pair.doc.base[name] !== undefined);
  const { refused: before = null } = pair.doc;
  const open = before?.side === side ? null : before;
  const written = noteWritten(theirs.pair, Object.fromEntries(known), now);
  return {
    pair: {
      link: { ...written.link, problem: duplicateProblem(written.doc) },
      doc: { ...written.doc, attempts: 0, refused: open },
    },
    versions: [...ours.versions, ...theirs.versions],
    conflicts: [],
  };
}

/** The observation with only our own fields changed, so that history tells our writes from what others did meanwhile. */
function onlyOurs(
  pair: Pair,
  side: Side,
  seen: Pair["doc"]["seen"][Side] & object,
  fields: Intent["fields"],
) {
  const previous = pair.doc.seen[side];
  if (previous === null) return seen;
  const values = { ...previous.values };
  for (const name of Object.keys(fields)) if (name in seen.values) values[name] = seen.values[name] ?? null;
  return { ...seen, values };
}

function noteWritten(pair: Pair, fields: Intent["fields"], at: number): Pair {
  const written = { ...pair.doc.written };
  for (const [name, { value }] of Object.entries(fields)) {
    written[name] = [...(written[name] ?? []), { value, at }]
      .filter((one) => one.at > at - fightWindowMs)
      .slice(-6);
  }
  return { ...pair, doc: { ...pair.doc, written } };
}

const fightWindowMs = 600_000;

/**
 * Fields that somebody keeps undoing: the same value would be written for the third time within ten minutes. Where the other
 * side alone decides, a value that still stands as it was written was undone by nobody: that side's word changes so often.
 */
export function foughtOver(
  session: Session,
  { doc }: Pair,
  { side, write }: { readonly side: Side; readonly write: SideWrite },
): readonly string[] {
  const since = session.deps.clock.now() - fightWindowMs;
  return Object.entries(write.fields).flatMap(([name, { value }]) => {
    const recent = (doc.written[name] ?? []).filter((one) => one.at > since);
    const isRepeated = recent.filter((one) => equalJson(one.value, value)).length >= 2;
    const rule = session.mapping.rules.find((one) => one.name === name);
    const isUntouched = equalJson(doc.seen[side]?.values[name], doc.base[name]?.[side]);
    const isToldAnew = rule?.owner === otherSide(side) && isUntouched;
    return isRepeated && !isToldAnew ? [name] : [];
  });
}

function mustRead(pair: Pair, side: Side): Pair {
  const seen = pair.doc.seen[side];
  if (seen === null) return pair;
  const seenAgain = { ...pair.doc.seen, [side]: { ...seen, mustRead: true } };
  return { ...pair, doc: { ...pair.doc, seen: seenAgain } };
}

function plain(pair: Pair): PairChange {
  return { pair, versions: [], conflicts: [] };
}

/** Values that give way, as history entries, before they are overwritten. */
export function supersededVersions(session: Session, pair: Pair, plan: PairPlan): readonly VersionDraft[] {
  const at = new Date(session.deps.clock.now()).toISOString();
  return plan.superseded.map(({ side, field, value, reason }) => ({
    linkId: pair.link.id,
    side,
    origin: "superseded" as const,
    actor: pair.doc.seen[side]?.actor ?? null,
    detectedBy: "read" as const,
    fields: field === presenceField ? {} : { [field]: value },
    prior: {},
    reason,
    recordRevision: pair.doc.seen[side]?.revision ?? "",
    runId: session.runId,
    at,
  }));
}

/** True when losing a race on these fields could not lose a person's value under the mapping's own rules. */
export function mayGoBlind(
  session: Session,
  { doc }: Pair,
  { side, write }: { readonly side: Side; readonly write: SideWrite },
): boolean {
  if (write.kind !== "update") return write.kind === "create";
  if (session.capabilities[side].readsBeforeWriting === true) return false;
  const source = otherSide(side);
  // What people changed there just now is in history before it gives way, unless the side was not even listed.
  const isPolled = session.options.polls.includes(side);
  return Object.keys(write.fields).every((name) => {
    const rule = session.mapping.rules.find((one) => one.name === name);
    if (rule === undefined) return false;
    if (rule.canWin !== undefined) return !rule.canWin(side, doc.base[name]?.[side] ?? null);
    if (rule.owner === source) return true;
    // No policy lets an element go: a merged list is planned on what is there now, or it takes away what came meanwhile.
    // Nor does one decide between values that mean the same: the finer one stays.
    const isAlike = rule.elements !== null || rule.isFiner?.[side] === true;
    return isPolled && rule.owner === "both" && !isAlike && rule.policy === source;
  });
}
