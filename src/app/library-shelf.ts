import type { LibraryPairConfig, PairConfig } from "../config/config.ts";
import type { WritableConnector } from "../connector/connector.ts";
import { createCollectionConnector } from "../connectors/collection/connector.ts";
import type { EngineDeps } from "../engine/sync.ts";
import { bookFields, collectionNames, seriesFields } from "../recipes/library/collections.ts";
import { libraryPairs } from "../recipes/library/config.ts";
import { type SeriesPages, withSeriesField } from "../recipes/library/series-field.ts";
import type { PairLink, PairStore } from "../store/pair-store.ts";

/** How a configured pair is found among those that were reached. */
type KnownPair = (config: PairConfig) => Promise<{ readonly syncId: string } | null>;

/**
 * The series or the books of a library, as one side of a sync. What is written through it was done in Notion: a person's
 * word.
 */
export function openLibraryShelf(
  { store, clock, ids }: EngineDeps,
  { shelf, library }: LibraryPairConfig,
  known: KnownPair,
): WritableConnector {
  const connector = createCollectionConnector({
    access: store.collections,
    clock,
    ids,
    config: {
      collection: collectionNames(library.name)[shelf],
      fields: shelf === "series" ? seriesFields : bookFields,
      keyField: shelf === "series" ? "key" : "asin",
      provenance: { origin: "person", confidence: 1 },
      by: "Notion",
    },
  });
  if (shelf === "series") return connector;
  const series = libraryPairs(library).find((pair) => pair.shelf === "series");
  const syncIdOf = async () => (series === undefined ? null : ((await known(series))?.syncId ?? null));
  return withSeriesField(connector, seriesPages(store.pairs, syncIdOf));
}

/** The links of the series' own sync say which page stands for which series. */
function seriesPages(pairs: PairStore, syncIdOf: () => Promise<string | null>): SeriesPages {
  return {
    async pagesOf(seriesIds) {
      const syncId = await syncIdOf();
      const links = syncId === null ? [] : await pairs.findLinks(syncId, "right", seriesIds);
      return new Map(
        links.flatMap((link): [string, string | null][] =>
          link.rightId === null || (link.leftId === null && isAlive(link))
            ? []
            : [[link.rightId, isAlive(link) ? link.leftId : null]],
        ),
      );
    },
    async seriesOf(pageIds) {
      const syncId = await syncIdOf();
      const links = syncId === null ? [] : await pairs.findLinks(syncId, "left", pageIds);
      return new Map(
        links.flatMap(({ leftId, rightId }): [string, string][] =>
          leftId === null || rightId === null ? [] : [[leftId, rightId]],
        ),
      );
    },
  };
}

function isAlive({ status }: PairLink): boolean {
  return status === "live" || status === "none";
}
