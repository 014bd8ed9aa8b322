import { isJsonObject, type Json } from "../../core/json.ts";
import type { SeriesPlace } from "./model.ts";
import { parsePosition } from "./position.ts";
import { seriesKey } from "./series/key.ts";
import { readUnit } from "./series/title-rules.ts";
import { foldText, stripEditionNotes, tidy } from "./text.ts";

/** A series as Open Library names it, in the shape in which answers are cached. */
interface FoundSeries {
  readonly [key: string]: Json;
  readonly name: string;
  readonly position: string | null;
  readonly confidence: number;
}

/** A series of the search index was entered as one; what an edition says may be the publisher's. */
const SEARCHED_CONFIDENCE = 0.8;
const EDITION_CONFIDENCE = 0.5;
/** Added for each further edition that says the same. */
const AGREEMENT = 0.1;
const EDITION_CONFIDENCE_MAX = 0.7;
/** Publishers number their series far; stories end sooner. */
const POSITION_MAX = 60;

/** What tells a publisher's series from one of stories. */
const publishersWords =
  /\b(?:classics?|library|edition|editions|editores|paperbacks?|hardcovers?|books|press|publications?|publishing|collection|collezione|colección|coleção|bibliothek|bibliothèque|biblioteca|bulletin|studies|texts?|introductions?|encyclop\w+|reference|reader|science fiction|fantasy|thrift|penguin|bantam|heyne|goldmann|fischer|dover|ace|tor|del rey|virago|everyman|university|institute|lectures?|proceedings|monographs?|schriften|skripten|arbeiten)\b/i;

/** The work of a search answer that is meant: same title, an author in common, most editions. `path`: "/works/OL27448W". */
export function chooseWork(
  answer: Json,
  wanted: { readonly title: string; readonly author: string },
): { readonly doc: Json; readonly path: string } | null {
  const docs = isJsonObject(answer) && Array.isArray(answer.docs) ? answer.docs : [];
  const title = seriesKey(bareTitle(wanted.title));
  const matching = docs.flatMap((doc: Json) => {
    if (!isJsonObject(doc) || typeof doc.key !== "string" || typeof doc.title !== "string") return [];
    const id = /OL\d+W$/.exec(doc.key)?.[0];
    const isMeant = seriesKey(bareTitle(doc.title)) === title && hasAuthor(doc.author_name, wanted.author);
    const editions = typeof doc.edition_count === "number" ? doc.edition_count : 0;
    return id !== undefined && isMeant ? [{ doc, path: `/works/${id}`, editions }] : [];
  });
  return matching.sort((a, b) => b.editions - a.editions)[0] ?? null;
}

/** The title of the work: without notes on the edition, and without a volume: "Emma: Book One" is "Emma". */
export function bareTitle(title: string): string {
  const stripped = stripEditionNotes(title);
  return readUnit(stripped)?.name || stripped;
}

/** By family name, because first names are shortened in many ways. */
function hasAuthor(names: Json | undefined, author: string): boolean {
  const family = foldText(author).split(" ").at(-1) ?? "";
  if (family === "") return true;
  return Array.isArray(names) && names.some((name) => foldText(String(name)).split(" ").includes(family));
}

/** The series that the search index has for a work: two lists of equal length, names and positions. */
export function searchedSeries(doc: Json): FoundSeries[] {
  if (!isJsonObject(doc) || !Array.isArray(doc.series_name)) return [];
  const positions = Array.isArray(doc.series_position) ? doc.series_position : [];
  return doc.series_name.flatMap((name: Json, at: number) => {
    if (typeof name !== "string" || tidy(name) === "") return [];
    const position = positions[at] ?? null;
    return [
      {
        name: tidy(name),
        position: position === null ? null : String(position),
        confidence: SEARCHED_CONFIDENCE,
      },
    ];
  });
}

