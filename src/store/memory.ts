import type { Ids } from "../core/clock.ts";
import { createMemoryAnswers } from "./memory-answers.ts";
import { createMemoryCollections } from "./memory-collections.ts";
import { createMemoryPairs } from "./memory-pairs.ts";
import {
  addTask,
  addVersion,
  compare,
  enterSync,
  linkOf,
  newestOf,
  type Shelf,
  type SyncEntry,
  taskOf,
} from "./memory-shelf.ts";
import {
  checkChange,
  conflictsBetween,
  hasWords,
  idForms,
  runNotFound,
  taskNotFound,
  versionNotFound,
} from "./rules.ts";
import type { Commit, Lease, Link, LinkChange, Store } from "./store.ts";

/** The reference: the whole contract in plain Maps, for tests and dry experiments. Forgets everything at its end. */
export function createMemoryStore({ ids }: { ids: Ids }): Store {
  const shelf: Shelf = {
    tasks: new Map(),
    syncs: new Map(),
    runs: new Map(),
    conflicts: [],
    leases: new Map(),
  };
  return {
    async close() {},
    async [Symbol.asyncDispose]() {},
    pairs: createMemoryPairs(shelf.leases),
    collections: createMemoryCollections(),
    answers: createMemoryAnswers(),
    ...editTopic(shelf, ids),
    ...taskTopic(shelf),
    ...historyTopic(shelf),
    ...syncTopic(shelf),
    ...linkTopic(shelf),
    ...commitTopic(shelf, ids),
    ...runTopic(shelf),
    ...leaseTopic(shelf),
  };
}

function editTopic(shelf: Shelf, ids: Ids): Pick<Store, "createTask" | "appendVersion"> {
  return {
    async createTask({ projectScopeId, version, at }) {
      const entry = addTask(shelf, ids, { projectScopeId, createdAt: at, source: null });
      addVersion(ids, entry, { draft: version, at, runId: null });
      return taskOf(shelf, entry);
    },
    async appendVersion({ taskId, baseVersionNum, version, at }) {
      const entry = shelf.tasks.get(taskId);
      if (entry === undefined) throw taskNotFound(taskId);
      const superseded = newestOf(entry);
      const revised = typeof version === "function" ? version(superseded) : version;
      if (baseVersionNum === null || baseVersionNum === superseded.versionNum) {
        return addVersion(ids, entry, { draft: revised, at, runId: null });
      }
      const base = entry.versions[baseVersionNum - 1];
      if (base === undefined) throw versionNotFound(taskId, baseVersionNum);
      const written = addVersion(ids, entry, { draft: { ...revised, conflictFlag: true }, at, runId: null });
      const place = {
        syncId: entry.source?.syncId ?? null,
        taskId,
        runId: null,
        versionNum: written.versionNum,
        at,
      };
      for (const draft of conflictsBetween({ base, superseded, written })) {
        shelf.conflicts.push({ id: ids.next(), ...place, ...draft });
      }
      return written;
    },
  };
}

function taskTopic(shelf: Shelf): Pick<Store, "getTask" | "findTasks" | "listTasks"> {
  const sorted = () => [...shelf.tasks.values()].sort((a, b) => compare(a.id, b.id));
  return {
    async getTask(taskId) {
      const entry = shelf.tasks.get(taskId);
      return entry === undefined ? null : taskOf(shelf, entry);
    },
    async findTasks(reference, limit) {
      const forms = idForms(reference);
      const find = (matches: (id: string, form: string) => boolean) =>
        sorted().filter((entry) =>
          [entry.id, entry.source?.recordId].some(
            (id) => id !== undefined && forms.some((form) => matches(id, form)),
          ),
        );
      const exact = find((id, form) => id === form);
      const found = exact.length > 0 ? exact : find((id, form) => id.startsWith(form));
      return found.slice(0, limit).map((entry) => taskOf(shelf, entry));
    },
    async listTasks({ projectScopeId, status, withDeleted = false, text = "" }, { after, limit }) {
      const matching = sorted().filter((entry) => {
        const newest = newestOf(entry);
        return (
          (after === null || entry.id > after) &&
          (projectScopeId === undefined || entry.projectScopeId === projectScopeId) &&
          (status === undefined || newest.status === status) &&
          (withDeleted || !newest.isDeleted) &&
          hasWords(text, newest)
        );
      });
      const items = matching.slice(0, limit).map((entry) => taskOf(shelf, entry));
      return { items, next: matching.length > limit ? (items.at(-1)?.id ?? null) : null };
    },
  };
}

