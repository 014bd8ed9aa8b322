import { checkFence } from "../pair-rules.ts";
import { checkChange } from "../rules.ts";
import type { Commit, CommitResult, Conflict, Link, LinkChange, Store, TaskVersion } from "../store.ts";
import { bodyOf, bodyText } from "./bodies.ts";
import type { Database, Decision } from "./database.ts";
import { versionOf } from "./edits.ts";
import type { RunVersion } from "./history.ts";
import { keyText, ordinal } from "./keys.ts";
import { heldFence } from "./leases.ts";
import { checkpointChanges } from "./one-way-syncs.ts";
import { runIndexChanges } from "./run-index.ts";
import { added, type Change, type Head } from "./scopes.ts";
import { knowSync, syncHead } from "./syncs.ts";
import {
  conflictChange,
  linkChange,
  listedTaskChange,
  readEntries,
  sweepOf,
  type TaskEntry,
  taskChange,
  taskPlaces,
  versionChange,
} from "./task-places.ts";

/** Ids in one item of a sweep's marks. */
const idsPerMark = 1_000;
/** Marks matter to their sweep alone, and a record without one is looked at again. */
const marksKeptSeconds = 90 * 24 * 60 * 60;

export function commitTopic(database: Database): Pick<Store, "commit"> {
  return {
    async commit(commit) {
      commit.changes.forEach(checkChange);
      await knowSync(database, commit.syncId);
      return database.write([syncHead(database, commit.syncId)], async ([head]) => {
        if (head === undefined) throw new TypeError("a write came without its head");
        checkFence(commit, heldFence(commit.syncId, head.item));
        return plan(database, commit, head);
      });
    },
  };
}

/** The sync's links and tasks as the commit leaves them. */
interface Draft {
  readonly links: Map<string, { readonly link: Link; readonly isNew: boolean; readonly before: Link | null }>;
  readonly tasks: Map<string, TaskEntry>;
  readonly versions: TaskVersion[];
  readonly conflicts: Conflict[];
  readonly touched: Set<string>;
}

async function plan(database: Database, commit: Commit, head: Head): Promise<Decision<CommitResult>> {
  const draft = await readDraft(database, commit);
  const stale = commit.changes
    .filter((change) => !apply(database, { commit, change, draft }))
    .map(({ sourceId }) => sourceId);
  const moves = commit.checkpoint !== undefined && stale.length === 0;
  const changes = [
    ...draftChanges(database, commit.syncId, draft),
    ...runChanges(database, { commit, draft, head }),
    ...markChanges(database, commit, head),
    ...(await checkpointChanges(
      database,
      commit.syncId,
      moves ? { checkpoint: commit.checkpoint ?? null } : {},
    )),
  ];
  if (changes.length === 0) return { result: { stale }, writes: [] };
  return { result: { stale }, writes: [{ head, counts: added(head.counts, countsOf(draft)), changes }] };
}

async function readDraft(database: Database, { syncId, changes }: Commit): Promise<Draft> {
  const places = taskPlaces(database);
  const items = await database.getAll(changes.map(({ sourceId }) => places.link(syncId, sourceId)));
  const links = items.map((item) => bodyOf<Link>(item));
  const entries = await readEntries(
    database,
    links.map(({ taskId }) => taskId),
  );
  return {
    links: new Map(links.map((link) => [link.sourceId, { link, isNew: false, before: link }])),
    tasks: new Map(entries.map((entry) => [entry.id, entry])),
    versions: [],
    conflicts: [],
    touched: new Set(),
  };
}

interface Applying {
  readonly commit: Commit;
  readonly change: LinkChange;
  readonly draft: Draft;
}

