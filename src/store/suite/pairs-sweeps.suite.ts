import { expect } from "vitest";
import type { Side } from "../../core/two-way/mapping.ts";
import type { Store } from "../store.ts";
import type { StoreCase } from "./case.ts";
import { beginPair, idsOf, leftId, linkId, pairLink, storeLinks } from "./pairs-case.ts";

/** All links that sweep `sweep` of a side has not seen, read page by page. */
async function unsweptOf(store: Store, side: Side, sweep: number, limit = 100): Promise<string[]> {
  const unswept: string[] = [];
  for (let after: string | null = null; ; after = unswept.at(-1) ?? null) {
    const page = await store.pairs.listUnswept("pair", { side, sweep, after, limit });
    unswept.push(...idsOf(page));
    if (page.length < limit) return unswept;
  }
}

export const pairSweepCases: readonly StoreCase[] = [
  {
    name: "tells which links a sweep of a side has not seen, page by page and by id",
    async check(store) {
      const { mark } = await storeLinks(store, 7);
      await mark("left", 1, [leftId(2), leftId(6), "of no link", "row-3"]);
      await mark("left", 1, [leftId(2), leftId(3)]);
      const left = [1, 4, 5, 7].map(linkId);
      for (const limit of [1, 2, 3, 100]) expect(await unsweptOf(store, "left", 1, limit)).toEqual(left);
      expect(await unsweptOf(store, "right", 1)).toHaveLength(7);
      await mark("right", 1, ["row-1", leftId(4)]);
      expect(await unsweptOf(store, "right", 1)).toEqual([2, 3, 4, 5, 6, 7].map(linkId));
      expect(await unsweptOf(store, "left", 1)).toEqual(left);
      const [first] = await store.pairs.listUnswept("pair", {
        side: "left",
        sweep: 1,
        after: null,
        limit: 1,
      });
      expect(first).toEqual(pairLink(1, { sweptRight: 1, revision: 1 }));
    },
  },
  {
    name: "suspects only links that are live or new and have a record on that side",
    async check(store) {
      const { commit } = await beginPair(store);
      await commit({
        links: [
          pairLink(1),
          pairLink(2, { status: "none" }),
          pairLink(3, { status: "dead" }),
          pairLink(4, { status: "unlinked" }),
          pairLink(5, { leftId: null }),
          pairLink(6, { status: "none", rightId: null }),
        ],
      });
      expect(await unsweptOf(store, "left", 1)).toEqual([1, 2, 6].map(linkId));
      expect(await unsweptOf(store, "right", 1)).toEqual([1, 2, 5].map(linkId));
    },
  },
  {
    name: "asks anew with each sweep, and never forgets a later one",
    async check(store) {
      const { mark } = await storeLinks(store, 3);
      await mark("left", 1, [1, 2, 3].map(leftId));
      expect(await unsweptOf(store, "left", 1)).toEqual([]);
      expect(await unsweptOf(store, "left", 2)).toHaveLength(3);
      await mark("left", 2, [leftId(1)]);
      await mark("left", 1, [leftId(1)]);
      expect(await unsweptOf(store, "left", 2)).toEqual([2, 3].map(linkId));
    },
  },
  {
    name: "changes no revision by a mark, and keeps it when a commit was made on an older reading",
    async check(store) {
      const { mark, commit } = await storeLinks(store, 2);
      const [read] = await store.pairs.getLinks("pair", [linkId(1)]);
      await mark("left", 3, [leftId(1)]);
      await mark("right", 4, ["row-1"]);
      const links = read === undefined ? [] : [{ ...read, doc: { changed: true } }];
      expect(await commit({ links })).toEqual({ stale: [], taken: [] });
      const stored = pairLink(1, { doc: { changed: true }, sweptLeft: 3, sweptRight: 4, revision: 2 });
      expect(await store.pairs.getLinks("pair", [linkId(1)])).toEqual([stored]);
      await commit({ links: [{ ...stored, sweptLeft: 5 }] });
      expect(await unsweptOf(store, "left", 5)).toEqual([linkId(2)]);
    },
  },
  {
    name: "marks the links of one sync only, due ones included",
    async check(store) {
      const other = await beginPair(store, "other");
      await other.commit({ links: [pairLink(20, { syncId: "other", leftId: leftId(1) })] });
      const { mark } = await storeLinks(store, 2, { dueAt: 5 });
      await other.mark("left", 1, [leftId(1)]);
      expect(await unsweptOf(store, "left", 1)).toEqual([1, 2].map(linkId));
      await mark("left", 1, [leftId(1)]);
      const due = await store.pairs.listDue("pair", { now: 5, limit: 10 });
      expect(due.map(({ sweptLeft }) => sweptLeft)).toEqual([1, 0]);
    },
  },
];
