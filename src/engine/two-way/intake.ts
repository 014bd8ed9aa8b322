import type { SourceRecord } from "../../core/record.ts";
import { otherSide, type Side } from "../../core/two-way/mapping.ts";
import type { PairVersion } from "../../store/pair-store.ts";
import { settleCreate } from "./creates.ts";
import {
  dueBy,
  isAmbiguous,
  isMatched,
  newPair,
  openPair,
  type Pair,
  recordId,
  type Seen,
  withRecordId,
  withSeen,
} from "./link.ts";
import { observe, type ReadContext, seenFrom, trustOf } from "./observe.ts";
import { commitChanges, type PairChange, type Session } from "./session.ts";

export interface IntakeFrom extends ReadContext {
  readonly side: Side;
  readonly detectedBy: PairVersion["detectedBy"];
  readonly priority: number;
}

/** Somebody may change links between reading and committing them; then the batch is taken in anew. */
const retriesMax = 20;

/**
 * Takes in what a side showed: finds the pair of each record, opens new ones, notes what changed and makes it due.
 * Durable when it returns. Decides nothing about values.
 */
export async function takeIn(
  session: Session,
  records: readonly SourceRecord[],
  from: IntakeFrom,
): Promise<void> {
  for (let attempt = 0; attempt < retriesMax; attempt++) {
    const desk = await Desk.open(session, records, from);
    for (const record of records) desk.take(record);
    const changes = desk.changes();
    if (changes.length === 0 || (await commitChanges(session, changes)) !== null) return;
  }
  throw new Error(`links of "${session.pair.name}" kept changing while a reading was taken in`);
}

/** The links that a batch concerns, and what becomes of them. Lives for one batch. */
class Desk {
  private readonly session: Session;
  private readonly from: IntakeFrom;
  private readonly pairs = new Map<string, Pair>();
  private readonly byRecord = new Map<string, string>();
  private readonly byOther = new Map<string, string>();
  private readonly byKey = new Map<string, string>();
  private readonly touched = new Map<string, PairChange>();

  private constructor(session: Session, from: IntakeFrom) {
    this.session = session;
    this.from = from;
  }

  /** Everything the batch may concern, in three lookups whatever its size. */
  static async open(session: Session, records: readonly SourceRecord[], from: IntakeFrom): Promise<Desk> {
    const desk = new Desk(session, from);
    const { pairs } = session.deps.store;
    const { id: syncId } = session.pair;
    for (const link of await pairs.findLinks(
      syncId,
      from.side,
      records.flatMap(({ id, movedFrom }) => (movedFrom === undefined ? [id] : [id, movedFrom])),
    )) {
      desk.know(openPair(link));
    }
    const unknown = records.filter((record) => !desk.byRecord.has(record.id));
    const markers = unknown.flatMap(({ marker, isOurs }) => (isOurs === true && marker ? [marker] : []));
    if (markers.length > 0) {
      for (const link of await pairs.findLinks(syncId, otherSide(from.side), markers))
        desk.know(openPair(link));
    }
    // Of known records, too: one that waits for its counterpart may take on a key that another pair has.
    const keys = records.flatMap((record) => desk.keyOf(desk.seen(record)) ?? []);
    if (keys.length > 0)
      for (const link of await pairs.findLinksByKey(syncId, keys)) desk.know(openPair(link));
    return desk;
  }

  changes(): readonly PairChange[] {
    return [...this.touched.values()];
  }

  take(record: SourceRecord): void {
    const known = this.byRecord.get(record.id);
    const pair = known === undefined ? undefined : this.pairs.get(known);
    const seen = this.seen(record);
    if (pair !== undefined) this.notice(pair, seen);
    else if (seen.presence === "live") this.settle(record, seen);
  }

