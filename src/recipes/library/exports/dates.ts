import { type Day, toDay } from "../day.ts";
import { foldText } from "../text.ts";
import type { ExportProblem, RowPlace } from "./problem.ts";

/** Which comes first in 03/04/2021. */
export type DateOrder = "month-first" | "day-first";

/** What a column shows; "both": it contradicts itself. */
type DateProof = DateOrder | "both" | null;

/** One written date: a certain day, one of two, or none that the calendar has. */
type ReadDate = Readonly<Record<DateOrder, Day | null>>;

const isoDay = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ].*)?$/;
const eastAsianDay = /^(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]/;
const numericDay = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?:[ ,T].*)?$/;
const dayThenMonth =
  /^(\d{1,2})(?:st|nd|rd|th|\.|er|º|°)?[\s-]+(?:de\s+)?(\p{L}{3,})\.?,?[\s-]+(?:de\s+)?(\d{4})(?:\D.*)?$/iu;
const monthThenDay = /^(\p{L}{3,})\.?[\s-]+(\d{1,2})(?:st|nd|rd|th)?,?[\s-]+(\d{4})(?:\D.*)?$/iu;

/** How the names of the months begin, folded, in the languages that Audible sells in. */
const monthBeginnings: readonly (readonly string[])[] = [
  ["jan", "ene", "gen"],
  ["feb", "fev"],
  ["mar", "mrt", "maa"],
  ["apr", "avr", "abr"],
  ["may", "mai", "mei", "mag"],
  ["jun", "juin", "giu"],
  ["jul", "juil", "lug"],
  ["aug", "aou", "ago"],
  ["sep", "set"],
  ["oct", "okt", "ott", "out"],
  ["nov"],
  ["dec", "dez", "dic"],
];

/** "2026-01-02", also with a time behind it, which is not looked at: the day is the one that is written. */
export function readIsoDay(text: string): Day | null {
  const found = isoDay.exec(text.trim());
  return found === null ? null : toDay(Number(found[1]), Number(found[3]), Number(found[4]));
}

/**
 * A column of dates in one locale, which is found out from the column itself: 13/02/2021 anywhere in it settles what
 * 03/02/2021 means. `order` settles it from outside.
 */
export class DateColumn {
  readonly name: string;
  private readonly entries: { readonly place: RowPlace; readonly text: string; readonly read: ReadDate }[] =
    [];

  constructor(name: string) {
    this.name = name;
  }

  /** Takes the date of one row; empty means none. */
  add(place: RowPlace, text: string): void {
    const trimmed = text.trim();
    if (trimmed !== "") this.entries.push({ place, text: trimmed, read: readDate(trimmed) });
  }

  /**
   * The days by row number, and the problems. A date that could be two days is no day. `told`: the order that somebody
   * said; `elsewhere`: what another column of the file proves, for a column that proves nothing itself.
   */
  resolve({ told, elsewhere = null }: { readonly told: DateOrder | null; readonly elsewhere?: DateProof }): {
    readonly days: ReadonlyMap<number, Day>;
    readonly problems: readonly ExportProblem[];
  } {
    const proved = told ?? this.proof() ?? elsewhere;
    const order = proved === "both" ? null : proved;
    const days = new Map<number, Day>();
    const problems: ExportProblem[] = [];
    let ambiguous = 0;
    for (const { place, text, read } of this.entries) {
      const day = told === null ? certainDay(read, order) : read[told];
      if (day !== null) days.set(place.row, day);
      else if (told === null && isEither(read)) ambiguous += 1;
      else problems.push(this.problem(place, "a date, such as 2021-04-03", text));
    }
    return { days, problems: ambiguous === 0 ? problems : [this.ambiguity(ambiguous), ...problems] };
  }

  /** The order that some date of the column proves; null when none does. */
  proof(): DateProof {
    const proves = (order: DateOrder, other: DateOrder) =>
      this.entries.some(({ read }) => read[order] !== null && read[other] === null);
    const isDayFirst = proves("day-first", "month-first");
    if (proves("month-first", "day-first")) return isDayFirst ? "both" : "month-first";
    return isDayFirst ? "day-first" : null;
  }

  private ambiguity(count: number): ExportProblem {
    const first = this.entries.find(({ read }) => isEither(read));
    const expected =
      "dates of one order: no date of this column shows whether the day or the month comes first (or they contradict each " +
      "other). Say which with --dates (over HTTP: dates), day-first or month-first";
    const got = `"${first?.text ?? ""}"${count > 1 ? ` and ${count - 1} more that can be read both ways` : ", which can be read both ways"}`;
    return { row: null, line: null, column: this.name, expected, got, lost: "value" };
  }

  private problem({ row, line }: RowPlace, expected: string, got: string): ExportProblem {
    return { row, line, column: this.name, expected, got: `"${got}"`, lost: "value" };
  }
}

function isEither(read: ReadDate): boolean {
  const { "month-first": one, "day-first": other } = read;
  return one !== null && other !== null && one !== other;
}

/** The day that it must be: the same either way, the only possible one, or the one of the column's order. */
function certainDay(read: ReadDate, order: DateOrder | null): Day | null {
  const { "month-first": one, "day-first": other } = read;
  if (one === other || other === null) return one;
  if (one === null) return other;
  return order === null ? null : read[order];
}

function readDate(text: string): ReadDate {
  const day = readIsoDay(text) ?? readNamedMonth(text) ?? readEastAsian(text);
  if (day !== null) return { "month-first": day, "day-first": day };
  const found = numericDay.exec(text);
  if (found === null) return { "month-first": null, "day-first": null };
  const [first, second, year] = [Number(found[1]), Number(found[3]), fullYear(found[4] ?? "")];
  return {
    // Dots are written with the day first, wherever they are written.
    "month-first": found[2] === "." ? null : toDay(year, first, second),
    "day-first": toDay(year, second, first),
  };
}

function readNamedMonth(text: string): Day | null {
  const before = dayThenMonth.exec(text);
  if (before !== null) return toDay(Number(before[3]), monthNumber(before[2] ?? ""), Number(before[1]));
  const after = monthThenDay.exec(text);
  return after === null ? null : toDay(Number(after[3]), monthNumber(after[1] ?? ""), Number(after[2]));
}

function readEastAsian(text: string): Day | null {
  const found = eastAsianDay.exec(text);
  return found === null ? null : toDay(Number(found[1]), Number(found[2]), Number(found[3]));
}

/** 0 when it is no month. */
function monthNumber(name: string): number {
  const folded = foldText(name);
  return (
    1 +
    monthBeginnings.findIndex((beginnings) => beginnings.some((beginning) => folded.startsWith(beginning)))
  );
}

/** Audible began in 1995. */
function fullYear(year: string): number {
  if (year.length === 4) return Number(year);
  return Number(year) + (Number(year) >= 95 ? 1900 : 2000);
}
