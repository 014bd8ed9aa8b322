const clock = /^(\d{1,4}):([0-5]?\d)(?::([0-5]?\d)(?:\.\d+)?)?$/;
const iso = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?$/i;
const part = /(\d+(?:[.,]\d+)?)\s*([\p{L}]+)\.?/giu;
const joins = /^(?:\s|,|and|und|et|y|e|en|less than|weniger als|moins de|menos de|meno di)*$/i;

/** How the words for hours, minutes and seconds begin in the languages that Audible sells in. */
const minutesPerUnit: readonly (readonly [beginnings: RegExp, minutes: number])[] = [
  [/^(?:h|hr|hrs|hours?|std|stunden?|heures?|horas?|ora|ore|uur|uren|u|時間)$/i, 60],
  [/^(?:m|mn|min|mins|minutes?|minuten|minuut|minutos?|minut[io]|分)$/i, 1],
  [/^(?:s|sec|secs|seconds?|sek|sekunden?|secondes?|segundos?|second[io]|seconden|秒)$/i, 1 / 60],
];

/**
 * The length of a recording in whole minutes, rounded: "723" (minutes), "12:03:00", "12:03" (hours and minutes),
 * "12 hrs and 3 mins", "12 Std. 3 Min.", "PT12H3M". null: it says no length.
 */
export function parseDuration(text: string): number | null {
  const trimmed = text.trim();
  if (/^\d{1,6}(?:\.\d+)?$/.test(trimmed)) return Math.round(Number(trimmed));
  const groups = clock.exec(trimmed) ?? iso.exec(trimmed);
  if (groups !== null && trimmed.toUpperCase() !== "PT") {
    const [hours, minutes, seconds] = [1, 2, 3].map((at) => Number(groups[at] ?? 0));
    return Math.round((hours ?? 0) * 60 + (minutes ?? 0) + (seconds ?? 0) / 60);
  }
  return parseWords(trimmed);
}

function parseWords(text: string): number | null {
  let minutes = 0;
  let count = 0;
  let isKnown = true;
  const rest = text.replace(part, (_, number: string, word: string) => {
    const perUnit = minutesPerUnit.find(([beginnings]) => beginnings.test(word))?.[1];
    isKnown = isKnown && perUnit !== undefined;
    minutes += Number(number.replace(",", ".")) * (perUnit ?? 0);
    count += 1;
    return " ";
  });
  return isKnown && count > 0 && joins.test(rest) ? Math.round(minutes) : null;
}