  private settle({ id, movedFrom }: SourceRecord, seen: Seen): void {
    const before = movedFrom === undefined ? undefined : this.byRecord.get(movedFrom);
    const pair = before === undefined ? undefined : this.pairs.get(before);
    if (pair !== undefined && movedFrom !== undefined) this.move(pair, { id, movedFrom }, seen);
    else this.place(id, seen);
  }

  /** A record that moved within the collection is the same thing under another id: its pair goes with it, whatever has become of it. */
  private move(
    pair: Pair,
    { id, movedFrom }: { readonly id: string; readonly movedFrom: string },
    seen: Seen,
  ): void {
    const { side, priority } = this.from;
    const moved = this.withKey(withRecordId(pair, side, id), seen);
    this.byRecord.delete(movedFrom);
    this.byRecord.set(id, pair.link.id);
    if (pair.link.status === "unlinked") this.comeBack(moved, seen);
    else this.record(dueBy(moved, this.session.deps.clock.now(), priority), seen, `moved from ${movedFrom}`);
  }

  private seen(record: SourceRecord): Seen {
    return seenFrom(this.session.mapping, this.from.side, record, this.from);
  }

  /** A record whose pair is known. */
  private notice(pair: Pair, seen: Seen): void {
    const { side, priority } = this.from;
    const { session } = this;
    const known = pair.doc.seen[side];
    const isReread = known?.print !== session.mapping.print;
    const { hasPreconditions } = session.capabilities[side];
    const trust = isReread ? "news" : trustOf(known, seen, hasPreconditions || this.from.isStrong);
    if (trust === "older" || trust === "same") return;
    const now = session.deps.clock.now();
    if (trust === "unclear" && known !== null) {
      // What was out of sight may wait for hours to be looked at again; being listed, it can be read now.
      if (known.mustRead && pair.link.dueAt !== null && pair.link.dueAt <= now) return;
      this.touch(dueBy(withSeen(pair, side, { ...known, mustRead: true }), now, priority));
      return;
    }
    const keyed = pair.link.status === "none" ? this.withKey(pair, seen) : pair;
    if (pair.link.status === "unlinked") {
      this.comeBack(pair, seen);
      return;
    }
    // An ambiguous record waits for a person, whatever else is edited in it.
    this.record(isAmbiguous(keyed.link) ? keyed : dueBy(keyed, now, priority), seen, "seen");
  }

  /** A record that left the collection alive and is in it again takes up its pair where it was; a person's word stands. */
  private comeBack(pair: Pair, seen: Seen): void {
    const hadLeft = pair.doc.seen[this.from.side]?.presence === "out";
    const isBack = hadLeft && seen.presence === "live";
    const linked: Pair = isBack ? { ...pair, link: { ...pair.link, status: "live" } } : pair;
    this.record(
      isBack ? dueBy(linked, this.session.deps.clock.now(), this.from.priority) : linked,
      seen,
      "seen",
    );
  }

  /** A live record that no pair has yet. Before it may open one, its marker and its key are looked at. */
  private place(id: string, seen: Seen): void {
    const { side, priority } = this.from;
    const { deps, pair: definition } = this.session;
    const now = deps.clock.now();
    const landed = seen.isOurs && seen.marker !== null ? this.landing(id, seen.marker, seen) : null;
    if (landed === "duplicate") return;
    const found = landed ?? this.match(seen);
    const fresh = found ?? withRecordId(newPair(definition.id, deps.ids.next()), side, id);
    const placed = found === null ? fresh : withRecordId(found, side, id);
    this.byRecord.set(id, placed.link.id);
    const keyed = this.withKey(placed, seen);
    this.record(
      isAmbiguous(keyed.link) ? keyed : dueBy(keyed, now, priority),
      seen,
      found === null ? "new" : "matched",
    );
  }

