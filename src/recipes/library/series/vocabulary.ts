import { numeralSource } from "../numerals.ts";
import { foldText } from "../text.ts";

/**
 * How languages name the place of a book in a series, as sources of expressions.
 * - `book`: counts the books of a series; what stands before may be "Title: Series"
 * - `volume`: counts the volumes of one long work; what stands before is its name
 * - `weak`: may as well count the parts of one book, so that anything better goes first
 */
export const units = {
  book:
    "books?|bk\\.?|buch|bücher|bände|band|bd\\.?|livre|tome|libros?|tomo|livros?|boek|deel|bok|bind|bog|książka|księga|tom|книга|том|" +
    "episode|episodio|épisode|folge",
  volume: "volumes?|vols?\\.?|v\\.|volumen|no\\.?|nr\\.?|n\\.?(?:º|°)|number|num\\.?",
  weak: "parts?|teil|partie|parte|del|часть|t\\.|act|season|staffel|saison|temporada|stagione",
} as const;

export type UnitKind = keyof typeof units;

/** One number or several: "3", "1-3.5", "3 & 4", "5, 6, 7". */
const joint = "\\s*(?:-|–|—|&|\\+|/|\\b(?:to|and|und|et|y|e|bis|à)\\b)\\s*";
export const numbersSource = `${numeralSource}(?:(?:${joint}|,\\s+)${numeralSource})*`;

/** Kinds of books. A phrase without any of them describes nothing. */
const kinds: ReadonlySet<string> = new Set(
  (
    "litrpg gamelit rpg fantasy progression isekai harem romance romantasy comedy fiction scifi opera adventure adventures " +
    "thriller thrillers mystery mysteries suspense horror western noir novel novels novella novellas lightnovel story " +
    "stories memoir biography autobiography manga xianxia wuxia cultivation anthology audiobook drama " +
    "roman krimi kriminalroman liebesroman fantasyroman policier novela romanzo"
  ).split(" "),
);

/** Words that only a series has in its name. */
const seriesWord =
  /(?:^|[\s-])(?:series|saga|trilogy|duology|quartet|cycle|chronicles|reihe|trilogie|zyklus|chroniken|serie|série)$/i;

/** "Tintenwelt-Trilogie": nothing but a series is called so. */
export function isSeriesName(text: string): boolean {
  return seriesWord.test(text);
}

/** Words that describe a kind further. */
const describers: ReadonlySet<string> = new Set(
  (
    "a an the of and in with to for from on by or new original short epic complete standalone lit game portal " +
    "reincarnation romantic slice life humorous comic cozy cosy dark urban paranormal historical contemporary science " +
    "sci fi space military post apocalyptic apocalypse dystopian steampunk cyberpunk crime psychological gothic detective " +
    "police procedural legal spy espionage tale tales saga series book books history light web deck building deckbuilding " +
    "monster evolution magic academy summoner op mc superhero kingdom base builder tower dungeon core crafting " +
    "collection omnibus box boxed set edition bundle publishers pack audio unabridged abridged dramatized adaptation young " +
    "adult ya teen childrens middle grade lgbtq mm lesbian gay christmas holiday billionaire small town second chance " +
    "enemies lovers world conquest blood lycanthrope demonic healer daopocalypse " +
    "ein eine der die das un une le la una il lo een het"
  ).split(" "),
);

/** "A LitRPG Adventure", "Light Novel": says what kind of book it is, and names nothing. */
export function isGenrePhrase(text: string): boolean {
  const words = foldText(text).split(" ");
  const isKnown = (word: string) => kinds.has(word) || describers.has(word) || /^\d*$/.test(word);
  return words.every(isKnown) && words.some((word) => kinds.has(word) || word === "");
}

/** What a number belongs to by its meaning: "Area 51", "Apollo 13", "Catch 22" are no second volumes. */
const numbered: ReadonlySet<string> = new Set(
  (
    "area apollo catch route highway channel room station district section studio chapter level top flight agent " +
    "october november december january february march april may june july august september day days unit room " +
    "fahrenheit slaughterhouse psalm article formula square floor gate ward sector colony batch year age version"
  ).split(" "),
);

/** Whether a number after this name can count volumes. */
export function canBeNumbered(name: string): boolean {
  const last = foldText(name).split(" ").at(-1) ?? "";
  return /\p{L}/u.test(name) && !numbered.has(last);
}
