import { isOmnibus, parsePosition } from "../position.ts";
import { stripEditionNotes } from "../text.ts";
import { seriesKey } from "./key.ts";
import { readKnownWork } from "./known-works.ts";
import {
  bracketsIn,
  clean,
  type Numbered,
  readBareNumber,
  readCollected,
  readHero,
  readNovelOf,
  readUnit,
} from "./title-rules.ts";
import { isGenrePhrase, isSeriesName } from "./vocabulary.ts";

/** One way to read a title. Confidence: from 0 to 1, comparable between readings of different books. */
export interface TitleReading {
  readonly name: string;
  /** As written; null when the text names the series without a place in it. */
  readonly position: string | null;
  readonly confidence: number;
}

export interface TitleText {
  readonly title: string;
  readonly subtitle: string | null;
  /** Absent: not known. */
  readonly authors?: readonly string[];
}

/**
 * How sure one can be, by what the reading rests on. A context of other books may prefer a less likely reading.
 * - `stated`: series, unit and number are written out
 * - `placed`: name or number from elsewhere in the same text
 * - `alternative`: the longer or shorter name of the same text
 * - `numbered`: a number without a unit
 * - `named`: a name without a number
 * - `guessed`: nothing by itself; worth something when another book of the library says the same
 */
export const confidence = {
  stated: 0.9,
  placed: 0.8,
  numbered: 0.6,
  named: 0.5,
  alternative: 0.45,
  guessed: 0.3,
} as const;

/**
 * A higher number that no unit explains counts no volumes, unless other books of the library have the same name before theirs:
 * who has volume 21 has one of the twenty before it, and who has "Tale of Cedar and 91" has none.
 */
const NUMBER_SURE_MAX = 20;

/**
 * What title and subtitle say about a series, the likeliest reading first; empty when they say nothing. Knows nothing of
 * other books: `readLibrary` does.
 */
