import { readFileSync } from "node:fs";
import { join } from "node:path";
import { numeralSource, parseNumeral } from "../../../src/recipes/library/numerals.ts";
import { parsePosition, volumesIn } from "../../../src/recipes/library/position.ts";
import { seriesKey } from "../../../src/recipes/library/series/key.ts";
import { foldText } from "../../../src/recipes/library/text.ts";

/** What a person reads out of title and subtitle; names and positions that mean the same are all right. null: nothing. */
export interface Answer {
  readonly names: readonly string[];
  readonly position: string | null;
  /** Why it differs from what is recorded. */
  readonly reason: string | null;
}

export interface Sample {
  readonly asin: string;
  readonly title: string;
  readonly subtitle: string | null;
  readonly authors: readonly string[];
  /** Audible's own series of this book. */
  readonly recorded: { readonly name: string; readonly position: string | null } | null;
  readonly answer: Answer | null;
  /** Whoever sees this title alone cannot know the answer: it rests on other books of the library. */
  readonly needsLibrary: boolean;
}

interface RecordedSample {
  readonly asin: string;
  readonly title: string;
  readonly subtitle: string | null;
  readonly authors: readonly { readonly name: string }[];
  readonly seriesPrimary: { readonly name: string; readonly position?: string } | null;
}

interface CheckedGroup {
  readonly reason: string;
  readonly needsLibrary?: boolean;
  readonly answers: Readonly<Record<string, readonly [names: string, position: string | null] | null>>;
}

const folder = join(import.meta.dirname, "../../fixtures/audible/series");

/** The recorded samples, each once, with the answer that a person would give. */
export function readSamples(): readonly Sample[] {
  const file = JSON.parse(readFileSync(join(folder, "shelfr-1272-series-samples.json"), "utf8"));
  const all = Object.values<unknown>(file.value).filter(Array.isArray).flat() as RecordedSample[];
  const checked = readChecked();
  return all.map((sample) => {
    const { asin, title, subtitle, seriesPrimary } = sample;
    const recorded =
      seriesPrimary === null ? null : { name: seriesPrimary.name, position: seriesPrimary.position ?? null };
    const base = { asin, title, subtitle, authors: sample.authors.map(({ name }) => name), recorded };
    const byHand = checked.get(asin);
    return { ...base, ...(byHand ?? derive(base, all)) };
  });
}

/**
 * Title, subtitle and answer of the hand-picked cases whose text names the series: Audible's own, which may be the half of
 * a name that title and subtitle share.
 */
export function readSwapped(): readonly (readonly [string, string | null, Answer | null])[] {
  const { value } = JSON.parse(readFileSync(join(folder, "shelfr-title-subtitle-cases.json"), "utf8"));
  const cases = Object.values<unknown>(value).filter(Array.isArray).flat() as RecordedSample[];
  return cases
    .filter(({ title }) => title !== "The Great Adventure")
    .map(({ title, subtitle, seriesPrimary: recorded }) => {
      if (recorded?.name === undefined) return [title, subtitle, null];
      const names = [recorded.name, `${title}: ${recorded.name}`];
      return [title, subtitle, { names, position: recorded.position ?? null, reason: null }];
    });
}

type Checked = Pick<Sample, "answer" | "needsLibrary">;

function readChecked(): ReadonlyMap<string, Checked> {
  const { groups } = JSON.parse(readFileSync(join(folder, "checked-answers.json"), "utf8")) as {
    groups: readonly CheckedGroup[];
  };
  return new Map(
    groups.flatMap(({ reason, needsLibrary = false, answers }) =>
      Object.entries(answers).map(([asin, given]): [string, Checked] => {
        const answer = given === null ? null : { names: given[0].split(" | "), position: given[1], reason };
        return [asin, { answer, needsLibrary }];
      }),
    ),
  );
}

/**
 * The answer that follows from what Audible recorded, without looking at any reading of ours: the recorded name counts
 * when its words stand in title or subtitle, and the recorded position when its number does. The bare name of a series is
 * its first volume when the library has others of the series.
 */
function derive(sample: Omit<Sample, keyof Checked>, all: readonly RecordedSample[]): Checked {
  const nothing = { answer: null, needsLibrary: false };
  const { recorded, title, asin } = sample;
  if (recorded === null) return nothing;
  const key = seriesKey(recorded.name);
  const hasSiblings = all.some(
    (other) =>
      other.asin !== asin && other.title !== title && textOf(other).includes(` ${key} `) && isIn(other, key),
  );
  if (!textOf(sample).includes(` ${key} `)) return nothing;
  const names = [recorded.name];
  if (recorded.position !== null && isWritten(recorded.position, sample)) {
    return { answer: { names, position: recorded.position, reason: null }, needsLibrary: false };
  }
  if (!hasSiblings) return nothing;
  const isFirst = recorded.position === "1" && seriesKey(title.replace(/: An? .*/, "")) === key;
  return { answer: { names, position: isFirst ? "1" : null, reason: null }, needsLibrary: true };
}

function textOf({ title, subtitle }: Pick<RecordedSample, "title" | "subtitle">): string {
  return ` ${foldText(`${title} ${subtitle ?? ""}`)} `;
}

function isIn({ seriesPrimary }: RecordedSample, key: string): boolean {
  return seriesPrimary !== null && seriesKey(seriesPrimary.name) === key;
}

function isWritten(position: string, { title, subtitle }: Omit<Sample, keyof Checked>): boolean {
  const numerals =
    `${title} | ${subtitle ?? ""}`.match(new RegExp(`(?<![\\p{L}\\p{N}.])${numeralSource}`, "gu")) ?? [];
  const written = new Set(numerals.map(parseNumeral));
  const spans = parsePosition(position)?.spans ?? [];
  return spans.length > 0 && spans.every(({ from, to }) => written.has(from) && written.has(to));
}

/** Whether a reading says what the answer says. */
export function isRight(
  reading: { readonly name: string; readonly position: string | null } | undefined,
  answer: Answer | null,
): boolean {
  if (reading === undefined || answer === null) return reading === undefined && answer === null;
  const isName = answer.names.some((name) => seriesKey(name) === seriesKey(reading.name));
  const volumes = (position: string | null) => volumesIn(parsePosition(position)).join();
  return isName && volumes(reading.position) === volumes(answer.position);
}
