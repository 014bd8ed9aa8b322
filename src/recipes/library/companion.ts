import { isJsonObject, type Json } from "../../core/json.ts";
import type { Day } from "./day.ts";
import { readIsoDay } from "./exports/dates.ts";
import { type Position, parsePosition } from "./position.ts";

/** One volume of a series, as Audible lists it. */
export interface Volume {
  readonly asin: string;
  readonly title: string;
  readonly position: Position | null;
  readonly released: Day | null;
}

/** A series with all that Audible lists in it. */
export interface SeriesList {
  readonly asin: string;
  readonly title: string;
  readonly owned: readonly Volume[];
  readonly missing: readonly Volume[];
}

export interface CompanionProblem {
  /** Where in the file: "series[3].missing[0].asin". */
  readonly path: string;
  readonly expected: string;
  readonly got: string;
}

export interface Companion {
  readonly series: readonly SeriesList[];
  readonly problems: readonly CompanionProblem[];
}

/**
 * Reads `audible-series-metadata-<timestamp>.json`:
 * `{"series":[{"asin","title","owned":[{"asin","title","position","released"}],"missing":[…]}]}`. What is wrong is
 * reported and left out; the rest counts.
 */
export function readCompanion(json: Json): Companion {
  const problems: CompanionProblem[] = [];
  const list = isJsonObject(json) ? json.series : undefined;
  if (!Array.isArray(list)) {
    return { series: [], problems: [problem("series", "a list of series", list)] };
  }
  const series = list.flatMap((entry, index) => readSeries(entry, `series[${index}]`, problems) ?? []);
  return { series, problems };
}

function readSeries(json: Json, path: string, problems: CompanionProblem[]): SeriesList | null {
  if (!isJsonObject(json)) {
    problems.push(problem(path, "an object", json));
    return null;
  }
  const { asin, title } = json;
  if (typeof asin !== "string" || typeof title !== "string") {
    problems.push(problem(path, 'texts "asin" and "title"', { asin: asin ?? null, title: title ?? null }));
    return null;
  }
  const volumes = (key: "owned" | "missing") => {
    const entries = json[key] ?? [];
    if (!Array.isArray(entries)) {
      problems.push(problem(`${path}.${key}`, "a list of volumes", entries));
      return [];
    }
    return entries.flatMap((entry, index) => readVolume(entry, `${path}.${key}[${index}]`, problems) ?? []);
  };
  return { asin, title, owned: volumes("owned"), missing: volumes("missing") };
}

function readVolume(json: Json, path: string, problems: CompanionProblem[]): Volume | null {
  const { asin, title, position = null, released = null } = isJsonObject(json) ? json : {};
  if (typeof asin !== "string" || typeof title !== "string") {
    problems.push(problem(path, 'a volume with texts "asin" and "title"', json));
    return null;
  }
  const day = typeof released === "string" ? readIsoDay(released) : null;
  if (released !== null && day === null) {
    problems.push(problem(`${path}.released`, "a day (2026-01-31) or null", released));
  }
  const raw = typeof position === "number" ? String(position) : position;
  if (raw !== null && typeof raw !== "string") {
    problems.push(problem(`${path}.position`, "a text, a number or null", position));
  }
  return { asin, title, position: typeof raw === "string" ? parsePosition(raw) : null, released: day };
}

function problem(path: string, expected: string, got: Json | undefined): CompanionProblem {
  const text = got === undefined ? "nothing" : JSON.stringify(got);
  return { path, expected, got: text.length > 80 ? `${text.slice(0, 79)}…` : text };
}

/** The way back: the file's text. `readCompanion` gives the same series again. */
export function writeCompanion(series: readonly SeriesList[]): string {
  const volume = ({ asin, title, position, released }: Volume) => ({
    asin,
    title,
    position: position?.raw ?? null,
    released,
  });
  const lists = series.map(({ asin, title, owned, missing }) => ({
    asin,
    title,
    owned: owned.map(volume),
    missing: missing.map(volume),
  }));
  return `${JSON.stringify({ series: lists }, null, 2)}\n`;
}
