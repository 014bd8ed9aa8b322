import { hash } from "node:crypto";
import type { PullEnd, PullWindow } from "../connector/connector.ts";
import type { Json } from "../core/json.ts";
import type { RunCounts, VersionDraft } from "../store/store.ts";
import type { Step } from "./reconcile.ts";

/**
 * What a run can prove about itself: what was read and to which end, what could not be read, and a digest of every
 * version it wrote, so that `runs --verify` can tell later whether they are all still there, bit for bit.
 */
export interface Certificate {
  /** Everything the run set out to read was read. */
  readonly isComplete: boolean;
  /** Each says whether the vendor cut it at its result cap; the next one then goes on where it ended. */
  readonly windows: readonly PullWindow[];
  readonly truncated: { readonly found: number; readonly completed: number; readonly failed: number };
  readonly unreadable: readonly { readonly id: string; readonly reason: string }[];
  readonly unreadableCount: number;
  readonly accessProof: string | null;
  /** Present when every record was listed, which alone allows deletions. */
  readonly sweep: {
    readonly isComplete: boolean;
    readonly rows: number;
    readonly absent: number;
    readonly certifiedDeletions: number;
    readonly refusedDeletions: number;
    readonly stillMissing: number;
    readonly falseAlarms: number;
  } | null;
  readonly versionsWritten: number;
  readonly versionsDigest: string;
  /** Live records in the store when the run ended. */
  readonly liveAfter: number;
}

/** The most unreadable rows that evidence lists by id; the count is always complete. */
const unreadableListedMax = 100;

export type SweepCounts = Omit<NonNullable<Certificate["sweep"]>, "isComplete" | "rows">;

/** Counts a run as it goes. Holds a resource: the growing evidence of one run. */
export class Tally {
  private readonly counted = {
    read: 0,
    created: 0,
    updated: 0,
    unchanged: 0,
    deleted: 0,
    revived: 0,
    conflicts: 0,
    missing: 0,
  };
  private readonly windows: PullWindow[] = [];
  private readonly truncated = { found: 0, completed: 0, failed: 0 };
  private readonly unreadable: { id: string; reason: string }[] = [];
  private readonly digest = new VersionDigest();
  private unreadableCount = 0;
  private accessProof: string | null = null;
  private isReadComplete = false;
  private sweep: Certificate["sweep"] = null;

  /** What was read before is read again, by a sweep or under new column names: from here on its rows count. */
  readAgain(): void {
    const { created, updated, revived } = this.counted;
    this.counted.read = 0;
    this.counted.unchanged = -(created + updated + revived);
    this.unreadable.length = 0;
    this.unreadableCount = 0;
    this.isReadComplete = false;
  }

  read(rows: number): void {
    this.counted.read += rows;
  }

  same(rows: number): void {
    this.counted.unchanged += rows;
  }

  addUnreadable(rows: readonly { id: string; reason: string }[]): void {
    this.unreadableCount += rows.length;
    this.unreadable.push(...rows.slice(0, unreadableListedMax - this.unreadable.length));
  }

  /** A step whose change is durable. */
  done(step: Step): void {
    if (step.change?.version)
      this.digest.add(step.sourceId, step.change.expectedVersionNum + 1, step.change.version);
    this.counted.conflicts += step.change?.conflicts.length ?? 0;
    const key = countedAs[step.kind];
    if (key !== null) this.counted[key] += 1;
  }

  pulled(end: PullEnd): void {
    this.windows.push(...end.windows);
    this.truncated.found += end.truncated.found;
    this.truncated.completed += end.truncated.completed;
    this.truncated.failed += end.truncated.failed;
    this.accessProof = end.accessProof ?? this.accessProof;
    this.isReadComplete = end.isComplete;
  }

  swept(end: PullEnd, counts: SweepCounts): void {
    const rows = end.windows.reduce((sum, window) => sum + window.rows, 0);
    this.sweep = { isComplete: end.isComplete, rows, ...counts };
  }

  counts(): RunCounts {
    return { ...this.counted, unchanged: Math.max(0, this.counted.unchanged) };
  }

  certificate(liveAfter: number): Certificate & { readonly [key: string]: Json } {
    return {
      isComplete: this.isReadComplete && this.sweep?.isComplete !== false,
      windows: this.windows.map((window) => ({ ...window })),
      truncated: { ...this.truncated },
      unreadable: this.unreadable.map((row) => ({ ...row })),
      unreadableCount: this.unreadableCount,
      accessProof: this.accessProof,
      sweep: this.sweep === null ? null : { ...this.sweep },
      versionsWritten: this.digest.count,
      versionsDigest: this.digest.value(),
      liveAfter,
    };
  }
}

const countedAs: Record<Step["kind"], keyof RunCounts | null> = {
  create: "created",
  update: "updated",
  delete: "deleted",
  revive: "revived",
  missing: "missing",
  unchanged: "unchanged",
  leave: null,
};

/** Order-independent digest of versions: the sum of their SHA-256 values modulo 2^256, so that it can be streamed. */
export class VersionDigest {
  count = 0;
  private sum = 0n;

  add(sourceId: string, versionNum: number, version: Omit<VersionDraft, "createdBy">): void {
    const { title, description, status, resolution, changeReason, isDeleted, metadataJson } = version;
    const columns = [sourceId, versionNum, title, description, status, resolution, changeReason, isDeleted];
    const digest = hash("sha256", JSON.stringify(columns) + metadataJson);
    this.sum = BigInt.asUintN(256, this.sum + BigInt(`0x${digest}`));
    this.count += 1;
  }

  value(): string {
    return this.sum.toString(16).padStart(64, "0");
  }
}
