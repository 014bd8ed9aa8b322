import type { Ids } from "../../core/clock.ts";
import { parseMetadata } from "../rows.ts";
import { conflictsBetween, taskNotFound, versionNotFound } from "../rules.ts";
import type { Conflict, Link, Store, TaskVersion, VersionDraft } from "../store.ts";
import { bodyOf } from "./bodies.ts";
import type { Database } from "./database.ts";
import { type Change, headOf } from "./scopes.ts";
import {
  conflictChange,
  linkChange,
  listedTaskChange,
  readEntries,
  readTasks,
  scopeOfTask,
  type TaskEntry,
  taskChange,
  taskPlaces,
  versionChange,
} from "./task-places.ts";

/** A version in its place in a task's history. */
export function versionOf(
  ids: Ids,
  draft: VersionDraft,
  place: Pick<TaskVersion, "taskId" | "versionNum" | "runId"> & { readonly at: string },
): TaskVersion {
  const { metadataJson, ...fields } = draft;
  const { at, ...rest } = place;
  return { ...fields, ...rest, id: ids.next(), metadata: parseMetadata(metadataJson), createdAt: at };
}

type Append = Parameters<Store["appendVersion"]>[0];

export function editTopic(database: Database): Pick<Store, "createTask" | "appendVersion"> {
  const { ids } = database;
  return {
    async createTask({ projectScopeId, version, at }) {
      const taskId = ids.next();
      const first = versionOf(ids, version, { taskId, versionNum: 1, runId: null, at });
      const newest = { versionNum: 1, versionId: first.id };
      const entry: TaskEntry = { id: taskId, projectScopeId, createdAt: at, source: null, ...newest };
      const changes = [
        taskChange(database, entry, true),
        versionChange(database, first),
        listedTaskChange(database, entry.id),
      ];
      const scope = scopeOfTask(database, entry);
      await database.write([scope], async ([head = headOf(scope, null)]) => ({
        result: null,
        writes: [{ head, changes }],
      }));
      const [task] = await readTasks(database, [entry.id]);
      if (task === undefined) throw taskNotFound(entry.id);
      return task;
    },
    async appendVersion(append) {
      const [known] = await readEntries(database, [append.taskId]);
      if (known === undefined) throw taskNotFound(append.taskId);
      const scope = scopeOfTask(database, known);
      return database.write([scope], async ([head = headOf(scope, null)]) => {
        const { written, changes } = await planAppend(database, append);
        return { result: written, writes: [{ head, changes }] };
      });
    },
  };
}

async function planAppend(
  database: Database,
  { taskId, baseVersionNum, version, at }: Append,
): Promise<{ readonly written: TaskVersion; readonly changes: readonly Change[] }> {
  const { ids } = database;
  const places = taskPlaces(database);
  const [entry] = await readEntries(database, [taskId]);
  if (entry === undefined) throw taskNotFound(taskId);
  const superseded = await readVersion(database, taskId, entry.versionNum);
  const isStale = baseVersionNum !== null && baseVersionNum !== entry.versionNum;
  const base = isStale ? await readVersion(database, taskId, baseVersionNum) : superseded;
  const revised = typeof version === "function" ? version(superseded) : version;
  const draft = isStale ? { ...revised, conflictFlag: true } : revised;
  const versionNum = entry.versionNum + 1;
  const written = versionOf(ids, draft, { taskId, versionNum, runId: null, at });
  const place = { syncId: entry.source?.syncId ?? null, taskId, runId: null, versionNum, at };
  const conflicts = isStale ? conflictsBetween({ base, superseded, written }) : [];
  const changes = [
    taskChange(database, { ...entry, versionNum, versionId: written.id }, false),
    versionChange(database, written),
    ...conflicts.map((each) =>
      conflictChange(database, { id: ids.next(), ...place, ...each } satisfies Conflict),
    ),
  ];
  if (entry.source === null) return { written, changes };
  const { syncId, recordId } = entry.source;
  const item = await database.get(places.link(syncId, recordId));
  if (item === null) return { written, changes };
  const link = { ...bodyOf<Link>(item), currentVersionNum: versionNum, isTaskDeleted: written.isDeleted };
  return { written, changes: [...changes, linkChange(database, syncId, link, false)] };
}

async function readVersion(database: Database, taskId: string, versionNum: number): Promise<TaskVersion> {
  const item = await database.get(taskPlaces(database).version(taskId, versionNum));
  if (item === null) throw versionNotFound(taskId, versionNum);
  return bodyOf<TaskVersion>(item);
}
