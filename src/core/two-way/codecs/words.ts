import { isJsonObject, type Json } from "../../json.ts";
import type { FieldForm, Translated } from "../mapping.ts";
import { cleanText, type SideField } from "./codec.ts";
import { textIn, writeOption } from "./text.ts";

/**
 * Which word on one side says which on the other: names of options, texts, "true" and "false", or numbers. Several may
 * say the same: a status of four steps beside "open" and "closed".
 */
export interface WordMap {
  readonly toRight: Readonly<Record<string, string>>;
  readonly toLeft: Readonly<Record<string, string>>;
}

/** Words by the id of the option that they were first seen to mean, so that an option may be renamed. */
export type OptionWords = Readonly<Record<string, string>>;

/** One direction of a map, cleaned as the values are. */
export type Words = ReadonlyMap<string, string>;

export function wordsOf(words: Readonly<Record<string, string>>): Words {
  return new Map(Object.entries(words).map(([from, to]) => [cleanText(from) ?? from, cleanText(to) ?? to]));
}

export function translateWord(words: Words): (own: Json) => Translated {
  return (own) => {
    if (typeof own !== "string") return { value: null };
    const word = words.get(own);
    return word === undefined ? { unmappable: `"${own}" is not in the map of this field` } : { value: word };
  };
}

/**
 * Words that come back from the other side as something else, though they say it there: such a map would never come to
 * rest. What may differ is only which of several words for one thing comes back.
 */
export function unstableWords(there: Words, back: Words): readonly string[] {
  return [...there].flatMap(([word, other]) => {
    const returned = back.get(other);
    const again = returned === undefined ? undefined : there.get(returned);
    if (returned === undefined || again === other) return [];
    return [
      `"${word}" becomes "${other}", "${other}" becomes "${returned}", and that is ${again === undefined ? "not in the map" : `"${again}"`}`,
    ];
  });
}

/** Several words say the same on the other side. */
export function hasSynonyms(words: Words): boolean {
  return new Set(words.values()).size < words.size;
}

export function wordForm(field: SideField, optionWords: OptionWords): FieldForm {
  return {
    read: (canonical) => {
      const id = isJsonObject(canonical) ? canonical.id : undefined;
      return (typeof id === "string" ? wordOf(optionWords, id) : undefined) ?? textIn(canonical);
    },
    write: (own) => writeWord(field, optionWords, own),
  };
}

function writeWord(field: SideField, optionWords: OptionWords, own: Json): Json {
  const { type, options = [] } = field.schema;
  if (own === null) return writeOption(field, own);
  if (type === "boolean") return own === "true";
  if (type === "number") return Number(own);
  const renamed = options.find(({ id }) => id !== null && wordOf(optionWords, id) === own);
  return renamed === undefined ? writeOption(field, own) : { ...renamed };
}

/** The words of the options there are, those known before included: first the id counts, then the name. */
export function learnWords(field: SideField, words: ReadonlySet<string>, known: OptionWords): OptionWords {
  const kept = Object.fromEntries(Object.entries(known).filter(([, word]) => words.has(word)));
  const learned = Object.entries(kept);
  for (const { id, name } of field.schema.options ?? []) {
    const word = cleanText(name);
    if (id !== null && word !== null && words.has(word) && wordOf(kept, id) === undefined)
      learned.push([id, word]);
  }
  return Object.fromEntries(learned);
}

/** The words of one side: those that have a word on the other side (null: it need not), and all named. */
export interface SideWords {
  readonly translated: ReadonlySet<string> | null;
  readonly named: ReadonlySet<string>;
}

/** What a person should know about a map: options without a word, and words without an option. */
export function mapWarnings(
  { schema: { name, options } }: SideField,
  words: SideWords,
  optionWords: OptionWords,
): readonly string[] {
  if (options === undefined) return [];
  const known = options.map(
    (option) => wordOf(optionWords, option.id ?? "") ?? cleanText(option.name) ?? option.name,
  );
  const { translated, named } = words;
  const mute = translated === null ? [] : known.filter((word) => !translated.has(word));
  const unknown = [...named].filter((word) => !known.includes(word));
  const warnings: string[] = [];
  if (mute.length > 0) {
    warnings.push(`the map of "${name}" has no word for ${listed(mute)}: records with it wait in this field`);
  }
  if (unknown.length > 0) {
    warnings.push(`the map of "${name}" names ${listed(unknown)}, and there is no such option`);
  }
  return warnings;
}

/** Ids are the vendor's to choose, "constructor" among them. */
function wordOf(words: OptionWords, id: string): string | undefined {
  return Object.hasOwn(words, id) ? words[id] : undefined;
}

function listed(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(", ");
}
