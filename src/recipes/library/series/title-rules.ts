import { numeralSource, parseNumeral } from "../numerals.ts";
import { tidy } from "../text.ts";
import { canBeNumbered, isGenrePhrase, numbersSource, type UnitKind, units } from "./vocabulary.ts";

/** A name and a number in one text, as far as they are there. `rest`: what follows the number. */
export interface Numbered {
  readonly name: string;
  /** As written, without the unit. */
  readonly position: string;
  readonly unit: UnitKind | "hash" | "bare";
  readonly rest: string;
}

/** What may stand between a name and its number. */
const separator = "[\\s,:;.!?…–—-]*[\\s,:;–—(-]|\\s*[!?.]\\s*";
/** The number is at the end, or something sets off what follows. */
const boundary =
  "(?=\\s*(?:$|[,:;–—)\\]]|\\s-\\s|[.!?](?:\\s|$)|\\(|(?:[Oo]mnibus|[Bb]ox(?:ed)? [Ss]et|[Cc]ollection|[Bb]undle)\\b))";

const byUnit: Readonly<Record<UnitKind, RegExp>> = {
  book: unitRule(units.book),
  volume: unitRule(units.volume),
  weak: unitRule(units.weak),
};

const caselessUnits = caseless(`${units.book}|${units.volume}`);

function unitRule(source: string): RegExp {
  const isAlone = "(?<![\\p{L}\\p{N}])";
  return new RegExp(
    `^(?<name>.*?)(?<separator>(?:${separator})|^)${isAlone}(?:${caseless(source)})(?:\\s+|(?<=[.º°])|(?=#))#?(?<position>${numbersSource})${boundary}`,
    "u",
  );
}

