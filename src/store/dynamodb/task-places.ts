import type { Conflict, Link, Task, TaskVersion } from "../store.ts";
import { bodyOf, bodyText } from "./bodies.ts";
import type { Database } from "./database.ts";
import type { Item, Key } from "./items.ts";
import { keyText, ordinal } from "./keys.ts";
import type { Change, Scope } from "./scopes.ts";
import { syncHead } from "./syncs.ts";

// Tasks and what one-way syncs know of them. A task is a partition of its versions and one item that names the newest. A
// sync's links are one partition, in the order of their source ids; each repeats the newest number of its task, so that
// "edited since" is one read.

/** What of a task is not in its versions. */
export interface TaskEntry {
  readonly id: string;
  readonly projectScopeId: string;
  readonly createdAt: string;
  readonly source: { readonly syncId: string; readonly recordId: string } | null;
  /** The newest version. */
  readonly versionNum: number;
  readonly versionId: string;
}

export function taskPlaces(database: Database) {
  const { sync: table } = database;
  const partition = (kind: string, name: string) => ({ table, pk: `${kind}#${keyText(name)}` });
  return {
    task: (id: string): Key => ({ ...partition("T", id), sk: "TASK" }),
    versions: (id: string) => partition("TV", id),
    version: (id: string, versionNum: number): Key => ({ ...partition("TV", id), sk: ordinal(versionNum) }),
    /** Every task, by id. */
    tasks: { table, pk: "TASKS" },
    links: (syncId: string) => partition("B", syncId),
    link: (syncId: string, sourceId: string): Key => ({ ...partition("B", syncId), sk: keyText(sourceId) }),
    sync: (syncId: string): Key => ({ ...partition("S", syncId), sk: "SYNC" }),
    /** Source ids that a sweep has seen. */
    marks: (syncId: string, sweep: number) => ({ table, pk: `BM#${keyText(syncId)}#${ordinal(sweep)}` }),
    /** By id; `index1`: by task. Without a sync: of tasks of nobody's. */
    conflicts: (syncId: string | null) => (syncId === null ? { table, pk: "BC" } : partition("BC", syncId)),
    run: (runId: string) => partition("BR", runId),
  };
}

/** What is written together with a task: its sync, or itself. */
export function scopeOfTask(database: Database, { id, source }: TaskEntry): Scope {
  if (source !== null) return syncHead(database, source.syncId);
  return { ...taskPlaces(database).task(id), sk: "HEAD" };
}

export function taskChange(database: Database, entry: TaskEntry, isNew: boolean): Change {
  const { table, ...key } = taskPlaces(database).task(entry.id);
  const item = { ...key, body: bodyText(entry) };
  return { kind: isNew ? "insert" : "replace", table, item };
}

/** In the list of all tasks. */
export function listedTaskChange(database: Database, id: string): Change {
  const { table, pk } = taskPlaces(database).tasks;
  return { kind: "insert", table, item: { pk, sk: keyText(id), body: bodyText(id) } };
}

export function versionChange(database: Database, version: TaskVersion): Change {
  const { table, ...key } = taskPlaces(database).version(version.taskId, version.versionNum);
  return { kind: "insert", table, item: { ...key, body: bodyText(version) } };
}

export function linkChange(database: Database, syncId: string, link: Link, isNew: boolean): Change {
  const { table, ...key } = taskPlaces(database).link(syncId, link.sourceId);
  return { kind: isNew ? "insert" : "replace", table, item: { ...key, body: bodyText(link) } };
}

export function conflictChange(database: Database, conflict: Conflict): Change {
  return conflictInsert(database, conflict, keyText(conflict.id));
}

/** `place`: its order among all conflicts. Ids ascend with time. */
export function conflictInsert(database: Database, conflict: Conflict, place: string): Change {
  const { table, pk } = taskPlaces(database).conflicts(conflict.syncId);
  const item = { pk, sk: place, index1: `${keyText(conflict.taskId)}#${place}`, body: bodyText(conflict) };
  return { kind: "insert", table, item };
}

export async function readEntries(database: Database, ids: readonly string[]): Promise<TaskEntry[]> {
  const places = taskPlaces(database);
  return (await database.getAll(ids.map(places.task))).map((item) => bodyOf<TaskEntry>(item));
}

/** Each with its newest version and its link. */
export async function readTasks(database: Database, ids: readonly string[]): Promise<Task[]> {
  const places = taskPlaces(database);
  const entries = await readEntries(database, ids);
  const items = await database.getAll(
    entries.flatMap(({ id, versionNum, source }) => [
      places.version(id, versionNum),
      ...(source === null ? [] : [places.link(source.syncId, source.recordId)]),
    ]),
  );
  const itemAt = new Map(items.map((item) => [`${item.pk} ${item.sk}`, item]));
  const at = (key: Key) => itemAt.get(`${key.pk} ${key.sk}`);
  return entries.flatMap((entry) => {
    const version = at(places.version(entry.id, entry.versionNum));
    const link =
      entry.source === null ? undefined : at(places.link(entry.source.syncId, entry.source.recordId));
    return version === undefined ? [] : [taskOf(entry, bodyOf<TaskVersion>(version), link)];
  });
}

function taskOf(
  { id, projectScopeId, createdAt, source }: TaskEntry,
  current: TaskVersion,
  linkItem: Item | undefined,
): Task {
  const link = linkItem === undefined ? null : bodyOf<Link>(linkItem);
  return {
    id,
    projectScopeId,
    currentVersionId: current.id,
    createdAt,
    source:
      source === null || link === null
        ? null
        : { ...source, state: link.state, missingSince: link.missingSince },
    current,
  };
}

/** Of the last sweep that began; 0: none did. */
export function sweepOf(head: { readonly counts: Readonly<Record<string, number>> }): number {
  return head.counts["links.sweep"] ?? 0;
}
