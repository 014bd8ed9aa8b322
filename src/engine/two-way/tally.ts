import type { PullEnd, PullWindow, UnreadableRecord, WriteOutcome } from "../../connector/connector.ts";
import type { Json } from "../../core/json.ts";
import type { Side } from "../../core/two-way/mapping.ts";
import type { PairPlan, SideWrite } from "../../core/two-way/pair.ts";
import type { StoredInboxEvent } from "../../store/pair-store.ts";
import type { RunCounts } from "../../store/store.ts";
import type { Pair } from "./link.ts";

/** The most unreadable records that evidence lists by id; the count is always complete. */
const listedMax = 100;

/** Counts a pass as it goes. Holds a resource: the growing evidence of one run. */
export class PassTally {
  private readonly counted = {
    read: 0,
    created: 0,
    updated: 0,
    deleted: 0,
    revived: 0,
    conflicts: 0,
    missing: 0,
  };
  private readonly outcomes = { applied: 0, stale: 0, refused: 0, doubt: 0 };
  private readonly windows: (PullWindow & { readonly side: Side })[] = [];
  private readonly unread: UnreadableRecord[] = [];
  private readonly proofs: string[] = [];
  private unreadCount = 0;
  private hinted = 0;
  private settled = 0;
  private readonly agreeing = new Set<string>();

  read(side: Side, end: PullEnd): void {
    for (const window of end.windows) {
      this.windows.push({ ...window, side });
      this.counted.read += window.rows;
    }
    if (end.accessProof !== null) this.proofs.push(`${side}: ${end.accessProof}`);
  }

  unreadable(records: readonly UnreadableRecord[]): void {
    this.unreadCount += records.length;
    this.unread.push(...records.slice(0, listedMax - this.unread.length));
  }

  hints(events: readonly StoredInboxEvent[]): void {
    this.hinted += events.length;
  }

  wrote(kind: SideWrite["kind"], outcome: WriteOutcome): void {
    this.outcomes[outcome.kind] += 1;
    if (outcome.kind !== "applied") return;
    this.counted[countOf[kind]] += 1;
  }

  /** A pair that was looked at and needs nothing more for now. */
  rested(plan: PairPlan, pair: Pair): void {
    this.settled += 1;
    this.counted.conflicts += plan.conflicts.length;
    if (pair.link.problem === "RECORD_MISSING") this.counted.missing += 1;
  }

  /** By the link's id. */
  agreed(linkId: string): void {
    this.agreeing.add(linkId);
  }

  agreedLinks(): readonly string[] {
    return [...this.agreeing];
  }

  counts(): RunCounts {
    const { created, updated, deleted, revived } = this.counted;
    const unchanged = Math.max(0, this.counted.read - created - updated - deleted - revived);
    return { ...this.counted, unchanged };
  }

  evidence(): Json {
    return {
      windows: this.windows.map((window) => ({ ...window })),
      accessProofs: this.proofs,
      writes: this.outcomes,
      hints: this.hinted,
      settled: this.settled,
      unreadable: this.unread.map((record) => ({ ...record })),
      unreadableCount: this.unreadCount,
    };
  }
}

const countOf = { create: "created", update: "updated", trash: "deleted", restore: "revived" } as const;
