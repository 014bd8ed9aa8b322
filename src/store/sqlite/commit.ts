import type { Ids } from "../../core/clock.ts";
import { jsonToText } from "../rows.ts";
import { checkChange } from "../rules.ts";
import type { Commit, LinkChange, Store, VersionDraft } from "../store.ts";
import { conflictWriter } from "./conflicts.ts";
import type { Database } from "./database.ts";
import type { SyncWriter } from "./syncs.ts";
import { versionWriter } from "./versions.ts";

/** Which task a source id is linked to now, and that task's newest version. */
interface LinkHead {
  readonly taskId: string;
  readonly versionNum: number;
}

/** The hot path of a sync: everything of one batch in one transaction, under the run's lease. */
export function commitTopic(database: Database, ids: Ids, syncs: SyncWriter): Pick<Store, "commit"> {
  const pairs = pairWriter(database, ids);
  const conflicts = conflictWriter(database, ids);
  const heads = database.query<LinkHead & { sourceId: string }>(`
    SELECT l.source_id AS sourceId, l.task_id AS taskId, v.version_num AS versionNum
    FROM json_each(?2) id CROSS JOIN links l ON l.sync_id = ?1 AND l.source_id = id.value
    JOIN tasks t ON t.id = l.task_id JOIN task_versions v ON v.id = t.current_version_id`);
  const mark = database.query("INSERT OR IGNORE INTO sweep_marks SELECT ?1, value FROM json_each(?2)");

  function applyAll(commit: Commit): string[] {
    const { syncId, runId, at, changes } = commit;
    const rows = heads.all(syncId, JSON.stringify(changes.map((change) => change.sourceId)));
    const headById = new Map<string, LinkHead>(rows.map((row) => [row.sourceId, row]));
    const stale: string[] = [];
    for (const change of changes) {
      const head = pairs.apply(commit, change, headById.get(change.sourceId));
      if (head === null) {
        stale.push(change.sourceId);
        continue;
      }
      headById.set(change.sourceId, head);
      const { taskId, versionNum } = head;
      conflicts.insert({ syncId, taskId, runId, versionNum, at }, change.conflicts);
    }
    return stale;
  }

  return {
    async commit(commit) {
      commit.changes.forEach(checkChange);
      return database.write(() => {
        syncs.enter(commit.syncId, commit.fence);
        const stale = applyAll(commit);
        mark.run(commit.syncId, JSON.stringify(commit.seen));
        // A checkpoint says that everything before it is durable, which is not true of a stale change.
        if (commit.checkpoint !== undefined && stale.length === 0) {
          syncs.saveCheckpoint(commit.syncId, commit.checkpoint);
        }
        return { stale };
      });
    },
  };
}

interface PairWriter {
  /** The pair as it is after the change, null when it is not what the plan was made on. */
  apply(commit: Commit, change: LinkChange, head: LinkHead | undefined): LinkHead | null;
}

function pairWriter(database: Database, ids: Ids): PairWriter {
  const versions = versionWriter(database, ids);
  const insertLink = database.query("INSERT INTO links VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const updateLink = database.query(`
    UPDATE links SET state = ?, missing_since = ?, source_fingerprint = ?, source_revision = ?, base_version_num = ?,
      base_source = ?, memo = ?
    WHERE sync_id = ? AND source_id = ?`);

  function create({ syncId, at, runId }: Commit, change: LinkChange, draft: VersionDraft): LinkHead {
    const { sourceId, projectScopeId } = change;
    const source = { syncId, recordId: sourceId };
    const taskId = versions.createTask({ projectScopeId, source, at, runId }, draft);
    insertLink.run(syncId, sourceId, taskId, ...linkValues(change, 1));
    return { taskId, versionNum: 1 };
  }

  function update({ syncId, at, runId }: Commit, change: LinkChange, head: LinkHead): LinkHead {
    const { taskId } = head;
    const versionNum = change.version === null ? head.versionNum : head.versionNum + 1;
    if (change.version !== null) versions.append({ taskId, versionNum, at, runId }, change.version);
    updateLink.run(...linkValues(change, versionNum), syncId, change.sourceId);
    return { taskId, versionNum };
  }

  return {
    apply(commit, change, head) {
      const { taskId, version, expectedVersionNum } = change;
      if (head === undefined)
        return taskId === null && version !== null ? create(commit, change, version) : null;
      const isAsPlanned = head.taskId === taskId && head.versionNum === expectedVersionNum;
      return isAsPlanned ? update(commit, change, head) : null;
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
