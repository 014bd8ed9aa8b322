import type { Ids } from "../../core/clock.ts";
import { parseMetadata, rowToVersion, type VersionRow, versionColumns } from "../rows.ts";
import { conflictsBetween, taskNotFound, versionNotFound } from "../rules.ts";
import type { Store, Task, TaskVersion, VersionDraft } from "../store.ts";
import { insertConflicts, toConflicts } from "./conflicts.ts";
import type { Database, Session } from "./database.ts";
import { readTask } from "./tasks.ts";
import { insertTasks, insertVersions, setCurrent } from "./versions.ts";

/** What people and agents write. */
export function editTopic(database: Database, ids: Ids): Pick<Store, "createTask" | "appendVersion"> {
  return {
    async createTask({ projectScopeId, version, at }) {
      return database.write(async (session) => {
        const taskId = ids.next();
        const id = ids.next();
        await insertVersions(session, [{ id, taskId, versionNum: 1, draft: version, at, runId: null }]);
        await insertTasks(session, [{ id: taskId, projectScopeId, source: null, currentVersionId: id, at }]);
        return existingTask(session, taskId);
      });
    },

    async appendVersion({ taskId, baseVersionNum, version, at }) {
      return database.write(async (session) => {
        // First the lock, then the reading: what is read then stays true.
        await session.run("SELECT 1 FROM tasks WHERE id = $1 FOR NO KEY UPDATE", taskId);
        const { current, source } = await existingTask(session, taskId);
        const versionNum = current.versionNum + 1;
        const revised = typeof version === "function" ? version(current) : version;
        const isOnNewest = baseVersionNum === null || baseVersionNum === current.versionNum;
        const base = isOnNewest ? null : await existingVersion(session, taskId, baseVersionNum);
        const draft = base === null ? revised : { ...revised, conflictFlag: true };
        const id = ids.next();
        await insertVersions(session, [{ id, taskId, versionNum, draft, at, runId: null }]);
        await setCurrent(session, new Map([[taskId, id]]));
        if (base !== null) {
          const place = { syncId: source?.syncId ?? null, taskId, runId: null, versionNum, at };
          const drafts = conflictsBetween({ base, superseded: current, written: contentOf(revised) });
          await insertConflicts(session, toConflicts(ids, place, drafts));
        }
        return existingVersion(session, taskId, versionNum);
      });
    },
  };
}

async function existingTask(session: Session, taskId: string): Promise<Task> {
  const task = await readTask(session, taskId);
  if (task === null) throw taskNotFound(taskId);
  return task;
}

async function existingVersion(session: Session, taskId: string, versionNum: number): Promise<TaskVersion> {
  const row = await session.get<VersionRow>(
    `SELECT ${versionColumns} FROM task_versions v WHERE v.task_id = $1 AND v.version_num = $2`,
    taskId,
    versionNum,
  );
  if (row === undefined) throw versionNotFound(taskId, versionNum);
  return rowToVersion(row);
}

function contentOf(draft: VersionDraft) {
  return { ...draft, metadata: parseMetadata(draft.metadataJson) };
}