  /** A record that we made: its marker names the counterpart, even when all else is forgotten. */
  private landing(id: string, marker: string, seen: Seen): Pair | "duplicate" | null {
    const { side } = this.from;
    const { deps, pair: definition } = this.session;
    const owner = this.byOther.get(marker);
    const pair = owner === undefined ? undefined : this.pairs.get(owner);
    if (pair === undefined) {
      return withRecordId(newPair(definition.id, deps.ids.next()), otherSide(side), marker);
    }
    const current = recordId(pair.link, side);
    if (current === null) return settleCreate(pair, { side, ...seen }, this.session.mapping.rules);
    if (current === id) return pair;
    // A create that took effect after everybody had given it up: repaired by the sweep's own pass over duplicates.
    this.touch(this.asDuplicate(pair, id));
    return "duplicate";
  }

  /** Remembered on the pair it belongs to; converging looks at both records and keeps the older one. */
  private asDuplicate(pair: Pair, id: string): Pair {
    const { side } = this.from;
    const extras = [...new Set([...(pair.doc.extras[side] ?? []), id])];
    const doc = { ...pair.doc, extras: { ...pair.doc.extras, [side]: extras } };
    return dueBy({ ...pair, doc }, this.session.deps.clock.now(), this.from.priority);
  }

  /** The pair that waits for a record with this key, when there is exactly one of each. */
  private match(seen: Seen): Pair | null {
    const key = this.keyOf(seen);
    const holder = key === null ? undefined : this.byKey.get(key);
    const pair = holder === undefined ? undefined : this.pairs.get(holder);
    if (pair === undefined) return null;
    const isWaiting = pair.link.status === "none" && recordId(pair.link, this.from.side) === null;
    return isWaiting && pair.link.problem === null ? pair : null;
  }

  /** The key belongs to the first pair that has it. A second record with it on one side is for a person to look at. */
  private withKey(pair: Pair, seen: Seen): Pair {
    const key = this.keyOf(seen);
    if (key === null || pair.link.key === key) return pair;
    const holder = this.byKey.get(key);
    if (holder === undefined || holder === pair.link.id) {
      this.byKey.set(key, pair.link.id);
      const problem = pair.link.problem === "AMBIGUOUS_KEY" ? null : pair.link.problem;
      return { ...pair, link: { ...pair.link, key, problem } };
    }
    if (isMatched(pair.link)) return pair;
    const other = this.pairs.get(holder);
    const isOtherPending =
      other?.link.status === "none" && recordId(other.link, otherSide(this.from.side)) === null;
    if (other !== undefined && isOtherPending && other.link.problem === null) {
      this.touch({ ...other, link: { ...other.link, problem: "AMBIGUOUS_KEY", dueAt: null } });
    }
    return { ...pair, link: { ...pair.link, problem: "AMBIGUOUS_KEY" } };
  }

  private keyOf(seen: Seen): string | null {
    return this.session.mapping.keyOf?.(this.from.side, seen.values) ?? null;
  }

  private record(pair: Pair, seen: Seen, reason: string): void {
    const { side, detectedBy } = this.from;
    const { runId, deps } = this.session;
    const at = new Date(deps.clock.now()).toISOString();
    const known = pair.doc.seen[side];
    const current = { ...seen, mustRead: known?.mustRead ?? false };
    const observed = observe(pair, side, current, { detectedBy, runId, origin: "person", reason, at });
    this.touch(observed.pair, observed.versions);
  }

  private know(pair: Pair): void {
    const { side } = this.from;
    const { link } = pair;
    this.pairs.set(link.id, pair);
    const id = recordId(link, side);
    const other = recordId(link, otherSide(side));
    if (id !== null) this.byRecord.set(id, link.id);
    if (other !== null) this.byOther.set(other, link.id);
    if (link.key !== null) this.byKey.set(link.key, link.id);
  }

  private touch(pair: Pair, versions: PairChange["versions"] = []): void {
    const before = this.touched.get(pair.link.id);
    this.know(pair);
    this.touched.set(pair.link.id, {
      pair,
      versions: [...(before?.versions ?? []), ...versions],
      conflicts: [],
    });
  }
}
