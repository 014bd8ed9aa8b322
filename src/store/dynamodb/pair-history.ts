import type { PairStore, PairVersion } from "../pair-store.ts";
import { bodyOf } from "./bodies.ts";
import type { Database } from "./database.ts";
import type { Key } from "./items.ts";
import { ordinal } from "./keys.ts";
import { pairPlaces } from "./pair-places.ts";
import { readRunIndex } from "./run-index.ts";

/** Versions held at once by a reader of all versions of a run. */
const versionsPerRead = 200;

export function pairHistoryTopic(
  database: Database,
): Pick<PairStore, "listVersions" | "iterateVersionsOfRun"> {
  const places = pairPlaces(database);
  return {
    async listVersions(linkId, { after, limit }) {
      await database.settle();
      const items = await database.query({ ...places.versions(linkId), from: ordinal(after + 1), limit });
      return items.map((item) => bodyOf<PairVersion>(item));
    },
    async *iterateVersionsOfRun(runId) {
      await database.settle();
      const entries = await readRunIndex<readonly [linkId: string, seq: number]>(
        database,
        places.run(runId).pk,
      );
      for (let n = 0; n < entries.length; n += versionsPerRead) {
        const keys = entries
          .slice(n, n + versionsPerRead)
          .map(([linkId, seq]): Key => ({ ...places.versions(linkId), sk: ordinal(seq) }));
        yield* (await database.getAll(keys)).map((item) => bodyOf<PairVersion>(item));
      }
    },
  };
}
