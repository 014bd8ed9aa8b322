import type { LibraryConfig, LibraryPairConfig, PairConfig } from "../config/config.ts";
import type { WritableConnector } from "../connector/connector.ts";
import { createCollectionConnector } from "../connectors/collection/connector.ts";
import type { CollectionRecord } from "../core/collection/record.ts";
import { statusField } from "../core/collection/write.ts";
import type { EngineDeps } from "../engine/sync.ts";
import { bookFields, collectionNames, seriesFields } from "../recipes/library/collections.ts";
import { libraryPairs } from "../recipes/library/config.ts";
import { type SeriesPages, withSeriesField } from "../recipes/library/series-field.ts";
import type { PairLink } from "../store/pair-store.ts";

/** How a configured pair is found among those that were reached. */
export type KnownPair = (config: PairConfig) => Promise<{ readonly syncId: string } | null>;

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
  return withSeriesField(connector, seriesPages(store, library, known));
}

/** The links of the series' own sync say which page stands for which series. */
export function seriesPages(
  { pairs, collections }: Pick<EngineDeps["store"], "pairs" | "collections">,
  library: LibraryConfig,
  known: KnownPair,
): SeriesPages {
  const collection = collectionNames(library.name).series;
  const series = libraryPairs(library).find((pair) => pair.shelf === "series");
  const linksOf = async (side: "left" | "right", ids: readonly string[]) => {
    const syncId = series === undefined ? null : ((await known(series))?.syncId ?? null);
    return syncId === null ? [] : await pairs.findLinks(syncId, side, ids);
  };
  const recordsOf = async (ids: readonly string[]) =>
    ids.length === 0 ? [] : await collections.getRecords(collection, ids);
  return {
    async pagesOf(seriesIds) {
      const links = new Map((await linksOf("right", seriesIds)).map((link) => [link.rightId, link]));
      const statuses = new Map((await recordsOf(seriesIds)).map(({ id, status }) => [id, status]));
      return new Map(
        seriesIds.flatMap((id): [string, string | null][] => {
          const link = links.get(id);
          const page = link !== undefined && isAlive(link) ? link.leftId : null;
          if (page !== null) return [[id, page]];
          // What is in the trash gets no page, not even its first one. Else it is not made yet, or on its way back.
          const isWithout = statuses.get(id) === "trashed" || link?.status === "unlinked";
          return isWithout ? [[id, null]] : [];
        }),
      );
    },
    async revisionsOf(seriesIds) {
      return new Map((await recordsOf(seriesIds)).map(({ id, revision }) => [id, revision]));
    },
    async putAwayOf(seriesIds) {
      const records = await recordsOf(seriesIds);
      const isPutAway = ({ status, provenance }: CollectionRecord) =>
        status === "trashed" && provenance[statusField]?.origin !== "person";
      return new Set(records.filter(isPutAway).map(({ id }) => id));
    },
    async seriesOf(pageIds) {
      const links = await linksOf("left", pageIds);
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
