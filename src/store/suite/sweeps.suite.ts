import { expect } from "vitest";
import type { Store } from "../store.ts";
import { beginSync, change, linkAll, minute, type StoreCase, sourceId } from "./case.ts";

async function unseenOf(store: Store, limit = 100): Promise<string[]> {
  const unseen: string[] = [];
  let after: string | null = null;
  for (;;) {
    const page = await store.getUnseen("tasks", { after, limit });
    unseen.push(...page.map((link) => link.sourceId));
    after = page.at(-1)?.sourceId ?? null;
    if (after === null) return unseen;
  }
}

const rows = Array.from({ length: 7 }, (_, n) => sourceId(n));

export const sweepCases: readonly StoreCase[] = [
  {
    name: "tells which links a sweep has not seen, page by page and in order",
    async check(store) {
      const { commit, fence } = await linkAll(store, "tasks", rows);
      await store.startSweep("tasks", fence);
      expect(await unseenOf(store, 3)).toEqual(rows);
      await commit([], { seen: [sourceId(1), sourceId(5), "of no link"] });
      await commit([], { seen: [sourceId(1), sourceId(2)] });
      const left = [0, 3, 4, 6].map(sourceId);
      for (const limit of [1, 2, 4, 100]) expect(await unseenOf(store, limit)).toEqual(left);
      expect((await store.getUnseen("tasks", { after: null, limit: 1 }))[0]).toEqual(
        (await store.getLinks("tasks", [sourceId(0)])).get(sourceId(0)),
      );
    },
  },
  {
    name: "suspects only links that are live or missing",
    async check(store) {
      const { commit, fence } = await beginSync(store, "tasks");
      const states = ["live", "deleted", "missing", "moved", "archived"] as const;
      await commit(states.map((state, n) => change(sourceId(n), { link: { state } })));
      await store.startSweep("tasks", fence);
      expect(await unseenOf(store)).toEqual([sourceId(0), sourceId(2)]);
    },
  },
  {
    name: "forgets with each new sweep what the one before has seen",
    async check(store) {
      const { commit, fence } = await linkAll(store, "tasks", rows);
      await store.startSweep("tasks", fence);
      await commit([], { seen: rows });
      expect(await unseenOf(store)).toEqual([]);
      await store.startSweep("tasks", fence);
      expect(await unseenOf(store)).toEqual(rows);
    },
  },
  {
    name: "records when a sweep finished, and keeps the marks of two syncs apart",
    async check(store) {
      const { commit, fence } = await linkAll(store, "tasks", rows);
      const other = await linkAll(store, "books", rows);
      await store.startSweep("tasks", fence);
      await commit([], { seen: rows.slice(1) });
      await other.commit([], { seen: rows });
      await store.startSweep("books", other.fence);
      expect(await unseenOf(store)).toEqual([sourceId(0)]);
      await store.finishSweep("tasks", fence, minute(30));
      expect((await store.getSync("tasks"))?.lastSweepAt).toBe(minute(30));
      expect((await store.getSync("books"))?.lastSweepAt).toBeNull();
    },
  },
  {
    name: "keeps a sync's binding",
    async check(store) {
      const { fence } = await beginSync(store, "tasks");
      const binding = { Name: { id: "title", type: "title" }, "Due date": { id: "a%3Ab" } };
      await store.saveBinding("tasks", fence, binding);
      expect(await store.getSync("tasks")).toMatchObject({ syncId: "tasks", checkpoint: null, binding });
      await store.saveBinding("tasks", fence, null);
      expect((await store.getSync("tasks"))?.binding).toBeNull();
    },
  },
];
