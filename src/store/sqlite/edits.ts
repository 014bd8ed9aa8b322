import type { Ids } from "../../core/clock.ts";
import { parseMetadata, rowToVersion, type VersionRow, versionColumns } from "../rows.ts";
import { conflictsBetween, taskNotFound, versionNotFound } from "../rules.ts";
import type { Store, VersionDraft } from "../store.ts";
import { conflictWriter } from "./conflicts.ts";
import type { Database } from "./database.ts";
import type { TaskReader } from "./tasks.ts";
import { versionWriter } from "./versions.ts";

/** What people and agents write. */
export function editTopic(
  database: Database,
  ids: Ids,
  tasks: TaskReader,
): Pick<Store, "createTask" | "appendVersion"> {
  const versions = versionWriter(database, ids);
  const conflicts = conflictWriter(database, ids);
  const numbered = database.query<VersionRow>(
    `SELECT ${versionColumns} FROM task_versions v WHERE v.task_id = ? AND v.version_num = ?`,
  );

  function existingTask(taskId: string) {
    const task = tasks.read(taskId);
    if (task === null) throw taskNotFound(taskId);
    return task;
  }

  function existingVersion(taskId: string, versionNum: number) {
    const row = numbered.get(taskId, versionNum);
    if (row === undefined) throw versionNotFound(taskId, versionNum);
    return rowToVersion(row);
  }

  return {
    async createTask({ projectScopeId, version, at }) {
      return database.write(() => {
        const taskId = versions.createTask({ projectScopeId, source: null, at, runId: null }, version);
        return existingTask(taskId);
      });
    },

    async appendVersion({ taskId, baseVersionNum, version, at }) {
      return database.write(() => {
        const { current, source } = existingTask(taskId);
        const place = { taskId, versionNum: current.versionNum + 1, at, runId: null };
        const revised = typeof version === "function" ? version(current) : version;
        if (baseVersionNum === null || baseVersionNum === current.versionNum) {
          versions.append(place, revised);
        } else {
          const base = existingVersion(taskId, baseVersionNum);
          versions.append(place, { ...revised, conflictFlag: true });
          const drafts = conflictsBetween({ base, superseded: current, written: contentOf(revised) });
          conflicts.insert({ ...place, syncId: source?.syncId ?? null }, drafts);
        }
        return existingVersion(taskId, place.versionNum);
      });
    },
  };
}

function contentOf(draft: VersionDraft) {
  return { ...draft, metadata: parseMetadata(draft.metadataJson) };
}
