import { expect } from "vitest";
import { verifyChain } from "../../core/two-way/version-chain.ts";
import { collect, type StoreCase } from "./case.ts";
import { applied, beginPair, history, linkId, pairLink } from "./pairs-case.ts";

export const pairHistoryCases: readonly StoreCase[] = [
  {
    name: "keeps every version of a link as it was written, and pages through them in order",
    async check(store) {
      const { commit } = await beginPair(store);
      const versions = history(1, { until: 11 });
      await commit({ links: [pairLink(1)], versions: versions.slice(0, 4) });
      expect(await commit({ versions: versions.slice(4) })).toEqual(applied);
      const list = (after: number, limit: number) => store.pairs.listVersions(linkId(1), { after, limit });
      for (const limit of [1, 3, 11, 100]) {
        const read = [];
        for (let after = 0; ; after += limit) {
          const page = await list(after, limit);
          read.push(...page);
          if (page.length < limit) break;
        }
        expect(read).toEqual(versions);
      }
      expect(verifyChain(await list(0, 100))).toBeNull();
      expect(await list(11, 5)).toEqual([]);
      expect(await store.pairs.listVersions("nothing", { after: 0, limit: 5 })).toEqual([]);
    },
  },
  {
    name: "takes versions of several links mixed, each continuing its own history",
    async check(store) {
      const { commit } = await beginPair(store);
      const [a1, a2, a3] = history(1, { until: 3 });
      const [b1, b2] = history(2, { until: 2 });
      const mixed = [a1, b1, a2, b2, a3].flatMap((version) => version ?? []);
      expect(await commit({ links: [pairLink(1), pairLink(2)], versions: mixed })).toEqual(applied);
      const seqs = async (n: number) =>
        (await store.pairs.listVersions(linkId(n), { after: 0, limit: 9 })).map(({ seq }) => seq);
      expect([await seqs(1), await seqs(2)]).toEqual([
        [1, 2, 3],
        [1, 2],
      ]);
    },
  },
  {
    name: "tells that a link is stale before it looks at the versions planned on it",
    async check(store) {
      const { commit } = await beginPair(store);
      await commit({ links: [pairLink(1)], versions: history(1, { until: 2 }) });
      const late = { links: [pairLink(1)], versions: history(1, { until: 1 }) };
      expect(await commit(late)).toEqual({ stale: [linkId(1)], taken: [] });
    },
  },
  {
    name: "streams the versions of a run, each once, of all links and syncs",
    async check(store) {
      const { commit } = await beginPair(store);
      const numbers = Array.from({ length: 150 }, (_, n) => n + 1);
      await commit({
        links: numbers.map((n) => pairLink(n)),
        versions: numbers.flatMap((n) => history(n, { until: 3, runId: "run-a" })),
      });
      const other = await beginPair(store, "other");
      await other.commit({
        links: [pairLink(500, { syncId: "other" }), pairLink(501, { syncId: "other" })],
        versions: [
          ...history(500, { until: 2, runId: "run-a" }),
          ...history(501, { until: 2, runId: "run-b" }),
        ],
      });
      const hashesOf = async (runId: string) =>
        (await collect(store.pairs.iterateVersionsOfRun(runId))).map(({ hash }) => hash).toSorted();
      const expected = [...numbers.flatMap((n) => history(n, { until: 3, runId: "run-a" }))];
      expected.push(...history(500, { until: 2, runId: "run-a" }));
      expect(await hashesOf("run-a")).toEqual(expected.map(({ hash }) => hash).toSorted());
      expect(await hashesOf("run-b")).toHaveLength(2);
      expect(await hashesOf("run-c")).toEqual([]);
    },
  },
];
