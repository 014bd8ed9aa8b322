import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isJsonObject, type Json } from "../../../src/core/json.ts";

export type Item = { readonly [key: string]: Json };

const folder = join(import.meta.dirname, "../../fixtures/audible/audible-api");

function bodyOf(name: string): Item {
  const { body }: { body: Item } = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
  return body;
}

function itemsOf(body: Item, key: string): readonly Item[] {
  const list = body[key];
  return Array.isArray(list) ? list.filter((each) => isJsonObject(each)) : [];
}

/** Items of a library, as they were recorded with all their groups. */
export const recordedItems = itemsOf(bodyOf("library-page-3-items"), "items");

/** One of them, with its relationships too. */
export const recordedItemWithRelations = itemsOf(bodyOf("library-item-full"), "items");

/** Items as they came without the groups for titles and series. */
export const recordedItemsWithoutTitles = itemsOf(
  bodyOf("library-by-purchase-date-10-items-no-series-group"),
  "items",
);

/** Products of the catalogue: four asked for by ASIN, five of a wish list. */
export const recordedProducts: readonly Item[] = [
  ...["1774248182", "1774249162", "B0CTXKB2R6", "B0F154ZCSN"].flatMap((asin) => {
    const { product } = bodyOf(`catalog-${asin}`);
    return isJsonObject(product) ? [product] : [];
  }),
  ...itemsOf(bodyOf("wishlist-5-items"), "products"),
];

/** A recorded item under another name: what the recordings lack (podcasts, two series, many pages) is made of it. */
export function itemLike(changes: Item): Item {
  return { ...recordedItems[0], relationships: null, ...changes };
}

export function seriesEntry(asin: string, title: string, sequence: string | null): Item {
  return { asin, title, sequence, url: `/pd/${asin}` };
}

/** A library as a person has one: recorded books, one in two series, one in none, a podcast with an episode. */
export function sampleLibrary(): readonly Item[] {
  return [
    ...recordedItems,
    // Owned, as a library shows it.
    ...recordedProducts
      .filter(({ asin }) => asin === "1774248182" || asin === "B0F154ZCSN")
      .map(
        (product): Item => ({ ...product, purchase_date: "2025-12-31T05:30:00.000Z", library_status: null }),
      ),
    itemLike({
      asin: "B000TWOSER",
      title: 'Guards! Guards!, the "best" one',
      subtitle: null,
      authors: [{ asin: null, name: "Terry Pratchett" }],
      narrators: [
        { asin: null, name: "Jon Culshaw" },
        { asin: null, name: "King, Jr." },
      ],
      series: [seriesEntry("B000DISCWO", "Discworld", "8"), seriesEntry("B000CITYWA", "City Watch", "1")],
      is_finished: true,
      release_date: "2022-04-28",
      purchase_date: "2024-02-29T23:59:59.000Z",
      language: "english",
    }),
    itemLike({
      asin: "B000NOSERI",
      title: "Ein Buch für sich",
      subtitle: "Roman",
      series: null,
      language: "german",
      listening_status: null,
      is_finished: null,
      percent_complete: null,
    }),
    itemLike({
      asin: "B00PODCAST",
      title: "A podcast",
      content_type: "Podcast",
      content_delivery_type: "PodcastParent",
    }),
    itemLike({
      asin: "B0EPISODE1",
      title: "Its episode",
      content_delivery_type: "PodcastEpisode",
      series: null,
    }),
  ];
}
