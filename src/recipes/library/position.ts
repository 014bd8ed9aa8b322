import { numeralSource, parseNumeral } from "./numerals.ts";
import { units } from "./series/vocabulary.ts";
import { tidy } from "./text.ts";

/** Whole numbers and halves from `from` to `to`, both included; a single number is a span of its own. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * Where a book stands in a series. `raw` is kept as it was written; `spans` is what it says in numbers, in the order it
 * says it, empty when it says none ("Special"). `part`: the part of that one volume, as in "1, Part 2".
 */
export interface Position {
  readonly raw: string;
  readonly spans: readonly Span[];
  readonly part: number | null;
}

/** No omnibus holds more; longer "ranges" are years. */
const SPAN_MAX = 100;

/** Ways of saying that there is no position. */
const none: ReadonlySet<string> = new Set(["", "-", "–", "—", "?", "none", "n/a", "null", "nan"]);

const leadingUnit = new RegExp(
  `^(?:#|(?:${Object.values(units).join("|")})(?:(?<=[.º°])|(?!\\p{L})))\\s*`,
  "iu",
);
const wholeSpan = new RegExp(
  `^(${numeralSource})(?:\\s*(?:-|–|—|\\bto\\b|\\bbis\\b)\\s*(${numeralSource}))?$`,
  "u",
);

/**
 * Reads "1", "1.5", "0", "1-3", "4-6, 8", "3 & 4", "Book 13", "IV", "1, Part 2". null: there is no position.
 * "1,5" is a list of two, because no export writes decimals with a comma.
 */
export function parsePosition(raw: string | null): Position | null {
  const text = tidy(raw ?? "");
  if (none.has(text.toLowerCase())) return null;
  const withoutUnit = text.replace(leadingUnit, "");
  const split = /^(.*?),?\s+part\s+(\d{1,2})$/i.exec(withoutUnit);
  const part = split === null ? null : Number(split[2]);
  return { raw: text, spans: parseSpans(split?.[1] ?? withoutUnit) ?? [], part };
}

function parseSpans(text: string): readonly Span[] | null {
  const spans: Span[] = [];
  for (const piece of text.split(/\s*(?:,|;|&|\+|\/|\band\b|\bund\b)\s*/i)) {
    const span = parseSpan(piece);
    if (span === null) return null;
    spans.push(span);
  }
  return spans;
}

function parseSpan(text: string): Span | null {
  const found = wholeSpan.exec(text);
  const from = parseNumeral(found?.[1] ?? text);
  const to = found?.[2] === undefined ? from : parseNumeral(found[2]);
  if (from === null || to === null || to < from || to - from > SPAN_MAX) return null;
  return { from, to };
}

/**
 * The number to sort by, null when there is none: the first volume it covers. Parts of one volume follow each other
 * within it: "1, Part 2" is 1.02.
 */
export function positionNumber(position: Position | null): number | null {
  const first = position?.spans[0];
  if (first === undefined) return null;
  return first.from + (position?.part ?? 0) / 100;
}

/** The volumes it holds: every whole number of its spans, and their ends. "1-3.5" holds 1, 2, 3 and 3.5. */
export function volumesIn(position: Position | null): readonly number[] {
  const volumes = new Set<number>();
  for (const { from, to } of position?.spans ?? []) {
    for (let volume = Math.ceil(from); volume <= to; volume += 1) volumes.add(volume);
    volumes.add(from).add(to);
  }
  return [...volumes].sort((a, b) => a - b);
}

/** More than one volume in one recording: an omnibus, a box set, a publisher's pack. */
export function isOmnibus(position: Position | null): boolean {
  return volumesIn(position).length > 1;
}