/** The series that the editions of a work name, publishers' series left out; the one that most editions name first. */
export function editionSeries(answer: Json): FoundSeries[] {
  const entries = isJsonObject(answer) && Array.isArray(answer.entries) ? answer.entries : [];
  const found = new Map<string, { readonly series: FoundSeries; readonly count: number }>();
  for (const entry of entries) {
    if (!isJsonObject(entry) || !Array.isArray(entry.series)) continue;
    const texts = entry.series.filter((text: Json) => typeof text === "string");
    for (const { name, position } of readSeriesTexts(texts)) {
      if (isPublishers(name, position, entry.publishers)) continue;
      const key = seriesKey(name);
      const known = found.get(key);
      const count = (known?.count ?? 0) + 1;
      const confidence = Math.min(EDITION_CONFIDENCE + AGREEMENT * (count - 1), EDITION_CONFIDENCE_MAX);
      const best = known?.series ?? { name, position, confidence };
      found.set(key, { count, series: { ...best, position: best.position ?? position, confidence } });
    }
  }
  return [...found.values()].sort((a, b) => b.count - a.count).map(({ series }) => series);
}

/**
 * What cataloguers write: the number as a text of its own (["NATO ASI series.", "vol. 24"]), in brackets ("[31]"), after
 * " -- " or " ; " ("Cyberspace trilogi -- 1"), or within the name ("Living in Our World, Vol. 1"). One series twice, with
 * and without its number, is one.
 */
export function readSeriesTexts(
  texts: readonly string[],
): readonly { readonly name: string; readonly position: string | null }[] {
  const found: { name: string; position: string | null }[] = [];
  for (const text of texts.map((each) => each.normalize("NFC"))) {
    const only = /^\[?\s*(?:(?:vol|no|nr|bd|band|tome|t|v)\b\.?\s*)?(\d+(?:\.\d+)?)\s*\]?\.?$/i.exec(
      tidy(text),
    );
    const last = found.at(-1);
    if (only !== null) {
      if (last !== undefined) last.position ??= only[1] ?? null;
      continue;
    }
    const { name, position } = readSeriesText(text);
    const same = found.find((each) => seriesKey(each.name) === seriesKey(name));
    if (same !== undefined) same.position ??= position;
    else if (seriesKey(name) !== "") found.push({ name, position });
  }
  return found;
}

function readSeriesText(text: string): { readonly name: string; readonly position: string | null } {
  const cleaned = tidy(text).replace(/[\s,;:/.]+$/, "");
  const split = /^(.+?)\s*(?:--|;|#)\s*(?:(?:vol|no|nr|bd|band|tome|t|v)\b\.?\s*)?(\d+(?:\.\d+)?)\.?$/i.exec(
    cleaned,
  );
  if (split !== null) return { name: tidy(split[1] ?? ""), position: split[2] ?? null };
  const unit = readUnit(cleaned);
  if (unit !== null && unit.name !== "" && unit.rest === "")
    return { name: unit.name, position: unit.position };
  return { name: tidy(cleaned.split(/\s+--\s+/)[0] ?? cleaned), position: null };
}

function isPublishers(name: string, position: string | null, publishers: Json | undefined): boolean {
  const number = parsePosition(position)?.spans[0]?.from ?? 0;
  if (number > POSITION_MAX || publishersWords.test(name)) return true;
  const key = ` ${foldText(name)} `;
  const houses = Array.isArray(publishers) ? publishers.map((each) => foldText(String(each))) : [];
  return houses.some((house) => house !== "" && key.includes(` ${house.split(" ")[0]} `));
}

/** A cached entry as a place; nothing when it is of an older shape. */
export function toPlace(value: Json): readonly SeriesPlace[] {
  if (!isJsonObject(value)) return [];
  const { name, position, confidence } = value;
  if (typeof name !== "string" || typeof confidence !== "number") return [];
  const raw = typeof position === "string" ? position : null;
  return [{ name, asin: null, position: parsePosition(raw), origin: "open-library", confidence }];
}
