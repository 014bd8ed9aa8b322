import type { Conflict, Lease, Link, Run, SyncState, TaskVersion } from "../store.ts";
import { bodyOf, bodyText } from "./bodies.ts";
import { arrivalPlace, copiedSweep, countIn, enrolled, listedTask, noteVersion } from "./copy-filling.ts";
import { type NamedRow, rowOf, shapeOf, storedOf } from "./copy-rows.ts";
import type { CopiedTable } from "./copy-tables.ts";
import type { Database } from "./database.ts";
import { type Item, numberIn, textIn } from "./items.ts";
import { keyText, ordinal } from "./keys.ts";
import { leaseIn } from "./leases.ts";
import { runItem, runOf } from "./runs.ts";
import { syncHead } from "./syncs.ts";
import {
  conflictInsert,
  linkChange,
  type TaskEntry,
  taskChange,
  taskPlaces,
  versionChange,
} from "./task-places.ts";

const shapes = {
  syncs: {
    ...shapeOf({ binding: "json", checkpoint: "json", last_sweep_at: "plain" }),
    id: ["syncId", "plain"],
  },
  task_versions: shapeOf({
    change_reason: "plain",
    conflict_flag: "flag",
    created_at: "plain",
    created_by: "plain",
    description: "plain",
    id: "plain",
    is_deleted: "flag",
    metadata: "text of JSON",
    resolution: "plain",
    run_id: "plain",
    status: "plain",
    task_id: "plain",
    title: "plain",
    version_num: "plain",
  }),
  links: shapeOf({
    base_source: "json",
    base_version_num: "plain",
    memo: "json",
    missing_since: "plain",
    source_fingerprint: "plain",
    source_id: "plain",
    source_revision: "plain",
    state: "plain",
    task_id: "plain",
  }),
  runs: shapeOf({
    calls: "plain",
    certificate: "json",
    checkpoint_after: "json",
    checkpoint_before: "json",
    counts: "text of JSON",
    ended_at: "plain",
    errors: "text of JSON",
    id: "plain",
    retries: "plain",
    source: "plain",
    source_id: "plain",
    started_at: "plain",
    status: "plain",
    sync_id: "plain",
    trigger: "plain",
    type: "plain",
    warnings: "text of JSON",
  }),
  conflicts: shapeOf({
    at: "plain",
    base: "json",
    field: "plain",
    id: "plain",
    left: "json",
    resolution: "plain",
    right: "json",
    run_id: "plain",
    sync_id: "plain",
    task_id: "plain",
    version_num: "plain",
  }),
} as const;

const text = (row: NamedRow, column: string) => String(row[column] ?? "");

/** Tables of tasks, of one-way syncs and of leases. */
export function taskTables(database: Database): readonly CopiedTable[] {
  return [
    syncs(database),
    tasks(database),
    versions(database),
    links(database),
    marks(database),
    runs(database),
    conflicts(database),
    leases,
  ];
}

function syncs(database: Database): CopiedTable {
  return {
    name: "syncs",
    columns: ["binding", "checkpoint", "id", "last_sweep_at"],
    holds: ({ pk, sk }) => pk.startsWith("S#") && sk === "SYNC",
    rows: (item) => [rowOf(shapes.syncs, bodyOf<SyncState>(item))],
    order: (row) => [text(row, "id")],
    items(row, filling) {
      const { table, ...key } = taskPlaces(database).sync(text(row, "id"));
      const item = { ...key, body: bodyText(storedOf(shapes.syncs, row)) };
      return [...enrolled(filling, text(row, "id")), { table, item }];
    },
  };
}

function tasks(database: Database): CopiedTable {
  return {
    name: "tasks",
    columns: ["created_at", "current_version_id", "id", "project_scope_id", "source_id", "sync_id"],
    holds: ({ pk, sk }) => pk.startsWith("T#") && sk === "TASK",
    rows(item) {
      const { id, projectScopeId, createdAt, source, versionId } = bodyOf<TaskEntry>(item);
      return [
        {
          id,
          project_scope_id: projectScopeId,
          created_at: createdAt,
          source_id: source?.recordId ?? null,
          sync_id: source?.syncId ?? null,
          current_version_id: versionId,
        },
      ];
    },
    order: (row) => [text(row, "id")],
    items(row, filling) {
      const id = text(row, "id");
      const newest = filling.newest.get(id);
      const { sync_id: syncId, source_id: recordId } = row;
      const hasSource = typeof syncId === "string" && typeof recordId === "string";
      if (hasSource) filling.sourceOf.set(id, recordId);
      const entry: TaskEntry = {
        id,
        projectScopeId: text(row, "project_scope_id"),
        createdAt: text(row, "created_at"),
        source: hasSource ? { syncId, recordId } : null,
        versionNum: newest?.num ?? 0,
        // A task that names another version than its newest comes back unlike its row, and the copy is refused.
        versionId: newest?.id ?? "",
      };
      const change = taskChange(database, entry, true);
      return [...itemsOf([change]), listedTask(database, id)];
    },
  };
}

