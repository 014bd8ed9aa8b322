import { describe, expect, it } from "vitest";
import type { Ids } from "../../src/core/clock.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { checkCase, type OpenStore, storeCases } from "../../src/store/store.suite.ts";
import type { Link, Store } from "../../src/store/store.ts";

/** A store that is right but for one thing, and the case that has to notice. */
interface Broken {
  readonly fault: string;
  readonly noticedBy: string;
  readonly spoil: (store: Store, ids: Ids) => Partial<Store>;
}

const broken: readonly Broken[] = [
  {
    fault: "updates a version in place",
    noticedBy: "never changes a version that was written",
    spoil: (store) => ({
      async appendVersion(input) {
        const task = await store.getTask(input.taskId);
        const written = await store.appendVersion(input);
        if (task !== null) Object.assign(task.current, { title: written.title });
        return written;
      },
    }),
  },
  {
    fault: "forgets the conflict flag",
    noticedBy: "keeps and flags a version written on a stale base, and lists each field both changed",
    spoil: (store) => ({
      appendVersion: (input) => store.appendVersion({ ...input, baseVersionNum: null }),
    }),
  },
  {
    fault: "ignores expectedVersionNum",
    noticedBy:
      "reports a change planned on an older version as stale, applies the others, keeps the checkpoint",
    spoil: (store) => ({
      async commit(commit) {
        const links = await store.getLinks(
          commit.syncId,
          commit.changes.map((change) => change.sourceId),
        );
        const changes = commit.changes.map((change) => ({
          ...change,
          expectedVersionNum: links.get(change.sourceId)?.currentVersionNum ?? 0,
        }));
        return store.commit({ ...commit, changes });
      },
    }),
  },
  {
    fault: "ignores the fence",
    noticedBy: "refuses every write of a holder whose lease another has taken, and keeps nothing of it",
    spoil: (store) => ({
      async commit(commit) {
        const lease = await store.getLease(commit.syncId);
        return store.commit({ ...commit, fence: lease?.fence ?? commit.fence });
      },
    }),
  },
  {
    fault: "hard-deletes",
    noticedBy: "keeps a deleted task, its history and its identity",
    spoil: (store) => ({
      async getTask(taskId) {
        const task = await store.getTask(taskId);
        return task?.current.isDeleted ? null : task;
      },
    }),
  },
  {
    fault: "loses the checkpoint of a commit",
    noticedBy: "writes a new pair's task, version, link and checkpoint together",
    spoil: (store) => ({
      commit: ({ checkpoint: _, ...rest }) => store.commit(rest),
    }),
  },
  {
    fault: "moves the checkpoint over a stale change",
    noticedBy:
      "reports a change planned on an older version as stale, applies the others, keeps the checkpoint",
    spoil: (store) => ({
      async commit(commit) {
        const result = await store.commit(commit);
        if (result.stale.length > 0) await store.commit({ ...commit, changes: [], seen: [] });
        return result;
      },
    }),
  },
  {
    fault: "drops the last page of a history",
    noticedBy: "pages through a history in order and to its end",
    spoil: (store) => ({
      async getHistory(taskId, page) {
        const versions = await store.getHistory(taskId, page);
        return page.fromVersion > 1 && versions.length < page.limit ? [] : versions;
      },
    }),
  },
  {
    fault: "drops the last page of a listing",
    noticedBy: "lists every task once, page by page, in the order of creation",
    spoil: (store) => ({
      async listTasks(filter, page) {
        const { items, next } = await store.listTasks(filter, page);
        return { items: page.after !== null && next === null ? [] : items, next };
      },
    }),
  },
  {
    fault: "streams only the first read of links",
    noticedBy: "streams all links that are live or missing, in source-id order",
    spoil: (store) => ({
      async *iterateLinks(syncId) {
        let count = 0;
        for await (const link of store.iterateLinks(syncId)) {
          count += 1;
          if (count <= 100) yield link;
        }
      },
    }),
  },
  {
    fault: "returns stale reads",
    noticedBy: "shows an edit and a deletion by a person on the link",
    spoil(store) {
      const cache = new Map<string, ReadonlyMap<string, Link>>();
      return {
        async getLinks(syncId, sourceIds) {
          const key = JSON.stringify([syncId, sourceIds]);
          const links = cache.get(key) ?? (await store.getLinks(syncId, sourceIds));
          cache.set(key, links);
          return links;
        },
      };
    },
  },
  {
    fault: "makes a second task for a linked source id",
    noticedBy: "makes no second task for a source id that is linked already",
    spoil: (store) => ({
      async commit(commit) {
        const { stale } = await store.commit(commit);
        for (const { sourceId, taskId, version, projectScopeId } of commit.changes) {
          if (taskId !== null || version === null || !stale.includes(sourceId)) continue;
          await store.createTask({ projectScopeId, version, at: commit.at });
        }
        return { stale };
      },
    }),
  },
  {
    fault: "keeps a sweep's marks for the next one",
    noticedBy: "forgets with each new sweep what the one before has seen",
    spoil: () => ({ async startSweep() {} }),
  },
  {
    fault: "lets two holders have one lease",
    noticedBy: "gives a lease to one holder and names it to all others, the same owner included",
    spoil: (store) => ({
      acquireLease: (request) => store.acquireLease({ ...request, isDead: () => true }),
    }),
  },
  {
    fault: "lets an old holder renew",
    noticedBy: "renews a lease for its holder only",
    spoil: (store) => ({
      async renewLease(lease, until) {
        const held = await store.getLease(lease.name);
        return held !== null && (await store.renewLease(held, until));
      },
    }),
  },
  {
    fault: "leaves crashed runs running",
    noticedBy: "marks the sync's unfinished runs as interrupted when a new one starts",
    spoil: (store) => ({
      async startRun(run) {
        const before = await store.listRuns({ syncId: run.syncId, limit: 100 });
        await store.startRun(run);
        for (const other of before) await store.saveRun(other);
      },
    }),
  },
  {
    fault: "forgets when an answer expires",
    noticedBy: "gives back an answer as it was put, with its time, and none where there was none",
    spoil: (store) => ({
      answers: { ...store.answers, put: (key, { value }) => store.answers.put(key, { value, expiresAt: 0 }) },
    }),
  },
  {
    fault: "keeps the first answer to a key",
    noticedBy: "replaces an answer by a newer one to the same key, and no other",
    spoil: (store) => ({
      answers: {
        ...store.answers,
        async put(key, answer) {
          if ((await store.answers.get(key)) === null) await store.answers.put(key, answer);
        },
      },
    }),
  },
  {
    fault: "takes keys for one that differ in case",
    noticedBy: "replaces an answer by a newer one to the same key, and no other",
    spoil: ({ answers }) => ({
      answers: {
        get: (key) => answers.get(key.toLowerCase()),
        put: (key, answer) => answers.put(key.toLowerCase(), answer),
      },
    }),
  },
];

async function failuresOf(open: OpenStore): Promise<string[]> {
  const failures: string[] = [];
  for (const each of storeCases) {
    await checkCase(each, open).catch(() => failures.push(each.name));
  }
  return failures;
}

describe("the suite notices a store that", () => {
  it.each(broken)("$fault", async ({ noticedBy, spoil }) => {
    const failures = await failuresOf(async ({ ids }) => {
      const store = createMemoryStore({ ids });
      return { ...store, ...spoil(store, ids) };
    });
    expect(failures).toContain(noticedBy);
  });

  it("has no fault by passing it", async () => {
    expect(await failuresOf(async ({ ids }) => createMemoryStore({ ids }))).toEqual([]);
  });
});