function historyTopic(
  shelf: Shelf,
): Pick<Store, "getHistory" | "getVersion" | "getVersionAt" | "iterateVersionsOfRun"> {
  const versionsOf = (taskId: string) => shelf.tasks.get(taskId)?.versions ?? [];
  return {
    async getHistory(taskId, { fromVersion, limit }) {
      return versionsOf(taskId)
        .filter((version) => version.versionNum >= fromVersion)
        .slice(0, limit);
    },
    async getVersion(taskId, versionNum) {
      return versionsOf(taskId).find((version) => version.versionNum === versionNum) ?? null;
    },
    async getVersionAt(taskId, at) {
      return versionsOf(taskId).findLast((version) => version.createdAt <= at) ?? null;
    },
    async *iterateVersionsOfRun(runId) {
      for (const { versions, source } of [...shelf.tasks.values()]) {
        for (const version of versions) {
          if (version.runId === runId) yield { ...version, sourceId: source?.recordId ?? null };
        }
      }
    },
  };
}

function syncTopic(shelf: Shelf): Pick<Store, "getSync" | "saveBinding" | "startSweep" | "finishSweep"> {
  return {
    async getSync(syncId) {
      const sync = shelf.syncs.get(syncId);
      if (sync === undefined) return null;
      return { syncId, checkpoint: sync.checkpoint, binding: sync.binding, lastSweepAt: sync.lastSweepAt };
    },
    async saveBinding(syncId, fence, binding) {
      enterSync(shelf, syncId, fence).binding = structuredClone(binding);
    },
    async startSweep(syncId, fence) {
      enterSync(shelf, syncId, fence).seen.clear();
    },
    async finishSweep(syncId, fence, at) {
      const sync = enterSync(shelf, syncId, fence);
      sync.seen.clear();
      sync.lastSweepAt = at;
    },
  };
}

function linkTopic(
  shelf: Shelf,
): Pick<Store, "getLinks" | "getMemos" | "getTotals" | "iterateLinks" | "getUnseen"> {
  /** In source-id order. */
  function linksOf(syncId: string): Link[] {
    const entries = [...(shelf.syncs.get(syncId)?.links.values() ?? [])];
    return entries.sort((a, b) => compare(a.sourceId, b.sourceId)).map((entry) => linkOf(shelf, entry));
  }
  const isPresent = (link: Link) => link.state === "live" || link.state === "missing";
  return {
    async getLinks(syncId, sourceIds) {
      const wanted = new Set(sourceIds);
      const links = linksOf(syncId).filter((link) => wanted.has(link.sourceId));
      return new Map(links.map((link) => [link.sourceId, link]));
    },
    async getMemos(syncId, sourceIds) {
      const wanted = new Set(sourceIds);
      const links = linksOf(syncId).filter((link) => wanted.has(link.sourceId));
      return new Map(
        links.map(({ sourceId, sourceRevision, memo }) => [sourceId, { revision: sourceRevision, memo }]),
      );
    },
    async getTotals(syncId) {
      const count = (...states: Link["state"][]) =>
        linksOf(syncId).filter((link) => states.includes(link.state)).length;
      return {
        live: count("live"),
        deleted: count("deleted"),
        missing: count("missing"),
        outOfScope: count("moved", "archived"),
      };
    },
    async *iterateLinks(syncId) {
      yield* linksOf(syncId).filter(isPresent);
    },
    async getUnseen(syncId, { after, limit }) {
      const seen = shelf.syncs.get(syncId)?.seen;
      return linksOf(syncId)
        .filter(
          (link) => isPresent(link) && !seen?.has(link.sourceId) && (after === null || link.sourceId > after),
        )
        .slice(0, limit);
    },
  };
}