/** Only the units go without case: a Roman number is one in capitals. */
function caseless(source: string): string {
  return source.replace(/(?<!\\)\p{L}/gu, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`);
}

const partAndVolume = new RegExp(
  `^(?<name>.+?)[\\s,:–—-]+[Pp]art\\s+(?<part>\\d{1,2}),?\\s+[Vv]ol(?:ume|\\.)?\\s*(?<volume>\\d{1,2})${boundary}`,
  "u",
);
const byHash = new RegExp(
  `^(?<name>.*?)[\\s,:–—-]*#\\s?(?<position>\\d[\\d.]*(?:\\s?[-–&]\\s?\\d[\\d.]*)?)${boundary}`,
  "u",
);
const eastAsian =
  /^(?<name>.*?)[\s,:：、]*(?:第\s*)?(?<position>[\d０-９]+(?:\.\d+)?|[一二三四五六七八九十]+)\s*(?:巻|卷|冊|册|권|部|集)(?=\s*(?:$|[\s:：（(【「]))/u;

const unitFirst = new RegExp(
  `^(?<before>.*?)(?:^|[,:–—-]\\s+|\\s[-–—]\\s)(?:[Tt]he\\s+)?(?:(?:${caselessUnits})\\s+#?(?<after>${numbersSource})|(?<ordinal>${numeralSource})\\s+(?:${caselessUnits}))` +
    `\\s+(?:of|in|from|der|des|aus|de|du|del|della|van|da|do)\\s+(?:the\\s+)?(?<name>\\S.+)$`,
  "u",
);

/** "Book Three of the Fifty Shades Trilogy", "The Third Book in the Stormlight Archive". */
function readUnitFirst(text: string): Numbered | null {
  const { name, after, ordinal } = unitFirst.exec(text)?.groups ?? {};
  const position = after ?? ordinal;
  if (name === undefined || position === undefined) return null;
  return { name: clean(name.replace(/\s+series$/i, "")), position: tidy(position), unit: "volume", rest: "" };
}

/** "Name, Book 3", "Name: Volume IV", "Name #2", "Name 第3巻". null: no unit with a number is there. */
export function readUnit(text: string): Numbered | null {
  const both = partAndVolume.exec(text)?.groups;
  if (both !== undefined) {
    const position = `${Number(both.part)}.${Number(both.volume)}`;
    return { name: clean(both.name), position, unit: "volume", rest: "" };
  }
  return (
    readUnitFirst(text) ??
    numberedBy(byUnit.volume, text, "volume") ??
    numberedBy(byUnit.book, text, "book") ??
    numberedBy(byHash, text, "hash") ??
    numberedBy(eastAsian, text, "volume") ??
    numberedBy(byUnit.weak, text, "weak")
  );
}

/** A single letter counts after three words: "The Dark Tower I", but neither "Henry V" nor "Malcolm X". */
const bareAtEnd =
  /^(?<name>.+?)[,:]?\s+(?<position>\d{1,3}(?:\.\d{1,2})?|[IVXL]{2,6}|(?<=(?:\S+\s+){3})[IVX])$/u;
const bareBefore =
  /^(?<name>.+?)\s+(?<position>\d{1,3}(?:\.\d{1,2})?|[IVXL]{1,6})\s*(?=:\s|\s[-–—]\s|(?<=\d)\.\s)/u;

/** "Name 3", "Name III: Rest", "Name 04 - Rest": a number that no unit explains. */
export function readBareNumber(text: string): Numbered | null {
  const found = numberedBy(bareBefore, text, "bare") ?? numberedBy(bareAtEnd, text, "bare");
  if (found === null || !canBeNumbered(found.name)) return null;
  const isNumeral = /^\d/.test(found.position) || parseNumeral(found.position) !== null;
  return isNumeral ? found : null;
}

function numberedBy(rule: RegExp, text: string, unit: Numbered["unit"]): Numbered | null {
  const match = rule.exec(text);
  const { name, position } = match?.groups ?? {};
  if (match === null || name === undefined || position === undefined) return null;
  const bang = /^\s*([!?…]+)/.exec(match.groups?.separator ?? "")?.[1] ?? "";
  const rest = clean(text.slice(match[0].length));
  return { name: clean(name) + bang, position: tidy(position.normalize("NFKC")), unit, rest };
}

/** Without what only joins it to its neighbours. */
export function clean(text: string | undefined): string {
  return tidy((text ?? "").replace(/^[\s,:;–—-]+|[\s,:;–—-]+$/g, ""));
}

const groups = /\(([^()]+)\)|\[([^[\]]+)\]/g;

/** What stands in brackets, and the text before it. */
export function bracketsIn(text: string): readonly { readonly before: string; readonly inner: string }[] {
  return [...text.matchAll(groups)].map((match) => ({
    before: clean(text.slice(0, match.index)),
    inner: clean(match[1] ?? match[2]),
  }));
}

const novelOf =
  /^(?:an?|the)\s+(.+?)(?:\s+universe)?\s+(?:novel|novella|mystery|thriller|story|book|prequel)s?\b(?:\s*\(.*\))?$/i;
const introducing = /^introducing\s+(.+)$/i;
const novelFrom = /^(?:ein|eine)\s+(.+?)-(?:roman|krimi|thriller)s?$/iu;

/** "A Jack Ryan Novel", "Ein Jack-Reacher-Roman", "Introducing the Witcher": the name; null when it only says the kind: "A LitRPG Novel". */
export function readNovelOf(text: string): string | null {
  const name =
    [novelOf, novelFrom, introducing]
      .map((rule) => rule.exec(text)?.[1])
      .find((found) => found !== undefined) ?? null;
  return name === null || isGenrePhrase(name) ? null : tidy(name);
}

const collected =
  /^(?<name>[^:]+?)(?::\s+|\s+[-–—]\s+)(?:the\s+)?(?:(?:complete|definitive|ultimate|entire|full|original|audio)\s+)*(?:publisher['’]?s pack|collection|omnibus|box(?:ed)? set|bundle|trilogy|saga|series)(?:\s+edition)?$/i;

/** "The Beginning After the End: Publisher's Pack", "Sherlock Holmes: The Definitive Collection": what is collected. */
export function readCollected(title: string): string | null {
  const name = collected.exec(title)?.groups?.name;
  return name === undefined || isGenrePhrase(name) ? null : clean(name);
}

const heroAndThe =
  /^(.{3,40}?)\s+(?:and|und|et|y|e|en|och|og)\s+(?:the|der|die|das|dem|den|la|le|les|l['’]|el|il|lo|de|het|o|a)(?:\s|(?<=['’]))\s*\S/i;

/** "Harry Potter and the Goblet of Fire": the hero; null when the title has no such shape. */
export function readHero(title: string): string | null {
  const hero = heroAndThe.exec(title)?.[1];
  return hero === undefined || isGenrePhrase(hero) ? null : tidy(hero);
}
