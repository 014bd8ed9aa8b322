/** Counting words, ordinals included, as titles spell them out. */
const words: readonly (readonly string[])[] = [
  ["zero", "null"],
  [
    "one",
    "first",
    "eins",
    "erster",
    "erste",
    "erstes",
    "un",
    "premier",
    "première",
    "uno",
    "primo",
    "primero",
    "primeiro",
    "een",
  ],
  [
    "two",
    "second",
    "zwei",
    "zweiter",
    "zweite",
    "deux",
    "deuxième",
    "dos",
    "segundo",
    "due",
    "secondo",
    "dois",
    "twee",
  ],
  [
    "three",
    "third",
    "drei",
    "dritter",
    "dritte",
    "trois",
    "troisième",
    "tres",
    "tercero",
    "tre",
    "terzo",
    "três",
    "terceiro",
    "drie",
  ],
  [
    "four",
    "fourth",
    "vier",
    "vierter",
    "vierte",
    "quatre",
    "quatrième",
    "cuatro",
    "cuarto",
    "quattro",
    "quarto",
    "quatro",
  ],
  ["five", "fifth", "fünf", "fünfter", "fünfte", "cinq", "cinquième", "cinco", "quinto", "cinque", "vijf"],
  ["six", "sixth", "sechs", "sechster", "seis", "sexto", "sei", "sesto", "zes"],
  ["seven", "seventh", "sieben", "siebter", "sept", "siete", "sette", "sete", "zeven"],
  ["eight", "eighth", "acht", "achter", "huit", "ocho", "otto", "oito"],
  ["nine", "ninth", "neun", "neunter", "neuf", "nueve", "nove", "negen"],
  ["ten", "tenth", "zehn", "zehnter", "dix", "diez", "dieci", "dez", "tien"],
  ["eleven", "eleventh", "elf"],
  ["twelve", "twelfth", "zwölf", "twaalf"],
  ["thirteen", "thirteenth"],
  ["fourteen", "fourteenth"],
  ["fifteen", "fifteenth"],
  ["sixteen", "sixteenth"],
  ["seventeen", "seventeenth"],
  ["eighteen", "eighteenth"],
  ["nineteen", "nineteenth"],
  ["twenty", "twentieth"],
];

const valueByWord: ReadonlyMap<string, number> = new Map(
  words.flatMap((names, value) => names.map((name) => [name, value] as const)),
);

const valueByKanji: ReadonlyMap<string, number> = new Map(
  [..."〇一二三四五六七八九"].map((digit, value) => [digit, value]),
);

/** Source of an expression for a Roman number up to 89, in capitals. */
const romanSource = "(?=[IVXL])(?:XL|L?X{0,3})(?:IX|IV|V?I{0,3})";

const wordSource = [...valueByWord.keys()].sort((a, b) => b.length - a.length).join("|");

/**
 * Source of an expression for one number as titles write it: digits, Roman capitals, a counting word. Without the "i"
 * flag, counting words are taken with a capital or without.
 */
export const numeralSource = `(?:\\d{1,4}(?:\\.\\d{1,2})?|${romanSource}(?![\\p{L}\\p{N}])|${caseless(wordSource)})`;

const wholeRoman = new RegExp(`^${romanSource}$`);

/** The number that a numeral says; null when it says none. */
export function parseNumeral(text: string): number | null {
  const numeral = text
    .trim()
    .replace(/(\d)\s?½/, "$1.5")
    .replace("½", "0.5")
    .normalize("NFKC");
  if (/^\d{1,6}(?:\.\d{1,4})?$/.test(numeral)) return Number(numeral);
  if (/^\d{1,3}(?:st|nd|rd|th|\.)$/i.test(numeral)) return Number.parseInt(numeral, 10);
  if (wholeRoman.test(numeral)) return romanValue(numeral);
  return valueByWord.get(numeral.toLowerCase()) ?? kanjiValue(numeral);
}

function romanValue(roman: string): number {
  const values: Readonly<Record<string, number>> = { I: 1, V: 5, X: 10, L: 50 };
  const digits = [...roman].map((letter) => values[letter] ?? 0);
  return digits.reduce((sum, digit, at) => sum + (digit < (digits[at + 1] ?? 0) ? -digit : digit), 0);
}

/** Up to ninety-nine: 二十三. */
function kanjiValue(text: string): number | null {
  const found = /^([二三四五六七八九])?(十)?([〇一二三四五六七八九])?$/.exec(text);
  if (found === null || text === "") return null;
  const [, tens, ten, ones] = found;
  if (ten === undefined)
    return ones !== undefined && tens !== undefined ? null : (valueByKanji.get(text) ?? null);
  return (valueByKanji.get(tens ?? "") ?? 1) * 10 + (valueByKanji.get(ones ?? "") ?? 0);
}

function caseless(source: string): string {
  const either = source.replace(/(^|\|)(\p{L})/gu, (_, before: string, letter: string) => {
    return `${before}[${letter.toLowerCase()}${letter.toUpperCase()}]`;
  });
  return `(?:${either})(?![\\p{L}\\p{N}])`;
}
