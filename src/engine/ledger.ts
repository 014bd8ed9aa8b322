import type { Checkpoint, RememberedRecord } from "../connector/connector.ts";
import type { Clock } from "../core/clock.ts";
import type { Json } from "../core/json.ts";
import type { Lease, Link, LinkChange, Store, TaskVersion } from "../store/store.ts";

/**
 * Where a run reads what is known and writes what it decided. Two kinds: the durable one of a real run, and the
 * one of a dry run, which lets nothing through. Everything between them and the source is the same code, so that a
 * plan shows what a run does.
 */
export interface Ledger {
  linksOf(sourceIds: readonly string[]): Promise<ReadonlyMap<string, Link>>;
  memosOf(sourceIds: readonly string[]): Promise<ReadonlyMap<string, RememberedRecord>>;
  versionOf(taskId: string, versionNum: number): Promise<TaskVersion | null>;
  /** Returns the source ids whose task has moved on since the plan. */
  commit(
    changes: readonly LinkChange[],
    seen: readonly string[],
    checkpoint?: Checkpoint,
  ): Promise<readonly string[]>;
  saveBinding(binding: Json): Promise<void>;
  startSweep(): Promise<void>;
  unseen(after: string | null, limit: number): Promise<readonly Link[]>;
  finishSweep(): Promise<void>;
}

interface LedgerDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly syncId: string;
}

function reads({ store, syncId }: LedgerDeps): Pick<Ledger, "linksOf" | "memosOf" | "versionOf"> {
  return {
    linksOf: (ids) => store.getLinks(syncId, ids),
    memosOf: (ids) => store.getMemos(syncId, ids),
    versionOf: (taskId, versionNum) => store.getVersion(taskId, versionNum),
  };
}

/** Writes through the store under the run's lease: each commit is one transaction that checks the fence. */
export function durableLedger(deps: LedgerDeps & { readonly runId: string; readonly lease: Lease }): Ledger {
  const { store, clock, syncId, runId } = deps;
  const { fence } = deps.lease;
  const timestamp = () => new Date(clock.now()).toISOString();
  return {
    ...reads(deps),
    async commit(changes, seen, checkpoint) {
      if (changes.length === 0 && seen.length === 0 && checkpoint === undefined) return [];
      const moved = checkpoint === undefined ? {} : { checkpoint };
      const result = await store.commit({ syncId, runId, fence, at: timestamp(), changes, seen, ...moved });
      return result.stale;
    },
    saveBinding: (binding) => store.saveBinding(syncId, fence, binding),
    startSweep: () => store.startSweep(syncId, fence),
    unseen: (after, limit) => store.getUnseen(syncId, { after, limit }),
    finishSweep: () => store.finishSweep(syncId, fence, timestamp()),
  };
}

/** Reads what is known, writes nothing; remembers in memory what a sweep has seen. */
export function dryLedger(deps: LedgerDeps): Ledger {
  const { store, syncId } = deps;
  const seenIds = new Set<string>();
  return {
    ...reads(deps),
    async commit(_changes, seen) {
      for (const id of seen) seenIds.add(id);
      return [];
    },
    async saveBinding() {},
    async startSweep() {
      seenIds.clear();
    },
    async unseen(after, limit) {
      const unseen: Link[] = [];
      for await (const link of store.iterateLinks(syncId)) {
        if (after !== null && link.sourceId <= after) continue;
        if (!seenIds.has(link.sourceId)) unseen.push(link);
        if (unseen.length === limit) break;
      }
      return unseen;
    },
    async finishSweep() {},
  };
}
