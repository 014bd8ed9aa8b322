import type { Lease } from "../store.ts";
import { bodyText } from "./bodies.ts";
import type { Database } from "./database.ts";
import type { Item, Key } from "./items.ts";
import { keyText } from "./keys.ts";
import { added, type Counts, type Scope } from "./scopes.ts";
import { syncHead, syncListItem } from "./syncs.ts";

// Rows say less than items do: an item of a link repeats its task's newest number, a head counts its links. What belongs to
// several rows is gathered here while they come, and written at the end.

export interface Placed {
  readonly table: string;
  readonly item: Item;
}

/** What rows that came so far make known. */
export interface Filling {
  readonly database: Database;
  /** The newest version of each task. */
  readonly newest: Map<string, { readonly id: string; readonly num: number; readonly isDeleted: boolean }>;
  /** The source id of each task that has one. */
  readonly sourceOf: Map<string, string>;
  /** Pairs that have a history, with its end, and where they are. */
  readonly ends: Map<string, { readonly seq: number; readonly hash: string }>;
  readonly linkKeys: Map<string, Key>;
  /** By the partition of the run. */
  readonly runs: Map<string, (readonly unknown[])[]>;
  /** Of scopes, by the pk of their heads. */
  readonly heads: Map<string, { readonly scope: Scope; readonly counts: Counts }>;
  /** Syncs that came so far. */
  readonly syncs: Set<string>;
  /** Rows of tables that are in the order of their arrival. */
  readonly arrived: { runs: number; conflicts: number };
}

export function startFilling(database: Database): Filling {
  return {
    database,
    newest: new Map(),
    sourceOf: new Map(),
    ends: new Map(),
    linkKeys: new Map(),
    runs: new Map(),
    heads: new Map(),
    syncs: new Set(),
    arrived: { runs: 0, conflicts: 0 },
  };
}

/** Adds to what a head counts. */
export function countIn(filling: Filling, scope: Scope, differences: Counts): void {
  const known = filling.heads.get(scope.pk)?.counts ?? {};
  filling.heads.set(scope.pk, { scope, counts: added(known, differences) });
}

export function noteVersion(filling: Filling, runPk: string, entry: readonly unknown[]): void {
  const entries = filling.runs.get(runPk);
  if (entries === undefined) filling.runs.set(runPk, [entry]);
  else entries.push(entry);
}

/** A sync that comes for the first time is listed, and gets its head. All marks of sweeps that are copied are of sweep 1. */
export function enrolled(filling: Filling, syncId: string, lease: Lease | null = null): Placed[] {
  const { database, syncs } = filling;
  const scope = syncHead(database, syncId);
  if (syncs.has(syncId) && lease === null) return [];
  if (!syncs.has(syncId)) countIn(filling, scope, { "links.sweep": copiedSweep });
  syncs.add(syncId);
  const held = lease === null ? {} : { holder: lease.owner, fence: lease.fence, heldUntil: lease.until };
  const head = { pk: scope.pk, sk: scope.sk, generation: 1, counts: { "links.sweep": copiedSweep }, ...held };
  return [
    { table: database.sync, item: syncListItem(syncId) },
    { table: database.sync, item: head },
  ];
}

export const copiedSweep = 1;

/** Before everything that was not copied, and in this order. */
export function arrivalPlace(n: number, id: string): string {
  return `!${String(n).padStart(12, "0")}#${keyText(id)}`;
}

/** A task in the list of all. */
export function listedTask(database: Database, id: string): Placed {
  return { table: database.sync, item: { pk: "TASKS", sk: keyText(id), body: bodyText(id) } };
}
