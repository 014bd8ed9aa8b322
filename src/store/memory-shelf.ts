import type { Checkpoint } from "../connector/connector.ts";
import type { Ids } from "../core/clock.ts";
import type { Json } from "../core/json.ts";
import { leaseLost } from "./rules.ts";
import type { Conflict, Lease, Link, Run, Task, TaskVersion, VersionDraft } from "./store.ts";

export interface TaskEntry {
  readonly id: string;
  readonly projectScopeId: string;
  readonly createdAt: string;
  readonly source: { readonly syncId: string; readonly recordId: string } | null;
  /** Version n is at n - 1. */
  readonly versions: TaskVersion[];
}

export type LinkEntry = Omit<Link, "currentVersionNum" | "isTaskDeleted">;

export interface SyncEntry {
  checkpoint: Checkpoint;
  binding: Json;
  lastSweepAt: string | null;
  readonly links: Map<string, LinkEntry>;
  readonly seen: Set<string>;
}

/** Everything a memory store knows, in plain collections. */
export interface Shelf {
  readonly tasks: Map<string, TaskEntry>;
  readonly syncs: Map<string, SyncEntry>;
  readonly runs: Map<string, Run>;
  readonly conflicts: Conflict[];
  /** `until` is 0 once released. */
  readonly leases: Map<string, Lease>;
}

export function addTask(shelf: Shelf, ids: Ids, task: Omit<TaskEntry, "id" | "versions">): TaskEntry {
  const entry: TaskEntry = { ...task, id: ids.next(), versions: [] };
  shelf.tasks.set(entry.id, entry);
  return entry;
}

export function addVersion(
  ids: Ids,
  entry: TaskEntry,
  { draft, at, runId }: { draft: VersionDraft; at: string; runId: string | null },
): TaskVersion {
  const { metadataJson, ...fields } = draft;
  const version: TaskVersion = {
    ...fields,
    id: ids.next(),
    taskId: entry.id,
    versionNum: entry.versions.length + 1,
    metadata: JSON.parse(metadataJson) as TaskVersion["metadata"],
    createdAt: at,
    runId,
  };
  entry.versions.push(version);
  return version;
}

export function newestOf(entry: TaskEntry): TaskVersion {
  const newest = entry.versions.at(-1);
  if (newest === undefined) throw new TypeError(`task ${entry.id} has no version`);
  return newest;
}

export function taskOf(shelf: Shelf, entry: TaskEntry): Task {
  const { id, projectScopeId, createdAt, source } = entry;
  const current = newestOf(entry);
  const link = source === null ? undefined : shelf.syncs.get(source.syncId)?.links.get(source.recordId);
  return {
    id,
    projectScopeId,
    currentVersionId: current.id,
    createdAt,
    source:
      source === null || link === undefined
        ? null
        : { ...source, state: link.state, missingSince: link.missingSince },
    current,
  };
}

export function linkOf(shelf: Shelf, entry: LinkEntry): Link {
  const task = shelf.tasks.get(entry.taskId);
  if (task === undefined) throw new TypeError(`link ${entry.sourceId} points to no task`);
  const { versionNum, isDeleted } = newestOf(task);
  return { ...entry, currentVersionNum: versionNum, isTaskDeleted: isDeleted };
}

/** Refuses an older holder of the sync's lease, then makes sure the sync is known. */
export function enterSync(shelf: Shelf, syncId: string, fence: number): SyncEntry {
  const lease = shelf.leases.get(syncId);
  const held = lease === undefined || lease.until === 0 ? null : lease.fence;
  if (held !== fence) throw leaseLost(syncId, fence, held);
  const known = shelf.syncs.get(syncId);
  if (known !== undefined) return known;
  const sync: SyncEntry = {
    checkpoint: null,
    binding: null,
    lastSweepAt: null,
    links: new Map(),
    seen: new Set(),
  };
  shelf.syncs.set(syncId, sync);
  return sync;
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
