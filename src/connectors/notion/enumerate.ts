import type { QueryPage } from "./client.ts";
import { before, type Condition, onOrAfter } from "./filter.ts";
import { walkPartitions } from "./partition.ts";
import { minutesOf } from "./row-key.ts";
import { afterMinute, toIso } from "./time.ts";
import { CUTS_MAX, firstRow, type OnWindow, type Source, walkQuery } from "./walk.ts";

/** How far an enumeration has come; kept up to date before each page is passed on. Minutes in ms. */
export interface Progress {
  /** Everything created before this minute was listed; null while nothing was. */
  reached: number | null;
  /** The first minute that could not be listed whole: resuming must begin there, however far the rest got. */
  missingFrom: number | null;
}

export interface Enumeration {
  /** Only rows that meet these. */
  readonly conditions: readonly Condition[];
  /** Starts where `reached` is. */
  readonly progress: Progress;
  readonly onWindow: OnWindow;
}

/**
 * Every row, oldest first. The time of creation never changes, so editing moves no row from one window to another. A
 * window that Notion caps or cuts is followed by one that starts with the last minute read, so the rows of that
 * minute come twice. Returns why rows are missing, null when none is.
 */
export async function* enumerate(
  source: Source,
  reading: Enumeration,
): AsyncGenerator<QueryPage, string | null, void> {
  const { conditions, progress, onWindow } = reading;
  let from = progress.reached;
  /** The last minute of which this reading listed rows, so that a list from there on cannot be empty. */
  let lastListed: number | null = null;
  let cutsHere = 0;
  let missing: string | null = null;
  for (;;) {
    const end = yield* walkQuery(source, {
      conditions: from === null ? conditions : [...conditions, onOrAfter("created_time", from)],
      sort: { timestamp: "created_time", direction: "ascending" },
      onPage: ({ rows }) => {
        progress.reached = Math.max(progress.reached ?? 0, ...minutesOf(rows, "created_time")) || null;
        return false;
      },
    });
    const { reached } = progress;
    onWindow({ from, to: reached, pages: end.pages, rows: end.rows, isCapped: end.how === "capped" });
    if (end.how === "complete") {
      if (missing !== null || end.rows > 0 || lastListed === null || from === null) return missing;
      return await doubtOfEnd(source, conditions, { lastListed, from });
    }
    if (reached === null)
      return "Notion ended its list early and listed nothing that could be placed in time";
    const isStuck = reached === from;
    cutsHere = end.how === "cut" && isStuck ? cutsHere + 1 : 0;
    if (cutsHere === CUTS_MAX)
      return `Notion took back its cursor ${CUTS_MAX} times, or had nothing behind it, in the minute ${toIso(reached)}`;
    from = lastListed = reached;
    if (end.how === "cut" || !isStuck) continue;
    const problem = yield* readMinute(source, reading, reached);
    if (problem !== null) progress.missingFrom ??= reached;
    missing ??= problem;
    from = afterMinute(reached);
    progress.reached = from;
  }
}

/**
 * The list ends with a window that lists nothing. When the window began with a minute of which rows were listed, that
 * contradicts them; when it began behind it, the newest row has to be one of that minute.
 */
async function doubtOfEnd(
  source: Source,
  conditions: readonly Condition[],
  { lastListed, from }: { readonly lastListed: number; readonly from: number },
): Promise<string | null> {
  const contradiction = `Notion listed rows of the minute ${toIso(lastListed)}, and then nothing from there on`;
  if (from === lastListed) return contradiction;
  const newest = await firstRow(source, {
    conditions: [...conditions, onOrAfter("created_time", lastListed)],
    sort: { timestamp: "created_time", direction: "descending" },
  });
  return newest?.created_time === lastListed ? null : contradiction;
}

/** A single minute that holds more rows than Notion lists for one query. */
async function* readMinute(
  source: Source,
  { conditions, onWindow }: Enumeration,
  minute: number,
): AsyncGenerator<QueryPage, string | null, void> {
  const window = [
    ...conditions,
    onOrAfter("created_time", minute),
    before("created_time", afterMinute(minute)),
  ];
  const end = yield* walkPartitions(source, window);
  onWindow({ from: minute, to: minute, pages: end.pages, rows: end.rows, isCapped: end.problem !== null });
  if (end.problem === null) return null;
  return `more rows were created in the minute ${toIso(minute)} than Notion lists for one query, and ${end.problem}`;
}
