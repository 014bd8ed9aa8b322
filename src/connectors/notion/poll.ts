import type { QueryPage } from "./client.ts";
import { enumerate } from "./enumerate.ts";
import { before, onOrAfter } from "./filter.ts";
import { minutesOf } from "./row-key.ts";
import { afterMinute, toIso } from "./time.ts";
import { CUTS_MAX, firstRow, type OnWindow, type Source, walkQuery } from "./walk.ts";

export interface Poll {
  /** Every row stamped at or after this minute (ms) is to be listed. */
  readonly watermark: number;
  /** At or before the watermark: low enough that a row known to exist must be listed. */
  readonly since: number;
  readonly onWindow: OnWindow;
}

/**
 * Rows by last edit, newest first, until one is older than the watermark: then every row stamped at or after the
 * watermark has been listed. An edit during the walk moves its row to the front, behind us: it is read next time,
 * and it hides no other row from us now. docs/spec/change-detection.md has the whole argument.
 * Returns why rows are missing, null when none is.
 */
export async function* poll(source: Source, reading: Poll): AsyncGenerator<QueryPage, string | null, void> {
  const { watermark, since, onWindow } = reading;
  /** Rows stamped at or after this are done; null: none yet. */
  let upper: number | null = null;
  /** The last minute of which rows were listed, so that a list back from there cannot be empty. */
  let lastListed: number | null = null;
  let cutsHere = 0;
  for (;;) {
    let lowest: number | null = null;
    const end = yield* walkQuery(source, {
      conditions: [
        onOrAfter("last_edited_time", since),
        ...(upper === null ? [] : [before("last_edited_time", upper)]),
      ],
      sort: { timestamp: "last_edited_time", direction: "descending" },
      onPage: ({ rows }) => {
        lowest = Math.min(lowest ?? Number.POSITIVE_INFINITY, ...minutesOf(rows, "last_edited_time"));
        return lowest < watermark;
      },
    });
    onWindow({ from: since, to: upper, pages: end.pages, rows: end.rows, isCapped: end.how === "capped" });
    if (end.how === "complete") {
      if (end.rows > 0 || lastListed === null || upper === null) return null;
      return await doubtOfEnd(source, { since, upper, lastListed });
    }
    if (lowest === null || lowest === Number.POSITIVE_INFINITY) {
      return "Notion ended its list early and listed nothing that could be placed in time";
    }
    const isStuck = upper === afterMinute(lowest);
    cutsHere = end.how === "cut" && isStuck ? cutsHere + 1 : 0;
    if (cutsHere === CUTS_MAX)
      return `Notion took back its cursor ${CUTS_MAX} times, or had nothing behind it, in the minute ${toIso(lowest)}`;
    lastListed = lowest;
    upper = afterMinute(lowest);
    if (end.how === "cut" || !isStuck) continue;
    const problem = yield* readSaturated(source, lowest, onWindow);
    if (problem !== null) return problem;
    upper = lowest;
  }
}

/**
 * The list ends with a window that lists nothing. When it began with a minute of which rows were listed, that
 * contradicts them, unless all were edited meanwhile; when it began behind it, the oldest row has to be one of it.
 */
async function doubtOfEnd(
  source: Source,
  { since, upper, lastListed }: { since: number; upper: number; lastListed: number },
): Promise<string | null> {
  const contradiction = `Notion listed rows of the minute ${toIso(lastListed)}, and then nothing from there back`;
  if (upper > lastListed) return contradiction;
  const oldest = await firstRow(source, {
    conditions: [onOrAfter("last_edited_time", since), before("last_edited_time", afterMinute(lastListed))],
    sort: { timestamp: "last_edited_time", direction: "ascending" },
  });
  return oldest?.last_edited_time === lastListed ? null : contradiction;
}

/**
 * More rows than one query lists were edited in one minute. They are read by time of creation, together with all
 * that were edited later: without an upper bound no edit can take a row out of the list while it is walked.
 */
async function* readSaturated(
  source: Source,
  minute: number,
  onWindow: OnWindow,
): AsyncGenerator<QueryPage, string | null, void> {
  const progress = { reached: null, missingFrom: null };
  return yield* enumerate(source, {
    conditions: [onOrAfter("last_edited_time", minute)],
    progress,
    onWindow,
  });
}