function commitTopic(shelf: Shelf, ids: Ids): Pick<Store, "commit"> {
  /** False: the pair is not what the plan was made on. */
  function apply(sync: SyncEntry, commit: Commit, change: LinkChange): boolean {
    const { at, runId, syncId } = commit;
    const known = sync.links.get(change.sourceId);
    if (known?.taskId !== (change.taskId ?? undefined)) return false;
    const entry =
      shelf.tasks.get(known?.taskId ?? "") ??
      addTask(shelf, ids, {
        projectScopeId: change.projectScopeId,
        createdAt: at,
        source: { syncId, recordId: change.sourceId },
      });
    if (known !== undefined && newestOf(entry).versionNum !== change.expectedVersionNum) return false;
    if (change.version !== null) addVersion(ids, entry, { draft: change.version, at, runId });
    const { versionNum } = newestOf(entry);
    const { baseVersionNum, ...link } = structuredClone(change.link);
    sync.links.set(change.sourceId, {
      ...link,
      sourceId: change.sourceId,
      taskId: entry.id,
      baseVersionNum: baseVersionNum === "written" ? versionNum : baseVersionNum,
    });
    for (const draft of change.conflicts) {
      shelf.conflicts.push({
        id: ids.next(),
        syncId,
        taskId: entry.id,
        runId,
        versionNum,
        at,
        ...structuredClone(draft),
      });
    }
    return true;
  }

  return {
    async commit(commit) {
      commit.changes.forEach(checkChange);
      const sync = enterSync(shelf, commit.syncId, commit.fence);
      const stale = commit.changes
        .filter((change) => !apply(sync, commit, change))
        .map((change) => change.sourceId);
      for (const sourceId of commit.seen) sync.seen.add(sourceId);
      if (commit.checkpoint !== undefined && stale.length === 0)
        sync.checkpoint = structuredClone(commit.checkpoint);
      return { stale };
    },
  };
}

function runTopic(
  shelf: Shelf,
): Pick<Store, "startRun" | "saveRun" | "getRun" | "listRuns" | "listConflicts"> {
  return {
    async startRun(run) {
      for (const other of shelf.runs.values()) {
        if (run.status === "running" && other.syncId === run.syncId && other.status === "running") {
          shelf.runs.set(other.id, { ...other, status: "interrupted" });
        }
      }
      shelf.runs.set(run.id, structuredClone(run));
    },
    async saveRun(run) {
      if (!shelf.runs.has(run.id)) throw runNotFound(run.id);
      shelf.runs.set(run.id, structuredClone(run));
    },
    async getRun(runId) {
      return shelf.runs.get(runId) ?? null;
    },
    async listRuns({ syncId, limit }) {
      const runs = [...shelf.runs.values()].filter((run) => syncId === undefined || run.syncId === syncId);
      return runs.reverse().slice(0, limit);
    },
    async listConflicts({ syncId, taskId, limit }) {
      return shelf.conflicts
        .filter((conflict) => syncId === undefined || conflict.syncId === syncId)
        .filter((conflict) => taskId === undefined || conflict.taskId === taskId)
        .reverse()
        .slice(0, limit);
    },
  };
}

function leaseTopic(shelf: Shelf): Pick<Store, "acquireLease" | "renewLease" | "releaseLease" | "getLease"> {
  function isHeld({ name, owner, fence }: Lease): boolean {
    const held = shelf.leases.get(name);
    return held !== undefined && held.until !== 0 && held.owner === owner && held.fence === fence;
  }
  return {
    async acquireLease({ name, owner, now, ttlMs, isDead }) {
      const last = shelf.leases.get(name);
      if (last !== undefined && last.until !== 0 && last.until >= now && !isDead(last.owner))
        return { heldBy: last };
      const lease = { name, owner, fence: (last?.fence ?? 0) + 1, until: now + ttlMs };
      shelf.leases.set(name, lease);
      return { lease };
    },
    async renewLease(lease, until) {
      if (!isHeld(lease)) return false;
      shelf.leases.set(lease.name, { ...lease, until });
      return true;
    },
    async releaseLease(lease) {
      if (isHeld(lease)) shelf.leases.set(lease.name, { ...lease, until: 0 });
    },
    async getLease(name) {
      return shelf.leases.get(name) ?? null;
    },
  };
}
