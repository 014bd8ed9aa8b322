import type { Json } from "../../../core/json.ts";
import type { SeriesList, Volume } from "../companion.ts";
import type { ExportedBook } from "../model.ts";
import { parsePosition, positionNumber } from "../position.ts";
import { tidy } from "../text.ts";
import { listOf, releaseOf, seriesOfItem, textOf } from "./read-item.ts";

type Product = { readonly [key: string]: Json };

/** A book in a series' own list: the list has its place, the catalogue its name and day. */
export interface ListedVolume {
  readonly asin: string;
  /** As it is written. */
  readonly position: string | null;
}

/** The books that a series' product lists, in its order. */
export function volumesOfSeries(series: Product): readonly ListedVolume[] {
  const volumes = listOf(series.relationships)
    .filter((each) => each.relationship_to_product === "child" && each.relationship_type === "series")
    .map((each) => ({
      asin: textOf(each.asin).toUpperCase(),
      // `sort` only puts them in order; where there is no `sequence` there is no number.
      position: textOf(each.sequence) || null,
      sort: Number(textOf(each.sort) || Number.NaN),
    }))
    .filter(({ asin }) => /^[0-9A-Z]{10}$/.test(asin));
  const once = new Map(volumes.toReversed().map((volume) => [volume.asin, volume]));
  return [...once.values()]
    .sort((a, b) => orderOf(a.sort) - orderOf(b.sort) || (a.asin < b.asin ? -1 : 1))
    .map(({ asin, position }) => ({ asin, position }));
}

function orderOf(sort: number): number {
  return Number.isNaN(sort) ? Number.MAX_SAFE_INTEGER : sort;
}

/** What is known of one series when its list is made. */
export interface SeriesParts {
  readonly asin: string;
  readonly title: string;
  readonly volumes: readonly ListedVolume[];
  /** The library, by ASIN. */
  readonly library: ReadonlyMap<string, ExportedBook>;
  /** Products of the catalogue, by ASIN: those that are not in the library. */
  readonly products: ReadonlyMap<string, Product>;
}

/**
 * A series with what is owned of it and what is missing. Owned books count even where the list has forgotten them; listed
 * ones that the catalogue does not offer cannot be bought, and are left out.
 */
export function toSeriesList({ asin, title, volumes, library, products }: SeriesParts): SeriesList {
  const listed = new Set(volumes.map((volume) => volume.asin));
  const owned: Volume[] = [];
  const missing: Volume[] = [];
  for (const volume of volumes) {
    const book = library.get(volume.asin);
    const product = products.get(volume.asin);
    if (book !== undefined) owned.push(ownedVolume(book, asin, volume.position));
    else if (product !== undefined && isOffered(product)) missing.push(missingVolume(product, asin, volume));
  }
  for (const book of library.values()) {
    if (listed.has(book.asin) || !book.series.some((place) => place.asin === asin)) continue;
    owned.push(ownedVolume(book, asin, null));
  }
  return { asin, title, owned: inOrder(owned), missing: inOrder(missing) };
}

/**
 * Whether it is a book, or will be one: a stub has no title, and the stand-ins for volumes that have no date yet have a
 * SKU of their own, or the year 2200.
 */
function isOffered(product: Product): boolean {
  const isStandIn =
    /^PL_HLDR_/.test(textOf(product.sku) || textOf(product.sku_lite)) || (releaseOf(product) ?? "") >= "2200";
  return tidy(textOf(product.title)) !== "" && !isStandIn;
}

function ownedVolume(book: ExportedBook, series: string, position: string | null): Volume {
  const place = book.series.find((each) => each.asin === series);
  return {
    asin: book.asin,
    title: book.title,
    position: place?.position ?? parsePosition(position),
    released: book.released,
  };
}

function missingVolume(product: Product, series: string, { asin, position }: ListedVolume): Volume {
  const place = seriesOfItem(product).find((each) => each.asin === series);
  return {
    asin,
    title: tidy(textOf(product.title)),
    position: place?.position ?? parsePosition(position),
    released: releaseOf(product),
  };
}

function inOrder(volumes: readonly Volume[]): readonly Volume[] {
  const number = ({ position }: Volume) => positionNumber(position) ?? Number.MAX_SAFE_INTEGER;
  return [...volumes].sort((a, b) => number(a) - number(b) || (a.asin < b.asin ? -1 : 1));
}
