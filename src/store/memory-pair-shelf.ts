import type { Json } from "../core/json.ts";
import type { Side } from "../core/two-way/mapping.ts";
import type { PairVersion } from "../core/two-way/version-chain.ts";
import { compare } from "./memory-shelf.ts";
import { checkFence } from "./pair-rules.ts";
import type { Hold, PairConflict, PairLink, StoredInboxEvent } from "./pair-store.ts";
import type { Lease } from "./store.ts";

/** What is opened and closed, by id; the open ones, which are asked for most, once more. */
export interface Ledger<Entry> {
  readonly all: Map<string, Entry>;
  readonly open: Map<string, Entry>;
  readonly freeze: Freeze;
}

export interface PairSync {
  state: Json;
  readonly links: Map<string, PairLink>;
  /** Those that are due at any time. */
  readonly due: Map<string, PairLink>;
  /** Link ids by what no two links have both. */
  readonly owners: Readonly<Record<"leftId" | "rightId" | "key", Map<string, string>>>;
}

/** Copies and freezes a value through and through; what it has frozen before is shared. */
export type Freeze = <Value>(value: Value) => Value;

/** Everything is frozen when it is stored, and handed out as it is. */
export interface PairShelf {
  readonly leases: ReadonlyMap<string, Lease>;
  readonly syncs: Map<string, PairSync>;
  /** Of all syncs. */
  readonly links: Map<string, PairLink>;
  /** By link id; version n is at n - 1. */
  readonly versions: Map<string, PairVersion[]>;
  readonly versionsOfRun: Map<string, PairVersion[]>;
  readonly conflicts: Ledger<PairConflict>;
  readonly holds: Ledger<Hold>;
  /** By source and event id, until they are pruned. */
  readonly events: Map<string, StoredInboxEvent>;
  /** Not handled yet, in order of arrival. */
  readonly waiting: Map<number, StoredInboxEvent>;
  lastSeq: number;
  readonly freeze: Freeze;
}

export const claims = ["leftId", "rightId", "key"] as const;

export function createPairShelf(leases: ReadonlyMap<string, Lease>): PairShelf {
  const freeze = createFreeze();
  return {
    leases,
    syncs: new Map(),
    links: new Map(),
    versions: new Map(),
    versionsOfRun: new Map(),
    conflicts: { all: new Map(), open: new Map(), freeze },
    holds: { all: new Map(), open: new Map(), freeze },
    events: new Map(),
    waiting: new Map(),
    lastSeq: 0,
    freeze,
  };
}

function createFreeze(): Freeze {
  const known = new WeakSet<object>();
  function copyOf(value: unknown): unknown {
    if (typeof value !== "object" || value === null || known.has(value)) return value;
    const copy = Array.isArray(value)
      ? value.map(copyOf)
      : Object.fromEntries(Object.entries(value).map(([key, member]) => [key, copyOf(member)]));
    known.add(copy);
    return Object.freeze(copy);
  }
  // A copy has the shape of what it was made from, as with structuredClone, at a fraction of its time.
  return <Value>(value: Value) => copyOf(value) as Value;
}

export const recordOf = { left: "leftId", right: "rightId" } as const satisfies Record<Side, keyof PairLink>;
export const sweptOf = { left: "sweptLeft", right: "sweptRight" } as const satisfies Record<
  Side,
  keyof PairLink
>;

/** Refuses an older holder of the sync's lease, then makes sure the sync is known. */
export function enterSync(shelf: PairShelf, { syncId, fence }: { syncId: string; fence: number }): PairSync {
  const lease = shelf.leases.get(syncId);
  checkFence({ syncId, fence }, lease === undefined || lease.until === 0 ? null : lease.fence);
  const known = shelf.syncs.get(syncId);
  if (known !== undefined) return known;
  const sync: PairSync = {
    state: null,
    links: new Map(),
    due: new Map(),
    owners: { leftId: new Map(), rightId: new Map(), key: new Map() },
  };
  shelf.syncs.set(syncId, sync);
  return sync;
}

export function disown(sync: PairSync, linkId: string): void {
  const link = sync.links.get(linkId);
  if (link === undefined) return;
  for (const claim of claims) {
    const value = link[claim];
    if (value !== null) sync.owners[claim].delete(value);
  }
}

export function storeLink(shelf: PairShelf, sync: PairSync, link: PairLink): void {
  const stored = shelf.freeze(link);
  shelf.links.set(link.id, stored);
  sync.links.set(link.id, stored);
  if (stored.dueAt === null) sync.due.delete(link.id);
  else sync.due.set(link.id, stored);
  for (const claim of claims) {
    const value = stored[claim];
    if (value !== null) sync.owners[claim].set(value, link.id);
  }
}

export function enter<Entry extends { readonly id: string; readonly closedAt: string | null }>(
  ledger: Ledger<Entry>,
  entry: Entry,
): void {
  const stored = ledger.freeze(entry);
  ledger.all.set(entry.id, stored);
  if (stored.closedAt === null) ledger.open.set(entry.id, stored);
  else ledger.open.delete(entry.id);
}

export function newestFirst<
  Entry extends { readonly id: string; readonly openedAt: string; readonly closedAt: string | null },
>(ledger: Ledger<Entry>, isOpen: boolean | undefined): Entry[] {
  const entries = [...(isOpen === true ? ledger.open : ledger.all).values()];
  const asked = isOpen === false ? entries.filter((entry) => entry.closedAt !== null) : entries;
  return asked.sort((a, b) => compare(b.openedAt, a.openedAt) || byId(b, a));
}

export function append<Item>(lists: Map<string, Item[]>, key: string, item: Item): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

export function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return compare(a.id, b.id);
}
