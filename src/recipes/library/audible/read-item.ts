import { isJsonObject, type Json } from "../../../core/json.ts";
import type { Day } from "../day.ts";
import { dayAt } from "../day.ts";
import { readIsoDay } from "../exports/dates.ts";
import type { BookStatus, ExportedBook, SeriesPlace } from "../model.ts";
import { parsePosition } from "../position.ts";
import { tidy } from "../text.ts";

type Item = { readonly [key: string]: Json };

/** Nearly two years: no recording is longer, and a file of exports holds no longer one. */
const LENGTH_MINUTES_MAX = 1_000_000;

/** What Audible's library calls by these names is spoken, but no book. */
const podcastKinds = /podcast|periodical|episode|show/i;

/**
 * An item of Audible's library as a row of an export; null when it has no ASIN or no title, which no book lacks. A purchase
 * is an instant, and its day is the one it was in `timeZone`.
 */
export function readLibraryItem(item: Item, timeZone: string): ExportedBook | null {
  const asin = textOf(item.asin).toUpperCase();
  const title = tidy(textOf(item.title));
  if (!/^[0-9A-Z]{10}$/.test(asin) || title === "") return null;
  return {
    asin,
    title,
    subtitle: tidy(textOf(item.subtitle)) || null,
    authors: namesIn(item.authors),
    narrators: namesIn(item.narrators),
    series: seriesOfItem(item),
    lengthMinutes: lengthOf(item.runtime_length_min),
    released: releaseOf(item),
    purchased: purchaseOf(item, timeZone),
    language: tidy(textOf(item.language)).toLowerCase() || null,
    coverUrl: coverOf(item.product_images),
    status: statusOf(item),
    kind: podcastKinds.test(`${textOf(item.content_type)} ${textOf(item.content_delivery_type)}`)
      ? "podcast"
      : "book",
    source: "audible",
  };
}

/**
 * The series of an item or product: its own list, and its parents among the relations, which know some that the list
 * lacks. One series once, by ASIN.
 */
export function seriesOfItem(item: Item): readonly SeriesPlace[] {
  const relations = listOf(item.relationships).filter(
    (each) => each.relationship_type === "series" && each.relationship_to_product === "parent",
  );
  const places = new Map<string, SeriesPlace>();
  for (const each of [...listOf(item.series), ...relations]) {
    const [name, asin] = [tidy(textOf(each.title)), textOf(each.asin)];
    if (name === "") continue;
    const key = asin || name;
    const position = parsePosition(textOf(each.sequence) || null);
    const known = places.get(key);
    places.set(
      key,
      known === undefined
        ? { name, asin: asin || null, position, origin: "audible", confidence: 1 }
        : { ...known, position: known.position ?? position },
    );
  }
  return [...places.values()];
}

/** The day of release; the day on which it was first published when that alone is known. */
export function releaseOf(item: Item): Day | null {
  return (
    readIsoDay(textOf(item.release_date)) ??
    readIsoDay(textOf(item.issue_date)) ??
    readIsoDay(textOf(item.publication_datetime))
  );
}

function purchaseOf(item: Item, timeZone: string): Day | null {
  const library = isJsonObject(item.library_status) ? item.library_status : {};
  const text = textOf(item.purchase_date) || textOf(library.date_added);
  const instant = Date.parse(text);
  if (text === "" || Number.isNaN(instant)) return null;
  return /T|\d \d/.test(text) ? dayAt(instant, timeZone) : readIsoDay(text);
}

/** Of the two that Audible keeps, the one that says more: both lag behind the player. */
function statusOf(item: Item): BookStatus | null {
  const listening = isJsonObject(item.listening_status) ? item.listening_status : {};
  const finished = [item.is_finished, listening.is_finished];
  const percents = [item.percent_complete, listening.percent_complete];
  if (finished.includes(true)) return "finished";
  if (percents.some((percent) => typeof percent === "number" && percent > 0)) return "inProgress";
  const isTold = [...finished, ...percents].some((value) => value !== null && value !== undefined);
  return isTold ? "notStarted" : null;
}

function coverOf(images: Json | undefined): string | null {
  if (!isJsonObject(images)) return null;
  const urls = Object.entries(images)
    .map(([size, url]) => ({ size: Number(size), url: textOf(url).trim() }))
    .filter(({ url }) => url !== "");
  return urls.sort((a, b) => b.size - a.size)[0]?.url ?? null;
}

function lengthOf(minutes: Json | undefined): number | null {
  const whole = typeof minutes === "number" ? Math.round(minutes) : 0;
  return whole > 0 && whole < LENGTH_MINUTES_MAX ? whole : null;
}

function namesIn(people: Json | undefined): readonly string[] {
  return listOf(people)
    .map(({ name }) => tidy(textOf(name)))
    .filter((name) => name !== "");
}

export function listOf(value: Json | undefined): readonly Item[] {
  return Array.isArray(value) ? value.filter((each) => isJsonObject(each)) : [];
}

export function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}
