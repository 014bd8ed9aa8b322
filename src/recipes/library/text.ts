/** Letters that Unicode does not take apart into a letter and a mark. */
const plainLetters: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
  ı: "i",
};

/**
 * Text as it is compared: lower case, Latin letters without their marks, "&" as "and", apostrophes gone, everything else
 * that is neither letter nor digit a single space. Marks of other scripts stay, because there they make another letter.
 */
export function foldText(text: string): string {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/[ßæœøłđðþı]/g, (letter) => plainLetters[letter] ?? letter)
    .replace(/['’‘‛`´ʼ]/g, "")
    .replace(/&/g, " and ")
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, " ")
    .trim()
    .normalize("NFC");
}

const isTidy = /^(?:\S+(?: \S+)*)?$/;

/** One space where there were several, none at the ends. */
export function tidy(text: string): string {
  if (isTidy.test(text)) return text;
  return text.replace(/\s+/g, " ").trim();
}

/** What brackets say about an edition, never about the story. Parts of a split recording among it: "(Part 1 of 2)". */
const editionNote = new RegExp(
  `^(?:${[
    "(?:an? )?(?:light )?novels?",
    "manga",
    "(?:un)?abridged(?: edition)?",
    "dramati[sz]ed adaptation",
    "audio ?drama",
    "full[- ]cast editions?",
    "narrated by .*",
    "(?:part )?\\d+ of \\d+",
    "(?:un)?gekürzt(?:e lesung)?",
    "hörspiel",
    "version intégrale",
    "edición íntegra",
    "(?:in )?(?:publication|chronological|publishing) order",
  ].join("|")})\\.?$`,
  "i",
);

const brackets = /\s*(?:\(([^()]*)\)|\[([^[\]]*)\])/g;

/** The text without brackets that only describe the edition. "X (Light Novel, Vol. 4)" keeps its volume: "X, Vol. 4". */
export function stripEditionNotes(text: string): string {
  const stripped = text.replace(brackets, (whole: string, round?: string, square?: string) => {
    const inner = tidy(round ?? square ?? "");
    if (editionNote.test(inner)) return "";
    const rest = inner.replace(/^light novel,? +(?=vol)/i, "");
    return rest === inner ? whole : `, ${rest}`;
  });
  return tidy(stripped.replace(/\s+([,:;.!?])/g, "$1"));
}

/** Which part of a split recording a title says it is: "(Part 1 of 2)". */
export function recordingPart(title: string): number | null {
  const found = /[([](?:part )?(\d{1,2}) of \d{1,2}[)\]]/i.exec(title);
  return found === null ? null : Number(found[1]);
}