function versions(database: Database): CopiedTable {
  return {
    name: "task_versions",
    columns: Object.keys(shapes.task_versions),
    holds: ({ pk }) => pk.startsWith("TV#"),
    rows(item) {
      const row = rowOf(shapes.task_versions, bodyOf<TaskVersion>(item));
      return [{ ...row, metadata: textIn(item, "metadataText") ?? row.metadata ?? null }];
    },
    order: (row) => [text(row, "task_id"), Number(row.version_num)],
    items(row, filling) {
      const version = storedOf(shapes.task_versions, row) as unknown as TaskVersion;
      const { id, taskId, versionNum: num, isDeleted, runId } = version;
      filling.newest.set(taskId, { id, num, isDeleted });
      if (runId !== null) noteVersion(filling, taskPlaces(database).run(runId).pk, [taskId, num]);
      // Written elsewhere, in another order of its members: kept as it was written.
      const metadataText = text(row, "metadata");
      const isPlain = JSON.stringify(version.metadata) === metadataText;
      return itemsOf([versionChange(database, version)]).map(({ table, item }) => ({
        table,
        item: isPlain ? item : { ...item, metadataText },
      }));
    },
  };
}

function links(database: Database): CopiedTable {
  return {
    name: "links",
    columns: [...Object.keys(shapes.links), "sync_id"].sort(),
    holds: ({ pk }) => pk.startsWith("B#"),
    rows: (item, names) => [
      {
        ...rowOf(shapes.links, bodyOf<Link>(item)),
        sync_id: names.syncs.get(item.pk.slice("B#".length)) ?? null,
      },
    ],
    order: (row) => [text(row, "sync_id"), text(row, "source_id")],
    items(row, filling) {
      const syncId = text(row, "sync_id");
      const stored = storedOf(shapes.links, row) as unknown as Link;
      countIn(filling, syncHead(database, syncId), { [`links.${stored.state}`]: 1 });
      // The versions come later: see finishFilling.
      const link: Link = { ...stored, currentVersionNum: 0, isTaskDeleted: false };
      return [...enrolled(filling, syncId), ...itemsOf([linkChange(database, syncId, link, true)])];
    },
  };
}

function marks(database: Database): CopiedTable {
  return {
    name: "sweep_marks",
    columns: ["source_id", "sync_id"],
    holds: ({ pk }) => pk.startsWith("BM#"),
    rows(item, names) {
      const [, name = "", sweep = ""] = /^BM#(.*)#(\d+)$/s.exec(item.pk) ?? [];
      const syncId = names.syncs.get(name) ?? "";
      if (ordinal(names.sweeps.get(syncId) ?? 0) !== sweep) return [];
      return [...new Set(bodyOf<readonly string[]>(item))].map((id) => ({ source_id: id, sync_id: syncId }));
    },
    order: (row) => [text(row, "sync_id"), text(row, "source_id")],
    items(row, filling) {
      const syncId = text(row, "sync_id");
      const { table, pk } = taskPlaces(database).marks(syncId, copiedSweep);
      const item = { pk, sk: keyText(text(row, "source_id")), body: bodyText([text(row, "source_id")]) };
      return [...enrolled(filling, syncId), { table, item }];
    },
  };
}

function runs(database: Database): CopiedTable {
  return {
    name: "runs",
    columns: Object.keys(shapes.runs),
    holds: ({ pk }) => pk === "RUNS",
    rows: (item) => [rowOf(shapes.runs, runOf(item))],
    order: (_, item) => [numberIn(item, "seq")],
    items(row, { arrived }) {
      arrived.runs += 1;
      const run = storedOf(shapes.runs, row) as unknown as Run;
      return [{ table: database.sync, item: runItem(run, arrived.runs) }];
    },
  };
}

function conflicts(database: Database): CopiedTable {
  return {
    name: "conflicts",
    columns: Object.keys(shapes.conflicts),
    holds: ({ pk }) => pk === "BC" || pk.startsWith("BC#"),
    rows: (item) => [rowOf(shapes.conflicts, bodyOf<Conflict>(item))],
    order: (_, item) => [item.sk],
    items(row, { arrived }) {
      arrived.conflicts += 1;
      const conflict = storedOf(shapes.conflicts, row) as unknown as Conflict;
      return itemsOf([conflictInsert(database, conflict, arrivalPlace(arrived.conflicts, conflict.id))]);
    },
  };
}

const leases: CopiedTable = {
  name: "leases",
  columns: ["fence", "name", "owner", "until_ms"],
  holds: (item) => item.pk.startsWith("S#") && item.sk === "HEAD" && textIn(item, "holder") !== null,
  rows(item, names) {
    const lease = leaseIn(names.syncs.get(item.pk.slice("S#".length)) ?? "", item);
    if (lease === null) return [];
    return [{ name: lease.name, owner: lease.owner, fence: lease.fence, until_ms: lease.until }];
  },
  order: (row) => [text(row, "name")],
  items(row, filling) {
    const lease: Lease = {
      name: text(row, "name"),
      owner: text(row, "owner"),
      fence: Number(row.fence),
      until: Number(row.until_ms),
    };
    return enrolled(filling, lease.name, lease);
  },
};

/** Changes that only put items. */
export function itemsOf(
  changes: readonly { readonly kind: string; readonly table?: string; readonly item?: Item }[],
) {
  return changes.flatMap(({ table, item }) =>
    table === undefined || item === undefined ? [] : [{ table, item: { ...item, generation: 1 } }],
  );
}
