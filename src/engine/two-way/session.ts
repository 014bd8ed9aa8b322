import type { Capabilities } from "../../connector/connector.ts";
import { LockstepError } from "../../core/errors.ts";
import type { FieldSchema } from "../../core/record.ts";
import type { Side } from "../../core/two-way/mapping.ts";
import { chainVersion, type VersionDraft } from "../../core/two-way/version-chain.ts";
import type { PairCommit, PairCommitResult, PairConflict, PairVersion } from "../../store/pair-store.ts";
import type { HeldLease } from "../lease.ts";
import type { BoundMapping, PairDefinition, PairDeps, PassOptions } from "./definition.ts";
import { closePair, openPair, type Pair } from "./link.ts";
import type { ReadAhead } from "./read-ahead.ts";
import type { PassTally } from "./tally.ts";

/** What every part of a pass works with. */
export interface Session {
  readonly deps: PairDeps;
  readonly pair: PairDefinition;
  readonly mapping: BoundMapping;
  readonly fields: Readonly<Record<Side, readonly FieldSchema[]>>;
  readonly capabilities: Readonly<Record<Side, Capabilities>>;
  readonly held: Pick<HeldLease, "lease" | "signal">;
  readonly runId: string;
  readonly tally: PassTally;
  readonly options: PassOptions;
  /** Rule names that nothing is written for. */
  readonly suspended: readonly string[];
  /** The same for this pass alone: a guard holds them, and their pairs stay due. */
  readonly heldFields: readonly string[];
  /** Reads by id, several together where that is possible. */
  readonly ahead: ReadAhead;
  /** Work is given up when this aborts: asked to stop, or the lease was lost. */
  readonly signal: AbortSignal;
  /** Called after each page of a reading: what cannot wait for its end. */
  readonly onPage: (session: Session) => Promise<void>;
  /** A write that is under way is given up when this aborts, a while later. */
  readonly sendSignal: AbortSignal;
}

/** A change of one pair, about to become durable. */
export interface PairChange {
  readonly pair: Pair;
  readonly versions: readonly VersionDraft[];
  readonly conflicts: readonly PairConflict[];
}

export function unchangedHistory(pair: Pair): PairChange {
  return { pair, versions: [], conflicts: [] };
}

/**
 * Makes changes durable together. Returns the pairs as they are stored now; null: somebody else changed one of them,
 * nothing was written, and all of it has to be thought through again.
 */
export async function commitChanges(
  session: Session,
  changes: readonly PairChange[],
  more: Partial<Pick<PairCommit, "handled" | "state" | "holds">> = {},
): Promise<readonly Pair[] | null> {
  const chained = changes.map(chain);
  const commit: PairCommit = {
    syncId: session.pair.id,
    fence: session.held.lease.fence,
    at: new Date(session.deps.clock.now()).toISOString(),
    links: chained.map(({ pair }) => closePair(pair)),
    versions: chained.flatMap(({ versions }) => versions),
    conflicts: chained.flatMap(({ conflicts }) => conflicts),
    holds: more.holds ?? [],
    handled: more.handled ?? [],
    ...(more.state === undefined ? {} : { state: more.state }),
  };
  const result = await session.deps.store.pairs.commit(commit);
  if (isRefused(result)) return null;
  return chained.map(({ pair }) => ({ ...pair, link: { ...pair.link, revision: pair.link.revision + 1 } }));
}

/** Makes a change durable; what it carried is spent. null: the pair was changed by somebody else. */
export async function save(session: Session, change: PairChange): Promise<PairChange | null> {
  const saved = await commitChanges(session, [change]);
  const [pair] = saved ?? [];
  return pair === undefined ? null : unchangedHistory(pair);
}

/** One change after the other. */
export function join(before: PairChange, after: PairChange): PairChange {
  return {
    pair: after.pair,
    versions: [...before.versions, ...after.versions],
    conflicts: [...before.conflicts, ...after.conflicts],
  };
}

function isRefused({ stale, taken }: PairCommitResult): boolean {
  return stale.length > 0 || taken.length > 0;
}

/** Gives each version its place in the pair's chain. */
function chain(change: PairChange): {
  pair: Pair;
  versions: PairVersion[];
  conflicts: readonly PairConflict[];
} {
  let { head } = change.pair.doc;
  const versions: PairVersion[] = [];
  for (const draft of change.versions) {
    const version = chainVersion(draft, head);
    versions.push(version);
    head = { seq: version.seq, hash: version.hash };
  }
  const doc = { ...change.pair.doc, head };
  return { pair: { ...change.pair, doc }, versions, conflicts: change.conflicts };
}

/** The pair as the store has it now; null: it is not there any more. */
export async function reload(session: Session, id: string): Promise<Pair | null> {
  const [link] = await session.deps.store.pairs.getLinks(session.pair.id, [id]);
  return link === undefined ? null : openPair(link);
}

/** Throws why the pass has to end; the lease's loss is told as itself. */
export function demandGoing(session: Session): void {
  if (!session.signal.aborted) return;
  const { reason } = session.signal;
  if (reason instanceof LockstepError) throw reason;
  throw new LockstepError(
    "CANCELLED",
    `the run of "${session.pair.name}" was stopped; what was done is saved`,
  );
}