export function readTitle(text: TitleText): readonly TitleReading[] {
  const title = stripEditionNotes(text.title);
  const subtitle = stripEditionNotes(text.subtitle ?? "");
  const work = readWork(text);
  const readings = [
    ...readTag(title, subtitle),
    ...(readCutName(text) ?? readBoth(title, subtitle)),
    ...(work === null ? [] : [work]),
    ...readNames(title, subtitle),
  ];
  const seen = new Set<string>();
  return readings.filter(({ name }) => {
    const key = seriesKey(name);
    const isNew = key !== "" && !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

/** A work that everybody knows: by its whole title, or by what stands after a colon in it. */
export function readWork({ title, authors = [] }: TitleText): TitleReading | null {
  const stripped = withoutGenre(stripEditionNotes(title).replace(/\s*[([].*$/, ""));
  const bare = readUnit(stripped)?.name || stripped;
  const pieces = bare.split(/:\s+/);
  const works = [
    bare,
    pieces.at(-1) ?? "",
    pieces.length > 1 && /\d$/.test(stripped) ? (pieces[0] ?? "") : "",
  ];
  return works.map((work) => readKnownWork(work, authors)).find((work) => work !== null) ?? null;
}

/**
 * "Mushoku Tensei" over "Jobless Reincarnation (Light Novel), Vol. 3". The note tells the novels from the manga of one
 * long work, so that what stands around it is the work's name, which shops cut in two at its colon.
 */
function readCutName({ title, subtitle }: TitleText): readonly TitleReading[] | null {
  const told = /\(light novel\b/i.test(subtitle ?? "") ? readUnit(stripEditionNotes(subtitle ?? "")) : null;
  const head = stripEditionNotes(title);
  if (told?.unit !== "volume" || told.name === "" || isGenrePhrase(told.name)) return null;
  const isNumbered = readUnit(head) !== null || readBareNumber(head) !== null;
  if (isNumbered || head.includes(":") || seriesKey(told.name).startsWith(seriesKey(head))) return null;
  const { position } = told;
  return [
    { name: `${head}: ${told.name}`, position, confidence: confidence.placed },
    { name: told.name, position, confidence: confidence.alternative },
  ];
}

/** A numbered name in each of the two texts, and which of them to believe. */
function readBoth(title: string, subtitle: string): readonly TitleReading[] {
  const own = bracketed(title) ?? readUnit(title);
  const told = bracketed(subtitle) ?? readUnit(subtitle);
  const base = own?.name || readBareNumber(title)?.name || withoutGenre(title);
  const isOwnStrong = own !== null && own.unit !== "weak";
  if (told !== null && told.unit !== "weak") {
    if (told.name === "" || isGenrePhrase(told.name)) {
      return [{ name: base, position: told.position, confidence: confidence.placed }];
    }
    return own === null || !isOwnStrong ? statedBy(told) : settle(own, told);
  }
  if (isOwnStrong && own.name !== "") return statedByTitle(own);
  const bare = told !== null && told.name !== "" ? told : readBareNumber(subtitle);
  if (bare !== null && !isGenrePhrase(bare.name) && readBareNumber(title) === null) return statedBy(bare);
  const counted = readBareNumber(own?.name ?? title);
  if (counted !== null) return countedBy(counted);
  return own === null || own.name === "" ? [] : statedByTitle(own);
}

function bracketed(text: string): Numbered | null {
  for (const { inner, before } of bracketsIn(text)) {
    const found = readUnit(inner) ?? (readBareNumber(inner)?.name ? readBareNumber(inner) : null);
    if (found === null) continue;
    if (found.name !== "") return found;
    return { ...found, name: isGenrePhrase(before) ? "" : before };
  }
  return null;
}

function statedBy({ name, position, unit }: Numbered): readonly TitleReading[] {
  const sure = unit === "bare" || unit === "weak" ? confidence.placed : confidence.stated;
  return [{ name: properName(name), position, confidence: sure }];
}

/** "A Jack Ryan Novel, Book 3" and "From the Stormlight Archive, Book 2.5" name the series in passing. */
function properName(name: string): string {
  return readNovelOf(name) ?? name.replace(/^from\s+(?=the\s)/i, "");
}

/**
 * Both texts give a name and a number. One series by two spellings: the subtitle's name is the official one, and the
 * title's volume counts ("Volume 5" of a series whose audiobooks are one ahead), unless the subtitle's is only more exact
 * (3 and 3.2). Two series: the title's own first.
 */
function settle(own: Numbered, told: Numbered): readonly TitleReading[] {
  if (own.name === "") return statedBy(told);
  const [ownKey, toldKey] = [seriesKey(own.name), seriesKey(told.name)];
  const isSame = ownKey === toldKey;
  const ownSpan = parsePosition(own.position)?.spans[0]?.from ?? null;
  const toldSpan = parsePosition(told.position)?.spans[0]?.from ?? null;
  if (isSame) {
    const isFiner = toldSpan !== null && !Number.isInteger(toldSpan) && Math.floor(toldSpan) === ownSpan;
    const position = isFiner || own.unit === "weak" ? told.position : own.position;
    return [{ name: told.name, position, confidence: confidence.stated }];
  }
  if (ownSpan === toldSpan || !ownKey.startsWith(toldKey)) return [...statedBy(told), ...statedByTitle(own)];
  return [...statedByTitle(own), ...statedBy(told)];
}

/** "Title: Series, Book 3" or "Series: Rest of its name, Vol. 3": the unit tells which is likelier. */
function statedByTitle(own: Numbered): readonly TitleReading[] {
  const { position, unit } = own;
  const name = withoutComplete(withoutSameNumber(own), position);
  const sure = unit === "weak" ? confidence.numbered : confidence.stated;
  const whole = { name, position, confidence: sure };
  const after = afterColon(name);
  if (unit === "volume" && !(after !== null && isSeriesName(after))) return [whole];
  const hero = after === null && unit === "book" ? readHero(name) : null;
  const shorter = after ?? hero;
  if (shorter === null) return [whole];
  return [
    { name: shorter, position, confidence: Math.min(sure, confidence.placed) },
    { ...whole, confidence: confidence.alternative },
  ];
}

/** "The Complete Ember Throne: Books 1-6" is a box of the series without that word. */
function withoutComplete(name: string, position: string): string {
  return isOmnibus(parsePosition(position)) ? name.replace(/^(?:the\s+)?complete\s+(?=\S)/i, "") : name;
}

/** "Dark Tower IV Volume 4" says its number twice. */
function withoutSameNumber({ name, position }: Numbered): string {
  const bare = readBareNumber(name);
  const [once, again] = [parsePosition(bare?.position ?? null), parsePosition(position)];
  return bare !== null && once?.spans[0]?.from === again?.spans[0]?.from ? bare.name : name;
}

/** "Name 3", "Name 3: Rest", "Title: Series 3". */
function countedBy(counted: Numbered): readonly TitleReading[] {
  const { name, position, rest } = counted;
  const isHigh = (parsePosition(position)?.spans[0]?.from ?? 0) > NUMBER_SURE_MAX;
  const whole = { name, position, confidence: isHigh ? confidence.guessed : confidence.numbered };
  const after = rest === "" ? afterColon(name) : null;
  if (after === null) return [whole];
  const whether = Math.min(whole.confidence, confidence.alternative);
  return [
    { ...whole, name: after },
    { ...whole, confidence: whether },
  ];
}

function afterColon(name: string): string | null {
  const found = /^[^:]+:\s+(.+)$/.exec(name)?.[1];
  return found === undefined || isGenrePhrase(found) ? null : clean(found);
}

/** "A LitRPG Adventure (Imperial Summoner)": a series after the kind; the number is in the title, if anywhere. */
function readTag(title: string, subtitle: string): readonly TitleReading[] {
  const position = readUnit(title)?.position ?? readBareNumber(title)?.position ?? null;
  return bracketsIn(subtitle)
    .filter(({ before, inner }) => isGenrePhrase(before) && !isGenrePhrase(inner))
    .filter(({ inner }) => readUnit(inner) === null && readBareNumber(inner) === null)
    .map(({ inner }) => ({ name: inner, position, confidence: confidence.placed }));
}

/** Names without a number: "A Jack Ryan Novel", and the hero of "Hero and the Thing". */
function readNames(title: string, subtitle: string): readonly TitleReading[] {
  const names: TitleReading[] = [];
  const novel = readNovelOf(subtitle);
  if (novel !== null) names.push({ name: novel, position: null, confidence: confidence.named });
  const hero = readHero(title);
  if (hero !== null && readUnit(title) === null)
    names.push({ name: hero, position: null, confidence: confidence.guessed });
  const collected = readCollected(title);
  if (collected !== null) names.push({ name: collected, position: null, confidence: confidence.named });
  return names;
}

/** The title without a trailing "A LitRPG Adventure": "Beware of Chicken: A Xianxia Cultivation Novel". */
export function withoutGenre(title: string): string {
  const found = /^(.+?)(?::\s+|\s+[-–—]\s+)([^:]+)$/.exec(title);
  return found?.[1] !== undefined && found[2] !== undefined && isGenrePhrase(found[2])
    ? clean(found[1])
    : title;
}