/** False: the pair is not what the plan was made on. */
function apply({ ids }: Database, { commit, change, draft }: Applying): boolean {
  const { syncId, runId, at } = commit;
  const { sourceId } = change;
  const known = draft.links.get(sourceId);
  if (known?.link.taskId !== (change.taskId ?? undefined)) return false;
  const entry: TaskEntry = draft.tasks.get(known?.link.taskId ?? "") ?? {
    id: ids.next(),
    projectScopeId: change.projectScopeId,
    createdAt: at,
    source: { syncId, recordId: sourceId },
    versionNum: 0,
    versionId: "",
  };
  if (known !== undefined && entry.versionNum !== change.expectedVersionNum) return false;
  const version =
    change.version === null
      ? null
      : versionOf(ids, change.version, { taskId: entry.id, versionNum: entry.versionNum + 1, runId, at });
  const versionNum = version?.versionNum ?? entry.versionNum;
  if (version !== null) {
    draft.versions.push(version);
    draft.tasks.set(entry.id, { ...entry, versionNum, versionId: version.id });
  }
  const { baseVersionNum, ...rest } = change.link;
  const link: Link = {
    ...rest,
    sourceId,
    taskId: entry.id,
    baseVersionNum: baseVersionNum === "written" ? versionNum : baseVersionNum,
    currentVersionNum: versionNum,
    isTaskDeleted: version?.isDeleted ?? known?.link.isTaskDeleted ?? false,
  };
  draft.links.set(sourceId, { link, isNew: known?.isNew ?? true, before: known?.before ?? null });
  draft.touched.add(sourceId);
  for (const conflict of change.conflicts) {
    draft.conflicts.push({ id: ids.next(), syncId, taskId: entry.id, runId, versionNum, at, ...conflict });
  }
  return true;
}

function draftChanges(database: Database, syncId: string, draft: Draft): Change[] {
  const written = new Set(draft.versions.map(({ taskId }) => taskId));
  const entries = [...written].flatMap((id) => draft.tasks.get(id) ?? []);
  const made = draft.versions.filter(({ versionNum }) => versionNum === 1).map(({ taskId }) => taskId);
  const isMade = new Set(made);
  return [
    ...entries.map((entry) => taskChange(database, entry, isMade.has(entry.id))),
    ...made.map((id) => listedTaskChange(database, id)),
    ...draft.versions.map((version) => versionChange(database, version)),
    ...[...draft.touched].flatMap((sourceId) => {
      const entry = draft.links.get(sourceId);
      return entry === undefined ? [] : [linkChange(database, syncId, entry.link, entry.isNew)];
    }),
    ...draft.conflicts.map((conflict) => conflictChange(database, conflict)),
  ];
}

interface RunPart {
  readonly commit: Commit;
  readonly draft: Draft;
  readonly head: Head;
}

function runChanges(database: Database, { commit, draft, head }: RunPart): Change[] {
  const entries = draft.versions.map(
    ({ taskId, versionNum }): RunVersion => [
      taskId,
      versionNum,
      draft.tasks.get(taskId)?.source?.recordId ?? "",
    ],
  );
  const { table, pk } = taskPlaces(database).run(commit.runId);
  const name = `${keyText(commit.syncId)}#${ordinal(head.generation + 1)}`;
  return runIndexChanges(table, { pk, commit: name, entries });
}

function markChanges(database: Database, { syncId, seen, at }: Commit, head: Head): Change[] {
  const { table, pk } = taskPlaces(database).marks(syncId, sweepOf(head));
  const expiresAt = Math.floor(Date.parse(at) / 1000) + marksKeptSeconds;
  const changes: Change[] = [];
  for (let n = 0; n < seen.length; n += idsPerMark) {
    const sk = `${ordinal(head.generation + 1)}#${ordinal(n)}`;
    const body = bodyText(seen.slice(n, n + idsPerMark));
    changes.push({ kind: "insert", table, item: { pk, sk, expiresAt, body } });
  }
  return changes;
}

/** What the commit does to the numbers of the sync's links. */
function countsOf({ links, touched }: Draft): Record<string, number> {
  const counts: Record<string, number> = {};
  const count = ({ state }: Link, difference: number) => {
    counts[`links.${state}`] = (counts[`links.${state}`] ?? 0) + difference;
  };
  for (const sourceId of touched) {
    const entry = links.get(sourceId);
    if (entry === undefined) continue;
    if (entry.before !== null) count(entry.before, -1);
    count(entry.link, 1);
  }
  return counts;
}
