import type { Ids } from "../../core/clock.ts";
import { jsonToText } from "../rows.ts";
import { checkChange } from "../rules.ts";
import type { Commit, Conflict, LinkChange, Store } from "../store.ts";
import { insertConflicts, toConflicts } from "./conflicts.ts";
import type { Database, Session } from "./database.ts";
import { type InsertPlan, insertRows } from "./insert.ts";
import { enterSync, saveCheckpoint } from "./syncs.ts";
import { insertTasks, insertVersions, type NewTask, type NewVersion, setCurrent } from "./versions.ts";

/** Which task a source id is linked to now, and that task's newest version. */
interface LinkHead {
  readonly taskId: string;
  readonly versionNum: number;
}

/** What a commit writes, table by table, so that each table takes one statement however many changes there are. */
interface Batch {
  readonly stale: string[];
  readonly tasks: NewTask[];
  readonly versions: NewVersion[];
  /** Tasks that were there before, and their newest version's id. */
  readonly currentByTask: Map<string, string>;
  readonly links: Map<string, ReturnType<typeof linkValues>>;
  readonly conflicts: Conflict[];
}

/** The hot path of a sync: everything of one batch in one transaction, under the run's lease. */
export function commitTopic(database: Database, ids: Ids): Pick<Store, "commit"> {
  return {
    async commit(commit) {
      commit.changes.forEach(checkChange);
      const { syncId, fence, changes, seen, checkpoint } = commit;
      return database.write(async (session) => {
        await enterSync(session, syncId, fence);
        const heads = await lockHeads(session, syncId, changes);
        const batch = prepare(commit, heads, ids);
        await writeBatch(session, batch);
        await markSeen(session, syncId, seen);
        // A checkpoint says that everything before it is durable, which is not true of a stale change.
        if (checkpoint !== undefined && batch.stale.length === 0) {
          await saveCheckpoint(session, syncId, checkpoint);
        }
        return { stale: batch.stale };
      });
    },
  };
}

/**
 * The pairs as they are, and as they stay until the end of the transaction: links change only under the sync's lease,
 * which this transaction holds, and tasks are locked here. Two statements, because one that waits for a lock would go
 * on with the versions it saw before; in the order of ids, so that two commits do not wait for each other.
 */
async function lockHeads(
  session: Session,
  syncId: string,
  changes: readonly LinkChange[],
): Promise<Map<string, LinkHead>> {
  const sourceIds = changes.map((change) => change.sourceId);
  const locked = await session.run(
    `SELECT 1 FROM links l JOIN tasks t ON t.id = l.task_id
    WHERE l.sync_id = $1 AND l.source_id = ANY ($2::text[]) ORDER BY t.id FOR NO KEY UPDATE OF t`,
    syncId,
    sourceIds,
  );
  if (locked === 0) return new Map();
  const rows = await session.all<LinkHead & { sourceId: string }>(
    `SELECT l.source_id AS "sourceId", l.task_id AS "taskId", v.version_num AS "versionNum"
    FROM links l JOIN tasks t ON t.id = l.task_id JOIN task_versions v ON v.id = t.current_version_id
    WHERE l.sync_id = $1 AND l.source_id = ANY ($2::text[])`,
    syncId,
    sourceIds,
  );
  return new Map(rows.map((row) => [row.sourceId, row]));
}

/** Decides change by change, as if each were written before the next: a source id may come twice. */
function prepare(commit: Commit, headById: Map<string, LinkHead>, ids: Ids): Batch {
  const batch: Batch = {
    stale: [],
    tasks: [],
    versions: [],
    currentByTask: new Map(),
    links: new Map(),
    conflicts: [],
  };
  const { syncId, runId, at } = commit;
  for (const change of commit.changes) {
    const head = applyTo(batch, commit, { change, head: headById.get(change.sourceId), ids });
    if (head === null) {
      batch.stale.push(change.sourceId);
      continue;
    }
    headById.set(change.sourceId, head);
    const { taskId, versionNum } = head;
    batch.links.set(change.sourceId, linkValues(syncId, change, head));
    batch.conflicts.push(...toConflicts(ids, { syncId, taskId, runId, versionNum, at }, change.conflicts));
  }
  return batch;
}

/** The pair as it is after the change, null when it is not what the plan was made on. */
function applyTo(
  batch: Batch,
  { syncId, runId, at }: Commit,
  { change, head, ids }: { change: LinkChange; head: LinkHead | undefined; ids: Ids },
): LinkHead | null {
  const { sourceId, projectScopeId, version } = change;
  if (head === undefined) {
    if (change.taskId !== null || version === null) return null;
    const taskId = ids.next();
    const id = ids.next();
    const source = { syncId, recordId: sourceId };
    batch.versions.push({ id, taskId, versionNum: 1, draft: version, at, runId });
    batch.tasks.push({ id: taskId, projectScopeId, source, currentVersionId: id, at });
    return { taskId, versionNum: 1 };
  }
  const { taskId, versionNum } = head;
  if (taskId !== change.taskId || versionNum !== change.expectedVersionNum) return null;
  if (version === null) return head;
  const id = ids.next();
  batch.versions.push({ id, taskId, versionNum: versionNum + 1, draft: version, at, runId });
  batch.currentByTask.set(taskId, id);
  return { taskId, versionNum: versionNum + 1 };
}

async function writeBatch(session: Session, batch: Batch): Promise<void> {
  await insertVersions(session, batch.versions);
  await insertTasks(session, batch.tasks);
  await setCurrent(session, batch.currentByTask);
  await insertRows(session, linkPlan, [...batch.links.values()]);
  await insertConflicts(session, batch.conflicts);
}

const linkPlan: InsertPlan = {
  table: "links",
  columns: {
    sync_id: "text",
    source_id: "text",
    task_id: "text",
    state: "text",
    missing_since: "text",
    source_fingerprint: "text",
    source_revision: "text",
    base_version_num: "integer",
    base_source: "text",
    memo: "text",
  },
  otherwise: `ON CONFLICT (sync_id, source_id) DO UPDATE SET
    state = excluded.state, missing_since = excluded.missing_since, source_fingerprint = excluded.source_fingerprint,
    source_revision = excluded.source_revision, base_version_num = excluded.base_version_num,
    base_source = excluded.base_source, memo = excluded.memo`,
};

function linkValues(syncId: string, { sourceId, link }: LinkChange, head: LinkHead) {
  return [
    syncId,
    sourceId,
    head.taskId,
    link.state,
    link.missingSince,
    link.sourceFingerprint,
    link.sourceRevision,
    link.baseVersionNum === "written" ? head.versionNum : link.baseVersionNum,
    jsonToText(link.baseSource),
    jsonToText(link.memo),
  ] as const;
}

async function markSeen(session: Session, syncId: string, seen: readonly string[]): Promise<void> {
  if (seen.length === 0) return;
  await session.run(
    "INSERT INTO sweep_marks SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING",
    syncId,
    seen,
  );
}
