import type { Ids } from "../../core/clock.ts";
import { checkChange } from "../rules.ts";
import type { Commit, LinkChange, Store } from "../store.ts";
import { conflictWriter } from "./conflicts.ts";
import type { Database } from "./database.ts";
import { jsonToText } from "./json.ts";
import type { SyncWriter } from "./syncs.ts";
import { versionWriter } from "./versions.ts";

/** Which task a source id is linked to now, and that task's newest version. */
interface LinkHead {
  taskId: string;
  versionNum: number;
}

/** The hot path of a sync: everything of one batch in one transaction, under the run's lease. */
export function commitTopic(database: Database, ids: Ids, syncs: SyncWriter): Pick<Store, "commit"> {
  const versions = versionWriter(database, ids);
  const conflicts = conflictWriter(database, ids);
  const headOf = database.query<LinkHead>(`
    SELECT l.task_id AS taskId, v.version_num AS versionNum
    FROM links l JOIN tasks t ON t.id = l.task_id JOIN task_versions v ON v.id = t.current_version_id
    WHERE l.sync_id = ? AND l.source_id = ?`);
  const insertLink = database.query("INSERT INTO links VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const updateLink = database.query(`
    UPDATE links SET state = ?, missing_since = ?, source_fingerprint = ?, source_revision = ?, base_version_num = ?,
      base_source = ?, memo = ?
    WHERE sync_id = ? AND source_id = ?`);
  const mark = database.query("INSERT INTO sweep_marks VALUES (?, ?) ON CONFLICT DO NOTHING");

  function create(commit: Commit, change: LinkChange): void {
    if (change.version === null) return;
    const { syncId, at, runId } = commit;
    const { sourceId, projectScopeId } = change;
    const source = { syncId, recordId: sourceId };
    const taskId = versions.createTask({ projectScopeId, source, at, runId }, change.version);
    insertLink.run(syncId, sourceId, taskId, ...linkValues(change, 1));
    conflicts.insert({ syncId, taskId, runId, versionNum: 1, at }, change.conflicts);
  }

  function update(commit: Commit, change: LinkChange, head: LinkHead): void {
    const { syncId, at, runId } = commit;
    const { taskId } = head;
    const versionNum = change.version === null ? head.versionNum : head.versionNum + 1;
    if (change.version !== null) versions.append({ taskId, versionNum, at, runId }, change.version);
    updateLink.run(...linkValues(change, versionNum), syncId, change.sourceId);
    conflicts.insert({ syncId, taskId, runId, versionNum, at }, change.conflicts);
  }

  /** False: the pair is not what the plan was made on. */
  function apply(commit: Commit, change: LinkChange): boolean {
    const head = headOf.get(commit.syncId, change.sourceId);
    if (change.taskId === null) {
      if (head !== undefined) return false;
      create(commit, change);
      return true;
    }
    if (head?.taskId !== change.taskId || head.versionNum !== change.expectedVersionNum) return false;
    update(commit, change, head);
    return true;
  }

  return {
    async commit(commit) {
      commit.changes.forEach(checkChange);
      return database.write(() => {
        syncs.enter(commit.syncId, commit.fence);
        const stale = commit.changes
          .filter((change) => !apply(commit, change))
          .map((change) => change.sourceId);
        for (const sourceId of commit.seen) mark.run(commit.syncId, sourceId);
        // A checkpoint says that everything before it is durable, which is not true of a stale change.
        if (commit.checkpoint !== undefined && stale.length === 0) {
          syncs.saveCheckpoint(commit.syncId, commit.checkpoint);
        }
        return { stale };
      });
    },
  };
}

function linkValues({ link }: LinkChange, versionNum: number) {
  return [
    link.state,
    link.missingSince,
    link.sourceFingerprint,
    link.sourceRevision,
    link.baseVersionNum === "written" ? versionNum : link.baseVersionNum,
    jsonToText(link.baseSource),
    jsonToText(link.memo),
  ] as const;
}
